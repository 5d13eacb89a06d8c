import inspect

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pendula.errors import DataError
from pendula.series.containers import Container, packed, unpacked

X = np.array([0.1, 0.3, 0.2])


def later(dataset, steps=2):
    """What a forecast makes of a data set: new times, limits beside the values."""
    time = dataset["time"].values
    times = time[-1] + (time[-1] - time[-2]) * np.arange(1, steps + 1)
    units = dataset["x"].attrs
    columns = {name: ("time", value + np.zeros(steps), units) for name, value in (("x", 1.0), ("x_lower", 0.5))}
    kept = {name: value for name, value in dataset["time"].attrs.items() if name == "units"}
    return xr.Dataset(columns, coords={"time": ("time", times, kept)}, attrs={"coverage": 0.9})


def test_a_data_set_stays_as_it_is():
    data = xr.Dataset({"x": ("time", X)})
    dataset, container = unpacked(data)
    assert dataset is data
    assert packed(dataset, container) is data


def test_a_data_set_along_another_dimension_gets_it_back():
    data = xr.Dataset({"x": ("t", X, {"units": "rad"})}, coords={"t": ("t", [0.0, 0.5, 1.0], {"units": "s"})})
    dataset, container = unpacked(data)
    assert dataset["x"].dims == ("time",)
    assert dataset["time"].attrs == {"units": "s", "name": "t"}
    out = packed(later(dataset), container)
    assert out["x"].dims == ("t",)
    assert out["t"].values.tolist() == [1.5, 2.0]


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_labels_of_a_frame_stay_where_they_are_asked_for(dtype):
    frame = pd.DataFrame({"x": X, "kind": pd.Series(["a", "b", "a"]).astype(dtype)}).set_axis([0.0, 0.5, 1.0])
    assert list(unpacked(frame)[0].data_vars) == ["x"]
    dataset, _ = unpacked(frame, labels=("kind",))
    assert dataset["kind"].values.tolist() == ["a", "b", "a"]


@pytest.mark.parametrize("dim", ["time", "t"])
def test_a_data_array_keeps_name_dimension_and_units(dim):
    coordinate = (dim, [0.0, 0.5, 1.0], {"units": "s"})
    array = xr.DataArray(X, dims=dim, coords={dim: coordinate}, name="x", attrs={"units": "rad"})
    before = array.copy(deep=True)
    dataset, container = unpacked(array)
    assert dataset["x"].dims == ("time",)
    assert dataset["x"].attrs["units"] == "rad"
    assert dataset["time"].attrs["units"] == "s"
    out = packed(later(dataset), container)
    assert (out.name, out.dims) == ("x", (dim,))
    assert out.attrs == {"units": "rad", "coverage": 0.9}
    np.testing.assert_array_equal(out[dim], [1.5, 2.0])
    assert out[dim].attrs["units"] == "s"
    np.testing.assert_array_equal(out["x_lower"], [0.5, 0.5])
    xr.testing.assert_identical(array, before)


def test_a_data_array_without_a_name_or_times():
    dataset, container = unpacked(xr.DataArray(X, dims="t"))
    assert dict(dataset.sizes) == {"time": 3}
    assert container == Container(kind="array", time="t")


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([0.0, 0.5, 1.0], name="t"),
        pd.Index([0.0, 0.5, 1.0]),
        pd.Index([3, 4, 5], name="n"),
        pd.RangeIndex(3),
        pd.date_range("2020-03-01", periods=3, freq="D", name="day"),
        pd.date_range("2020-03-01", periods=3, freq="h", tz="Europe/Berlin", unit="s"),
    ],
    ids=["float", "unnamed", "integer", "counted", "dates", "time zone"],
)
def test_a_frame_keeps_its_index(index):
    frame = pd.DataFrame({"x": X}, index=index)
    frame.attrs["units"] = {"x": "rad"}
    dataset, container = unpacked(frame)
    assert dataset["x"].attrs["units"] == "rad"
    out = packed(later(dataset), container)
    assert list(out.columns) == ["x", "x_lower"]
    assert out.index.name == index.name
    assert out.index.dtype == index.dtype
    assert list(out.index) == [index[-1] + (index[-1] - index[-2]) * step for step in (1, 2)]
    assert out.attrs == {"units": {"x": "rad", "x_lower": "rad"}, "coverage": 0.9}


def test_headers_keep_their_units():
    frame = pd.DataFrame({"x [rad]": X}, index=pd.Index([0.0, 0.5, 1.0], name="t [s]"))
    dataset, container = unpacked(frame)
    assert dataset["time"].attrs == {"units": "s", "name": "t"}
    out = packed(later(dataset), container)
    assert list(out.columns) == ["x [rad]", "x_lower [rad]"]
    assert out.index.name == "t [s]"
    assert out.attrs == {"coverage": 0.9}


def test_a_column_is_the_time_where_the_index_only_counts():
    frame = pd.DataFrame({"t [s]": [0.0, 0.5, 1.0], "x": X})
    dataset, container = unpacked(frame)
    assert list(dataset.data_vars) == ["x"]
    out = packed(later(dataset), container)
    assert list(out.columns) == ["t [s]", "x", "x_lower"]
    np.testing.assert_array_equal(out["t [s]"], [1.5, 2.0])


def test_an_index_has_the_name_of_a_column():
    frame = pd.DataFrame({"t": X, "x": X[::-1]}, index=pd.Index([0.0, 0.5, 1.0], name="t"))
    dataset, container = unpacked(frame)
    assert sorted(dataset.data_vars) == ["t", "x"]
    assert packed(later(dataset), container).index.name == "t"


def test_a_pandas_series_is_a_frame_of_one_column():
    series = pd.Series(X, index=pd.Index([0.0, 0.5, 1.0], name="t"), name="x")
    dataset, container = unpacked(series)
    assert container.kind == "frame"
    np.testing.assert_array_equal(dataset["x"], X)
    assert list(unpacked(pd.Series(X))[0].data_vars) == ["x"]


def test_what_is_refused():
    ask = inspect.unwrap(unpacked)  # the types that the tests check would refuse it first
    with pytest.raises(DataError, match="expected a Dataset, DataArray, DataFrame or Series, got list"):
        ask([1.0, 2.0])
    with pytest.raises(DataError, match="expected time alone, got time, channel"):
        unpacked(xr.DataArray(np.zeros((3, 2)), dims=("time", "channel")))
    with pytest.raises(DataError, match="expected times and names, got PeriodIndex and 1 level of names"):
        unpacked(pd.DataFrame({"x": X}, index=pd.period_range("2020-01", periods=3, freq="M")))
    with pytest.raises(DataError, match="got MultiIndex"):
        unpacked(pd.DataFrame({"x": X}, index=pd.MultiIndex.from_product([[0], [0, 1, 2]])))
