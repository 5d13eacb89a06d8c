"""Next-generation reservoirs in closed loop: the maps that they are, and autograd, are the oracles."""

import math

import numpy as np
import pytest
import torch

from pendula.dynamics import LyapunovSettings, PolynomialDynamics, find_fixed_points, lyapunov_spectrum, system_spectrum
from pendula.nn import NextGeneration, PolynomialMember
from pendula.nn.next_generation import monomials


def member_of(settings, channels, readout, constant):
    member = PolynomialMember(settings, channels)
    member.put_readout(np.array(readout, float), np.array(constant, float))
    return PolynomialDynamics(member=member, channels=channels)


def henon():
    # x' = 1 − 1.4 x² + 0.3 x₋: of x, x₋, x², x x₋, x₋²
    return member_of(NextGeneration(delays=2), 1, [[0.0], [0.3], [-1.4], [0.0], [0.0]], [1.0])


def test_henon_in_delays_has_its_exponents_and_fixed_points():
    loop = henon().closed_loop()
    starts = 0.01 * torch.randn(100, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = lyapunov_spectrum(loop, starts, LyapunovSettings(steps=4000, transient=200))
    assert float(found.exponents[0]) == pytest.approx(0.4192, abs=2e-3)
    assert float(found.exponents.sum()) == pytest.approx(math.log(0.3), abs=1e-9)  # the determinant is −0.3 everywhere
    theirs = system_spectrum("henon", duration=4000.0, trajectories=100, spread=0.01).exponents
    np.testing.assert_allclose(found.exponents.numpy(), theirs.numpy(), atol=4e-3)
    points = find_fixed_points(loop, starts).points
    roots = np.roots([1.4, 0.7, -1.0])  # x = 1 − 1.4 x² + 0.3 x
    np.testing.assert_allclose(sorted(float(point.state[0]) for point in points), sorted(roots), atol=1e-9)


def test_the_logistic_map_at_4_has_the_exponent_ln_2():
    loop = member_of(NextGeneration(delays=1), 1, [[4.0], [-4.0]], [0.0]).closed_loop()
    starts = torch.rand(200, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = lyapunov_spectrum(loop, starts, LyapunovSettings(steps=4000, transient=50))
    assert float(found.exponents[0]) == pytest.approx(math.log(2), abs=2e-3)


@pytest.mark.parametrize("settings", [NextGeneration(delays=3, stride=2, degree=3), NextGeneration(degree=1)])
def test_jacobians_are_those_of_complex_steps(settings):
    random = np.random.default_rng(0)
    dynamics = member_of(settings, 2, random.normal(size=(settings.features(2), 2)), random.normal(size=2))
    loop, states = dynamics.closed_loop(), random.normal(size=(4, dynamics.size))
    jacobians = loop.jacobian(torch.from_numpy(states)).numpy()
    following = loop.step(torch.from_numpy(states)).numpy()
    seen = [2 * place + channel for place in range(settings.memory - 1, -1, -settings.stride) for channel in range(2)]
    readout, constant = dynamics.member.readout.numpy(), dynamics.member.constant.numpy()
    np.testing.assert_allclose(following[:, -2:], monomials(states[:, seen], settings.degree) @ readout + constant)
    np.testing.assert_array_equal(following[:, :-2], states[:, 2:])
    tensor = torch.from_numpy(states[0]).requires_grad_()
    by_autograd = torch.autograd.functional.jacobian(lambda state: loop.step(state[None])[0], tensor)
    np.testing.assert_allclose(jacobians[0], by_autograd.numpy(), rtol=1e-12, atol=1e-13)
    directions = random.normal(size=(4, dynamics.size, 3))
    after, pushed = loop.push(torch.from_numpy(states), torch.from_numpy(directions))
    np.testing.assert_array_equal(after.numpy(), following)
    np.testing.assert_allclose(pushed.numpy(), jacobians @ directions, rtol=1e-12, atol=1e-13)


def test_what_is_remembered_is_the_last_values_alone():
    dynamics = member_of(NextGeneration(delays=2, stride=2), 1, np.zeros((5, 1)), [0.0])
    values = torch.arange(6, dtype=torch.float64)[:, None]
    hidden, states = dynamics.teach(values)
    assert hidden.shape == (6, 3)
    assert states.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert dynamics.values(states)[:, 0, 0].tolist() == [2, 3, 4, 5]
    stepped = dynamics.net.advance(states[:1], values[3:4])
    assert stepped.tolist() == [[1, 2, 3]]
    by_state, by_input = dynamics.net.jacobians(states[:1], values[3:4])
    assert by_state[0].tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert by_input[0].tolist() == [[0], [0], [1]]
