"""Jacobians of single steps: torch's autograd over its own cells is the oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pendula.dynamics import linearize, step_jacobians
from pendula.errors import ArgumentError, ShapeError
from pendula.nn import GRU, RNN, Reservoir, draw_reservoir, drive_reservoir

KINDS = {
    "rnn": RNN,
    "relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "gru": GRU,
    "lstm": nn.LSTM,
}


def drawn(kind, *, sizes=(2, 3), layers=1, batch=2, time=4, seed=0, bias=True):
    """Draw a layer whose weights are large enough to bend its tanh, inputs and a first state."""
    torch.manual_seed(seed)
    layer = KINDS[kind](*sizes, layers, bias=bias)
    for weight in layer.parameters():
        weight.data.mul_(2.0)
    h, c = torch.randn(2, layers, batch, sizes[1])
    return layer, torch.randn(batch, time, sizes[0]), (h, c) if kind == "lstm" else h


def jacobian_of(after, before):
    """Stack autograd's gradients of every number of `after` by all numbers of `before`, for one sequence."""
    rows = []
    for number in torch.cat(after).unbind():
        found = torch.autograd.grad(number, before, retain_graph=True, allow_unused=True)
        rows.append(torch.cat([torch.zeros_like(b) if g is None else g for g, b in zip(found, before, strict=True)]))
    return torch.stack(rows)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6)
@given(sizes=st.tuples(st.integers(1, 3), st.integers(1, 4)), seed=st.integers(0, 99), bias=st.booleans())
def test_the_jacobian_of_every_step_is_that_of_autograd(oracle, kind, sizes, seed, bias):
    layer, inputs, state = drawn(kind, sizes=sizes, layers=2, batch=1, time=2, seed=seed, bias=bias)
    _, hs, cs = oracle.unroll(layer, inputs, state)
    for k, linearized in enumerate(linearize(layer, inputs, state=state)):
        got = step_jacobians(linearized)[0]
        for t in range(2):
            x = (inputs.double()[:, t] if k == 0 else hs[k - 1][t + 1]).detach()
            before = [hs[k][t][0].detach().requires_grad_()]
            cell = oracle.cell_of(layer, k)
            if layer.mode == "LSTM":
                before.append(cs[k][t][0].detach().requires_grad_())
                after = [each[0] for each in cell(x, (before[0][None], before[1][None]))]
            else:
                after = [cell(x, before[0][None])[0]]
            torch.testing.assert_close(got[t], jacobian_of(after, before), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("connections", [3, 0])
def test_a_reservoir_is_differentiated_along_its_own_states(connections):
    settings_of = Reservoir(connections=connections, leak=0.3, spectral_radius=1.2)
    reservoir = draw_reservoir(settings_of, units=6, inputs=2, seed=0)
    inputs = np.random.default_rng(1).normal(size=(1, 5, 2))
    (linearized,) = linearize(reservoir, torch.from_numpy(inputs))
    got = step_jacobians(linearized)[0].numpy()
    states = np.concatenate([np.zeros((1, 6)), drive_reservoir(reservoir, inputs)[0]])
    step = 1e-6
    for t in range(5):
        # Every unit moved by itself, up and down: central differences are off by the square of the step.
        first = np.repeat(states[t][None], 12, axis=0) + step * np.concatenate([np.eye(6), -np.eye(6)])
        moved = drive_reservoir(reservoir, np.repeat(inputs[:, t : t + 1], 12, axis=0), first=first)[:, 0]
        np.testing.assert_allclose(got[t], (moved[:6] - moved[6:]).T / (2 * step), rtol=0, atol=1e-9)


def test_at_rest_the_jacobian_is_the_recurrent_matrix():
    layer = RNN(1, 5, bias=False)
    (linearized,) = linearize(layer, torch.zeros(3, 4, 1))
    expected = layer.weight_hh_l0.detach().double().expand(3, 4, 5, 5)
    torch.testing.assert_close(step_jacobians(linearized), expected, rtol=0, atol=1e-15)


def test_layers_that_are_not_causal_are_refused():
    for options in ({"bidirectional": True}, {"proj_size": 1}):
        with pytest.raises(ArgumentError, match="`layer` must be causal, and its state its output"):
            linearize(nn.LSTM(1, 2, **options), torch.zeros(1, 2, 1))


def test_inputs_and_states_that_do_not_fit_are_named():
    with pytest.raises(ShapeError, match=r"`inputs` must fit the layer: expected shape \(batch, 1 or more, 2\), got"):
        linearize(RNN(2, 3), torch.zeros(1, 4, 1))
    with pytest.raises(ShapeError, match=r"expected shape \(batch, 1 or more, 2\), got \(1, 0, 2\)\. Check its axes"):
        linearize(RNN(2, 3), torch.zeros(1, 0, 2))
    with pytest.raises(ShapeError, match=r"`state` must hold a state .*: expected shape \(1, 5, 3\), got \(1, 4, 3\)"):
        linearize(RNN(2, 3), torch.zeros(5, 4, 2), state=torch.zeros(1, 4, 3))
