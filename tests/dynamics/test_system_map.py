"""Variational equations of the systems: autograd, the literature and conservation of volume are the oracles."""

import math

import pytest
import torch

from pendula.dynamics import find_fixed_points, system_map, system_spectrum
from pendula.errors import ArgumentError
from pendula.systems import Lorenz63, VanDerPol, make_system, rk4_step


@pytest.mark.parametrize("name", ["lorenz63", "rossler", "lorenz96", "fitzhugh-nagumo"])
def test_the_complex_step_is_the_derivative_of_the_integrator(name):
    system = make_system(name)
    of = system_map(system, dt=0.02)
    state = torch.tensor(system.initial_state, dtype=torch.float64) + 0.3

    def step(h):
        after = rk4_step(system.derivative, 0.0, tuple(h) if name != "lorenz96" else h, 0.02)
        return torch.stack(after) if isinstance(after, tuple) else after

    torch.testing.assert_close(of.step(state[None])[0], step(state), rtol=1e-14, atol=1e-14)
    expected = torch.autograd.functional.jacobian(step, state)
    torch.testing.assert_close(of.jacobian(state[None])[0], expected, rtol=0, atol=1e-13)


def test_lorenz_has_its_exponents():
    spectrum = system_spectrum("lorenz63", dt=0.02, duration=40.0, transient=10.0, trajectories=3000)
    assert float(spectrum.exponents[0]) == pytest.approx(0.9056, abs=0.002)
    assert float(spectrum.exponents[1]) == pytest.approx(0.0, abs=0.002)
    assert float(spectrum.exponents[2]) == pytest.approx(-14.572, abs=0.01)
    assert spectrum.dimension == pytest.approx(2.062, abs=0.001)
    assert float(spectrum.exponents.sum()) == pytest.approx(-(10 + 1 + 8 / 3), abs=3e-3)  # of RK4 with step 0.02


def test_a_driven_oscillator_contracts_areas_by_its_damping():
    spectrum = system_spectrum("oscillator", dt=0.02, duration=10.0, transient=2.0, trajectories=2)
    assert float(spectrum.exponents.sum()) == pytest.approx(-2 * make_system("oscillator").gamma, rel=1e-6)


def test_a_limit_cycle_has_one_exponent_zero():
    spectrum = system_spectrum(VanDerPol(), dt=0.02, duration=80.0, transient=20.0, trajectories=3)
    assert abs(float(spectrum.exponents[0])) < 1e-4
    assert float(spectrum.exponents[1]) < -0.5
    assert spectrum.dimension == pytest.approx(1.0)


def test_the_fixed_points_of_a_flow_are_those_of_its_map():
    visited = torch.randn(200, 3, dtype=torch.float64) * torch.tensor([8.0, 9.0, 8.0]) + torch.tensor([0.0, 0.0, 25.0])
    found = find_fixed_points(system_map(Lorenz63(), dt=0.01), visited)
    x = math.sqrt(8 / 3 * 27)
    expected = [[-x, -x, 27.0], [0.0, 0.0, 0.0], [x, x, 27.0]]
    states = sorted(point.state.tolist() for point in found.points)
    torch.testing.assert_close(torch.tensor(states), torch.tensor(expected), rtol=0, atol=1e-6)
    assert {point.stability.kind for point in found.points} == {"saddle"}


def test_what_is_no_autonomous_map_is_named():
    with pytest.raises(ArgumentError, match="`system` must be autonomous: the rate of `duffing` depends on time"):
        system_map("duffing")
    with pytest.raises(ArgumentError, match="`system` must be a flow or a map: got `mackey-glass`"):
        system_spectrum("mackey-glass")
