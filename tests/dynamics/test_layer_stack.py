"""Closed-form derivatives of recurrent stacks: torch's layers and autograd are the oracles."""

import pytest
import torch
from torch import nn

import pendula
from pendula.dynamics.layer_stack import LayerStack, reservoir_stack, stack_of
from pendula.errors import ArgumentError
from pendula.nn import Reservoir, draw_reservoir
from pendula.nn.kernels.problem import CELLS
from pendula.nn.kernels.reference import STEPS

LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM, "relu": lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k)}


def made(kind, layers=1, *, bias=True, hidden=5):
    torch.manual_seed(0)
    module = LAYERS[kind](2, hidden, num_layers=layers, bias=bias).double()
    stack = stack_of(module)
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(4, stack.size, generator=generator, dtype=torch.float64)
    return module, stack, states, torch.randn(4, 2, generator=generator, dtype=torch.float64)


def torch_step(module, stack, state, x):
    """One step of torch's own layer, from and to one flat state."""
    parts = state.reshape(module.num_layers, stack.parts, 1, module.hidden_size)
    hidden = tuple(parts[:, p].contiguous() for p in range(stack.parts))
    _, after = module(x[None, None], hidden if stack.parts == 2 else hidden[0])
    after = after if isinstance(after, tuple) else (after,)
    return torch.stack([part[:, 0] for part in after], dim=1).flatten()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", LAYERS)
def test_steps_and_derivatives_are_those_of_torch(kind, layers, bias):
    module, stack, states, inputs = made(kind, layers, bias=bias)
    after = stack.advance(states, inputs)
    by_state, by_input = stack.jacobians(states, inputs)
    for row in range(len(states)):
        expected = torch_step(module, stack, states[row], inputs[row])
        torch.testing.assert_close(after[row], expected.detach(), rtol=0, atol=1e-14)
        a, b = torch.autograd.functional.jacobian(
            lambda h, x: torch_step(module, stack, h, x), (states[row], inputs[row])
        )
        torch.testing.assert_close(by_state[row], a, rtol=0, atol=1e-14)
        torch.testing.assert_close(by_input[row], b, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", LAYERS)
def test_pushed_directions_are_jacobians_times_directions(kind, layers):
    _, stack, states, inputs = made(kind, layers)
    moved, driven = torch.randn(4, stack.size, 3, dtype=torch.float64), torch.randn(4, 2, 3, dtype=torch.float64)
    by_state, by_input = stack.jacobians(states, inputs)
    after, pushed = stack.push(states, inputs, moved, driven)
    torch.testing.assert_close(after, stack.advance(states, inputs), rtol=0, atol=0)
    torch.testing.assert_close(pushed, by_state @ moved + by_input @ driven, rtol=0, atol=1e-13)
    still = stack.push(states, inputs, moved, None)[1]
    torch.testing.assert_close(still, by_state @ moved, rtol=0, atol=1e-13)


def test_a_reservoir_is_a_leaky_layer():
    reservoir = draw_reservoir(Reservoir(connections=3, leak=0.3, spectral_radius=1.2), units=6, inputs=2, seed=0)
    stack = reservoir_stack(reservoir)
    (weights,) = stack.layers
    generator = torch.Generator().manual_seed(0)
    states, inputs = (torch.randn(3, n, generator=generator, dtype=torch.float64) for n in (6, 2))
    leak = torch.full((6,), 0.3, dtype=torch.float64)

    def kernel(h, x):
        gates = x @ weights.input.T + weights.input_bias
        return STEPS[CELLS["leaky"]](gates, h @ weights.hidden.T, (h, None), leak)[0]

    torch.testing.assert_close(stack.advance(states, inputs), kernel(states, inputs), rtol=0, atol=1e-14)
    by_state, by_input = stack.jacobians(states, inputs)
    for row in range(3):
        expected = torch.func.jacrev(kernel, argnums=(0, 1))(states[row], inputs[row])
        torch.testing.assert_close(by_state[row], expected[0], rtol=0, atol=1e-13)
        torch.testing.assert_close(by_input[row], expected[1], rtol=0, atol=1e-13)


def test_many_states_are_worked_through_in_blocks():
    _, stack, _, _ = made("gru", hidden=32)
    states = torch.randn(1000, 32, dtype=torch.float64)
    whole = stack.jacobians(states, torch.zeros(1000, 2, dtype=torch.float64))[0]
    for row in (0, 255, 256, 999):
        alone = stack.jacobians(states[row : row + 1], torch.zeros(1, 2, dtype=torch.float64))[0][0]
        torch.testing.assert_close(whole[row], alone, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_no_second_derivative_exceeds_its_bound(kind, layers):
    _, stack, states, inputs = made(kind, layers)
    radius, distance = 0.3, 1e-5
    generator = torch.Generator().manual_seed(2)
    bound = stack.curvature(states[0], radius)
    largest = 0.0
    for _ in range(50):
        around, along = torch.randn(2, stack.size, generator=generator, dtype=torch.float64)
        at = states[0] + 0.99 * radius * around / around.norm()
        pair = torch.stack([at, at + distance * along / along.norm()])
        a, b = stack.jacobians(pair, inputs[:1].expand(2, -1))[0]
        largest = max(largest, float(torch.linalg.matrix_norm(a - b, ord=2)) / distance)
    assert 0.01 * bound / stack.size < largest < bound


def test_the_bound_of_a_single_unit_is_sharp_enough():
    # h' = tanh(w h): |h''| ≤ w² · 4/(3√3), reached where tanh² = 1/3
    unit = nn.RNN(1, 1, bias=False).double()
    with torch.no_grad():
        unit.weight_hh_l0.fill_(3.0)
    assert stack_of(unit).curvature(torch.zeros(1, dtype=torch.float64), 1.0) == pytest.approx(9 * 4 / 3**1.5)


def test_the_layers_of_pendula_are_known_too():
    assert stack_of(pendula.nn.LSTM(1, 4, num_layers=2)).size == 16
    assert stack_of(nn.Linear(1, 1)) is None
    assert isinstance(stack_of(pendula.nn.RNN(1, 4)), LayerStack)


@pytest.mark.parametrize("settings", [{"bidirectional": True}, {"proj_size": 2}])
def test_layers_that_are_no_map_of_their_output_are_refused(settings):
    with pytest.raises(
        ArgumentError,
        match="`layer` must be causal, and its state its output",
    ):
        stack_of(nn.LSTM(1, 4, **settings))
