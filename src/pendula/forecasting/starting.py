"""Where a forecast starts in a record, and how it goes out on the record's time axis."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.runs import Fit
from pendula.series.axis import TimeValue, parse_time
from pendula.series.record import Record
from pendula.series.windows import bridged_starts
from pendula.shapes import Series, ndarray

__all__ = ["in_units", "start_row", "times_from"]


def start_row(fit: Fit, start: TimeValue | str | None) -> int:
    """Find the row of the first forecast value.

    Args:
        fit: The fit.
        start: Its time; after the record's end when left out.

    Returns:
        The row, which has a window of known values before it.

    Raises:
        ArgumentError: If there is no such time in the record.
        DataError: If a gap lies within the window before it.
    """
    row = len(fit.record) if start is None else _row_at(fit.record, start, window=fit.model.window)
    known = _known_before(fit.record, row, window=fit.model.window)
    if known < fit.model.window:
        _check_controlled(fit.record, row, known=known, window=fit.model.window)
        raise DataError(
            f"`start` must follow {fit.model.window} known values: got {known} since the last gap or the start of the "
            "trajectory. Choose another `start`, or fill the gaps with `--gaps fill`."
        )
    return row


def times_from(fit: Fit, row: int, steps: int) -> ndarray:
    """Give the times from a row of the record on, beyond its end if need be.

    Args:
        fit: The fit.
        row: The row.
        steps: How many times.

    Returns:
        The times.
    """
    return np.concatenate([fit.record.time[row:], fit.record.axis.extend(max(1, steps))])[:steps]


def in_units(fit: Fit, bands: Mapping[str, Series], *, times: ndarray) -> xr.Dataset:
    """Give values of all channels as a data set with units.

    Args:
        fit: The fit whose channels they are.
        bands: The values, by what is appended to the name of a channel.
        times: Their times.

    Returns:
        Variables along `time`.
    """
    record = fit.record
    columns = {
        name + suffix: ("time", band[:, channel], {"units": unit} if unit else {})
        for channel, (name, unit) in enumerate(zip(record.names, record.units, strict=True))
        for suffix, band in bands.items()
    }
    return xr.Dataset(
        columns, coords={"time": ("time", times, {"units": record.axis.units} if record.axis.units else {})}
    )


def _known_before(record: Record, row: int, *, window: int) -> int:
    # Rows of the segment that ends at this row or goes on through it; none after a gap, unless windows reach over it.
    if record.bridged:
        starts = bridged_starts(record, length=window, horizon=0)
        return window if row - window in starts else int(record.present[max(0, row - window) : row].sum())
    holding = record.segments[(record.segments[:, 0] < row) & (record.segments[:, 1] >= row)]
    return int(row - holding[0, 0]) if len(holding) else 0


def _check_controlled(record: Record, row: int, *, known: int, window: int) -> None:
    if record.controls is None:
        return
    first = max(0, row - window)
    lacking = np.isnan(record.controls.values[first:row]) & ~np.isnan(record.values[first:row]).all(axis=1)[:, None]
    if lacking.any():
        last = int(np.flatnonzero(lacking.any(axis=1))[-1])
        names = ", ".join(np.array(record.controls.names)[lacking[last]])
        raise DataError(
            f"`start` must follow {window} known values, with their controls: got {known}, since {names} is missing at "
            f"{_shown(record.time[first + last])}. Hand in a plan that begins with these rows, choose another `start`, "
            "or fill the gaps with `--gaps fill`."
        )


def _row_at(record: Record, start: TimeValue | str, *, window: int) -> int:
    moment = parse_time(start, record.axis.kind, argument="start")
    if record.trajectory is not None:
        raise ArgumentError("`start` must be left out for a record of several trajectories. Forecast its end.")
    end = record.axis.extend(1)
    # 0.1 added up eight times is less than 0.8: a float that a user types is met within rounding.
    slack = 1e-6 * float(record.axis.step) if record.axis.kind == "float" else 0
    row = int(np.searchsorted(np.concatenate([record.time, end]) + slack, moment))
    if row < window or row > len(record):
        raise ArgumentError(
            f"`start` must lie within the record, after its first {window} values: expected "
            f"{_shown(record.time[window])} to {_shown(end[0])}, got {start}. Leave it out to forecast from "
            "the record's end."
        )
    return row


def _shown(moment: object) -> str:
    return f"{moment:.10g}" if isinstance(moment, float) else str(moment)
