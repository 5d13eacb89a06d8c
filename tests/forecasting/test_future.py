"""The verb forecast: against step-by-step loops."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError
from pendula.forecasting import forecast
from pendula.nn import Network


@pytest.fixture(scope="module", params=[
    Network(cell="rnn", hidden_size=3), Network(cell="gru", hidden_size=3, linear_lags=3),
    Network(cell="lstm", hidden_size=3, num_layers=2, residual=False),
    Network(cell="gru", hidden_size=3, increments=False, leads=4),
], ids=["rnn", "linear path", "two layers", "direct"])  # fmt: skip
def any_fit(request, dataset, wave, brief):
    """Fits of several kinds of networks, in double precision."""
    training = replace(brief, precision="float64")
    return pendula.fit(dataset(wave()), model=request.param, training=training, window=8)


def test_a_forecast_feeds_the_predictions_back_one_step_at_a_time(any_fit):
    model = any_fit.model
    state, block = None, None
    with torch.no_grad():
        for value in torch.from_numpy(model.scaler.transform(any_fit.record.values[-8:])):
            block, state = model.forecaster(value[None, None], state)
        run = list(block[0, -1])
        while len(run) < 12:
            for value in run[-model.forecaster.network.leads :]:
                block, state = model.forecaster(value[None, None], state)
            run.extend(block[0, -1])
    expected = model.scaler.inverse(torch.stack(run[:12]).numpy())
    np.testing.assert_allclose(forecast(any_fit, 12).x.values, expected[:, 0], rtol=1e-9)


def test_a_forecast_equals_the_equations_of_its_whole_history(any_fit, oracle):
    scaler = any_fit.model.scaler
    run = oracle.run_on(any_fit.model.forecaster, scaler.transform(any_fit.record.values[-8:]), 12)
    np.testing.assert_allclose(forecast(any_fit, 12).x.values, scaler.inverse(run)[:, 0], rtol=1e-8)


def test_a_shorter_forecast_is_the_start_of_a_longer_one(any_fit):
    xr.testing.assert_equal(forecast(any_fit, 5), forecast(any_fit, 11).isel(time=slice(0, 5)))


def test_the_time_axis_and_the_units_go_on(sine_fit):
    future = forecast(sine_fit, 3)
    np.testing.assert_allclose(future.time, [16.0, 16.1, 16.2])
    assert future.time.attrs == {"units": "s"}
    assert list(future) == ["x", "x_lower", "x_upper"]
    assert {column.attrs["units"] for column in future.values()} == {"rad"}
    assert future.attrs["coverage"] == 0.9


def test_without_units_there_are_none(dataset, wave, network, brief):
    made = pendula.fit(dataset(wave(), units="", time_units=""), model=network, training=brief, window=8)
    future = forecast(made, 2)
    assert future.x.attrs == future.time.attrs == {}


def test_years_go_on_as_whole_numbers(network, brief):
    made = pendula.fit(pendula.load_dataset("sunspots"), model=network, training=brief, window=8)
    future = forecast(made, 3)
    np.testing.assert_array_equal(future.time, [2009, 2010, 2011])
    assert future.time.dtype == np.int64
    assert int(forecast(made, 1, start="1990").time[0]) == 1990


@pytest.fixture(scope="module")
def dated_fit(dataset, wave, network, brief):
    months = pd.date_range("2000-01-31", periods=160, freq="ME")
    return pendula.fit(dataset(wave(), months, time_units=""), model=network, training=brief, window=8)


def test_dates_go_on_through_the_calendar(dated_fit):
    future = forecast(dated_fit, 3)
    np.testing.assert_array_equal(future.time, pd.date_range("2013-05-31", periods=3, freq="ME"))


@pytest.mark.parametrize("start", ["2010-02-28", np.datetime64("2010-02-28"), "2010-02-10"])
def test_a_start_can_be_a_date(dated_fit, start):
    np.testing.assert_array_equal(
        forecast(dated_fit, 3, start=start).time, pd.date_range("2010-02-28", periods=3, freq="ME")
    )


@pytest.mark.parametrize("row", [8, 77, 159])
def test_a_start_within_the_record_knows_what_is_before_it(any_fit, row):
    made = forecast(any_fit, 6, start=any_fit.record.time[row])
    context = any_fit.record.values[None, row - 8 : row]
    np.testing.assert_allclose(made.x, any_fit.model.run(context, steps=6)[0, :, 0], rtol=1e-12)
    times = np.concatenate([any_fit.record.time, any_fit.record.axis.extend(6)])
    np.testing.assert_array_equal(made.time, times[row : row + 6])


@pytest.mark.parametrize("row", [8, 100, 140])
def test_what_comes_at_the_start_or_after_it_does_not_matter(any_fit, row):
    values = any_fit.record.values.copy()
    values[row:] = 1e4 * np.random.default_rng(0).normal(size=values[row:].shape)
    changed = replace(any_fit, record=replace(any_fit.record, values=values))
    start = any_fit.record.time[row]
    for name, column in forecast(any_fit, 20, start=start).items():
        assert column.values.tobytes() == forecast(changed, 20, start=start)[name].values.tobytes()


def test_a_start_at_the_records_end_is_the_default(sine_fit):
    xr.testing.assert_identical(forecast(sine_fit, 4, start=16.0), forecast(sine_fit, 4))


def test_a_start_between_two_samples_is_the_later_one(sine_fit):
    assert float(forecast(sine_fit, 1, start=9.93).time[0]) == pytest.approx(10.0)


def test_a_start_is_met_within_rounding(dataset, wave, network, brief):
    # 0.1 added up falls short of 8.0 and of 16.1.
    time = np.cumsum(np.full(160, 0.1))
    made = pendula.fit(dataset(wave(), time), model=network, training=brief, window=8)
    row = int(np.argmin(abs(time - 8.0)))
    assert time[row] != 8.0
    assert float(forecast(made, 1, start=8.0).time[0]) == time[row]
    assert float(forecast(made, 1, start=16.1).time[0]) == pytest.approx(16.1, rel=1e-12)


@pytest.mark.parametrize("start", [-1.0, 0.0, 0.7, 16.2, 1e9])
def test_a_start_without_its_window_or_beyond_the_end_is_refused(sine_fit, start):
    message = (
        r"`start` must lie within the record, after its first 8 values: expected 0\.8 to 16, "
        rf"got {start}\. Leave it out"
    )
    with pytest.raises(ArgumentError, match=message):
        forecast(sine_fit, 2, start=start)


def test_a_start_that_is_no_time_is_refused(sine_fit):
    with pytest.raises(ArgumentError, match=r"`start` must be a time on the record's axis"):
        forecast(sine_fit, 2, start="tomorrow")


@pytest.mark.parametrize("steps", [0, -3, True])
def test_steps_must_be_positive(sine_fit, steps):
    with pytest.raises(ArgumentError, match=rf"`steps` must be positive: expected 1 or more, got {steps}\."):
        forecast(sine_fit, steps)


def test_a_forecast_beyond_all_patience_is_refused(sine_fit):
    with pytest.raises(ArgumentError, match=r"`steps` must be at most 10000000: got 99999999999\. Forecast in parts"):
        forecast(sine_fit, 99_999_999_999)


@pytest.mark.parametrize("coverage", [0.0, 1.0, 90.0, -0.5])
@pytest.mark.parametrize("calibrated", [True, False])
def test_coverage_must_be_a_probability(sine_fit, coverage, calibrated):
    made = sine_fit if calibrated else replace(sine_fit, calibration=None)
    with pytest.raises(ArgumentError, match=r"`coverage` must lie between 0 and 1: expected a probability, got"):
        forecast(made, 3, coverage=coverage)


def test_a_gap_in_the_window_is_refused(dataset, wave, network, brief):
    values = wave()
    values[[60, 156]] = np.nan
    made = pendula.fit(dataset(values), model=network, training=brief, window=8)
    message = r"`start` must follow 8 known values: got 3 since the last gap or the start of the trajectory\."
    with pytest.raises(DataError, match=message):
        forecast(made, 2)
    with pytest.raises(DataError, match=r"`start` must follow 8 known values: got 7 since"):
        forecast(made, 2, start=made.record.time[68])
    with pytest.raises(DataError, match=r"`start` must follow 8 known values: got 0 since"):
        forecast(made, 2, start=made.record.time[61])
    # The missing row itself can be forecast, and the first row with a whole window after it.
    assert np.isfinite(forecast(made, 2, start=made.record.time[60]).x).all()
    assert np.isfinite(forecast(made, 2, start=made.record.time[69]).x).all()


def trajectories(wave, sizes):
    time = np.concatenate([0.1 * np.arange(size) for size in sizes])
    names = np.repeat(np.arange(len(sizes)), sizes)
    return xr.Dataset({"x": ("time", wave(len(time)))}, coords={"time": time, "trajectory": ("time", names)})


def test_the_last_trajectory_goes_on(wave, network, brief):
    data = trajectories(wave, (60, 60, 40))
    made = pendula.fit(data, model=network, training=brief, window=8, by="trajectory")
    future = forecast(made, 3)
    np.testing.assert_allclose(future.time, [4.0, 4.1, 4.2])
    with pytest.raises(ArgumentError, match=r"`start` must be left out for a record of several trajectories"):
        forecast(made, 3, start=2.0)


def test_no_window_reaches_into_the_trajectory_before(wave, network, brief):
    made = pendula.fit(trajectories(wave, (60, 60, 60, 5)), model=network, training=brief, window=8, by="time")
    with pytest.raises(DataError, match=r"`start` must follow 8 known values: got 5 since"):
        forecast(made, 2)


def test_the_allowed_starts_are_shown_as_dates(dated_fit):
    with pytest.raises(
        ArgumentError, match=r"after its first 8 values: expected 2000-09-30T.* to 2013-05-31T.*, got 2020"
    ):
        forecast(dated_fit, 2, start="2020")


def test_an_interval_from_few_runs_warns(sine_fit):
    # The 90 % interval of 9 errors ends at the largest; 13 runs that overlap are worth fewer.
    worth = sine_fit.calibration.up_to(5).effective[:, 0].round(1)
    first = int(np.flatnonzero(worth < 9)[0]) + 1
    with pytest.warns(UserWarning, match=f"rests on less than 9 independent runs from step {first} on, and is widened"):
        forecast(sine_fit, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecast(sine_fit, 5, coverage=0.5)
