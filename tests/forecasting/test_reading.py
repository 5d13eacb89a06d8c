"""The record that a forecast is learned from."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.forecasting.reading import forecast_record

SERIES = xr.Dataset(
    {"x": ("time", [1.0, np.nan, 4.0, 3.0]), "u": ("time", [0.0, 1.0, 0.0, 1.0])},
    coords={"time": [0.0, 0.5, 2.5, 3.6]},
)


def test_rows_become_steps_and_their_distance_a_control():
    made = forecast_record(SERIES, "x", "u", missing="last", irregular=True)
    assert (made.names, made.controls.names, made.bridged) == (("x",), ("u", "interval"), True)
    np.testing.assert_array_equal(made.time, [0, 1, 2, 3])
    np.testing.assert_allclose(made.controls.values[:, 1], [1.1, 0.5, 2.0, 1.1])


def test_the_target_is_the_column_that_is_no_control():
    made = forecast_record(SERIES.assign_coords(time=np.arange(4.0)), controls="u")
    assert (made.names, made.controls.names, made.bridged) == (("x",), ("u",), False)


def test_what_is_wrong_is_said():
    with pytest.raises(DataError, match=r"`time` must be regular: expected a step of 1\.1, got steps from 0\.5 to 2"):
        forecast_record(SERIES, "x", "u")
    with pytest.raises(ArgumentError, match="`target` must be named where there are several columns"):
        forecast_record(SERIES, irregular=True)
    with pytest.raises(DataError, match="`time` must be known where it is irregular"):
        forecast_record(SERIES.drop_vars("time"), "x", irregular=True)
