"""Linear filters of the inputs by ridge regression: the path beside a network, and the baseline to beat."""

from collections.abc import Iterator

import numpy as np
import torch

from pendula.errors import ArgumentError
from pendula.filtering.stretches import Stretches
from pendula.nn import LinearPath
from pendula.nn.causal_filter import filtered
from pendula.optim import LinearMap, RidgeProblem, ridge_problem
from pendula.shapes import Float, InputSeries, Int, TargetSeries, ndarray
from pendula.training import PENALTIES

__all__ = ["SMALLEST_SCALE", "choose_penalty", "fit_linear_filter", "linear_path", "run_linear"]

BLOCK_NUMBERS = 2**20
"""Numbers that the rows of a block hold."""
SMALLEST_SCALE = float(np.finfo(np.float32).eps)
"""Below single precision there is nothing left for a network to learn."""


def fit_linear_filter(
    shown: InputSeries,
    asked: TargetSeries,
    segments: Int[ndarray, "segment 2"],
    *,
    lags: int,
    penalty: float = 0.0,
) -> LinearMap:
    """Set y_t ≈ b + Σ_k A_k u_(t−k), k = 0 … `lags` − 1, by ridge regression.

    Args:
        shown: Scaled inputs.
        asked: Scaled targets, NaN where unknown.
        segments: Half-open row ranges to learn from, whose inputs are whole.
        lags: Length of the filter, in steps.
        penalty: The ridge penalty.

    Returns:
        The coefficients, the newest lag first, channels within a lag, and what is left on the rows of the segments.

    Raises:
        ArgumentError: If no row has so many inputs before it and a known target.

    Examples:
        >>> u = np.sin(np.arange(50.0) ** 2)[:, None]
        >>> y = 2 * u + np.roll(u, 1, axis=0)
        >>> fit_linear_filter(u, y, np.array([[1, 50]]), lags=2).weight.round(9)
        array([[2.],
               [1.]])
    """
    return _problem(shown, asked, segments, lags).solve(penalty)


def choose_penalty(
    shown: InputSeries,
    asked: TargetSeries,
    segments: Int[ndarray, "segment 2"],
    *,
    lags: int,
    held_out: Stretches | None,
) -> float:
    """Choose the ridge penalty of a linear filter by its errors on held-out rows.

    Args:
        shown: Scaled inputs.
        asked: Scaled targets, NaN where unknown.
        segments: Half-open row ranges to learn from.
        lags: Length of the filter, in steps.
        held_out: The held-out rows; without any no penalty is taken.

    Returns:
        The penalty.

    Raises:
        ArgumentError: If no row has so many inputs before it and a known target.
    """
    problem = _problem(shown, asked, segments, lags)
    rows = np.empty(0, dtype=np.int64) if held_out is None else _within(held_out, lags)
    if not len(rows):
        return 0.0
    errors = problem.errors(_blocks(shown, asked, rows, lags), PENALTIES)
    return PENALTIES[int(np.argmin(np.square(errors).mean(axis=1)))]


def linear_path(solution: LinearMap, channels: int) -> LinearPath:
    """Make a path of a solution.

    Args:
        solution: The coefficients.
        channels: How many channels the inputs have.

    Returns:
        The path.
    """
    features, outputs = solution.weight.shape
    path = LinearPath(channels, features // channels, outputs)
    path.weight.copy_(torch.from_numpy(solution.weight))
    path.bias.copy_(torch.from_numpy(solution.bias))
    return path


def run_linear(
    path: LinearPath, shown: InputSeries, segments: Int[ndarray, "segment 2"]
) -> Float[ndarray, "time output"]:
    """Run a path over the stretches of a series, before each of which there was nothing.

    Args:
        path: The path.
        shown: Scaled inputs.
        segments: Half-open row ranges.

    Returns:
        Scaled outputs, NaN outside the segments.
    """
    told = np.full((len(shown), len(path.bias)), np.nan)
    for start, stop in segments:
        told[start:stop] = filtered(path, torch.from_numpy(np.ascontiguousarray(shown[None, start:stop])))[0].numpy()
    return told


def _problem(
    shown: InputSeries,
    asked: TargetSeries,
    segments: Int[ndarray, "segment 2"],
    lags: int,
) -> RidgeProblem:
    rows = _usable(asked, segments, lags)
    if not len(rows):
        longest = int((segments[:, 1] - segments[:, 0]).max(initial=0))
        raise ArgumentError(
            f"`linear_lags` must be shorter than the training part: expected at most {longest} steps with a known "
            f"target after them, got {lags}. Lower it, or set it to 0."
        )
    return ridge_problem(_blocks(shown, asked, rows, lags))


def _usable(asked: TargetSeries, segments: Int[ndarray, "segment 2"], lags: int) -> Int[ndarray, " row"]:
    rows = np.concatenate([np.arange(0), *(np.arange(start + lags - 1, stop) for start, stop in segments)])
    return np.asarray(rows[~np.isnan(asked[rows]).any(axis=1)])


def _within(stretches: Stretches, lags: int) -> Int[ndarray, " row"]:
    # Scored rows with all the lags inside their run.
    whole = np.concatenate([np.arange(0), *(np.arange(start + lags - 1, stop) for start, stop in stretches.segments)])
    return np.asarray(np.intersect1d(stretches.rows, whole))


def _blocks(
    shown: InputSeries, asked: TargetSeries, rows: Int[ndarray, " row"], lags: int
) -> Iterator[tuple[ndarray, ndarray]]:
    height = max(64, BLOCK_NUMBERS // (lags * shown.shape[1]))
    for first in range(0, len(rows), height):
        block = rows[first : first + height]
        yield shown[block[:, None] - np.arange(lags)].reshape(len(block), -1), asked[block]
