"""Columns into data sets, and back."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import DataError
from pendula.series.table import Table, dataset_from, recognized_time, table_from


def test_the_surest_name_is_the_time():
    assert recognized_time({"year": "", "time": "", "t": ""}) == "time"
    assert recognized_time({"Index": "", "DATE": ""}) == "DATE"
    assert recognized_time({"T": "K", "step": ""}) == "step"
    assert recognized_time({"T": "s"}) == "T"
    assert recognized_time({"x": ""}) is None


def test_a_time_column_keeps_its_name_on_the_way_back():
    table = Table(columns={"year": np.array([1700, 1701]), "x": np.array([1.0, 2.0])}, units={"x": "m"})
    data = dataset_from(table, source="memory")
    assert data["time"].attrs == {"units": "year", "name": "year"}
    again = table_from(data)
    assert list(again.columns) == ["year", "x"]
    assert again.units == {"year": "year", "x": "m"}


def test_a_name_that_would_not_be_recognized_becomes_time():
    table = Table(columns={"moment": np.array([0.0, 0.5]), "x": np.array([1.0, 2.0])})
    assert list(table_from(dataset_from(table, source="memory", time="moment")).columns) == ["time", "x"]


def test_a_variable_with_the_name_of_a_time_stays_a_variable():
    data = xr.Dataset({"t": ("time", [5.0, 6.0])}, coords={"time": [0.0, 0.5]})
    again = dataset_from(table_from(data), source="memory")
    np.testing.assert_array_equal(again["time"].values, [0, 0.5])
    np.testing.assert_array_equal(again["t"].values, [5, 6])


def test_a_table_without_numbers_is_refused():
    table = Table(columns={"t": np.array([0.0, 1.0])})
    with pytest.raises(
        DataError, match=r"`memory` must hold numbers: expected a numeric column besides the time, got t"
    ):
        dataset_from(table, source="memory")
    with pytest.raises(DataError, match=r"`memory` must hold a series: expected at least 2 rows, got 0"):
        dataset_from(Table(columns={}), source="memory")


def test_what_goes_on_from_a_known_series_may_be_one_row_or_times_alone():
    one = dataset_from(Table(columns={"t": np.array([3.0]), "x": np.array([1.0])}), source="plan", continues=True)
    assert (one.sizes["time"], one.time.values[0]) == (1, 3.0)
    times = Table(columns={"t": np.array([3.0, 4.0])})
    assert dataset_from(times, source="plan", continues=True).time.values.tolist() == [3.0, 4.0]
    with pytest.raises(DataError, match="expected a numeric column besides the time, got t"):
        dataset_from(times, source="plan")
    with pytest.raises(DataError, match="expected at least 1 row, got 0"):
        dataset_from(Table(columns={"t": np.array([])}), source="plan", continues=True)
