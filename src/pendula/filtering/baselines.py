"""What a filter has to beat: a linear filter of the inputs, and the mean."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pendula.filtering.linear import choose_penalty, fit_linear_filter, linear_path, run_linear
from pendula.filtering.stretches import input_segments, stretches_for
from pendula.nn import LinearPath
from pendula.runs import Channels, Missing, PairedFit, present_inputs
from pendula.shapes import InputSeries, Int, TargetSeries, ndarray

__all__ = ["LinearFilter", "Teller", "fit_baselines", "rows_before"]

Teller: TypeAlias = Callable[[InputSeries, Int[ndarray, "segment 2"]], TargetSeries]
"""Tells the targets in physical units from the inputs, NaN outside the stretches."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LinearFilter:
    """A linear filter of the last inputs.

    Attributes:
        path: The filter, in scaled units.
        inputs: The columns that it is shown.
        targets: The columns that it tells.
        missing: What becomes of missing inputs.
    """

    path: LinearPath
    inputs: Channels
    targets: Channels
    missing: Missing = "gap"

    def __call__(self, inputs: InputSeries, segments: Int[ndarray, "segment 2"]) -> TargetSeries:
        """Tell the targets.

        Args:
            inputs: In physical units.
            segments: Half-open row ranges, before each of which there was nothing.

        Returns:
            The targets in physical units, NaN outside the segments.
        """
        shown = present_inputs(self.inputs.scaler.transform(inputs), segments, missing=self.missing)
        return self.targets.scaler.inverse(run_linear(self.path, shown, segments))


def fit_baselines(fit: PairedFit) -> tuple[dict[str, Teller], dict[str, float]]:
    """Fit the baselines to all rows before the test part.

    Args:
        fit: A fit whose record, scales and washout are taken.

    Returns:
        `linear`, a linear filter of as many inputs as a washout has (or as the fit's own linear path, if that is
        longer), and `mean`; and the seconds that the first took.
    """
    began = time.perf_counter()
    linear = _linear(fit)
    seconds = {"linear": time.perf_counter() - began}
    known = fit.record.values[: fit.validation_stop, len(fit.recipe.inputs) :]
    mean = np.nanmean(known, axis=0)

    def constant(inputs: InputSeries, segments: Int[ndarray, "segment 2"]) -> TargetSeries:
        told = np.full((len(inputs), len(mean)), np.nan)
        for start, stop in segments:
            told[start:stop] = mean
        return told

    return {"linear": linear, "mean": constant}, seconds


def _linear(fit: PairedFit) -> LinearFilter:
    recipe, rows, model = fit.recipe, fit.record, fit.model
    lags = max(1, recipe.washout, recipe.network.linear_lags)
    count = len(recipe.inputs)
    scaled = model.inputs.scaler.transform(rows.values[:, :count])
    shown = present_inputs(scaled, rows.blocks, missing=recipe.missing)
    asked = model.targets.scaler.transform(rows.values[:, count:])
    held_out = stretches_for(fit.split.validation, recipe)
    segments = input_segments(rows, inputs=count, gaps=recipe.missing == "gap")
    penalty = choose_penalty(shown, asked, rows_before(segments, fit.train_stop), lags=lags, held_out=held_out)
    known = rows_before(segments, fit.validation_stop)
    solution = fit_linear_filter(shown, asked, known, lags=lags, penalty=penalty)
    return LinearFilter(
        path=linear_path(solution, shown.shape[1]),
        inputs=model.inputs,
        targets=model.targets,
        missing=recipe.missing,
    )


def rows_before(segments: Int[ndarray, "segment 2"], stop: int) -> Int[ndarray, "earlier 2"]:
    """Clip row ranges to what comes before a row.

    Args:
        segments: Half-open row ranges.
        stop: The row.

    Returns:
        Half-open row ranges; those that are left.
    """
    clipped = np.minimum(segments, stop)
    return np.asarray(clipped[clipped[:, 1] > clipped[:, 0]])
