"""Irregular times: rows become the steps, and the time since the row before becomes one more column."""

import numpy as np
import xarray as xr

from pendula.errors import DataError
from pendula.series.columns import time_values
from pendula.series.grid import check_increasing, trajectory_blocks

__all__ = ["INTERVAL", "MOMENT", "ROW", "with_intervals"]

INTERVAL = "interval"
"""Name of the column that tells the time since the row before."""
MOMENT = "moment of the row"
"""Name of the coordinate that keeps the times of rows that are counted."""
ROW = "row"
"""Name of the column that counts rows where their times are not known."""


def with_intervals(dataset: xr.Dataset) -> xr.Dataset:
    """Count rows in the place of times, and add the time since the row before as a column.

    Args:
        dataset: Variables along `time`, in whatever steps.

    Returns:
        The same variables along a `time` that counts the rows of each trajectory from 0, and the column `interval` in
        the units of time, seconds where times are dates; the first row of a trajectory gets the median of its own. The
        times themselves are kept as a coordinate beside them.

    Raises:
        DataError: If the data set has no times, or a column of that name; if a time is missing, repeats or runs
            backwards; or if a trajectory has one row alone.

    Examples:
        >>> series = xr.Dataset({"x": ("time", [1.0, 2.0, 4.0])}, coords={"time": [0.0, 0.5, 2.5]})
        >>> with_intervals(series)["interval"].values
        array([1.25, 0.5 , 2.  ])
    """
    if "time" not in dataset.variables:
        raise DataError("`time` must be known where it is irregular: expected a time for each row, got none. Name it.")
    if INTERVAL in dataset.variables:
        raise DataError(
            f"`{INTERVAL}` must not be a column already: that name is for the time since the row before. Rename it."
        )
    times, _, _ = time_values(dataset)
    trajectory = np.asarray(dataset["trajectory"].values) if "trajectory" in dataset.variables else None
    blocks = trajectory_blocks(trajectory, len(times))
    check_increasing(times, blocks)
    dates = times.dtype.kind == "M"
    seconds = (times - times[0]) / np.timedelta64(1, "s") if dates else times.astype(np.float64)
    interval, rows = np.empty(len(times)), np.empty(len(times), dtype=np.int64)
    for start, stop in blocks:
        if stop - start < 2:
            raise DataError(
                f"`time` must have an interval: expected a trajectory of at least 2 rows, got {stop - start}. "
                "Leave it out."
            )
        own = np.diff(seconds[start:stop])
        interval[start:stop] = np.concatenate([[np.median(own)], own])
        rows[start:stop] = np.arange(stop - start)
    unit = "s" if dates else str(dataset["time"].attrs.get("units", ""))
    column = ("time", interval, {"units": unit} if unit else {})
    # The name of the time column is how a file of the kind is read again.
    named = {key: text for key, text in dataset["time"].attrs.items() if key == "name"}
    counted = dataset.drop_vars("time").assign_coords({"time": ("time", rows, named), MOMENT: ("time", times)})
    return counted.assign({INTERVAL: column})
