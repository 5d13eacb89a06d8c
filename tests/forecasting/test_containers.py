"""What goes in as pandas or xarray comes out the same way, with the numbers of a data set."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pendula
from pendula.nn import Network
from pendula.training import Training

TINY = {"model": Network(hidden_size=4), "training": Training(epochs=1), "window": 10}
DAYS = pd.date_range("2024-01-01", periods=120, freq="D", name="day")


@pytest.fixture(scope="module")
def fitted():
    """The fit of the same record as a data set."""
    data = xr.Dataset({"x": ("time", wave(), {"units": "rad"})}, coords={"time": DAYS.to_numpy()})
    return pendula.fit(data, **TINY)


def wave():
    return np.sin(0.3 * np.arange(120.0))


def test_a_frame_gives_a_frame(fitted, tmp_path):
    frame = pd.DataFrame({"x": wave()}, index=DAYS)
    frame.attrs["units"] = {"x": "rad"}
    fit = pendula.fit(frame, **TINY)
    future, expected = pendula.forecast(fit, 3), pendula.forecast(fitted, 3)
    assert list(future.columns) == ["x", "x_lower", "x_upper"]
    assert list(future.index) == list(pd.date_range("2024-04-30", periods=3, freq="D"))
    assert (future.index.name, future.index.dtype) == ("day", DAYS.dtype)
    assert future.attrs["units"] == {"x": "rad", "x_lower": "rad", "x_upper": "rad"}
    np.testing.assert_array_equal(future["x"], expected["x"])
    np.testing.assert_array_equal(future["x_lower"], expected["x_lower"])
    assert pendula.evaluate(fit, frame).to_dict()["rows"] == pendula.evaluate(fitted, fitted_data()).to_dict()["rows"]
    # On disk there is a record, and no container.
    assert isinstance(pendula.forecast(pendula.load(fit.save(tmp_path / "run")), 3), xr.Dataset)


def fitted_data():
    return xr.Dataset({"x": ("time", wave(), {"units": "rad"})}, coords={"time": DAYS.to_numpy()})


def test_an_array_gives_an_array(fitted):
    array = xr.DataArray(wave(), dims="day", coords={"day": DAYS.to_numpy()}, name="x", attrs={"units": "rad"})
    future = pendula.forecast(pendula.fit(array, **TINY), 3)
    assert isinstance(future, xr.DataArray)
    assert (future.name, future.dims, future.attrs["units"]) == ("x", ("day",), "rad")
    np.testing.assert_array_equal(future, pendula.forecast(fitted, 3)["x"])
    np.testing.assert_array_equal(future["x_upper"], pendula.forecast(fitted, 3)["x_upper"])


def test_compare_takes_a_frame():
    frame = pd.DataFrame({"x": wave()})
    table = pendula.compare(frame, models=("rnn",), training=Training(epochs=1), window=10).evaluated.to_dict()
    assert list(table["models"]) == ["rnn"]
