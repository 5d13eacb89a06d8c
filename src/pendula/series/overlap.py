"""Rows of a series that a fit has seen before, in its training or its validation part."""

import numpy as np

from pendula.series.record import Record
from pendula.series.split import Part
from pendula.shapes import Int, ndarray

__all__ = ["count_seen"]

FINENESS = 1e-6
"""Values that differ by less than about this share of a channel's largest count as the same, so that a file of a few
digits is recognized; times, by less than this share of a step."""


def count_seen(known: Part, series: Record, rows: Int[ndarray, " row"]) -> int:
    """Count the rows of a series whose time and values are those of a known row.

    Args:
        known: The rows that a fit has seen.
        series: A series with the same channels and time step.
        rows: The rows of the series to look at.

    Returns:
        How many of them are known.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> whole = record(xr.Dataset({"x": ("time", np.arange(10.0) ** 2)}))
        >>> count_seen(Part(parent=whole, start=0, stop=6), whole, np.arange(4, 10))
        2
    """
    part = np.arange(known.start, known.stop)
    scale = np.nanmax(np.abs(known.parent.values[part]), axis=0, initial=0.0)
    scale = np.where(scale > 0, scale, 1.0)
    seen = set(_keys(known.parent, part[known.parent.present[part]], known.parent, scale))
    return sum(key in seen for key in _keys(series, rows, known.parent, scale))


def _keys(record: Record, rows: Int[ndarray, " row"], origin: Record, scale: ndarray) -> list[bytes]:
    # Whole numbers of a time and its values: those of two copies of a row are the same.
    values = np.rint(record.values[rows] / (FINENESS * scale))
    return [row.tobytes() for row in np.column_stack([_times(record.time[rows], origin), values]) + 0.0]


def _times(times: ndarray, origin: Record) -> ndarray:
    offsets = times - origin.time[0]
    if np.issubdtype(times.dtype, np.datetime64):
        return np.asarray(offsets / np.timedelta64(1, "us"))
    return np.asarray(np.rint(offsets.astype(np.float64) / (FINENESS * float(origin.axis.step))))
