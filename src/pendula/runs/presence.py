"""How a network is shown values that are missing."""

from typing import Literal, TypeAlias, get_args

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Float, InputSeries, Int, ndarray

__all__ = ["Missing", "check_missing", "present_inputs", "shown_channels"]

Missing: TypeAlias = Literal["gap", "zero", "last"]


def check_missing(missing: Missing) -> None:
    """Make sure that a choice is known.

    Args:
        missing: What becomes of missing values.

    Raises:
        ArgumentError: If it is not.
    """
    if missing not in get_args(Missing):
        raise ArgumentError(
            f"`missing` must be a known choice: expected {', '.join(get_args(Missing))}, got {missing}."
            + did_you_mean(missing, get_args(Missing))
        )


def present_inputs(
    inputs: InputSeries, ranges: Int[ndarray, "range 2"], *, missing: Missing
) -> Float[ndarray, "time shown"]:
    """Put something finite in the place of missing inputs, and say beside it where there was one.

    Args:
        inputs: Scaled inputs, NaN where missing.
        ranges: Half-open row ranges; nothing is carried from one to another.
        missing: gap leaves the inputs as they are; zero puts the mean of the training part, 0; last carries on the last
            value known, and 0 before the first one.

    Returns:
        The inputs, and with zero and last as many channels more, 1 where an input was known and 0 where it was not.

    Examples:
        >>> holes = np.array([[np.nan], [2.0], [np.nan]])
        >>> present_inputs(holes, np.array([[0, 3]]), missing="last")
        array([[0., 0.],
               [2., 1.],
               [2., 0.]])
    """
    if missing == "gap":
        return inputs
    known = ~np.isnan(inputs)
    filled = np.where(known, inputs, 0.0)
    if missing == "last":
        for start, stop in ranges:
            filled[start:stop] = _carried(filled[start:stop], known[start:stop])
    return np.concatenate([filled, known.astype(np.float64)], axis=1)


def shown_channels(inputs: int, *, missing: Missing) -> int:
    """Count the channels that a network is shown.

    Args:
        inputs: How many inputs there are.
        missing: What becomes of missing ones.

    Returns:
        The number of channels that `present_inputs` gives.
    """
    return inputs if missing == "gap" else 2 * inputs


def _carried(filled: InputSeries, known: ndarray) -> InputSeries:
    rows = np.where(known, np.arange(len(filled))[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)
    return np.where(last >= 0, np.take_along_axis(filled, np.maximum(last, 0), axis=0), 0.0)
