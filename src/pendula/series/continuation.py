"""Whether a series goes on where a record is known."""

import numpy as np

from pendula.series.overlap import FINENESS
from pendula.series.record import Record

__all__ = ["rows_before"]

OF_STEP = 0.01
"""Times that differ by less than this share of a step are the same: files keep a few digits."""


def rows_before(known: Record, series: Record) -> int:
    """Count the rows of a record that come right before a series.

    Args:
        known: The record.
        series: A series with the same channels and time step.

    Returns:
        All rows of the record if the series begins one step after its end; those before its first time if it begins
        within the record and has the same values where both are known; 0 if it is another series, or if either is told
        apart in trajectories.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> whole = record(xr.Dataset({"x": ("time", np.arange(10.0) ** 2)}))
        >>> rows_before(whole.slice(0, 6), whole.slice(6, 10)), rows_before(whole.slice(0, 6), whole.slice(4, 10))
        (6, 4)
        >>> rows_before(whole.slice(0, 6), whole.slice(7, 10))  # a row is missing between them
        0
    """
    if known.trajectory is not None or series.trajectory is not None:
        return 0
    row = _row_of(known, series)
    return row if row and _agree(known, series, row) else 0


def _row_of(known: Record, series: Record) -> int:
    times, first = np.append(known.time, known.axis.extend(1)), series.time[0]
    if (times.dtype.kind == "M") != (series.time.dtype.kind == "M"):
        return 0
    distances = np.abs(times - first)
    row = int(np.argmin(distances))
    near = np.timedelta64(0) if times.dtype.kind == "M" else OF_STEP * float(known.axis.step)
    return row if distances[row] <= near else 0


def _agree(known: Record, series: Record, row: int) -> bool:
    shared = min(len(series), len(known) - row)
    ours, theirs = known.values[row : row + shared], series.values[:shared]
    scale = np.nanmax(np.abs(known.values), axis=0, initial=0.0)
    differ = np.abs(ours - theirs) > FINENESS * scale  # a missing value differs from none
    return not bool(differ.any())
