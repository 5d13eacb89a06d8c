"""Scores of intervals and quantiles: how often the truth lies within, how wide they are, and both at once.

Samples where the truth is NaN were not measured and are left out; so are those without an interval, whose limits are
NaN.
"""

from typing import TypeAlias

import numpy as np

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.shapes import Bool, Float, ndarray

__all__ = ["check_probability", "coverage_by_lead", "interval_score", "pinball_loss", "width_by_lead"]

Values: TypeAlias = Float[ndarray, "..."]
ByLead: TypeAlias = Float[ndarray, "lead channel"]
Rolled: TypeAlias = Float[ndarray, "origin lead channel"]


def check_probability(name: str, value: float) -> None:
    """Make sure that a probability lies between 0 and 1.

    Args:
        name: What it is called.
        value: The probability.

    Raises:
        ArgumentError: If it does not.
    """
    if not 0 < value < 1:
        raise ArgumentError(f"`{name}` must lie between 0 and 1: expected a probability, got {value}. Usual is 0.9.")


def pinball_loss(truth: Values, quantile: Values, *, level: float) -> float:
    r"""Compute the mean pinball loss of a forecast quantile.

    It is $(y - q)\,\tau$ where the truth $y$ lies above the quantile $q$ of level $\tau$, and $(q - y)(1 - \tau)$ below
    it. Its expectation is least for the true quantile.

    Args:
        truth: What was measured; NaN where it was not.
        quantile: The forecast quantile, of the same shape and in the same units.
        level: τ, the probability of a value below the quantile, between 0 and 1.

    Returns:
        The mean loss, in the units of the data.

    Raises:
        ArgumentError: If `level` does not lie between 0 and 1.
        ShapeError: If the shapes differ.
        DataError: If no sample was measured.

    References:
        R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46 (1978) 33, eq. (3.1).

    Examples:
        >>> pinball_loss(np.array([1.0, 1.0]), np.array([0.0, 2.0]), level=0.75)
        0.5
    """
    check_probability("level", level)
    present = _present(truth, quantile)
    above = np.asarray(truth, np.float64)[present] - np.asarray(quantile, np.float64)[present]
    return float(np.maximum(level * above, (level - 1) * above).mean())


def interval_score(truth: Values, lower: Values, upper: Values, *, coverage: float) -> float:
    r"""Compute the mean interval score, also called Winkler's: narrow intervals that hold are good.

    It is the width, and beside it $2 / \alpha$ times the distance by which the truth lies outside, with
    $\alpha$ = 1 − `coverage`. Its expectation is least for the interval between the quantiles of levels $\alpha / 2$
    and $1 - \alpha / 2$.

    Args:
        truth: What was measured; NaN where it was not.
        lower: Lower limits, of the same shape and in the same units; NaN where there is no interval.
        upper: Upper limits.
        coverage: Probability with which the truth is to lie within, between 0 and 1.

    Returns:
        The mean score, in the units of the data.

    Raises:
        ArgumentError: If `coverage` does not lie between 0 and 1.
        ShapeError: If the shapes differ.
        DataError: If no sample was measured, or none has an interval.

    References:
        T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102 (2007) 359,
        eq. (43).

    Examples:
        >>> truth = np.array([0.5, 2.0])
        >>> interval_score(truth, np.array([0.0, 0.0]), np.array([1.0, 1.0]), coverage=0.5)
        3.0
    """
    check_probability("coverage", coverage)
    present = _present(truth, lower, upper)
    y, low, high = (np.asarray(values, np.float64)[present] for values in (truth, lower, upper))
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return float(np.mean(high - low + 2 / (1 - coverage) * outside))


def coverage_by_lead(truth: Rolled, lower: Rolled, upper: Rolled) -> ByLead:
    """Compute the share of origins whose truth lies within its interval, at each lead time.

    Args:
        truth: What came after each origin; NaN where it was not measured.
        lower: Lower limits; NaN where there is no interval.
        upper: Upper limits.

    Returns:
        Shares; NaN where no origin has both a truth and an interval.

    Raises:
        ShapeError: If the shapes differ.
        DataError: If no sample was measured, or none has an interval.

    Examples:
        >>> truth = np.array([[0.0, 5.0], [1.0, 0.0]])[..., None]
        >>> coverage_by_lead(truth, truth * 0 - 1, truth * 0 + 1)[:, 0]
        array([1. , 0.5])
    """
    present = _present(truth, lower, upper)
    return _mean_by_lead(((lower <= truth) & (truth <= upper)).astype(np.float64), present)


def width_by_lead(lower: Rolled, upper: Rolled) -> ByLead:
    """Compute the mean width of intervals at each lead time.

    Args:
        lower: Lower limits; NaN where there is no interval.
        upper: Upper limits.

    Returns:
        Widths, in the units of the data; NaN where no origin has an interval.

    Raises:
        ShapeError: If the shapes differ.
        DataError: If there is no interval at all.

    Examples:
        >>> lower = np.array([[0.0, np.nan], [0.0, np.nan]])[..., None]
        >>> width_by_lead(lower, lower + 3)[:, 0]
        array([ 3., nan])
    """
    present = _present(lower, upper)
    return _mean_by_lead(np.asarray(upper - lower, np.float64), present)


def _present(*arrays: ndarray) -> Bool[ndarray, "..."]:
    # Where all of them are known.
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1:
        raise ShapeError(
            "`truth` and its limits must have one shape: expected the same for all, got "
            f"{' and '.join(map(str, shapes))}. Nothing is broadcast; reshape one of them."
        )
    present = ~np.any([np.isnan(array) for array in arrays], axis=0)
    if not present.any():
        raise DataError(
            f"`truth` must hold samples with a limit: expected at least one, got none in shape {shapes[0]}. "
            "Choose a part of the record that was measured, and lead times that have an interval."
        )
    return np.asarray(present)


def _mean_by_lead(values: Rolled, present: Bool[ndarray, "origin lead channel"]) -> ByLead:
    counts = present.sum(axis=0)
    sums = np.where(present, values, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
