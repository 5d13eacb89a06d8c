"""Labels that do not flicker: against the rule written out, and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.metrics import Decoding, decode, switch_rows

steady = settings(deadline=None, derandomize=True)


def drawn(seed, rows=60, classes=3):
    return np.random.default_rng(seed).dirichlet(np.ones(classes), size=rows)


def test_without_settings_the_likeliest_is_told():
    probabilities = drawn(0)
    assert np.array_equal(decode(probabilities, Decoding()), probabilities.argmax(axis=1))


@steady
@given(st.integers(0, 2**31), st.integers(1, 6), st.sampled_from([0.0, 0.2, 0.5]))
def test_every_told_regime_but_the_last_lasts_the_minimum(seed, minimum, lead):
    told = decode(drawn(seed), Decoding(minimum_duration=minimum, hysteresis=lead))
    assert (np.diff(switch_rows(told)) >= minimum).all()


@steady
@given(st.integers(0, 2**31), st.integers(1, 5), st.sampled_from([0.0, 0.3]), st.integers(1, 59))
def test_later_rows_change_nothing(seed, minimum, lead, cut):
    decoding, probabilities = Decoding(minimum_duration=minimum, hysteresis=lead), drawn(seed)
    assert np.array_equal(decode(probabilities, decoding)[:cut], decode(probabilities[:cut], decoding))


def test_a_lead_below_the_hysteresis_changes_nothing():
    first = np.array([0.9, 0.45, 0.3, 0.1])
    told = decode(np.stack([first, 1 - first], axis=1), Decoding(hysteresis=0.5))
    assert told.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("value", [0, -1, True])
def test_a_minimum_is_a_number_of_rows(value):
    with pytest.raises(ArgumentError, match="`minimum_duration` must hold rows: expected 1 or more"):
        Decoding(minimum_duration=value)


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_hysteresis_is_a_lead_in_probability(value):
    with pytest.raises(ArgumentError, match="`hysteresis` must be a lead in probability"):
        Decoding(hysteresis=value)
