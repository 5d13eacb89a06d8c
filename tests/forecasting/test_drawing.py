"""Forecasts that are drawn: against the model's own draws, and against the process that made the record."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.forecasting import forecast
from pendula.nn import Network
from pendula.training import Training


@pytest.fixture(scope="module")
def noisy_fit():
    """A fit of an AR(1) of variance 1 around 7, by its linear path alone."""
    series = pendula.simulate("ar1", parameters={"phi": 0.8, "c": 1.4, "sigma": 0.6, "x0": 7.0}, duration=2000, seed=1)
    network = Network(cell="rnn", hidden_size=2, linear_lags=2, head="gaussian")
    return pendula.fit(series, model=network, training=Training(epochs=1, batch_size=200), window=20, test=0)


def test_mean_and_interval_are_those_of_the_draws(noisy_fit):
    future = forecast(noisy_fit, 6, samples=50, coverage=0.8, seed=4, keep_samples=True)
    runs = noisy_fit.model.draw(noisy_fit.record.values[None, -20:], steps=6, samples=50, seed=4)[0, :, :, 0]
    np.testing.assert_array_equal(future.x_samples.values, runs)
    assert future.x_samples.dims == ("sample", "time")
    np.testing.assert_allclose(future.x, runs.mean(axis=0))
    np.testing.assert_allclose(future.x_lower, np.quantile(runs, 0.1, axis=0, method="weibull"))
    np.testing.assert_allclose(future.x_upper, np.quantile(runs, 0.9, axis=0, method="weibull"))
    assert future.attrs == {"coverage": 0.8, "interval": "samples", "samples": 50, "seed": 4}
    assert future.time.values.tolist() == list(range(2000, 2006))


def test_same_seed_same_bits(noisy_fit):
    first, again, other = (forecast(noisy_fit, 4, samples=9, seed=seed) for seed in (0, 0, 1))
    xr.testing.assert_identical(first, again)
    assert not first.equals(other)


def test_without_samples_the_interval_is_conformal(noisy_fit):
    future = forecast(noisy_fit, 4)
    assert future.attrs["interval"] == "conformal"
    assert "calibration_origins" in future.attrs
    assert "x_samples" not in future


def test_a_start_within_the_record(noisy_fit):
    future = forecast(noisy_fit, 3, samples=5, start=100, keep_samples=True)
    expected = noisy_fit.model.draw(noisy_fit.record.values[None, 80:100], steps=3, samples=5)[0, :, :, 0]
    np.testing.assert_array_equal(future.x_samples.values, expected)
    assert future.time.values.tolist() == [100, 101, 102]


def test_trajectories_from_nothing_have_the_stationary_distribution(noisy_fit, monkeypatch):
    monkeypatch.setattr("pendula.forecasting.drawing.TRANSIENT", 100)  # twenty correlation times
    future = forecast(noisy_fit, 400, samples=20, start="nothing", keep_samples=True)
    drawn = future.x_samples.values
    assert future.time.values.tolist() == list(range(400))
    # The process has mean 7, variance 1 and correlation 0.8; 8000 values count as 900 independent ones.
    assert drawn.mean() == pytest.approx(7, abs=0.25)
    assert drawn.var() == pytest.approx(1, rel=0.2)
    apart = drawn - drawn.mean()
    assert (apart[:, 1:] * apart[:, :-1]).mean() / drawn.var() == pytest.approx(0.8, abs=0.06)


def test_dates_go_on(noisy_fit, monkeypatch):
    monkeypatch.setattr("pendula.forecasting.drawing.TRANSIENT", 20)
    values = noisy_fit.record.values[:300, 0]
    frame = pd.DataFrame({"x": values}, index=pd.date_range("2020-01-01", periods=300, freq="D"))
    made = pendula.fit(
        frame, model=Network(hidden_size=2, head="gaussian"), training=Training(epochs=1), window=5, test=0
    )
    future = forecast(made, 3, samples=4)
    assert isinstance(future, pd.DataFrame)
    assert str(future.index[0].date()) == "2020-10-27"
    assert str(forecast(made, 3, samples=4, start="nothing").index[0].date()) == "2020-01-01"
    with pytest.raises(
        ArgumentError, match="`keep_samples` must be off for a record that was handed in as a DataFrame"
    ):
        forecast(made, 3, samples=4, keep_samples=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 1}, r"`samples` must be a whole number: expected 2 or more, got 1\."),
        ({"samples": 5, "seed": -1}, r"`seed` must be a whole number: expected 0 or more, got -1\."),
        ({"samples": 5, "coverage": 1.0}, r"`coverage` must lie between 0 and 1: expected a probability, got 1\.0"),
        ({"samples": 10**8, "steps": 10}, "`samples` must leave room: expected at most 100000000 values in all runs"),
        (
            {"keep_samples": True},
            r"`samples` must be given with `keep_samples`: expected how many runs to draw, got none",
        ),
        (
            {"start": "nothing"},
            r"`samples` must be given with `start` nothing: expected how many runs to draw, got none",
        ),
        ({"samples": 5, "start": 3}, "`start` must lie within the record, after its first 20 values"),
    ],
)
def test_bad_use_says_so(noisy_fit, options, message):
    with pytest.raises(ArgumentError, match=message):
        forecast(noisy_fit, **({"steps": 2} | options))


def test_a_point_cannot_be_drawn_from(sine_fit):
    with pytest.raises(ArgumentError, match="`head` must tell a distribution to draw samples from it"):
        forecast(sine_fit, 2, samples=5)


def test_a_gap_before_the_start_is_told(noisy_fit):
    values = noisy_fit.record.values[:300, 0].copy()
    values[295] = np.nan
    series = xr.Dataset({"x": ("time", values)})
    made = pendula.fit(
        series, model=Network(hidden_size=2, head="gaussian"), training=Training(epochs=1), window=5, test=0
    )
    with pytest.raises(DataError, match="`start` must follow 5 known values: got 4 since the last gap"):
        forecast(made, 2, samples=5)


def test_runs_that_explode_are_told(noisy_fit):
    model = noisy_fit.model.forecaster
    kept = model.linear.weight.clone()
    model.linear.weight.fill_(1e30)
    try:
        with pytest.raises(DivergedError, match="5 of 5 drawn runs left the finite numbers"):
            forecast(noisy_fit, 40, samples=5)
    finally:
        model.linear.weight.copy_(kept)
