"""The flow of gradients while a network trains, recorded after a few epochs."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from pendula.dynamics.gradient_flow import GradientFlow, forecast_flow
from pendula.errors import ArgumentError
from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.training import EpochFinished, Event, TrainingFinished

__all__ = ["FlowRecord", "GradientWatch", "flow_records"]

MOST_WINDOWS = 16
"""The flow is measured on at most so many windows, evenly spaced over the training part."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowRecord:
    """The flow through one layer after one epoch.

    Attributes:
        epoch: Counted from 1; 0 is the network before training.
        layer: Counted from 1, the lowest.
        flow: vanishing, healthy, exploding or silent.
        rate: Natural logarithm of the factor from one lag to the next; None where no gradient flows.
        uncertainty: Its standard error over the windows.
        gradient_norm: Norm of the gradient of all weights of the stack, by the last step's loss.
        log_norms: Natural logarithm of the norm by the states, lag by lag, averaged over the windows; None where no
            gradient flows.
    """

    epoch: int
    layer: int
    flow: str
    rate: float | None
    uncertainty: float | None
    gradient_norm: float
    log_norms: tuple[float | None, ...]


def flow_records(flow: GradientFlow, epoch: int) -> list[FlowRecord]:
    """Sum up a flow, layer by layer.

    Args:
        flow: The flow.
        epoch: After which it was measured.

    Returns:
        One record for each layer.
    """
    records = []
    for layer, log_norms in enumerate(flow.typical_log_norms):
        decay = flow.decay(layer)
        told = decay.to_dict()
        records.append(
            FlowRecord(
                epoch=epoch,
                layer=layer + 1,
                flow=decay.flow.name.lower(),
                rate=None if told["rate"] is None else decay.rate,
                uncertainty=None if told["rate"] is None else decay.uncertainty,
                gradient_norm=flow.gradient_norm,
                log_norms=tuple(float(each) if math.isfinite(each) else None for each in log_norms),
            )
        )
    return records


class GradientWatch:
    """A listener that measures the flow of gradients before training, after epochs 1, 2, 4, 8, … and at the end.

    The training does not notice: what is measured is a copy of the network, and no random number is drawn.

    Args:
        forecaster: The network that is trained.
        windows: Windows of the training part, scaled.
        window: Steps of input.
        earlier: What was recorded before the training was interrupted.
        keep: Is given all records whenever there are new ones.

    Raises:
        ArgumentError: If the windows have but one step of input.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        windows: Windows,
        *,
        window: int,
        earlier: Iterable[FlowRecord] = (),
        keep: Callable[[tuple[FlowRecord, ...]], None] | None = None,
    ) -> None:
        if window < 2:
            raise ArgumentError(
                f"`watch_gradients` must have steps to look back on: expected a window of 2 or more, got {window}. "
                "Lengthen `window`, or leave it out."
            )
        self.forecaster = forecaster
        chosen = torch.linspace(0, len(windows) - 1, min(MOST_WINDOWS, len(windows))).round().to(torch.int64)
        self.pieces = windows.gather(chosen)[:, : window + forecaster.network.leads]
        self.keep = keep
        self._by_epoch: dict[int, list[FlowRecord]] = {}
        for record in earlier:
            self._by_epoch.setdefault(record.epoch, []).append(record)

    @property
    def records(self) -> tuple[FlowRecord, ...]:
        """What was recorded, by epoch and layer."""
        return tuple(record for epoch in sorted(self._by_epoch) for record in self._by_epoch[epoch])

    def __call__(self, event: Event) -> None:
        """Hear an event.

        Args:
            event: The event.
        """
        if isinstance(event, EpochFinished) and _is_power_of_two_or_0(event.record.epoch):
            self._measure(event.record.epoch)
        elif isinstance(event, TrainingFinished) and event.best_epoch not in self._by_epoch:
            self._measure(event.best_epoch)  # the network has the weights that are kept

    def _measure(self, epoch: int) -> None:
        self._by_epoch[epoch] = flow_records(forecast_flow(self.forecaster, self.pieces), epoch)
        if self.keep is not None:
            self.keep(self.records)


def _is_power_of_two_or_0(epoch: int) -> bool:
    return epoch & (epoch - 1) == 0
