"""The grid under a time axis: its step, and the row of every sample, gaps counted."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import DataError
from pendula.series.places import Place, row_place
from pendula.series.times import Step
from pendula.shapes import Int, ndarray

__all__ = ["RELATIVE_TOLERANCE", "Grid", "check_increasing", "find_grid", "trajectory_blocks"]

RELATIVE_TOLERANCE = 1e-6
"""How far a float time may lie off its grid, in steps."""

_MOST_MISSING = 50
"""A record with more missing rows than this many times its samples is not a series with gaps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Where samples lie on a regular grid.

    Attributes:
        step: The grid's step.
        counts: How many steps each sample lies after the one before it; 1 at the start of a trajectory.
        anchor_day: Day of the month for calendar steps, else 0.
    """

    step: Step
    counts: Int[ndarray, " time"]
    anchor_day: int


def trajectory_blocks(trajectory: ndarray | None, size: int) -> Int[ndarray, "block 2"]:
    """Find the half-open row ranges of the trajectories.

    Args:
        trajectory: Identifier of each row, or None for a single trajectory.
        size: How many rows there are.

    Returns:
        Start and stop of each trajectory, in order.

    Raises:
        DataError: If the rows of a trajectory are not contiguous.

    Examples:
        >>> trajectory_blocks(np.array([7, 7, 7, 2, 2]), 5)
        array([[0, 3],
               [3, 5]])
    """
    if trajectory is None:
        return np.array([[0, size]], dtype=np.int64)
    starts = np.concatenate([[0], 1 + np.flatnonzero(trajectory[1:] != trajectory[:-1])]).astype(np.int64)
    names = trajectory[starts] if size else trajectory
    if len(np.unique(names)) != len(names):
        again = next(name for index, name in enumerate(names) if name in names[:index])
        raise DataError(
            f"`trajectory` must be contiguous: expected the rows of each trajectory together, "
            f"got `{again}` in several places. Sort the file by trajectory, then by time."
        )
    return np.stack([starts, np.append(starts[1:], size)], axis=1) if size else np.zeros((0, 2), dtype=np.int64)


def find_grid(times: ndarray, blocks: Int[ndarray, "block 2"], *, units: str, resolution: float = 0.0) -> Grid:
    """Find the step of a time axis, and the missing samples.

    The step is the distance of neighboring samples. A distance of several steps is a gap; any other distance makes
    the axis irregular. Dates may also step by whole months.

    Args:
        times: Time values: float64 or int64 in `units`, or datetime64.
        blocks: Row ranges of the trajectories, which share the step.
        units: Unit of the time values, for messages.
        resolution: How finely float times were stored, in `units`; a grid's tolerance is never below it.

    Returns:
        The grid.

    Raises:
        DataError: If a time is missing, repeats, runs backwards, or lies off the grid, or if nearly everything is gap.

    Examples:
        >>> find_grid(np.array([0.0, 0.5, 2.0]), np.array([[0, 3]]), units="s").counts
        array([1, 1, 3])
    """
    check_increasing(times, blocks)
    inner = np.ones(len(times), dtype=np.bool_)
    inner[blocks[:, 0]] = False
    inner = inner[1:]
    differences = np.diff(times)[inner]
    if not len(differences):
        raise DataError(
            f"`time` must have a step: expected a trajectory of at least 2 samples, got {len(times)} samples in "
            f"{len(blocks)}. Record more."
        )
    anchor_day = 0
    step: Step
    if times.dtype.kind == "f":
        step, steps = _float_steps(times, differences, units=units, resolution=resolution)
    else:
        found = _exact_steps(differences)
        if found is None and times.dtype.kind == "M":
            anchor_day, found = _calendar_steps(times, inner)
        if found is None:
            raise DataError(_irregular(differences, units))
        step, steps = found
    counts = np.ones(len(times), dtype=np.int64)
    counts[1:][inner] = steps
    _check_mostly_present(counts)
    return Grid(step=step, counts=counts, anchor_day=anchor_day)


def check_increasing(times: ndarray, blocks: Int[ndarray, "block 2"], *, place: Place = row_place) -> None:
    """Make sure that time runs forward within each trajectory.

    Args:
        times: Time values, as floats, integers or dates.
        blocks: Row ranges of the trajectories.
        place: Says where a sample stands, for messages.

    Raises:
        DataError: If a time is missing, repeats, or lies before the one above it.
    """
    missing = np.isnat(times) if times.dtype.kind == "M" else np.isnan(times)
    if missing.any():
        raise DataError(
            f"`time` must be known at every row: expected a number or a date, got none in "
            f"{place(int(np.argmax(missing)))}. Remove that row, or fill in its time."
        )
    wrong = times[1:] <= times[:-1]
    wrong[blocks[1:, 0] - 1] = False
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        how = "a repeated" if times[row] == times[row - 1] else "an earlier"
        raise DataError(
            f"`time` must increase: expected more than {times[row - 1]} in {place(row)}, got {how} {times[row]}. "
            "Sort the record by time and keep one row for each time; mark several runs with a `trajectory` column."
        )


def _float_steps(
    times: ndarray, differences: ndarray, *, units: str, resolution: float
) -> tuple[float, Int[ndarray, " difference"]]:
    # Rounded times blur single differences, so the step is refined as (sum of distances) / (sum of steps).
    step = float(np.median(differences[differences < 1.5 * differences.min()]))
    for _ in range(2):
        steps = np.rint(differences / step)
        step = float(differences.sum() / steps.sum())
    # A stored time is off by half a unit in the last place, a difference of two by one whole unit.
    rounding = 2.0 * max(resolution, float(np.spacing(np.abs(times).max())))
    tolerance = max(RELATIVE_TOLERANCE * step, min(rounding, 0.01 * step))
    if np.abs(differences - steps * step).max() > tolerance:
        raise DataError(_irregular(differences, units))
    return _tidy(step, times), steps.astype(np.int64)


def _tidy(step: float, times: ndarray) -> float:
    # 0.01 is meant where 0.010000000000000009 was found, if no sample of the grid can tell them apart.
    reach = float(np.spacing(np.abs(times).max())) / len(times)
    short = next(
        (rounded for digits in range(1, 16) if abs((rounded := float(f"{step:.{digits}g}")) - step) <= reach), step
    )
    return short or step


def _exact_steps(differences: ndarray) -> tuple[int | np.timedelta64, Int[ndarray, " difference"]] | None:
    counts = differences.astype(np.int64)
    base = int(counts.min())
    if np.any(counts % base):
        return None
    step = (
        differences.dtype.type(base, np.datetime_data(differences.dtype)[0]) if differences.dtype.kind == "m" else base
    )
    return step, counts // base


def _calendar_steps(
    times: ndarray, inner: ndarray
) -> tuple[int, tuple[np.timedelta64, Int[ndarray, " difference"]] | None]:
    dates = times.astype("datetime64[D]")
    months = times.astype("datetime64[M]")
    first = months.astype("datetime64[D]")
    day = (dates - first).astype(np.int64) + 1
    days_in_month = ((months + 1).astype("datetime64[D]") - first).astype(np.int64)
    anchor = int(day.max())
    time_of_day = times - dates.astype(times.dtype)
    on_grid = np.all(day == np.minimum(anchor, days_in_month)) and np.all(time_of_day == time_of_day[0])
    counts = np.diff(months)[inner].astype(np.int64)
    if not on_grid or np.any(counts % counts.min()):
        return 0, None
    base = int(counts.min())
    return anchor, (np.timedelta64(base, "M"), counts // base)


def _irregular(differences: ndarray, units: str) -> str:
    if differences.dtype.kind == "m":
        wanted = _shortest(float(np.median(differences.astype(np.int64))), differences)
        low, high = (
            _shortest(float(value.astype(np.int64)), differences) for value in (differences.min(), differences.max())
        )
        expected = wanted
    else:
        wanted, low, high = (f"{value:.6g}" for value in (np.median(differences), differences.min(), differences.max()))
        expected = f"{wanted} {units}".strip()
    return (
        f"`time` must be regular: expected a step of {expected}, got steps from {low} to {high}. "
        f"Resample with `--resample {wanted}` or pendula.resample."
    )


def _shortest(count: float, differences: ndarray) -> str:
    # The largest unit that holds the duration whole, such as 7D or 90min.
    seconds = int(count) * differences.dtype.type(1, np.datetime_data(differences.dtype)[0]) / np.timedelta64(1, "s")
    for name, length in (("D", 86400), ("h", 3600), ("min", 60)):
        if seconds % length == 0:
            return f"{int(seconds // length)}{name}"
    return f"{seconds:g}s"


def _check_mostly_present(counts: Int[ndarray, " time"]) -> None:
    rows, samples = int(counts.sum()), len(counts)
    if rows > _MOST_MISSING * samples + 1000:
        raise DataError(
            f"`time` must be mostly sampled: expected at most {_MOST_MISSING} missing rows for each sample, got "
            f"{samples} samples spread over {rows} steps. Mark separate runs with a `trajectory` column, or resample."
        )
