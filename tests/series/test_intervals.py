"""Irregular times as a column."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import DataError
from pendula.series.intervals import with_intervals
from pendula.series.record import record, to_dataset


def made(times, **coords):
    return xr.Dataset({"x": ("time", np.arange(float(len(times))))}, coords={"time": ("time", times), **coords})


def test_each_row_has_the_time_since_the_one_before_and_the_first_the_median_of_its_trajectory():
    runs = ("time", np.array(["a", "a", "a", "b", "b"]))
    found = with_intervals(made(np.array([0.0, 1.0, 4.0, 2.0, 7.0]), trajectory=runs))
    assert found["interval"].values.tolist() == [2.0, 1.0, 3.0, 5.0, 5.0]
    assert found["time"].values.tolist() == [0, 1, 2, 0, 1]
    assert len(record(found, ("x", "interval"))) == 5


def test_the_times_themselves_go_with_the_rows():
    times = np.array([0.0, 1.0, 4.0, 4.5])
    rows = record(with_intervals(made(times)), ("x", "interval"))
    np.testing.assert_array_equal(rows.moments, times)
    np.testing.assert_array_equal(rows.slice(1, 3).moments, times[1:3])
    np.testing.assert_array_equal(record(to_dataset(rows.apart(1)), "x").moments, times)
    assert record(made(np.arange(4.0)), "x").moments is None


def test_dates_are_told_in_seconds():
    dates = np.array(["2000-01-01T00:00", "2000-01-01T00:02", "2000-01-01T00:03"], dtype="datetime64[s]")
    found = with_intervals(made(dates))
    assert found["interval"].values.tolist() == [90.0, 120.0, 60.0]
    assert found["interval"].attrs["units"] == "s"


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (xr.Dataset({"x": ("time", [0.0, 1.0])}), "`time` must be known where it is irregular"),
        (made(np.array([0.0, 1.0])).assign(interval=("time", [1.0, 1.0])), "`interval` must not be a column already"),
        (made(np.array([0.0, 2.0, 1.0])), "`time` must increase"),
        (
            made(np.array([0.0, 2.0, 1.0]), trajectory=("time", np.array([0, 0, 1]))),
            "`time` must have an interval: expected a trajectory of at least 2 rows, got 1",
        ),
    ],
)
def test_what_has_no_intervals_is_said(dataset, message):
    with pytest.raises(DataError, match=message):
        with_intervals(dataset)
