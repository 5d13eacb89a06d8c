"""Scores of forecast distributions against quadrature, brute force and their propriety."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.metrics import crps_gaussian, crps_samples, pit_gaussian, pit_histogram, pit_samples

steady = settings(deadline=None, derandomize=True)
VALUES = st.floats(-20, 20)


def one(value):
    return np.array([float(value)])


def crps_by_quadrature(truth, distribution):
    """∫ (F(x) − 1[x ≥ y])² dx, the definition, on both sides of the truth."""
    below = integrate.quad(lambda x: distribution.cdf(x) ** 2, -np.inf, truth)[0]
    above = integrate.quad(lambda x: distribution.sf(x) ** 2, truth, np.inf)[0]
    return below + above


@pytest.mark.parametrize(("truth", "mean", "deviation"), [(0.0, 0.0, 1.0), (2.5, 1.0, 0.5), (-3.0, 1.0, 2.0)])
def test_the_gaussian_score_is_the_integral_that_defines_it(truth, mean, deviation):
    score = crps_gaussian(one(truth), one(mean), one(deviation))
    assert score == pytest.approx(crps_by_quadrature(truth, stats.norm(mean, deviation)), rel=1e-7)


def test_the_gaussian_score_without_spread_is_the_absolute_error():
    truth, mean = np.array([1.0, np.nan, -2.0]), np.array([0.0, 0.0, 1.0])
    assert crps_gaussian(truth, mean, np.zeros(3)) == 2.0
    assert crps_gaussian(truth, mean, np.full(3, 1e-9)) == pytest.approx(2.0, abs=1e-8)


@pytest.mark.parametrize(("mean", "deviation"), [(0.2, 1.0), (0.0, 1.3), (0.0, 0.7), (-0.5, 1.5)])
def test_the_true_gaussian_scores_best(mean, deviation):
    # E S(N(0, 1)) = 1 / √π; of others, by E|X − Y| of two normals.
    y = np.linspace(-9, 9, 901)
    weights = stats.norm.pdf(y) * (y[1] - y[0])

    def expectation(mu, sigma):
        return sum(w * crps_gaussian(one(t), one(mu), one(sigma)) for t, w in zip(y, weights, strict=True))

    assert expectation(0.0, 1.0) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-6)
    assert expectation(mean, deviation) > expectation(0.0, 1.0) + 1e-3


@steady
@given(st.lists(VALUES, min_size=1, max_size=8), VALUES)
def test_the_score_of_samples_is_the_sum_over_all_pairs(values, truth):
    x = np.array(values)[:, None]
    near = np.mean([abs(value - truth) for value in values])
    pairs = np.mean([abs(a - b) for a in values for b in values])
    assert crps_samples(one(truth), x) == pytest.approx(near - pairs / 2, rel=1e-9, abs=1e-9)
    if len(values) > 1:
        others = np.mean([abs(a - b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j])
        assert crps_samples(one(truth), x, fair=True) == pytest.approx(near - others / 2, rel=1e-9, abs=1e-9)


def test_many_samples_come_to_the_score_of_their_distribution():
    rng = np.random.default_rng(0)
    truth, mean = rng.normal(size=200), rng.normal(size=200)
    exact = crps_gaussian(truth, mean, np.full(200, 0.8))
    few = [crps_samples(truth, mean + 0.8 * rng.normal(size=(4, 200)), fair=True) for _ in range(60)]
    biased = [crps_samples(truth, mean + 0.8 * rng.normal(size=(4, 200))) for _ in range(60)]
    assert np.mean(few) == pytest.approx(exact, rel=0.01)
    # E over n samples of the plain score lies above by E|X − X'| / (2 n) = σ / (n √π).
    assert np.mean(biased) - exact == pytest.approx(0.8 / (4 * math.sqrt(math.pi)), rel=0.15)


def test_the_fair_score_of_the_true_distribution_is_least():
    rng = np.random.default_rng(5)
    truth = rng.normal(size=20_000)
    scores = {sigma: crps_samples(truth, sigma * rng.normal(size=(5, 20_000)), fair=True) for sigma in (0.5, 1.0, 2.0)}
    assert scores[1.0] == pytest.approx(1 / math.sqrt(math.pi), rel=0.02)
    assert scores[1.0] < min(scores[0.5], scores[2.0])


def test_transforms_are_uniform_where_forecasts_are_right():
    rng = np.random.default_rng(2)
    mean, deviation = rng.normal(size=5000), rng.random(5000) + 0.5
    truth = mean + deviation * rng.normal(size=5000)
    samples = mean + deviation * rng.normal(size=(7, 5000))
    assert stats.kstest(pit_gaussian(truth, mean, deviation), "uniform").pvalue > 0.01
    assert stats.kstest(pit_samples(truth, samples, generator=rng), "uniform").pvalue > 0.01
    # Ties do not matter: coins forecast by coins.
    coins = rng.integers(0, 2, size=(8, 5000)).astype(float)
    assert stats.kstest(pit_samples(coins[0], coins[1:], generator=rng), "uniform").pvalue > 0.01


def test_forecasts_that_are_too_narrow_have_a_trough_and_wide_ones_a_hump():
    rng = np.random.default_rng(3)
    truth, zeros = rng.normal(size=4000), np.zeros(4000)
    narrow, wide = (pit_histogram(pit_gaussian(truth, zeros, np.full(4000, size))) for size in (0.5, 2.0))
    assert narrow[[0, -1]].min() > 1.5 > narrow[4:6].max()
    assert wide[[0, -1]].max() < 0.5 < wide[4:6].min()
    assert narrow.mean() == pytest.approx(1, rel=1e-12)


def test_the_transform_is_the_distribution_function():
    truth = np.array([0.3, np.nan, -1.0])
    pit = pit_gaussian(truth, np.full(3, 0.5), np.full(3, 2.0))
    np.testing.assert_allclose(pit, stats.norm(0.5, 2.0).cdf([0.3, -1.0]), rtol=1e-12)


def test_bad_forecasts_are_refused():
    ones = np.ones(3)
    with pytest.raises(ArgumentError, match=r"`deviation` must not be negative: .* got -1\.0\. Take its root"):
        crps_gaussian(ones, ones, -ones)
    with pytest.raises(ArgumentError, match="`deviation` must be positive: got 0"):
        pit_gaussian(ones, ones, 0 * ones)
    with pytest.raises(ArgumentError, match="`fair` must have pairs of samples: expected 2 or more, got 1"):
        crps_samples(ones, ones[None], fair=True)
    with pytest.raises(ShapeError, match=r"expected the same three times, got \(3,\), \(2,\) and \(3,\)"):
        crps_gaussian(ones, np.ones(2), ones)
    with pytest.raises(ShapeError, match=r"`samples` must hold several of the truth's shape: .* got \(4, 2\)"):
        crps_samples(ones, np.ones((4, 2)))
    with pytest.raises(DataError, match=r"`truth` must hold samples: .* got none in shape \(3,\)"):
        crps_samples(ones * np.nan, np.ones((4, 3)))
    with pytest.raises(ArgumentError, match="`bins` must be at least 2: got 1"):
        pit_histogram(ones, bins=1)
    with pytest.raises(DataError, match="`pit` must hold probabilities: expected numbers from 0 to 1, got others"):
        pit_histogram(ones * 1.5)
