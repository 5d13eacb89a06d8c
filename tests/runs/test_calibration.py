"""Interval widths against the definition, and against their promise."""

import math
from fractions import Fraction

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.runs import Calibration


def drawn_errors(origins, *, leads=2, channels=1, seed=0):
    return np.abs(np.random.default_rng(seed).normal(size=(origins, leads, channels)))


@pytest.mark.parametrize("origins", [1, 4, 9, 10, 19, 99])
@pytest.mark.parametrize("coverage", ["0.1", "0.5", "0.8", "0.9", "0.95", "0.99"])
def test_the_half_width_is_the_error_of_the_right_rank(origins, coverage):
    errors = drawn_errors(origins)
    rank = math.ceil((origins + 1) * Fraction(coverage))  # exact, where floating point is not
    width = Calibration(errors=errors).half_width(float(coverage), 2)
    if rank > origins:
        assert np.isnan(width).all()
    else:
        np.testing.assert_array_equal(width[:, 0], [sorted(errors[:, lead, 0])[rank - 1] for lead in range(2)])


def test_intervals_hold_what_they_promise():
    # n + 1 exchangeable errors: the new one lies within with a probability of at least the coverage.
    draws = np.abs(np.random.default_rng(3).standard_t(3, size=(4000, 20)))
    widths = np.array([Calibration(errors=draw[:19, None, None]).half_width(0.9, 1)[0, 0] for draw in draws])
    assert (draws[:, 19] <= widths).mean() == pytest.approx(0.9, abs=0.02)


def test_leads_beyond_the_calibration_and_diverged_runs_have_no_width():
    errors = drawn_errors(9, leads=3, channels=2)
    errors[:2, 1, 0] = np.inf
    width = Calibration(errors=errors).half_width(0.9, 5)
    assert np.isnan(width[3:]).all()
    assert np.isnan(width[1, 0])
    assert np.isfinite(width[[0, 2]]).all()
    assert Calibration(errors=errors).half_width(0.9, 1).shape == (1, 2)
    assert (Calibration(errors=errors).origins, Calibration(errors=errors).leads) == (9, 3)


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_coverage_that_is_no_probability_is_refused(coverage):
    with pytest.raises(ArgumentError, match="`coverage` must lie between 0 and 1: expected a probability, got"):
        Calibration(errors=drawn_errors(3)).half_width(coverage, 1)
