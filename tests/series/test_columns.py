"""Variables of a data set as arrays."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import DataError
from pendula.series.columns import channel_values, check_channel, column_names, time_values


def test_numeric_variables_along_time_are_columns():
    data = xr.Dataset({
        "flag": ("time", np.array([True, False])),
        "count": ("time", np.array([1, 2], dtype=np.uint8)),
        "word": ("time", np.array(["a", "b"])),
        "map": (("time", "q"), np.zeros((2, 2))),
        "mass": 3.0,
    })
    assert column_names(data) == ("flag", "count")
    assert column_names(data, "count") == ("count",)
    assert channel_values(data, "count").dtype == np.float64
    assert channel_values(data, "flag").tolist() == [1.0, 0.0]
    with pytest.raises(DataError, match=r"`columns` must name variables of the data: expected some of .*, got map"):
        column_names(data, ["map"])


def test_how_finely_times_were_stored():
    def stored(times):
        return time_values(xr.Dataset(coords={"time": times}))[1:]

    assert stored(np.arange(5)) == ("integer", 0.0)
    assert stored(np.arange(5).astype("datetime64[D]").astype("datetime64[ns]")) == ("datetime", 0.0)
    assert stored(np.array([0.0, 1 / 3, 2 / 3])) == ("float", 0.0)
    assert stored(np.array([0.0, 0.0333, 0.0667])) == ("float", 0.5e-4)
    single = np.array([0.0, 0.1, 0.2], dtype=np.float32)
    assert stored(single) == ("float", float(np.spacing(np.float32(0.2))))


def test_a_channel_must_have_values_that_differ():
    check_channel("x", np.array([np.nan, 1.0, 1.0 + 1e-15]))
    with pytest.raises(DataError, match=r"`x` must vary: .* got the constant 1.0"):
        check_channel("x", np.array([np.nan, 1.0, 1.0]))
    with pytest.raises(DataError, match=r"`x` must have values: expected numbers, got NaN in all 1 rows"):
        check_channel("x", np.array([np.nan]))
