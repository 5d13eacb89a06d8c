import numpy as np
import pytest
import torch

from pendula.systems import SYSTEMS, Flow, Lorenz63, Lorenz96, Rossler, integrate

FLOWS = [each() for each in SYSTEMS.values() if issubclass(each, Flow)]


def jacobian(system, t, state):
    """The Jacobian, exact to rounding, by the complex step."""
    size = len(state)
    return np.array(system.derivative(t, state[:, np.newaxis] + 1e-30j * np.eye(size))).imag / 1e-30


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_derivative_is_the_same_for_floats_arrays_and_tensors(flow):
    states = np.random.default_rng(0).normal(size=(len(flow.initial_state), 5))
    floats = np.array([flow.derivative(1.3, tuple(column.tolist())) for column in states.T]).T
    np.testing.assert_allclose(np.array(flow.derivative(1.3, states)), floats, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(np.array(flow.derivative(1.3, list(states))), floats, rtol=1e-12, atol=1e-12)
    rate = flow.derivative(1.3, torch.tensor(states))
    tensor = torch.stack(rate) if isinstance(rate, tuple) else rate
    np.testing.assert_allclose(tensor.numpy(), floats, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_gradients_flow_through_the_derivative(flow):
    state = np.random.default_rng(1).normal(size=len(flow.initial_state))

    def rate(x):
        made = flow.derivative(0.7, x)
        return torch.stack(made) if isinstance(made, tuple) else made

    ours = torch.autograd.functional.jacobian(rate, torch.tensor(state)).numpy()
    np.testing.assert_allclose(ours, jacobian(flow, 0.7, state), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_phase_space_contracts_as_the_facts_say(flow, fact):
    facts = {each.name: each.value for each in flow.facts()}
    state = np.random.default_rng(2).normal(size=len(flow.initial_state))
    divergence = np.trace(jacobian(flow, 0.3, state))
    if "sum of Lyapunov exponents" in facts:
        np.testing.assert_allclose(divergence, facts["sum of Lyapunov exponents"], rtol=1e-12)
        if "Lyapunov exponents" in facts:  # the literature's numbers are rounded
            np.testing.assert_allclose(sum(facts["Lyapunov exponents"]), divergence, atol=1e-3)
    else:
        assert flow.name in {"rossler", "van-der-pol", "fitzhugh-nagumo"}  # there it depends on the state


def test_lorenz_fixed_point_is_one(fact):
    system = Lorenz63()
    x, y, z = fact(system, "fixed point")
    np.testing.assert_allclose(system.derivative(0.0, (x, y, z)), 0.0, atol=1e-12)
    np.testing.assert_allclose(system.derivative(0.0, (-x, -y, z)), 0.0, atol=1e-12)
    assert "fixed point" not in {each.name for each in Lorenz63(rho=0.5).facts()}


def test_lorenz_exponents(lyapunov_spectrum, fact):
    system = Lorenz63()
    measured = lyapunov_spectrum(system, dt=0.01, steps=15_000, count=3)
    np.testing.assert_allclose(measured, fact(system, "Lyapunov exponents"), atol=0.05)


def test_rossler_exponents(lyapunov_spectrum, fact):
    system = Rossler()
    measured = lyapunov_spectrum(system, dt=0.05, steps=15_000, count=2)
    np.testing.assert_allclose(measured, fact(system, "Lyapunov exponents")[:2], atol=0.01)


def test_lorenz96_exponent_and_doubling_time(lyapunov_spectrum, fact):
    system = Lorenz96()
    (measured,) = lyapunov_spectrum(system, dt=0.05, steps=4000, count=1)
    np.testing.assert_allclose(measured, fact(system, "largest Lyapunov exponent"), atol=0.15)
    np.testing.assert_allclose(np.log(2) / measured, fact(system, "doubling time of small errors"), atol=0.04)


def test_lorenz96_sites_are_alike():
    system = Lorenz96(sites=7)
    state = np.random.default_rng(0).normal(size=7)
    turned = np.array(system.derivative(0.0, np.roll(state, 3)))
    np.testing.assert_allclose(turned, np.roll(system.derivative(0.0, state), 3), rtol=1e-14)


def test_lorenz96_advection_conserves_energy():
    # The quadratic terms neither make nor lose energy: d/dt Σx²/2 = -Σx² + FΣx
    system = Lorenz96(sites=9, forcing=3.0)
    x = np.random.default_rng(0).normal(size=9)
    np.testing.assert_allclose(x @ system.derivative(0.0, x), -x @ x + 3.0 * x.sum(), rtol=1e-12)


def test_lorenz96_leaves_its_rest():
    system = Lorenz96()
    assert [state.name for state in system.states][::39] == ["x1", "x40"]
    run = integrate(system.derivative, system.initial_state, dt=0.05, samples=400)
    assert run[0].tolist() == [8.01, *[8.0] * 39]
    assert run[-1].std() > 2.0


def test_facts_of_changed_parameters():
    assert Rossler(c=4.0).facts() == ()
    assert [each.name for each in Lorenz96(forcing=4.0).facts()] == ["sum of Lyapunov exponents"]
