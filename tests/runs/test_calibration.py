"""Interval widths against the definition, and against their promise."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from pendula.errors import ArgumentError
from pendula.runs import Calibration
from pendula.runs.calibration import conformal_half_width


def drawn_errors(origins, *, leads=2, channels=1, seed=0):
    return np.abs(np.random.default_rng(seed).normal(size=(origins, leads, channels)))


@pytest.mark.parametrize("origins", [1, 4, 9, 10, 19, 99])
@pytest.mark.parametrize("coverage", ["0.1", "0.5", "0.8", "0.9", "0.95", "0.99"])
def test_the_half_width_is_the_error_of_the_right_rank(origins, coverage):
    errors = drawn_errors(origins)
    rank = math.ceil((origins + 1) * Fraction(coverage))  # exact, where floating point is not
    if rank > origins:
        assert np.isnan(Calibration(errors=errors).half_width(float(coverage), 2)).all()
    else:
        width = conformal_half_width(errors, float(coverage), effective=np.full((2, 1), float(origins)))
        np.testing.assert_array_equal(width[:, 0], [sorted(errors[:, lead, 0])[rank - 1] for lead in range(2)])


def test_intervals_hold_what_they_promise():
    # n + 1 exchangeable errors: the new one lies within with a probability of at least the coverage.
    draws = np.abs(np.random.default_rng(3).standard_t(3, size=(4000, 20)))
    widths = conformal_half_width(draws[:, :19].T, 0.9, effective=np.full(4000, 19.0))
    assert (draws[:, 19] <= widths).mean() == pytest.approx(0.9, abs=0.02)


def moving_sums(size, overlap, draws, seed=0):
    """Sums of successive normal numbers: the errors of free runs that overlap."""
    noise = np.random.default_rng(seed).normal(size=(size + overlap - 1, draws))
    sums = np.cumsum(np.concatenate([np.zeros((1, draws)), noise]), axis=0)
    return sums[overlap:] - sums[:-overlap]


@pytest.mark.parametrize(("size", "overlap"), [(40, 10), (80, 20), (200, 40)])
def test_intervals_from_runs_that_overlap_hold_better_when_it_is_known_how_few_they_are(size, overlap):
    # A new error, far away in time, is independent of those that calibrated.
    errors = moving_sums(size, overlap, 2000)
    fresh = math.sqrt(overlap) * np.random.default_rng(9).normal(size=2000)
    taken_for_independent = conformal_half_width(np.abs(errors), 0.9, effective=np.full(2000, float(size)))
    counted = conformal_half_width(np.abs(errors), 0.9, effective=Calibration(errors=errors[..., None]).effective[:, 0])
    naive, honest = ((np.abs(fresh) <= width).mean() for width in (taken_for_independent, counted))
    assert naive < 0.87
    assert naive + 0.015 < honest < 0.93


def test_fewer_independent_errors_give_wider_intervals_without_a_jump():
    errors = np.sort(np.abs(np.random.default_rng(4).normal(size=500)))
    worth = np.linspace(1.0, 500.0, 2000)
    widths = conformal_half_width(np.repeat(errors[:, None], 2000, axis=1), 0.9, effective=worth)
    assert (np.diff(widths) <= 1e-12).all()
    # 9 are the fewest whose widest error holds in 90 % of cases.
    at_nine = conformal_half_width(np.repeat(errors[:, None], 2, axis=1), 0.9, effective=np.array([9.0, 9.0 - 1e-6]))
    np.testing.assert_allclose(at_nine, errors[-1], rtol=1e-5)
    assert widths[0] == pytest.approx(errors[-1] * norm.ppf(0.95) / norm.ppf(0.75), rel=1e-9)


def test_signs_of_errors_do_not_matter():
    errors = drawn_errors(30)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=errors.shape)
    plain, signed = Calibration(errors=errors), Calibration(errors=signs * errors)
    np.testing.assert_array_equal(plain.half_width(0.8, 2), signed.half_width(0.8, 2))
    np.testing.assert_array_equal(plain.effective, signed.effective)


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
