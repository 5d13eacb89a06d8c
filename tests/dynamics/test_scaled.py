"""Scaled numbers: NumPy's own exponents and exact integers are the oracles."""

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.dynamics.scaled import scaled, shifted, zeros

NUMBERS = st.floats(-1e200, 1e200, allow_subnormal=False)


def row(*numbers):
    return torch.tensor([numbers], dtype=torch.float64)


@given(NUMBERS, NUMBERS)
def test_scaling_rounds_nothing(a, b):
    made = scaled(row(a, b))
    largest = float(made.values.abs().max())
    assert largest == 0 or 0.5 <= largest < 1
    if max(abs(a), abs(b)) > 0 and min(abs(a), abs(b)) > 1e-100 * max(abs(a), abs(b)):
        assert torch.equal(shifted(made.values, made.exponents), row(a, b))


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.integers(-3000, 3000))
def test_sums_are_those_of_whole_numbers(a, b, exponent):
    total = scaled(row(float(a)), exponent).plus(scaled(row(float(b)), exponent))
    expected = scaled(row(float(a + b)), exponent)
    assert torch.equal(total.values, expected.values)
    assert torch.equal(total.exponents, expected.exponents)


def test_what_is_far_smaller_does_not_move_a_sum():
    one, tiny = scaled(row(1.0)), scaled(row(1.0), -5000)
    assert torch.equal(one.plus(tiny).values, one.values)
    assert torch.equal(tiny.plus(one).exponents, one.exponents)
    nothing = zeros(row(0.0))
    assert torch.equal(tiny.plus(nothing).exponents, tiny.exponents)
    assert float(nothing.plus(nothing).log_norm()) == -math.inf


def test_norms_know_no_end_of_the_range():
    huge = scaled(row(3.0, 4.0), 10**6)
    np.testing.assert_allclose(huge.log_norm(), [math.log(5) + 10**6 * math.log(2)], rtol=1e-15)


def test_each_sequence_has_its_own_exponent():
    made = scaled(torch.tensor([[1.0], [1e30], [0.0]], dtype=torch.float64))
    np.testing.assert_allclose(made.log_norm(), [0.0, 30 * math.log(10), -math.inf])
