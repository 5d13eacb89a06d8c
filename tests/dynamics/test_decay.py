"""The law of decay: closed forms and SciPy's regression are the oracles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pendula.dynamics import Flow, decay_of
from pendula.errors import ArgumentError

LAGS = np.arange(21.0)


@given(st.floats(-5, 5), st.floats(-50, 50))
def test_an_exact_law_is_found_exactly(rate, start):
    decay = decay_of((start + rate * LAGS)[None])
    assert decay.rate == pytest.approx(rate, abs=1e-12)
    assert decay.uncertainty < 1e-12
    assert decay.factor == pytest.approx(math.exp(rate))


def test_one_sequence_has_the_standard_error_of_its_regression():
    noisy = -0.2 * LAGS + np.random.default_rng(0).normal(size=21)
    expected = stats.linregress(LAGS, noisy)
    decay = decay_of(noisy[None])
    assert (decay.rate, decay.uncertainty) == pytest.approx((expected.slope, expected.stderr), rel=1e-12)


def test_several_sequences_have_the_standard_error_of_their_mean():
    rates = np.array([-0.1, -0.2, -0.6])
    decay = decay_of(rates[:, None] * LAGS)
    assert decay.rate == pytest.approx(rates.mean())
    assert decay.uncertainty == pytest.approx(stats.sem(rates))


@pytest.mark.parametrize(
    ("change", "flow"),
    [(0.0099, "VANISHING"), (0.0101, "HEALTHY"), (1.0, "HEALTHY"), (99.0, "HEALTHY"), (101.0, "EXPLODING")],
)
def test_the_class_follows_from_the_change_over_all_lags(change, flow):
    assert decay_of((math.log(change) / 20 * LAGS)[None]).flow is Flow[flow]


def test_the_bounds_can_be_moved():
    law = (math.log(0.5) / 20 * LAGS)[None]
    assert decay_of(law).flow is Flow.HEALTHY
    assert decay_of(law, vanishing=0.6).flow is Flow.VANISHING
    assert decay_of(-law, exploding=1.9).flow is Flow.EXPLODING


def test_lags_without_a_gradient_are_left_out():
    law = (-0.3 * LAGS)[None].copy()
    law[0, 10:] = -np.inf
    assert decay_of(law).rate == pytest.approx(-0.3)
    assert decay_of(np.concatenate([law, np.full((1, 21), -np.inf)])).rate == pytest.approx(-0.3)


def test_no_gradient_at_all_is_silent():
    decay = decay_of(np.full((2, 21), -np.inf))
    assert decay.flow is Flow.SILENT
    assert decay.to_dict() == {"rate": None, "uncertainty": None, "factor": None, "lags": 20, "flow": "silent"}


def test_a_decay_is_told_in_plain_values():
    told = decay_of((-0.1 * LAGS)[None]).to_dict()
    assert told["flow"] == "healthy"
    assert told["factor"] == pytest.approx(math.exp(-0.1))


def test_bad_arguments_are_named():
    with pytest.raises(ArgumentError, match=r"`log_norms` must hold lags: expected 2 or more, got 1\. Take longer"):
        decay_of(np.zeros((3, 1)))
    for bounds in ({"vanishing": 1.0}, {"vanishing": 0.0}, {"exploding": 0.9}):
        with pytest.raises(ArgumentError, match=r"`vanishing` must lie below 1 and `exploding` above: got"):
            decay_of(np.zeros((1, 3)), **bounds)
