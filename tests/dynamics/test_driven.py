"""Any torch module with a state is a dynamical system: here, cells written in this file."""

import pytest
import torch
from torch import nn

from pendula.dynamics import (
    FixedPointSearch,
    as_net,
    find_fixed_points,
    hold_input,
    lyapunov_spectrum,
    system_map,
)
from pendula.errors import ArgumentError, ShapeError
from pendula.nn.integrator_cell import IntegratorCell


class Predator(nn.Module):
    """A cell of its own kind: a state of two tensors in a dict, one of them a matrix; it returns output and state."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(4, 4)

    def forward(self, x, state):
        fast = torch.sin(self.mix(torch.cat([state["fast"], x, x], dim=1))[:, :2])
        slow = 0.9 * state["slow"] + 0.1 * torch.einsum("bi,bj->bij", fast, fast)
        return slow.sum(dim=(1, 2)), {"fast": fast, "slow": slow}


class Autonomous(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(2.0 * torch.eye(3))

    def forward(self, state):
        return torch.tanh(state @ self.weight)


def predator():
    torch.manual_seed(0)
    module = Predator()
    return module, as_net(module, state={"fast": torch.zeros(1, 2), "slow": torch.zeros(1, 2, 2)}, input_size=1)


def test_a_cell_of_ones_own_is_stepped_and_differentiated():
    module, net = predator()
    assert net.size == 6
    states, inputs = torch.randn(5, 6, dtype=torch.float64), torch.randn(5, 1, dtype=torch.float64)

    def flat(h, x):
        _, after = module.double()(x[None], {"fast": h[None, :2], "slow": h[None, 2:].reshape(1, 2, 2)})
        return torch.cat([after["fast"].flatten(), after["slow"].flatten()])

    by_state, by_input = net.jacobians(states, inputs)
    moved, driven = torch.randn(5, 6, 2, dtype=torch.float64), torch.randn(5, 1, 2, dtype=torch.float64)
    after, pushed = net.push(states, inputs, moved, driven)
    for row in range(5):
        torch.testing.assert_close(net.advance(states, inputs)[row], flat(states[row], inputs[row]).detach())
        a, b = torch.autograd.functional.jacobian(flat, (states[row], inputs[row]))
        torch.testing.assert_close(by_state[row], a, rtol=0, atol=1e-14)
        torch.testing.assert_close(by_input[row], b, rtol=0, atol=1e-14)
    torch.testing.assert_close(after, net.advance(states, inputs))
    torch.testing.assert_close(pushed, by_state @ moved + by_input @ driven, rtol=0, atol=1e-13)


def test_its_fixed_points_and_exponents_are_found():
    _, net = predator()
    still = hold_input(net, torch.tensor([0.2]))
    found = find_fixed_points(still, torch.randn(50, 6, dtype=torch.float64))
    assert found.points
    assert found.points[0].residual <= 1e-12
    assert found.points[0].certificate.holds
    assert found.points[0].certificate.basis == "estimated"
    exponents = lyapunov_spectrum(still, found.points[0].state[None]).exponents
    factors = [abs(mode.eigenvalue) for mode in found.points[0].stability.modes]
    assert float(exponents[0].exp()) == pytest.approx(max(factors), abs=1e-9)


def test_a_module_without_an_input_is_a_map():
    net = as_net(Autonomous(), state=torch.zeros(1, 3), input_size=0)
    found = find_fixed_points(hold_input(net, torch.zeros(0)), torch.randn(80, 3, dtype=torch.float64))
    assert len(found.stable) == 8  # three uncoupled units with two rests each


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_the_cells_of_torch_agree_with_its_layers(cell):
    torch.manual_seed(0)
    module = cell(2, 3)
    layer = {nn.RNNCell: nn.RNN, nn.GRUCell: nn.GRU, nn.LSTMCell: nn.LSTM}[cell](2, 3)
    layer.load_state_dict({f"{name}_l0": value for name, value in module.state_dict().items()})
    zeros = torch.zeros(1, 3)
    by_func, closed = as_net(module, state=(zeros, zeros) if cell is nn.LSTMCell else zeros), as_net(layer)
    states, inputs = torch.randn(4, closed.size, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    for one, other in zip(by_func.jacobians(states, inputs), closed.jacobians(states, inputs), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-14)


def test_what_is_missing_is_named():
    with pytest.raises(ArgumentError, match="`state` must be given for a module of one's own"):
        as_net(Predator())
    with pytest.raises(ArgumentError, match="`input_size` must be given for a module that does not tell it"):
        as_net(Predator(), state=torch.zeros(1, 2))
    with pytest.raises(ShapeError, match="`state` must be made of tensors"):
        as_net(Autonomous(), state=(), input_size=0)
    with pytest.raises(ShapeError, match="`value` must hold one number for each input"):
        hold_input(as_net(nn.RNN(2, 3)), torch.zeros(1))


def test_a_module_that_does_not_return_its_state_is_refused():
    net = as_net(nn.Linear(3, 3), state=(torch.zeros(1, 3), torch.zeros(1, 1)), input_size=0)
    with pytest.raises((ShapeError, TypeError, AttributeError)):
        net.advance(torch.zeros(1, 4, dtype=torch.float64), torch.zeros(1, 0, dtype=torch.float64))
    net = as_net(Pair(), state=torch.zeros(1, 3), input_size=0)
    with pytest.raises(ShapeError, match="`module` must return its next state, alone or after an output"):
        net.advance(torch.zeros(1, 3, dtype=torch.float64), torch.zeros(1, 0, dtype=torch.float64))


class Pair(nn.Module):
    def forward(self, state):
        return state, state, state


def test_an_integrator_cell_is_a_map_of_its_state():
    cell = IntegratorCell("van-der-pol", dt=0.05)
    of = hold_input(as_net(cell, state=torch.zeros(1, 2), input_size=0), torch.zeros(0))
    states = torch.randn(5, 2, dtype=torch.float64)
    by_system = system_map("van-der-pol", dt=0.05)
    torch.testing.assert_close(of.step(states), by_system.step(states), rtol=0, atol=1e-14)
    torch.testing.assert_close(of.jacobian(states), by_system.jacobian(states), rtol=0, atol=1e-13)
    (point,) = find_fixed_points(of, states, FixedPointSearch(dt=0.05)).points
    assert (point.stability.kind, point.certificate.holds) == ("unstable focus", True)
    assert point.stability.modes[0].decay_time == pytest.approx(-2, rel=1e-3)  # of (μ ± i√(4 − μ²))/2 with μ = 1
