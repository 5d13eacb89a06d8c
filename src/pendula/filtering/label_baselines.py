"""What a network that tells labels has to beat: the commonest label, and a linear classifier of simple features."""

import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from pendula.filtering.baselines import rows_before
from pendula.filtering.stretches import input_segments, stretches_for
from pendula.optim import fit_logistic
from pendula.runs import PairedFit, present_inputs
from pendula.series.labels import codes_of
from pendula.series.split import Part
from pendula.shapes import Float, InputSeries, Int, ndarray

__all__ = ["LabelTeller", "fit_label_baselines", "window_features"]

LabelTeller: TypeAlias = Callable[[InputSeries, Int[ndarray, "segment 2"]], Float[ndarray, "time class"]]
"""Tells the probabilities of labels from inputs in physical units, NaN outside the stretches."""

MOST_ROWS = 20_000
"""The linear classifier learns from so many rows at most, evenly spread."""


def window_features(
    inputs: InputSeries, segments: Int[ndarray, "segment 2"], *, span: int | None
) -> Float[ndarray, "time feature"]:
    """Compute mean, standard deviation and last value of the latest rows.

    Args:
        inputs: Inputs without a gap inside the segments.
        segments: Half-open row ranges, before each of which there was nothing.
        span: How many rows, fewer after a start; all since the start when None.

    Returns:
        Means, standard deviations and last values of all inputs, NaN outside the segments.

    Examples:
        >>> window_features(np.array([[0.0], [2.0], [4.0]]), np.array([[0, 3]]), span=2)
        array([[0., 0., 0.],
               [1., 1., 2.],
               [3., 1., 4.]])
    """
    width = inputs.shape[1]
    features = np.full((len(inputs), 3 * width), np.nan)
    for start, stop in segments:
        own = inputs[start:stop]
        # Sums of centered values keep their digits.
        center = own.mean(axis=0)
        sums, squares = (_running(values, span) for values in (own - center, np.square(own - center)))
        counts = np.minimum(np.arange(1, len(own) + 1), span or len(own))[:, None]
        mean = sums / counts
        spread = np.sqrt(np.maximum(squares / counts - np.square(mean), 0.0))
        features[start:stop] = np.concatenate([center + mean, spread, own], axis=1)
    return features


def fit_label_baselines(fit: PairedFit) -> tuple[dict[str, LabelTeller], dict[str, float]]:
    """Fit the baselines to all rows before the test part.

    Args:
        fit: A fit whose record and scales are taken.

    Returns:
        `linear`, logistic regression on mean, standard deviation and last value of the inputs over the trajectory, or
        over the latest rows, as many as a window has; and `commonest`, the shares of the labels, whatever the inputs
        are. And the seconds that the first took.
    """
    recipe, record, model = fit.recipe, fit.record, fit.model
    codes, count = codes_of(record, recipe.target[0]), len(recipe.labels.classes)
    whole = recipe.task == "classify"
    span = None if whole else recipe.window
    began = time.perf_counter()

    def features_of(inputs: InputSeries, segments: Int[ndarray, "segment 2"]) -> Float[ndarray, "time feature"]:
        scaled = present_inputs(model.inputs.scaler.transform(inputs), segments, missing=recipe.missing)
        return window_features(scaled, segments, span=span)

    gaps, names = recipe.missing == "gap", len(recipe.inputs)
    if whole:
        stretches = stretches_for(Part(parent=record, start=0, stop=fit.validation_stop), recipe)
        segments, rows = stretches.segments, stretches.rows
    else:
        segments = rows_before(input_segments(record, inputs=names, gaps=gaps), fit.validation_stop)
        inside = np.concatenate([np.arange(0), *(np.arange(start, stop) for start, stop in segments)])
        rows = inside[codes[inside] >= 0]
    rows = rows[:: max(1, len(rows) // MOST_ROWS)]
    features = features_of(record.values[:, :names], segments)
    classifier = fit_logistic(features[rows], codes[rows], count=count, weights=recipe.labels.counted(codes[rows]))
    shares = np.bincount(codes[rows], minlength=count) / len(rows)

    def linear(inputs: InputSeries, ranges: Int[ndarray, "segment 2"]) -> Float[ndarray, "time class"]:
        return classifier(features_of(inputs, ranges))

    def commonest(inputs: InputSeries, ranges: Int[ndarray, "segment 2"]) -> Float[ndarray, "time class"]:
        told = np.full((len(inputs), count), np.nan)
        for start, stop in ranges:
            told[start:stop] = shares
        return told

    return {"linear": linear, "commonest": commonest}, {"linear": time.perf_counter() - began}


def _running(values: InputSeries, span: int | None) -> InputSeries:
    sums = np.cumsum(values, axis=0)
    if span is not None and span < len(sums):
        sums = np.concatenate([sums[:span], sums[span:] - sums[:-span]])
    return np.asarray(sums)
