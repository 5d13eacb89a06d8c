"""Free runs with intervals: against quantiles of errors taken by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import pendula
from pendula.errors import DivergedError
from pendula.forecasting import fit_linear, forecast, roll
from pendula.nn import Network
from pendula.runs import Calibration
from pendula.series import Part, record


def test_a_run_that_diverges_says_where_and_what_to_do(dataset, wave, brief):
    network = Network(cell="gru", hidden_size=3, linear_lags=1)
    made = pendula.fit(dataset(wave()), model=network, training=brief, window=8)
    made.model.forecaster.linear.weight.fill_(1e100)
    message = r"The free run diverged at step 2 of 9\. Forecast fewer steps, .* raise `horizon`, and choose `select_by`"
    with pytest.raises(DivergedError, match=message):
        forecast(made, 9)
    assert np.isfinite(forecast(made, 1).x).all()


def conformal(errors, coverage, worth=None):
    """The ⌈(n + 1) · coverage⌉-th smallest error of n, or as far up among fewer independent ones."""
    if math.ceil(round((len(errors) + 1) * coverage, 9)) > len(errors):
        return math.nan
    worth = len(errors) if worth is None else worth
    rank = math.ceil(round(len(errors) / worth * (worth + 1) * coverage, 9))
    if rank <= len(errors):
        return sorted(errors)[rank - 1]
    return max(errors) * norm.ppf((1 + coverage) / 2) / norm.ppf((1 + worth / (worth + 1)) / 2)


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95])
def test_half_widths_are_quantiles_of_the_errors_on_the_validation_part(sine_fit, coverage):
    # 24 rows: runs of 12 steps from 13 origins.
    values = sine_fit.record.values
    future = forecast(sine_fit, 14, coverage=coverage)
    runs = {row: sine_fit.model.run(values[None, row - 8 : row], steps=12)[0, :, 0] for row in range(96, 109)}
    for lead in range(12):
        errors = [abs(run[lead] - values[row + lead, 0]) for row, run in runs.items()]
        worth = float(future["effective_origins"][lead])
        assert 1 <= worth <= 13
        half = conformal(errors, coverage, sine_fit.calibration.effective[lead, 0])
        np.testing.assert_allclose(future.x_upper[lead] - future.x[lead], half, rtol=1e-4)
        np.testing.assert_allclose(future.x[lead] - future.x_lower[lead], half, rtol=1e-4)
    assert np.isnan(future.x_upper[12:]).all()
    assert (future["effective_origins"][12:] == 0).all()
    assert future.attrs["calibration_origins"] == 13
    assert future.attrs["calibrated_steps"] == (0 if coverage > 13 / 14 else 12)


def test_without_a_calibration_there_are_no_intervals(sine_fit):
    future = forecast(replace(sine_fit, calibration=None), 4)
    assert np.isnan(future.x_lower).all()
    assert np.isnan(future.x_upper).all()
    assert np.isfinite(future.x).all()
    assert future.attrs["calibration_origins"] == future.attrs["calibrated_steps"] == 0


def test_under_a_transform_intervals_are_symmetric_on_the_transformed_scale(dataset, wave, network, brief):
    made = pendula.fit(dataset(np.exp(wave())), model=network, training=brief, window=8, transform="log")
    future = forecast(made, 5)
    np.testing.assert_allclose(future.x**2, future.x_lower * future.x_upper, rtol=1e-9)
    half = made.calibration.half_width(0.9, 5)[:, 0] * made.model.scaler.scale[0]
    np.testing.assert_allclose(np.log(future.x_upper / future.x), half, rtol=1e-9)


@given(
    st.integers(1, 30), st.integers(1, 5), st.integers(1, 7), st.floats(0.01, 0.99), st.sampled_from([0, 1, 2]),
    st.integers(0, 99),
)  # fmt: skip
def test_half_widths_are_conformal_quantiles(origins, leads, steps, coverage, diverged, seed):
    errors = np.abs(np.random.default_rng(seed).normal(size=(origins, leads, 2)))
    errors[:diverged, -1] = np.inf
    calibration = Calibration(errors=errors)
    made, worth = calibration.half_width(coverage, steps), calibration.effective
    assert made.shape == (steps, 2)
    for lead in range(steps):
        for channel in range(2):
            half = (
                conformal(list(errors[:, lead, channel]), coverage, worth[lead, channel]) if lead < leads else math.nan
            )
            np.testing.assert_allclose(made[lead, channel], half if math.isfinite(half) else math.nan, rtol=1e-12)
    if math.ceil((origins + 1) * coverage - 1e-9) > origins:
        assert np.isnan(made).all()


def test_a_wider_coverage_gives_wider_intervals(sine_fit):
    widths = [forecast(sine_fit, 12, coverage=coverage) for coverage in (0.3, 0.6, 0.9)]
    spans = [(future.x_upper - future.x_lower).values for future in widths]
    assert (spans[0] <= spans[1]).all()
    assert (spans[1] <= spans[2]).all()


def test_intervals_hold_what_they_promise_on_fresh_data(dataset):
    # x_t = 0.8 x_(t−1) + e_t, with heavy tails: nothing Gaussian is assumed.
    noise = np.random.default_rng(7).standard_t(4, size=9000)
    values = np.zeros(9000)
    for row in range(1, 9000):
        values[row] = 0.8 * values[row - 1] + noise[row]
    series = record(dataset(values))
    linear = fit_linear(series, 1000, most_lags=3)
    known = Part(parent=series, start=1000, stop=5000)
    fresh = Part(parent=series, start=5000, stop=9000)
    errors, later = (
        roll({"linear": linear}, part, window=3, leads=20, most_origins=most).absolute("linear")
        for part, most in ((known, 500), (fresh, 3000))
    )
    half = Calibration(errors=errors).half_width(0.9, 20)
    for lead in (1, 2, 5, 10, 20):
        assert 0.85 < np.mean(later[:, lead - 1] <= half[lead - 1]) < 0.95
