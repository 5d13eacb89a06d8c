"""Irregular records put on a regular axis."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.series.record import record
from pendula.series.resampling import resample


def series(values, time, **coords):
    coords = {name: ("time", np.asarray(value)) for name, value in coords.items()}
    coords["time"] = ("time", np.asarray(time), {"units": "s"} if np.asarray(time).dtype.kind == "f" else {})
    return xr.Dataset({"x": ("time", np.asarray(values, dtype=float), {"units": "m"})}, coords=coords)


def test_a_straight_line_stays_one():
    rng = np.random.default_rng(0)
    time = np.concatenate([[0.0], np.cumsum(rng.uniform(0.008, 0.013, 500))])
    made = resample(series(3 * time + 1, time), 0.01)
    np.testing.assert_allclose(made["x"].values, 3 * made["time"].values + 1, rtol=1e-12)
    assert made["time"].values[-1] <= time[-1] < made["time"].values[-1] + 0.01
    assert (made["x"].attrs["units"], made["time"].attrs["units"]) == ("m", "s")
    assert record(made).axis.step == 0.01


def test_the_refusal_names_a_step_that_works():
    time = [0.0, 0.008, 0.018, 0.031, 0.041]
    message = (
        r"`time` must be regular: expected a step of 0.01 s, got steps from 0.008 to 0.013. "
        r"Resample with `--resample 0.01` or pendula.resample."
    )
    with pytest.raises(DataError, match=message):
        record(series(np.arange(5), time))
    assert record(resample(series(np.arange(5), time), "0.01")).axis.size == 5


def test_the_last_sample_is_kept_despite_rounding():
    time = np.arange(11) * 0.1
    made = resample(series(np.arange(11), time), 0.1)
    np.testing.assert_allclose(made["x"].values, np.arange(11), atol=1e-12)


def test_trajectories_keep_to_themselves():
    made = resample(series([0, 2, 10, 20.0], [0.0, 1.0, 5.0, 6.0], trajectory=["a", "a", "b", "b"]), 0.5)
    np.testing.assert_array_equal(made["x"].values, [0, 1, 2, 10, 15, 20])
    np.testing.assert_array_equal(made["time"].values, [0, 0.5, 1, 5, 5.5, 6])
    assert made["trajectory"].values.tolist() == ["a"] * 3 + ["b"] * 3


@pytest.mark.parametrize("step", ["12h", np.timedelta64(12, "h")])
def test_dates(step):
    time = np.array(["2020-01-01", "2020-01-02", "2020-01-04"], dtype="datetime64[ns]")
    made = resample(series([0, 1, 3], time), step)
    np.testing.assert_array_equal(made["x"].values, np.arange(7) / 2)
    assert made["time"].values[1] == np.datetime64("2020-01-01T12")


def test_integers_stay_integers_if_they_can():
    made = resample(series([0, 4, 6], [0, 4, 6]), 2)
    np.testing.assert_array_equal(made["time"].values, [0, 2, 4, 6])
    assert made["time"].dtype == np.int64
    assert resample(series([0, 4, 6], [0, 4, 6]), 0.5)["time"].dtype == np.float64


def test_missing_samples_are_crossed_but_ends_stay_open():
    made = resample(series([np.nan, 1, np.nan, 3, np.nan], np.arange(5.0)), 0.5)
    np.testing.assert_array_equal(made["x"].values, [np.nan, np.nan, 1, 1.5, 2, 2.5, 3, np.nan, np.nan])
    empty = series([np.nan, np.nan], [0.0, 1.0])
    assert np.isnan(resample(empty, 0.5)["x"].values).all()


@pytest.mark.parametrize("step", [0, -1.0, "soon", float("nan"), float("inf")])
def test_steps_that_are_none(step):
    with pytest.raises(
        ArgumentError, match=r"`step` must be a duration on the record's axis: expected a positive number"
    ):
        resample(series([0, 1], [0.0, 1.0]), step)


def test_steps_of_dates_are_durations():
    time = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[ns]")
    for step in (3.0, "soon", "-1h"):
        with pytest.raises(ArgumentError, match=r'expected a duration such as "1h"'):
            resample(series([0, 1], time), step)


def test_a_step_far_too_short_is_refused():
    with pytest.raises(DataError, match=r"`step` must suit the record: expected at most 1000 new rows for each sample"):
        resample(series([0, 1], [0.0, 1.0]), 1e-6)
