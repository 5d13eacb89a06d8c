import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.systems import elementary

FUNCTIONS = {"sin": (elementary.sin, math.sin), "cos": (elementary.cos, math.cos), "exp": (elementary.exp, math.exp)}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=st.floats(-50, 50))
def test_floats_arrays_and_tensors_agree(name, x):
    ours, oracle = FUNCTIONS[name]
    assert ours(x) == oracle(x)
    np.testing.assert_allclose(ours(np.array([x])), [oracle(x)], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(ours(torch.tensor([x], dtype=torch.float64)), [oracle(x)], rtol=1e-13, atol=1e-15)


@given(x=st.floats(0.01, 20), n=st.floats(-5, 12))
def test_power_agrees(x, n):
    expected = math.exp(n * math.log(x))
    np.testing.assert_allclose(elementary.power(x, n), expected, rtol=1e-12)
    np.testing.assert_allclose(elementary.power(np.array([x]), n), [expected], rtol=1e-12)
    np.testing.assert_allclose(elementary.power(torch.tensor([x], dtype=torch.float64), n), [expected], rtol=1e-12)
    np.testing.assert_allclose(elementary.power(x, torch.tensor(n, dtype=torch.float64)), expected, rtol=1e-12)


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_functions_of_floats_never_raise(x):
    assert math.isnan(elementary.sin(x))
    assert math.isnan(elementary.cos(x))


def test_overflow_is_infinite_for_floats_as_for_arrays():
    assert elementary.exp(1e4) == math.inf
    assert elementary.power(1e200, 2.0) == math.inf
    assert elementary.power(0.0, -1.0) == math.inf
    assert math.isnan(elementary.power(-1.0, 0.5))


def test_gradients_flow():
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    for function in (elementary.sin, elementary.cos, elementary.exp, lambda y: elementary.power(y, 2.5)):
        assert torch.autograd.gradcheck(function, (x,))


def test_pad_periodic_keeps_the_kind():
    values = [1.0, 2.0, 3.0, 4.0]
    expected = [3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 1.0]
    assert elementary.pad_periodic(values, before=2, after=1) == tuple(expected)
    assert elementary.pad_periodic(np.array(values), before=2, after=1).tolist() == expected
    padded = elementary.pad_periodic(torch.tensor(values), before=2, after=1)
    assert isinstance(padded, torch.Tensor)
    assert padded.tolist() == expected


def test_is_tensor():
    assert elementary.is_tensor(torch.zeros(1))
    assert not elementary.is_tensor(np.zeros(1))
