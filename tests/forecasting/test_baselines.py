"""The baselines against closed forms, and against statsmodels on the sunspot record."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.ar_model import AutoReg, ar_select_order

import pendula
from pendula.errors import DataError
from pendula.forecasting import (
    LinearAutoregression,
    Persistence,
    SeasonalPersistence,
    baselines,
    find_period,
    fit_linear,
    predict_from,
)
from pendula.optim import LinearMap
from pendula.series import fit_scaler, record

TEST = 276
"""Row of the year 1976: 33 years are left for tests."""


@pytest.fixture(scope="module")
def sunspots():
    return record(pendula.load_dataset("sunspots"))


def rmse(forecast, truth):
    return np.sqrt(np.mean((forecast - truth) ** 2))


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 3), st.integers(0, 99))
def test_persistence_is_the_last_value_for_ever(batch, steps, channels, seed):
    context = np.random.default_rng(seed).normal(size=(batch, 4, channels))
    run = Persistence().run(context, steps=steps)
    assert run.shape == (batch, steps, channels)
    for step in range(steps):
        np.testing.assert_array_equal(run[:, step], context[:, -1])


@given(st.integers(1, 7), st.integers(1, 20), st.integers(0, 99))
def test_seasonal_persistence_feeds_the_value_one_period_ago_back(period, steps, seed):
    context = np.random.default_rng(seed).normal(size=(2, 8, 2))
    history = list(np.moveaxis(context, 1, 0))
    for _ in range(steps):
        history.append(history[-period])
    expected = np.stack(history[8:], axis=1)
    predictor = SeasonalPersistence(period=period)
    assert predictor.context == period
    np.testing.assert_array_equal(predictor.run(context, steps=steps), expected)


def test_seasonal_persistence_is_exact_on_a_periodic_series():
    values = np.tile([3.0, -1.0, 4.0, 1.0, -5.0], 8)[:, None]
    run = SeasonalPersistence(period=5).run(values[None, :17], steps=20)[0]
    np.testing.assert_array_equal(run, values[17:37])


def period_of(*columns):
    values = np.stack(columns, axis=1)
    return find_period(values, np.array([[0, len(values)]]))


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3, 0.6])
@pytest.mark.parametrize("period", [7, 25, 60])
def test_the_period_of_a_noisy_sine_and_no_multiple_of_it_is_found(period, noise):
    rows = np.arange(600)
    sine = np.sin(2 * np.pi * rows / period) + noise * np.random.default_rng(period).normal(size=600)
    assert abs(period_of(sine) - period) <= (1 if noise < 0.5 else 2)


def test_a_period_between_two_rows_is_rounded():
    assert period_of(np.sin(2 * np.pi * np.arange(400) / 25.3)) == 25


def test_a_period_of_three_rows_and_a_half_is_found_where_it_repeats_exactly():
    assert period_of(np.sin(2 * np.pi * np.arange(400) / 3.5)) == 7


def test_sunspots_come_about_every_eleven_years(sunspots):
    assert find_period(sunspots.values, sunspots.segments) in {10, 11}
    assert find_period(sunspots.values[:TEST], np.array([[0, TEST]])) in {10, 11}


@pytest.mark.parametrize("seed", range(4))
def test_white_noise_has_no_period(seed):
    assert period_of(np.random.default_rng(seed).normal(size=600)) is None


@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0])
def test_a_trend_has_no_period(noise):
    trend = np.arange(300) / 30 + noise * np.random.default_rng(0).normal(size=300)
    assert period_of(trend) is None


def test_a_constant_has_no_period():
    assert period_of(np.ones(50)) is None


def test_too_few_rows_have_no_period():
    assert period_of(np.array([1.0, -1.0])) is None


def test_channels_of_one_period_share_it_whatever_their_sizes_and_phases():
    phase = 2 * np.pi * np.arange(300) / 30
    assert period_of(1e-6 * np.sin(phase), 1e6 * np.cos(phase + 1.0)) == 30


def test_a_noisy_channel_does_not_hide_the_period_of_another():
    noise = np.random.default_rng(1).normal(size=600)
    assert abs(period_of(np.sin(2 * np.pi * np.arange(600) / 30), noise) - 30) <= 1


def test_the_longest_stretch_is_looked_at():
    values = np.concatenate([np.sin(2 * np.pi * np.arange(60) / 6), np.sin(2 * np.pi * np.arange(200) / 20)])[:, None]
    assert find_period(values, np.array([[0, 60], [60, 260]])) == 20


def test_the_order_for_sunspots_is_nine_as_statsmodels_finds(sunspots):
    oracle = ar_select_order(sunspots.values[:TEST, 0], maxlag=30, ic="aic")
    assert fit_linear(sunspots, TEST, most_lags=30).lags == max(oracle.ar_lags) == 9


def test_one_step_forecasts_equal_those_of_statsmodels(sunspots):
    values = sunspots.values[:, 0]
    fixed = AutoReg(values[:TEST], 9).fit()
    oracle = AutoReg(values, 9).predict(fixed.params, start=TEST, end=len(values) - 1)
    made = predict_from(fit_linear(sunspots, TEST, most_lags=50), sunspots.values, np.arange(TEST, 309), steps=1)
    np.testing.assert_allclose(made[:, 0, 0], oracle, rtol=1e-9)
    assert rmse(oracle, values[TEST:]) == pytest.approx(16.9, abs=0.05)


@pytest.mark.parametrize(("lags", "error"), [(9, 38.2), (12, 37.9)])
def test_free_runs_equal_those_of_statsmodels(sunspots, lags, error):
    values = sunspots.values[:, 0]
    oracle = AutoReg(values[:TEST], lags).fit().predict(start=TEST, end=308)
    run = fit_linear(sunspots, TEST, most_lags=50, lags=lags).run(sunspots.values[None, :TEST], steps=33)[0, :, 0]
    np.testing.assert_allclose(run, oracle, rtol=1e-8)
    assert rmse(run, values[TEST:]) == pytest.approx(error, abs=0.05)


def test_persistence_on_sunspots(sunspots):
    forecast = predict_from(Persistence(), sunspots.values, np.arange(TEST, 309), steps=1)
    assert rmse(forecast[:, 0], sunspots.values[TEST:]) == pytest.approx(31.6, abs=0.05)


@pytest.mark.parametrize("lags", [2, None])
def test_a_damped_oscillator_is_continued_exactly(dataset, lags):
    # Any sampled linear oscillator obeys x_(t+1) = 2 e^(−β) cos(ω) x_t − e^(−2β) x_(t−1).
    t = np.arange(400.0)
    truth = np.exp(-0.005 * t) * np.cos(0.2 * t + 0.3)
    made = fit_linear(record(dataset(truth)), 200, most_lags=10, lags=lags)
    run = made.run(truth[None, :200, None], steps=200)[0, :, 0]
    np.testing.assert_allclose(run, truth[200:], atol=1e-9)


def test_two_coupled_channels_are_continued_exactly(dataset):
    rotation = 0.99 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    truth = [np.array([1.0, 0.0])]
    for _ in range(99):
        truth.append(rotation @ truth[-1])
    truth = np.array(truth)
    made = fit_linear(record(dataset({"x": truth[:, 0], "v": truth[:, 1]})), 60, most_lags=5, lags=1)
    np.testing.assert_allclose(made.run(truth[None, :60], steps=40)[0], truth[60:], atol=1e-12)


def test_an_oscillation_of_the_logarithm_is_continued_exactly_under_it(dataset):
    t = np.arange(120.0)
    truth = np.exp(np.sin(0.3 * t))
    series = record(dataset(truth))
    scaler = fit_scaler(series.slice(0, 80), transform="log")
    context = truth[None, :80, None]
    under_log = fit_linear(series, 80, most_lags=3, lags=2, scaler=scaler).run(context, steps=40)[0, :, 0]
    plain = fit_linear(series, 80, most_lags=3, lags=2).run(context, steps=40)[0, :, 0]
    np.testing.assert_allclose(under_log, truth[80:], rtol=1e-8)
    assert np.abs(plain - truth[80:]).max() > 0.1


def test_nothing_after_the_stop_is_looked_at(dataset):
    values = np.sin(np.arange(60.0))
    changed = np.where(np.arange(60) < 40, values, 1e6)
    first, second = (fit_linear(record(dataset(made)), 40, most_lags=8) for made in (values, changed))
    assert first.lags == second.lags
    np.testing.assert_array_equal(first.solution.weight, second.solution.weight)


def test_a_run_that_explodes_goes_on_as_infinities():
    doubling = LinearMap(weight=np.array([[1e200]]), bias=np.zeros(1), rms=np.zeros(1))
    run = LinearAutoregression(solution=doubling, lags=1).run(np.ones((1, 1, 1)), steps=4)
    assert np.isfinite(run[0, 0, 0])
    assert not np.isfinite(run[0, -1, 0])


def test_a_run_that_explodes_under_a_transform_gives_no_warning():
    scaler = fit_scaler(np_record(np.array([1.0, 2.0, 4.0])), transform="log")
    growing = LinearMap(weight=np.array([[9.0]]), bias=np.zeros(1), rms=np.zeros(1))
    run = LinearAutoregression(solution=growing, lags=1, scaler=scaler).run(np.full((1, 1, 1), 4.0), steps=6)
    assert np.isinf(run[0, -1, 0])


def np_record(values):
    return record(pendula_dataset(values))


def pendula_dataset(values):
    import xarray as xr

    return xr.Dataset({"x": ("time", values)})


def test_gaps_are_not_bridged():
    values = np.sin(0.2 * np.arange(120.0))
    values[50] = np.nan
    values[51:] = np.sin(0.2 * np.arange(69.0) + 2.0)
    made = fit_linear(np_record(values), 120, most_lags=4, lags=2)
    run = made.run(values[None, :50, None], steps=10)[0, :, 0]
    np.testing.assert_allclose(run, np.sin(0.2 * np.arange(50, 60)), atol=1e-9)


def test_two_values_in_a_row_are_enough_for_one_lag():
    assert fit_linear(np_record(np.array([1.0, 2.0, np.nan, 3.0])), 4, most_lags=3).lags == 1


@pytest.mark.parametrize(("stop", "lags", "most"), [(6, 8, 4), (1, None, 0)])
def test_more_lags_than_values_are_refused(stop, lags, most):
    series = np_record(np.array([1.0, 2.0, 0.0, 3.0, 5.0, np.nan, 4.0, 4.5]))
    message = (
        rf"`lags` must be shorter than the longest gap-free stretch: expected at most {most}, got {lags or 1}. "
        "Fill the gaps"
    )
    with pytest.raises(DataError, match=message):
        fit_linear(series, stop, most_lags=5, lags=lags)


@pytest.mark.parametrize("gaps", [slice(120, 197), slice(100, 200, 3), slice(100, 200)])
def test_the_latest_known_rows_choose_the_order_however_gappy_the_end_is(monkeypatch, gaps):
    values = np.sin(0.3 * np.arange(200))
    values[gaps] = np.nan
    monkeypatch.setattr(baselines, "ORDER_ROWS", 50)
    made = fit_linear(np_record(values), 200, most_lags=6)
    run = made.run(values[None, :100, None], steps=20)[0, :, 0]
    np.testing.assert_allclose(run, np.sin(0.3 * np.arange(100, 120)), atol=1e-6)


@pytest.mark.parametrize("stop", [100, 130, 200])
def test_only_the_latest_known_rows_are_fitted(monkeypatch, stop):
    # Another oscillation before row 60, and a gap from row 100 to 129.
    values = np.where(np.arange(200) < 60, np.sin(1.1 * np.arange(200)), np.sin(0.3 * np.arange(200)))
    values[100:130] = np.nan
    monkeypatch.setattr(baselines, "MOST_ROWS", 40)
    made = fit_linear(np_record(values), stop, most_lags=6, lags=2)
    run = made.run(values[None, 60:100, None], steps=20)[0, :, 0]
    np.testing.assert_allclose(run, np.sin(0.3 * np.arange(100, 120)), atol=1e-9)
