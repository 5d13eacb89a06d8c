"""The sampling grid of a run: how many samples, at which times, and whether they fit."""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.shapes import Float, Int, ndarray

__all__ = [
    "MAX_BYTES",
    "Initial",
    "check_finite",
    "check_run",
    "check_size",
    "decimal_times",
    "divergence",
    "sample_count",
    "sample_times",
    "start_state",
]

Initial: TypeAlias = Sequence[Any] | ndarray
"""An initial state: one number per component, or an array [component, *batch]."""

_NO_DECIMAL = 16
"""A number with so many digits after the point is no decimal that anybody wrote."""

MAX_BYTES = 2_000_000_000
"""A run whose result would take more memory than this is refused before it starts."""


def sample_count(duration: float | int, dt: float | int) -> int:
    """Count the samples of a run: times 0, dt, 2 dt, … strictly before the duration.

    Args:
        duration: Length of the run, in units of time.
        dt: Interval between samples, in units of time.

    Returns:
        ⌈duration/dt⌉, where a ratio within 1e-9 above a whole number counts as that number.

    Raises:
        ArgumentError: If either is not a positive finite number.

    Examples:
        >>> sample_count(10.0, 0.002)
        5000
        >>> sample_count(1.0, 0.3)
        4
    """
    for name, value in (("dt", dt), ("duration", duration)):
        if not (math.isfinite(value) and value > 0):
            raise ArgumentError(f"`{name}` must be positive: expected a finite number above 0, got {value}.")
    ratio = duration / dt
    if not math.isfinite(ratio):
        raise ArgumentError(f"`dt` must not vanish beside `duration`: expected above {duration}/1e308, got {dt}.")
    return max(1, math.ceil(ratio - 1e-9))


def sample_times(samples: int, dt: float | int) -> Float[ndarray, " time"]:
    """List the times of a run's samples.

    Args:
        samples: How many.
        dt: Interval between samples, in units of time.

    Returns:
        The times i·dt, each rounded once: to the decimal number that is meant, where dt is one.

    Examples:
        >>> sample_times(4, 0.1).tolist()
        [0.0, 0.1, 0.2, 0.3]
    """
    return decimal_times(np.float64(0.0), np.arange(samples), dt)


def decimal_times(
    start: Float[ndarray, "*time"] | np.float64, steps: Int[ndarray, " time"], step: float | int
) -> Float[ndarray, " time"]:
    """Compute start + k·step as people write it: 0.3, not 0.1 + 2 · 0.1 = 0.30000000000000004.

    Args:
        start: Where to count from: one time, or one for each entry of `steps`.
        steps: The numbers of steps k.
        step: The step, in the unit of `start`.

    Returns:
        The floats nearest to the decimal numbers, where start and step are such of few digits; else the plain sums.
        Both agree to a few units in the last place.

    Examples:
        >>> decimal_times(np.float64(59.95), np.arange(1, 4), 0.05).tolist()
        [60.0, 60.05, 60.1]
        >>> decimal_times(np.float64(0.0), np.arange(3), 1 / 3).tolist()
        [0.0, 0.3333333333333333, 0.6666666666666666]
    """
    plain = np.asarray(start + steps * step, dtype=np.float64)
    largest = max(float(np.abs(plain).max(initial=0.0)), float(np.abs(steps * step).max(initial=0.0)))
    digits = max(_decimals(np.float64(step)), _decimals(start))
    # Beyond 2^50 the products with 10^digits are no longer exact to the last decimal.
    is_decimal = digits < _NO_DECIMAL and largest * 10.0**digits < 2.0**50
    return np.round(plain, digits) if is_decimal else plain


def _decimals(numbers: Float[ndarray, "*time"] | np.float64) -> int:
    # Digits after the point, of the shortest decimals that only rounding sets apart from the numbers.
    slack = 4.0 * np.spacing(np.abs(numbers))
    fits = (digits for digits in range(_NO_DECIMAL) if (abs(np.round(numbers, digits) - numbers) <= slack).all())
    return next(fits, _NO_DECIMAL)


def check_size(samples: int, width: int) -> None:
    """Refuse a run whose result would not fit into memory.

    Args:
        samples: Samples of a trajectory.
        width: Numbers per sample: components of the state times trajectories.

    Raises:
        ArgumentError: If the result would take more than `MAX_BYTES`.

    Examples:
        >>> check_size(1000, 3)
    """
    needed = 8 * samples * width
    if needed > MAX_BYTES:
        raise ArgumentError(
            f"`duration` must give a series that fits into memory: expected at most {MAX_BYTES:.1e} bytes, "
            f"got {samples} samples of {width} numbers, {needed:.1e} bytes. Raise `dt`, or shorten `duration`."
        )


def check_run(*, dt: float | int, samples: int, substeps: int) -> None:
    """Check what every run needs.

    Args:
        dt: Interval between samples, in units of time.
        samples: How many samples.
        substeps: Integration steps from one sample to the next.

    Raises:
        ArgumentError: If one of them is not positive and finite.

    Examples:
        >>> check_run(dt=0.1, samples=10, substeps=1)
    """
    if not 0 < dt < float("inf"):
        raise ArgumentError(f"`dt` must be positive: expected a finite number above 0, got {dt}.")
    for name, count in (("samples", samples), ("substeps", substeps)):
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
            raise ArgumentError(f"`{name}` must be a positive whole number: expected at least 1, got {count}.")


def start_state(initial: Initial) -> Float[ndarray, " component *batch"]:
    """Turn an initial state into an array.

    Args:
        initial: The components of the state, each in its unit; a batch lies along the axes after the first.

    Returns:
        The same as a new array of float64.

    Raises:
        ArgumentError: If a component is not a finite number.
        ShapeError: If there are no components.

    Examples:
        >>> start_state([1, 0])
        array([1., 0.])
    """
    try:
        start = np.array(initial, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"`initial` must hold numbers: expected one per component, got {initial!r}.") from error
    if start.ndim < 1 or not start.size:
        raise ShapeError(f"`initial` must hold components: expected shape (component, *batch), got {start.shape}.")
    if not np.isfinite(start).all():
        raise ArgumentError("`initial` must be finite: expected numbers, got NaN or an infinity.")
    return start


def check_finite(states: Float[ndarray, " time *state"], *, first: int, dt: float | int) -> None:
    """Find where a run has left the finite numbers.

    Args:
        states: Consecutive states, each component in its unit.
        first: Index of the first of them in the run.
        dt: Interval between samples, in units of time.

    Raises:
        DivergedError: If a state is not finite; the message names its time.

    Examples:
        >>> check_finite(np.zeros((4, 2)), first=0, dt=0.1)
    """
    if np.isfinite(states).all():
        return
    rows = np.isfinite(states).reshape(len(states), -1).all(axis=1)
    raise DivergedError(divergence(first + int(np.argmin(rows)), dt))


def divergence(index: int, dt: float | int) -> str:
    """Say where a run has left the finite numbers.

    Args:
        index: The first sample that is not finite.
        dt: Interval between samples, in units of time.

    Returns:
        The message of the error.

    Examples:
        >>> divergence(3, 0.5)
        'The state must stay finite: it left the finite numbers at t = 1.5 (sample 3). ...'
    """
    return (
        f"The state must stay finite: it left the finite numbers at t = {index * dt:g} (sample {index}). "
        "Lower `dt`, raise `substeps`, or start elsewhere."
    )
