"""Whether a record is of the kind that a fit was made for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pendula.errors import DataError, UnitsError
from pendula.series.axis import TimeAxis
from pendula.series.record import Record

__all__ = ["check_alike"]


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
