"""Levenberg's and Marquardt's rule: its published constants, and parabolas where the ratio is known."""

import math

import pytest

from pendula.optim.adaptive_damping import adapted, reduction_ratio


@pytest.mark.parametrize(
    ("ratio", "factor"), [(-math.inf, 1.5), (0.24, 1.5), (0.25, 1.0), (0.75, 1.0), (0.76, 2 / 3), (5.0, 2 / 3)]
)
def test_the_damping_follows_the_ratio(ratio, factor):
    assert adapted(0.3, ratio) == pytest.approx(0.3 * factor)


def test_the_damping_stays_a_number():
    low, high = 1e-12, 1e12
    assert adapted(low, 1.0) == low
    assert adapted(high, 0.0) == high


def test_the_ratio_is_one_where_the_model_is_right():
    # f(x) = x², from 3 to 1, of which the model with curvature 2 knows all; with twice the curvature half is promised.
    assert reduction_ratio(9.0, 1.0, -6 * 2 + 0.5 * 2 * 4) == 1
    assert reduction_ratio(9.0, 1.0, -6 * 2 + 0.5 * 4 * 4) == 2


@pytest.mark.parametrize(("after", "predicted"), [(1.0, 0.0), (1.0, 2.0), (math.nan, -1.0), (math.inf, -1.0)])
def test_what_leads_nowhere_has_the_worst_ratio(after, predicted):
    assert reduction_ratio(2.0, after, predicted) == -math.inf
