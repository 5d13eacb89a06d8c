"""A plan at irregular times that goes on where the record ends, behind the rows of the record."""

import numpy as np
import xarray as xr

from pendula.forecasting.controls import handed_in
from pendula.runs import Fit
from pendula.series.alike import check_dates
from pendula.series.columns import channel_values, column_names, time_values
from pendula.series.grid import check_increasing

__all__ = ["behind_record"]


def behind_record(fit: Fit, series: xr.Dataset) -> xr.Dataset:
    """Lay a plan behind the rows of the record where all of its times lie after the last of them.

    Where rows are the steps, a plan is counted from the first row of the record on; the first interval of one that
    begins later is that from the last row of the record to its own first.

    Args:
        fit: The fit.
        series: Its controls along `time`, of one trajectory.

    Returns:
        The controls of the record's last trajectory, followed by the plan; the plan as it is where times are regular,
        where it begins earlier, or where the record's times are not known.

    Raises:
        DataError: If a control is missing, if a time is missing, repeats or runs backwards, or if dates meet numbers.
    """
    record = fit.record
    if not fit.recipe.irregular or record.moments is None or "time" not in series.variables:
        return series
    begin, (times, _, _) = int(record.blocks[-1, 0]), time_values(series)
    known = record.moments[begin:]
    check_increasing(times, np.array([[0, len(times)]]))
    check_dates(times, dates=known.dtype.kind == "M", argument="controls")
    if not len(times) or times[0] <= known[-1]:
        return series
    names = column_names(series, named, argument="controls") if (named := handed_in(fit)) else ()
    own = fit.record.controls
    assert own is not None
    columns = {
        name: (
            "time",
            np.concatenate([own.values[begin:, own.index(name)], channel_values(series, name)]),
            series[name].attrs,
        )
        for name in names
    }
    return xr.Dataset(columns, coords={"time": ("time", np.concatenate([known, times]), series["time"].attrs)})
