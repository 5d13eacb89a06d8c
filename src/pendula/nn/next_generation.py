"""Next-generation reservoirs: polynomials of the last values in the place of recurrent units."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb
from typing import TypeAlias

import numpy as np

from pendula.errors import ArgumentError, ShapeError
from pendula.nn.reservoir_states import check_departures
from pendula.shapes import BatchSeries, Float, Int, ndarray

__all__ = ["NextGeneration", "monomials", "polynomial_features", "products", "run_polynomial"]

MOST_FEATURES = 3000
"""A regression on more takes minutes and gigabytes."""
MOST = {"delays": 1000, "stride": 10_000, "degree": 9}
"""Numbers above these are taken for a mistake, or for a hostile file."""
ADVICE = "Raise the ridge penalty, or lower `degree` or `delays`."

Pairs: TypeAlias = tuple[Int[ndarray, " product"], Int[ndarray, " product"]]


@dataclass(frozen=True, kw_only=True, slots=True)
class NextGeneration:
    """What a next-generation reservoir is: all monomials, up to a degree, of values spaced in the past.

    Attributes:
        delays: How many values are taken, the present one among them.
        stride: From one of them to the next, in steps.
        degree: Largest degree of a monomial; 1 is a linear autoregression.

    References:
        D. J. Gauthier, E. Bollt, A. Griffith and W. A. S. Barbosa, "Next generation reservoir computing", Nature
        Communications 12 (2021) 5564, eqs. (4) to (9).

    Examples:
        >>> NextGeneration(delays=2, degree=2).features(3)  # 6 values and their 21 products; the constant is the bias
        27
    """

    delays: int = 2
    stride: int = 1
    degree: int = 2

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
                raise ArgumentError(f"`{name}` must be a whole number: expected 1 to {most}, got {value}. Take 2, say.")

    @property
    def memory(self) -> int:
        """How many steps a prediction looks back, the present one among them."""
        return (self.delays - 1) * self.stride + 1

    def features(self, channels: int) -> int:
        """Count the features.

        Args:
            channels: Of the series.

        Returns:
            The number of monomials without the constant.

        Raises:
            ArgumentError: If there are more than a regression can bear.

        Examples:
            >>> NextGeneration(degree=5).features(10)
            Traceback (most recent call last):
            ...
            pendula.errors.ArgumentError: `degree` must leave few enough features: expected at most 3000, got 53129 ...
        """
        count = self.count(channels)
        if count > MOST_FEATURES:
            raise ArgumentError(
                f"`degree` must leave few enough features: expected at most {MOST_FEATURES}, got {count} monomials up "
                f"to degree {self.degree} of {self.delays * channels} values, {self.delays} of each channel. Lower "
                "`degree` or `delays`, or learn fewer channels."
            )
        return count

    def count(self, channels: int) -> int:
        """Count the features, however many they are.

        Args:
            channels: Of the series.

        Returns:
            The number of monomials without the constant.
        """
        return comb(self.delays * channels + self.degree, self.degree) - 1


def polynomial_features(settings: NextGeneration, values: BatchSeries) -> Float[ndarray, "batch predicted feature"]:
    """Lay out what a next-generation reservoir makes of series.

    Args:
        settings: The reservoir.
        values: The series, at least as long as the reservoir's memory.

    Returns:
        The features at every step at which all values are known: first x_t, then the values before, then their
        products, ordered by degree.

    Raises:
        ShapeError: If the series are shorter than the memory.

    Examples:
        >>> x = np.array([[[2.0], [3.0], [5.0]]])
        >>> polynomial_features(NextGeneration(), x)[0]
        array([[ 3.,  2.,  9.,  6.,  4.],
               [ 5.,  3., 25., 15.,  9.]])
    """
    _check_length(settings, values)
    first, time = settings.memory - 1, values.shape[1]
    lagged = [values[:, first - lag : time - lag] for lag in range(0, settings.memory, settings.stride)]
    return monomials(np.concatenate(lagged, axis=2, dtype=np.float64), settings.degree)


def monomials(values: Float[ndarray, "*row value"], degree: int) -> Float[ndarray, "*row feature"]:
    """Multiply values with each other.

    Args:
        values: Along the last axis.
        degree: Largest degree of a product.

    Returns:
        The values, then their products, ordered by degree.

    Examples:
        >>> monomials(np.array([2.0, 3.0]), 3)
        array([ 2.,  3.,  4.,  6.,  9.,  8., 12., 18., 27.])
    """
    count, pairs = values.shape[-1], products(values.shape[-1], degree)
    made = np.empty((*values.shape[:-1], count + sum(len(one) for one, _ in pairs)))
    made[..., :count] = values
    for one, lower in pairs:
        np.multiply(made[..., one], made[..., lower], out=made[..., count : count + len(one)])
        count += len(one)
    return made


def run_polynomial(
    settings: NextGeneration,
    readout: Float[ndarray, "feature output"],
    bias: Float[ndarray, " output"],
    *,
    context: BatchSeries,
    steps: int,
    limit: float | None = np.inf,
) -> Float[ndarray, "batch steps output"]:
    """Let a next-generation reservoir run on by itself, from many starts at once.

    Args:
        settings: The reservoir.
        readout: Coefficients of the features.
        bias: Constant term.
        context: The known past, at least as long as the memory.
        steps: How many steps to run.
        limit: Largest modulus of a prediction that is taken for one; None to let an unstable run go where it will.

    Returns:
        The predictions of the next steps.

    Raises:
        ShapeError: If the readout does not fit the features, or the past is too short.
        DivergedError: If a prediction is not finite or leaves the limit; the message names the step.

    Examples:
        >>> logistic = np.array([[3.9], [-3.9]])  # x' = 3.9 x − 3.9 x²
        >>> start = {"context": np.full((1, 1, 1), 0.5), "steps": 2}
        >>> run_polynomial(NextGeneration(delays=1), logistic, np.zeros(1), **start)[0, :, 0]
        array([0.975  , 0.0950625])
    """
    batch, _, channels = context.shape
    expected = (settings.features(channels), channels)
    if readout.shape != expected:
        raise ShapeError(
            f"`readout` must map the features to the series: expected shape {expected}, got {readout.shape}."
        )
    _check_length(settings, context)
    run = np.concatenate([context[:, -settings.memory :], np.empty((batch, steps, channels))], axis=1)
    newest_first = settings.memory - 1 - np.arange(0, settings.memory, settings.stride)
    with np.errstate(all="ignore"):  # a run that overflows is reported once, with its step
        for t in range(steps):
            seen = run[:, t + newest_first].reshape(batch, -1)
            run[:, t + settings.memory] = monomials(seen, settings.degree) @ readout + bias
    free = np.asarray(run[:, settings.memory :])
    if limit is not None:
        check_departures(free, limit=limit, advice=ADVICE)
    return free


@lru_cache(maxsize=64)
def products(values: int, degree: int) -> tuple[Pairs, ...]:
    """Say which numbers are multiplied to make the monomials of each degree from those of the degree below.

    Args:
        values: How many values there are.
        degree: Largest degree.

    Returns:
        For each degree from 2 on the places, among all monomials before, of a value and of a monomial.

    Examples:
        >>> products(2, 2)  # x x, x y, y y
        ((array([0, 0, 1]), array([0, 1, 1])),)
    """
    made, start = [], 0
    below: list[tuple[int, ...]] = [(value,) for value in range(values)]
    for size in range(2, degree + 1):
        place = {factors: start + k for k, factors in enumerate(below)}
        start += len(below)
        below = list(combinations_with_replacement(range(values), size))
        made.append((np.array([one[0] for one in below]), np.array([place[one[1:]] for one in below])))
    return tuple(made)


def _check_length(settings: NextGeneration, values: BatchSeries) -> None:
    if values.shape[1] < settings.memory:
        raise ShapeError(
            f"`values` must be as long as the memory: expected {settings.memory} steps or more, got {values.shape[1]}. "
            "Give more of the past, or lower `delays` or `stride`."
        )
