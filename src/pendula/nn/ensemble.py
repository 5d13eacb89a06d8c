"""The ensemble that forecasts: networks of one architecture, each trained from weights of its own."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pendula.nn.forecaster import Forecaster, ForecasterState
from pendula.nn.reservoir_forecaster import middle_run
from pendula.shapes import BatchSeries, BatchTensor, Float, ShownTensor

__all__ = ["EnsembleForecaster", "EnsembleState"]

LIMIT = 1e6
"""A run that goes beyond so many standard deviations of the training part is unstable."""


class EnsembleState(NamedTuple):
    """All that an ensemble remembers between two steps.

    Attributes:
        members: State of each member.
    """

    members: tuple[ForecasterState, ...]


class EnsembleForecaster(nn.Module):
    """Predict the next values of a series by several networks, all of which see the same values.

    The design is that of an echo state network with several reservoirs: one step ahead, the prediction is the median of
    the members' predictions; in a free run each member feeds its own predictions back, and the forecast is the median
    of the runs that have stayed finite. It is a causal map from series and state to predictions and state.

    Args:
        members: The networks, of one architecture.

    Attributes:
        network: Their architecture.
        channels: Channels that are predicted.
        controls: Columns after them that are known for the future, too.

    References:
        B. Lakshminarayanan, A. Pritzel and C. Blundell, "Simple and scalable predictive uncertainty estimation using
        deep ensembles", NeurIPS 2017.

    Examples:
        >>> from pendula.nn import Network, build
        >>> ensemble = EnsembleForecaster([build(Network(hidden_size=4), 1, seed=seed) for seed in range(3)])
        >>> predictions, state = ensemble(torch.ones(2, 5, 1))
        >>> predictions.shape, len(state.members)  # batch, time, lead, channel
        (torch.Size([2, 5, 1, 1]), 3)
    """

    def __init__(self, members: Sequence[Forecaster]) -> None:
        super().__init__()
        self.network, self.channels, self.controls = members[0].network, members[0].channels, members[0].controls
        self.members = nn.ModuleList(members)

    def forward(
        self, series: ShownTensor, state: EnsembleState | None = None
    ) -> tuple[Float[Tensor, "batch time lead channel"], EnsembleState]:
        """Predict, at every step, the values that follow it. No gradients flow: the members were trained before.

        Args:
            series: Scaled values.
            state: What was seen before them; nothing when left out.

        Returns:
            The median of the members' predictions after each step, scaled, and the state after the last step.
        """
        firsts = [None] * len(self.members) if state is None else list(state.members)
        with torch.no_grad():
            made = [member(series, first) for member, first in zip(self.each(), firsts, strict=True)]
        middle = np.median([predictions.numpy() for predictions, _ in made], axis=0)
        return torch.from_numpy(middle), EnsembleState(tuple(held for _, held in made))

    def middle(self, runs: Sequence[BatchTensor]) -> BatchTensor:
        """Take the median of the members' runs.

        Args:
            runs: Free runs of each member from the same starts, scaled.

        Returns:
            The forecast, scaled; infinite where less than half of the members have stayed finite.
        """
        values: list[BatchSeries] = [run.numpy() for run in runs]
        return torch.from_numpy(middle_run(values, limit=LIMIT)).to(runs[0].dtype)

    def each(self) -> list[Forecaster]:
        """List the members.

        Returns:
            The members, in the order of their seeds.
        """
        return [member for member in self.members if isinstance(member, Forecaster)]
