"""Whether a record is of the kind that a fit was made for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import DataError, UnitsError
from pendula.series.axis import TimeAxis
from pendula.series.columns import channel_values, column_names, time_values
from pendula.series.grid import trajectory_blocks
from pendula.series.record import Record, assemble, find_segments
from pendula.shapes import ndarray

__all__ = ["assemble_alike", "check_alike", "check_dates"]


def assemble_alike(dataset: xr.Dataset, columns: Sequence[str] | str, *, axis: TimeAxis) -> Record:
    """Make a record of a series for a fit: a single row, which has no time step, gets the fit's.

    Args:
        dataset: Variables along `time`.
        columns: The variables to take, in this order.
        axis: The fit's time axis.

    Returns:
        The record; its channels may be constant or empty.

    Raises:
        DataError: If a column is missing, complex or infinite, if the time axis of several rows is not regular, or if
            that of a single row has dates and the fit's numbers, or the other way round.

    Examples:
        >>> seconds = TimeAxis(kind="float", start=0.0, step=0.5, size=3, units="s")
        >>> row = assemble_alike(xr.Dataset({"x": ("time", [7.0])}, coords={"time": [1.5]}), "x", axis=seconds)
        >>> row.time, row.axis.step
        (array([1.5]), 0.5)
    """
    if dataset.sizes["time"] != 1:
        return assemble(dataset, columns)
    names, (times, kind, _) = column_names(dataset, columns), time_values(dataset)
    check_dates(times, dates=axis.kind == "datetime")
    moment = times[0] if kind == "datetime" else times[0].item()
    attributes = dataset["time"].attrs if "time" in dataset.variables else {}
    values = np.column_stack([channel_values(dataset, name) for name in names])
    return Record(
        values=values,
        names=names,
        units=tuple(str(dataset[name].attrs.get("units", "")) for name in names),
        time=times,
        axis=replace(axis, start=moment, size=1, units=str(attributes.get("units", ""))),
        segments=find_segments(values, trajectory_blocks(None, 1)),
        trajectory=np.asarray(dataset["trajectory"].values) if "trajectory" in dataset.variables else None,
    )


def check_dates(times: ndarray, *, dates: bool, argument: str = "series") -> None:
    """Make sure that times are dates where those of a fit are, and numbers where these are.

    Args:
        times: Time values.
        dates: Whether those of the fit are dates.
        argument: What messages call the series.

    Raises:
        DataError: If they are of the other kind.

    Examples:
        >>> check_dates(np.array([0.5, 1.0]), dates=False)
    """
    if (times.dtype.kind == "M") != dates:
        wanted, given = ("dates", "numbers") if dates else ("numbers", "dates")
        raise DataError(f"`{argument}` must have {wanted} for times, as the record: got {given}. Write both alike.")


def check_alike(held_out: Record, *, units: Sequence[str], axis: TimeAxis) -> None:
    """Make sure that a record has the units and the time step of a fit.

    Args:
        held_out: A record of the fit's channels.
        units: Units of the fit's channels; an empty one fits every unit.
        axis: The fit's time axis.

    Raises:
        DataError: If the time step is another.
        UnitsError: If a channel has another unit.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> fast = record(xr.Dataset({"x": ("time", [0.0, 1.0, 4.0])}, coords={"time": [0.0, 0.1, 0.2]}))
        >>> check_alike(fast, units=["m"], axis=fast.axis)
        >>> check_alike(fast, units=["m"], axis=TimeAxis(kind="float", start=0.0, step=0.2, size=3))
        Traceback (most recent call last):
        ...
        pendula.errors.DataError: `series` must have the time step of the fit: expected 0.2, got 0.1. ...
    """
    for name, expected, actual in zip(held_out.names, units, held_out.units, strict=True):
        if expected and actual and expected != actual:
            raise UnitsError(
                f"`{name}` must have the unit of the fit: expected {expected}, got {actual}. Convert the series."
            )
    ours, theirs = axis, held_out.axis
    alike = ours.units == theirs.units or not (ours.units and theirs.units)
    if not (alike and ours.is_calendar == theirs.is_calendar and _close(ours.step, theirs.step)):
        raise DataError(
            f"`series` must have the time step of the fit: expected {ours.step_text}, got {theirs.step_text}. "
            "Resample it with `--resample`."
        )


def _close(ours: Any, theirs: Any) -> bool:
    dates = isinstance(ours, np.timedelta64)
    if dates or isinstance(theirs, np.timedelta64):
        return dates and isinstance(theirs, np.timedelta64) and bool(ours == theirs)
    return bool(np.isclose(float(ours), float(theirs), rtol=1e-6))
