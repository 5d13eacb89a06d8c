"""Gaps, filled on request."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError
from pendula.series.record import Record, assemble, to_dataset
from pendula.shapes import Series, ndarray

__all__ = ["fill_gaps", "hold"]

RecordOrDataset = TypeVar("RecordOrDataset", Record, xr.Dataset)


def fill_gaps(
    data: RecordOrDataset, *, longest: int | None = None, cuts: Sequence[int] = ()
) -> tuple[RecordOrDataset, int]:
    """Fill gaps by linear interpolation in time, within each trajectory.

    A gap at the start or the end of a trajectory is kept: nothing is extrapolated. A gap that is filled before a record
    is split shows the earlier part where the later one begins; `cuts` keep them apart.

    Args:
        data: A record, or a data set with a regular time axis (of which all numeric variables are taken).
        longest: Longest gap to fill, in rows; all when left out.
        cuts: Rows that no gap is filled across: the first rows of later parts.

    Returns:
        The same kind of object without those gaps, and how many samples were filled in.

    Raises:
        ArgumentError: If `longest` is below 1.

    Examples:
        >>> from pendula.series.record import record
        >>> holes = record(xr.Dataset({"x": ("time", [0.0, 1.0, np.nan, 3.0])}))
        >>> filled, count = fill_gaps(holes)
        >>> filled.values[:, 0], count
        (array([0., 1., 2., 3.]), 1)
    """
    if longest is not None and longest < 1:
        raise ArgumentError(
            f"`longest` must be positive: expected 1 or more rows, got {longest}. Leave it out for all."
        )
    if isinstance(data, Record):
        return _fill_record(data, longest, cuts)
    if data.sizes["time"] == 1:
        return data, 0  # nothing lies between
    filled, count = _fill_record(assemble(data), longest, cuts)
    return to_dataset(filled).assign_attrs(data.attrs), count


def hold(values: Series) -> Series:
    """Put the last value known in the place of each missing one.

    Args:
        values: Samples, NaN where they are missing.

    Returns:
        The samples; NaN before the first one of a channel.

    Examples:
        >>> hold(np.array([[np.nan], [2.0], [np.nan]]))[:, 0]
        array([nan,  2.,  2.])
    """
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    return np.asarray(np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0))


def _fill_record(record: Record, longest: int | None, cuts: Sequence[int]) -> tuple[Record, int]:
    values = record.values.copy()
    for stretch in np.split(values, np.union1d(record.blocks[1:, 0], np.asarray(cuts, dtype=np.int64))):
        for channel in stretch.T:
            _fill_channel(channel, longest)
    count = int(np.isnan(record.values).sum() - np.isnan(values).sum())
    if record.controls is not None:
        controls, more = _fill_record(record.controls, longest, cuts)
        record, count = replace(record, controls=controls), count + more
    return record.with_values(values), count


def _fill_channel(channel: ndarray, longest: int | None) -> None:
    known = np.flatnonzero(~np.isnan(channel))
    if len(known) < 2:
        return
    rows = np.arange(known[0], known[-1] + 1)
    filled = np.interp(rows, known, channel[known])
    if longest is not None:
        # A row in a gap lies between two known rows; their distance less one is the gap's length.
        after = np.clip(np.searchsorted(known, rows), 1, len(known) - 1)
        too_long = (known[after] - known[after - 1] - 1 > longest) & np.isnan(channel[rows])
        filled[too_long] = np.nan
    channel[rows] = filled
