"""Scores of intervals against sums written out, closed forms and their propriety."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.metrics import coverage_by_lead, interval_score, pinball_loss, width_by_lead

steady = settings(deadline=None, derandomize=True)
LEVELS = st.floats(0.05, 0.95)


def expected(score, distribution, points=801):
    """Integrate a score over the truth's distribution, up to the tails beyond 1e-9."""
    ends = distribution.ppf([1e-9, 1 - 1e-9])
    y = np.linspace(*ends, points)
    return float(integrate.simpson(np.array([score(np.array([value])) for value in y]) * distribution.pdf(y), x=y))


def test_the_pinball_loss_is_that_of_its_two_sides():
    truth, guess = np.array([0.0, 3.0, np.nan]), np.array([1.0, 1.0, 9.0])
    assert pinball_loss(truth, guess, level=0.9) == pytest.approx((0.1 * 1 + 0.9 * 2) / 2, rel=1e-14)
    assert pinball_loss(truth, guess, level=0.5) == pytest.approx(np.nanmean(np.abs(truth - guess)) / 2, rel=1e-14)


@steady
@given(LEVELS, st.lists(st.floats(-50, 50), min_size=3, max_size=30))
def test_no_constant_has_less_pinball_loss_than_the_sample_quantile(level, values):
    truth = np.array(values)
    losses = {guess: pinball_loss(truth, np.full_like(truth, guess), level=level) for guess in values}
    best = np.quantile(truth, level, method="inverted_cdf")
    assert losses[best] == pytest.approx(min(losses.values()), rel=1e-12, abs=1e-12)


def test_the_pinball_loss_of_the_true_quantile_has_the_closed_form():
    # For a standard normal, E[loss] = φ(q) at the quantile q of whatever level.
    level, normal = 0.8, stats.norm()
    at_best = expected(lambda y: pinball_loss(y, np.full(1, normal.ppf(level)), level=level), normal)
    assert at_best == pytest.approx(normal.pdf(normal.ppf(level)), rel=1e-4)


def test_the_interval_score_is_width_and_what_lies_outside():
    truth, lower, upper = np.array([0.0, 5.0, -2.0]), np.zeros(3), np.full(3, 4.0)
    assert interval_score(truth, lower, upper, coverage=0.9) == pytest.approx(4 + 20 * (1 + 2) / 3, rel=1e-13)


@steady
@given(st.floats(0.1, 0.95), st.lists(st.floats(-50, 50), min_size=2, max_size=20), st.integers(0, 99))
def test_the_interval_score_is_that_of_two_quantiles(coverage, values, seed):
    # S = (2 / α) (pinball at α/2 + pinball at 1 − α/2), Gneiting and Raftery 2007, section 6.2.
    truth, half = np.array(values), np.random.default_rng(seed).random(len(values))
    lower, upper, alpha = -half, half + 1, 1 - coverage
    both = pinball_loss(truth, lower, level=alpha / 2) + pinball_loss(truth, upper, level=1 - alpha / 2)
    assert interval_score(truth, lower, upper, coverage=coverage) == pytest.approx(2 / alpha * both, rel=1e-9)


@pytest.mark.parametrize("shift", [(-0.3, 0.0), (0.0, 0.3), (0.3, -0.3), (-0.5, 0.5)])
def test_the_true_central_interval_scores_best(shift):
    normal = stats.norm()
    low, high = normal.ppf([0.05, 0.95])

    def score_of(lower, upper):
        return expected(lambda y: interval_score(y, np.full(1, lower), np.full(1, upper), coverage=0.9), normal)

    # At best it is (2 / α) · 2 φ(q), by the closed form of both pinball losses.
    assert score_of(low, high) == pytest.approx(2 / 0.1 * 2 * normal.pdf(high), rel=1e-4)
    assert score_of(low + shift[0], high + shift[1]) > score_of(low, high) + 1e-3


def test_coverage_and_width_are_counted_at_each_lead_time():
    rng = np.random.default_rng(1)
    truth, half = rng.normal(size=(40, 3, 2)), rng.random((40, 3, 2)) + 0.5
    lower, upper = -half, 2 * half
    truth[3, 0, 0] = np.nan
    lower[:, 2, 1] = np.nan
    shares, widths = coverage_by_lead(truth, lower, upper), width_by_lead(lower, upper)
    assert shares.shape == widths.shape == (3, 2)
    for lead, channel in np.ndindex(3, 2):
        inside = [
            low <= y <= high
            for y, low, high in zip(
                truth[:, lead, channel], lower[:, lead, channel], upper[:, lead, channel], strict=True
            )
            if not math.isnan(y + low + high)
        ]
        if (lead, channel) == (2, 1):
            assert math.isnan(shares[lead, channel])
            assert math.isnan(widths[lead, channel])
            continue
        assert shares[lead, channel] == pytest.approx(sum(inside) / len(inside), rel=1e-13)
        assert widths[lead, channel] == pytest.approx(3 * half[:, lead, channel].mean(), rel=1e-13)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, math.nan])
def test_what_is_no_probability_is_refused(value):
    ones = np.ones(2)
    with pytest.raises(ArgumentError, match="`level` must lie between 0 and 1: expected a probability, got"):
        pinball_loss(ones, ones, level=value)
    with pytest.raises(ArgumentError, match="`coverage` must lie between 0 and 1: expected a probability, got"):
        interval_score(ones, ones, ones, coverage=value)


def test_shapes_that_differ_and_truths_that_nobody_measured_are_refused():
    ones, none = np.ones(3), np.full(3, np.nan)
    with pytest.raises(ShapeError, match=r"must have one shape: expected the same for all, got \(3,\) and \(2,\)"):
        pinball_loss(ones, np.ones(2), level=0.5)
    with pytest.raises(DataError, match=r"`truth` must hold samples with a limit: .* got none in shape \(3,\)"):
        interval_score(ones, none, ones, coverage=0.9)
