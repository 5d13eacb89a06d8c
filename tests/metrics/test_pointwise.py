"""Pointwise scores against hand-written sums, closed forms and properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.metrics import (
    mae,
    missing_count,
    mse,
    nrmse,
    pointwise_scores,
    r2,
    rmse,
    smape,
    valid_prediction_time,
)

steady = settings(deadline=None, derandomize=True)
SCORES = [mse, rmse, mae, r2, nrmse, smape]


def pair(seed=0, size=50, channels=2):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(size, channels)) * [1.0, 10.0][:channels] + 3.0
    return truth, truth + rng.normal(size=(size, channels))


def test_against_sums_written_out():
    truth, forecast = pair()
    pairs = [(t, f) for row, guess in zip(truth, forecast, strict=True) for t, f in zip(row, guess, strict=True)]
    squared = sum((f - t) ** 2 for t, f in pairs) / len(pairs)
    assert mse(truth, forecast) == pytest.approx(squared, rel=1e-13)
    assert rmse(truth, forecast) == pytest.approx(math.sqrt(squared), rel=1e-13)
    assert mae(truth, forecast) == pytest.approx(sum(abs(f - t) for t, f in pairs) / len(pairs), rel=1e-13)
    ratio = sum(200 * abs(f - t) / (abs(f) + abs(t)) for t, f in pairs) / len(pairs)
    assert smape(truth, forecast) == pytest.approx(ratio, rel=1e-13)


def test_r2_is_the_mean_over_channels_of_the_textbook_ratio():
    truth, forecast = pair(1)
    ratios = []
    for channel in range(2):
        t, f = truth[:, channel].tolist(), forecast[:, channel].tolist()
        mean = sum(t) / len(t)
        ratios.append(sum((b - a) ** 2 for a, b in zip(t, f, strict=True)) / sum((a - mean) ** 2 for a in t))
    assert r2(truth, forecast) == pytest.approx(1 - sum(ratios) / 2, rel=1e-12)
    assert nrmse(truth[:, 0], forecast[:, 0]) == pytest.approx(math.sqrt(ratios[0]), rel=1e-12)


def test_closed_forms():
    # A sine forecast with its phase off by d: mean squared error 1 - cos d, variance 1/2.
    phase = np.arange(1000) * 2 * np.pi / 1000
    truth, forecast = np.sin(phase), np.sin(phase + 0.3)
    assert mse(truth, forecast) == pytest.approx(1 - math.cos(0.3), rel=1e-12)
    assert nrmse(truth, forecast) == pytest.approx(math.sqrt(2 * (1 - math.cos(0.3))), rel=1e-12)
    assert r2(truth, forecast) == pytest.approx(2 * math.cos(0.3) - 1, rel=1e-12)


def test_perfect_and_mean_forecasts():
    truth, _ = pair()
    assert pointwise_scores(truth, truth) == {"mse": 0, "rmse": 0, "mae": 0, "r2": 1, "nrmse": 0, "smape": 0}
    mean = np.broadcast_to(truth.mean(axis=0), truth.shape)
    assert nrmse(truth, mean) == pytest.approx(1, rel=1e-12)
    assert r2(truth, mean) == pytest.approx(0, abs=1e-12)


@steady
@given(arrays(np.float64, (12, 2), elements=st.floats(-100, 100)), st.floats(0.01, 100))
def test_scores_under_a_change_of_unit(noise, factor):
    truth = np.arange(24.0).reshape(12, 2) - 7
    plain, scaled = pointwise_scores(truth, noise), pointwise_scores(truth * factor, noise * factor)
    powers = {"mse": 2, "rmse": 1, "mae": 1, "r2": 0, "nrmse": 0, "smape": 0}
    for name, power in powers.items():
        assert scaled[name] == pytest.approx(plain[name] * factor**power, rel=1e-9, abs=1e-9)
    assert plain["r2"] == pytest.approx(1 - plain["nrmse"] ** 2, rel=1e-12, abs=1e-12)
    assert 0 <= plain["smape"] <= 200
    assert plain["mae"] <= plain["rmse"] * (1 + 1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_what_was_not_measured_is_left_out(score):
    truth, forecast = pair(channels=1)
    holes = truth.copy()
    holes[[3, 17]] = np.nan
    assert missing_count(holes) == 2
    kept = ~np.isnan(holes[:, 0])
    assert score(holes, forecast) == score(truth[kept], forecast[kept])


@pytest.mark.parametrize("score", SCORES)
def test_a_forecast_of_nan_is_not_hidden(score):
    truth, forecast = pair()
    forecast[4, 1] = np.nan
    assert math.isnan(score(truth, forecast))


def test_a_diverged_forecast_scores_infinity():
    truth, forecast = pair()
    forecast[-1] = [1e300, -np.inf]
    scores = pointwise_scores(truth, forecast)
    assert scores["mse"] == scores["rmse"] == scores["mae"] == scores["nrmse"] == math.inf
    assert scores["r2"] == -math.inf
    assert scores["smape"] < 200


def test_a_constant_truth_has_no_variance_to_explain():
    truth = np.full(7, 0.1)
    assert math.isnan(r2(truth, truth + 1))
    assert math.isnan(nrmse(truth, truth + 1))


def test_tiny_units_do_not_underflow():
    truth, forecast = pair(channels=1)
    assert nrmse(truth * 1e-100, forecast * 1e-100) == pytest.approx(nrmse(truth, forecast), rel=1e-9)


def test_single_precision_is_scored_in_double():
    truth = np.array([1e8, 1e8 + 8], dtype=np.float32)
    assert mse(truth, truth + np.float32(8)) == 64.0


@pytest.mark.parametrize("score", [*SCORES, pointwise_scores, valid_prediction_time])
@pytest.mark.parametrize("shapes", [((5,), (5, 1)), ((5, 2), (5, 1)), ((4,), (5,)), ((2, 3, 1), (2, 3, 1)), ((), ())])
def test_nothing_is_broadcast(score, shapes):
    with pytest.raises(ShapeError, match=r"`truth` and `forecast` must have the same shape"):
        score(np.zeros(shapes[0]), np.zeros(shapes[1]))


@pytest.mark.parametrize("score", [*SCORES, pointwise_scores, valid_prediction_time])
@pytest.mark.parametrize("truth", [np.zeros(0), np.zeros((0, 2)), np.full(3, np.nan)])
def test_nothing_to_score_is_refused(score, truth):
    with pytest.raises(DataError, match=r"`truth` must hold samples: expected at least one number, got none"):
        score(truth, np.zeros(truth.shape))


def test_valid_time_of_an_exponential_divergence():
    # |truth| = 1 and the error grows as 1e-3 exp(t): it passes 0.4 at t = ln 400 = 5.99.
    time = np.arange(1000) * 0.01
    truth = np.where(np.arange(1000) % 2, 1.0, -1.0)
    assert valid_prediction_time(truth, truth + 1e-3 * np.exp(time), dt=0.01) == pytest.approx(6.0, abs=1e-12)
    assert valid_prediction_time(truth, truth + 1e-3 * np.exp(time), dt=0.01, threshold=0.1) == pytest.approx(4.61)


def test_valid_time_against_a_walk_over_the_rows():
    truth, forecast = pair(3)
    centered = truth - truth.mean(axis=0)
    scale = math.sqrt(sum(float(row @ row) for row in centered) / len(truth))
    for threshold in (0.05, 0.1, 0.2, 0.4):
        distances = [math.dist(t, f) / scale for t, f in zip(truth, forecast, strict=True)]
        first = next((row for row, distance in enumerate(distances) if distance > threshold), len(distances))
        assert valid_prediction_time(truth, forecast, threshold=threshold) == first


def test_valid_time_counts_nan_forecasts_and_skips_nan_truths():
    truth = np.array([1.0, -1.0, np.nan, -1.0, 1.0])
    forecast = np.array([1.0, -1.0, 50.0, -1.0, np.nan])
    assert valid_prediction_time(truth, forecast) == 4.0
    assert valid_prediction_time(truth[:4], forecast[:4], dt=2.0) == 8.0


def test_valid_time_with_a_scale_of_ones_own():
    truth = np.full(4, 2.0)
    assert valid_prediction_time(truth, np.array([2.0, 2.3, 3.0, 2.0]), scale=1.0) == 2.0
    with pytest.raises(ArgumentError, match=r"`scale` must be positive: .* got 0.0. A constant truth has no scale"):
        valid_prediction_time(truth, truth)
    for name in ("threshold", "dt", "scale"):
        with pytest.raises(
            ArgumentError, match=rf"`{name}` must be positive: expected a finite number above 0, got -1"
        ):
            valid_prediction_time(np.arange(3.0), np.arange(3.0), **{name: -1.0})


def test_a_valid_time_has_no_noise_of_floating_point():
    truth = np.sin(np.arange(200.0))
    forecast = truth.copy()
    forecast[123:] += 9.0
    assert str(valid_prediction_time(truth, forecast, dt=0.1)) == "12.3"  # 123 * 0.1 is 12.3 and a bit more
