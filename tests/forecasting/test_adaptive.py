"""Adaptive intervals: the bound of the theorem for whatever errors, the past alone, and a slow loop."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.forecasting import adapt


def slow(absolute, origins, known, coverage, rate):
    """One lead time of one channel, step by step, with a list of what has come to light."""
    leads = absolute.shape[1]
    widths = np.empty(absolute.shape[:2])
    for lead in range(leads):
        level, latest, waiting = 1 - coverage, list(known[:, lead, 0]), []
        for number, origin in enumerate(origins):
            while waiting and origins[waiting[0]] + lead < origin:
                seen = waiting.pop(0)
                error = absolute[seen, lead, 0]
                level += rate * ((1 - coverage) - (error > widths[seen, lead]))
                # The ring forgets its oldest entry, which stands where the new one goes.
                latest[seen % len(latest)] = error
            rank = math.ceil((1 - level) * (len(latest) + 1) - 1e-9)
            if level >= 1:
                widths[number, lead] = -np.inf
            elif level <= 0 or rank > len(latest):
                widths[number, lead] = np.inf
            else:
                widths[number, lead] = sorted(latest)[max(rank, 1) - 1]
            waiting.append(number)
    return widths


@given(st.integers(1, 4), st.integers(1, 3), st.floats(0.5, 0.95), st.floats(0.01, 0.4), st.integers(0, 99))
def test_widths_equal_those_of_a_slow_loop(leads, stride, coverage, rate, seed):
    rng = np.random.default_rng(seed)
    absolute, known = np.abs(rng.normal(size=(40, leads, 1))), np.abs(rng.normal(size=(7, leads, 1)))
    absolute[20:] *= 5
    origins = 100 + stride * np.arange(40)
    made = adapt(absolute, origins, known=known, coverage=coverage, rate=rate)
    np.testing.assert_array_equal(made.half_width[..., 0], slow(absolute, origins, known, coverage, rate))


@given(
    st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=5, max_size=80),
    st.integers(1, 6),
    st.floats(0.5, 0.99),
    st.floats(0.01, 0.5),
)
def test_whatever_comes_the_long_run_coverage_keeps_the_bound(errors, leads, coverage, rate):
    # Nothing is assumed of the errors: the theorem holds for an adversary.
    absolute = np.repeat(np.array(errors)[:, None, None], leads, axis=1)
    known = np.abs(np.random.default_rng(0).normal(size=(9, leads, 1)))
    made = adapt(absolute, np.arange(len(errors)), known=known, coverage=coverage, rate=rate)
    assert (np.abs(made.share[:, 0] - coverage) <= made.bound + 1e-9).all()


def test_the_first_lead_time_has_the_bound_of_the_theorem():
    # Gibbs and Candès, proposition 4.1: (max(α₁, 1 − α₁) + γ) / (γ T).
    absolute = np.abs(np.random.default_rng(0).normal(size=(500, 3, 1)))
    made = adapt(absolute, np.arange(500), known=absolute[:50], coverage=0.9, rate=0.05)
    assert made.bound[0] == pytest.approx((0.9 + 0.05) / (0.05 * 500), rel=1e-12)
    assert (np.diff(made.bound) > 0).all()  # what is longer under way is known later


def test_a_record_that_drifts_keeps_its_coverage_where_fixed_intervals_lose_it():
    rng = np.random.default_rng(1)
    growth = np.linspace(1.0, 6.0, 3000)[:, None, None]
    absolute, known = growth * np.abs(rng.normal(size=(3000, 5, 1))), np.abs(rng.normal(size=(200, 5, 1)))
    made = adapt(absolute, np.arange(3000), known=known, coverage=0.9)
    fixed = (absolute <= np.quantile(known, 0.9, axis=0)).mean(axis=0)
    assert (fixed < 0.5).all()
    assert (np.abs(made.share - 0.9) <= 0.02).all()
    assert (made.bound < 0.02).all()
    # And it does not buy that with intervals that hold everything.
    assert np.isfinite(made.half_width).mean() > 0.98


def test_nothing_is_used_before_it_has_come_to_light():
    rng = np.random.default_rng(2)
    absolute, known = np.abs(rng.normal(size=(60, 4, 2))), np.abs(rng.normal(size=(12, 4, 2)))
    changed = absolute.copy()
    changed[30, 2] = 1e3  # the truth of lead time 3 from origin 30 is known from origin 33 on
    before, after = (
        adapt(errors, np.arange(60), known=known, coverage=0.8, rate=0.2).half_width for errors in (absolute, changed)
    )
    np.testing.assert_array_equal(before[:33], after[:33])
    np.testing.assert_array_equal(before[:, [0, 1, 3]], after[:, [0, 1, 3]])
    assert (before[33:, 2] != after[33:, 2]).any()


@pytest.mark.parametrize("name", ["coverage", "rate"])
def test_shares_that_are_none_are_refused(name):
    errors, given = np.ones((3, 1, 1)), {"coverage": 0.9, "rate": 0.1} | {name: 1.5}
    with pytest.raises(ArgumentError, match=rf"`{name}` must lie between 0 and 1: got 1\.5"):
        adapt(errors, np.arange(3), known=errors, **given)


def test_lead_times_of_which_nothing_is_known_are_refused():
    errors = np.ones((3, 4, 1))
    with pytest.raises(ArgumentError, match=r"`known` must hold errors at each lead time: expected 4, got 2"):
        adapt(errors, np.arange(3), known=errors[:, :2], coverage=0.9)
