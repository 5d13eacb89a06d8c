"""The errors on the validation part."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from pendula.nn import Forecaster, free_run
from pendula.series.windows import Windows
from pendula.shapes import ShownTensor
from pendula.training.likelihood import equivalent_deviation

__all__ = ["Validation"]

MOST_WINDOWS = 1024
"""One-step errors are measured on at most so many windows, evenly spaced, so that validation stays cheap."""
MOST_RUNS = 16
"""Free runs start from at most so many origins, evenly spaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """Windows of the validation part, cut from the scaled series in float64.

    Attributes:
        window: Steps of input.
        one_step: Windows of inputs and the value after them.
        free_run: Windows of inputs and a longer future, or None where the part is too short for one.
    """

    window: int
    one_step: Windows
    free_run: Windows | None

    def one_step_error(self, forecaster: Forecaster) -> float:
        """Measure the one-step error.

        Args:
            forecaster: The network; dropout is off while it is measured.

        Returns:
            Root mean square error in scaled units; with a likelihood head the deviation that the likelihood stands for.
        """
        pieces = _spread(self.one_step, MOST_WINDOWS, forecaster)
        truth = forecaster.told(pieces)[:, self.window : self.window + 1]
        with _evaluating(forecaster), torch.no_grad():
            if forecaster.spread is not None:
                mixture, _ = forecaster.distribute(pieces[:, : self.window], since=self.window - 1)
                loss = -float(mixture.log_density(truth).mean())
                return equivalent_deviation(loss, forecaster.channels) if math.isfinite(loss) else math.inf
            predictions, _ = forecaster(pieces[:, : self.window])
        return _rms(predictions[:, -1, :1] - truth)

    def free_run_error(self, forecaster: Forecaster) -> float | None:
        """Measure the error of free runs.

        Args:
            forecaster: The network; dropout is off while it is measured.

        Returns:
            Root mean square error over all steps and origins, in scaled units; infinite if a run diverged, None where
            the part is too short for a run.
        """
        if self.free_run is None:
            return None
        pieces = _spread(self.free_run, MOST_RUNS, forecaster)
        known, future = pieces[:, : self.window], pieces[:, self.window :]
        controls = future[..., forecaster.channels :] if forecaster.controls else None
        with _evaluating(forecaster):
            run = free_run(forecaster, known, future.shape[1], controls=controls)
        return _rms(run - forecaster.told(future))


@contextmanager
def _evaluating(forecaster: Forecaster) -> Iterator[None]:
    was_training = forecaster.training
    forecaster.eval()
    try:
        yield
    finally:
        forecaster.train(was_training)


def _spread(windows: Windows, most: int, forecaster: Forecaster) -> ShownTensor:
    chosen = torch.linspace(0, len(windows) - 1, min(most, len(windows))).round().to(torch.int64)
    return windows.gather(chosen).to(forecaster.output_scale.device)


def _rms(errors: torch.Tensor) -> float:
    error = float(errors.square().mean().sqrt())
    return error if math.isfinite(error) else math.inf
