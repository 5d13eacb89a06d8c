import numpy as np
import torch

from pendula.systems import Lorenz63, Lorenz96, Oscillator, euler_step, rk4_step
from pendula.systems.steps import advance


def test_euler_is_the_textbook_update():
    # v_(i+1) = v_i + Δt (F_i - 2γ v_i - x_i)
    system = Oscillator(gamma=0.5)
    x, v = euler_step(system.derivative, 0.0, (2.0, 3.0), 0.1)
    np.testing.assert_allclose([x, v], [2.0 + 0.1 * 3.0, 3.0 + 0.1 * (1.0 - 3.0 - 2.0)])


def test_linear_step_is_the_truncated_exponential():
    for size in (1, 2, 3):
        matrix = np.random.default_rng(size).normal(size=(size, size))
        state = np.random.default_rng(0).normal(size=size)

        def rate(t, x, matrix=matrix):
            return tuple((matrix @ np.array(x)).tolist())

        h = 0.3 * matrix
        expected = (np.eye(size) + h + h @ h / 2 + h @ h @ h / 6 + h @ h @ h @ h / 24) @ state
        np.testing.assert_allclose(rk4_step(rate, 0.0, tuple(state.tolist()), 0.3), expected, rtol=1e-13)
        np.testing.assert_allclose(euler_step(rate, 0.0, tuple(state.tolist()), 0.3), state + h @ state, rtol=1e-13)


def test_pure_quadrature_is_simpsons_rule():
    # Simpson's rule is exact for cubics
    (x,) = rk4_step(lambda t, _: (4 * t**3,), 1.0, (1.0,), 2.0)
    assert x == 81.0


def test_steps_agree_on_floats_arrays_and_tensors():
    for system in (Oscillator(), Lorenz63(), Lorenz96(sites=6)):
        state = np.random.default_rng(0).normal(size=len(system.initial_state))
        for step in (euler_step, rk4_step):
            expected = step(system.derivative, 0.4, tuple(state.tolist()), 0.05)
            np.testing.assert_allclose(np.array(step(system.derivative, 0.4, state, 0.05)), expected, rtol=1e-13)
            tensor = step(system.derivative, 0.4, torch.tensor(state), 0.05)
            np.testing.assert_allclose(np.array([float(each) for each in tensor]), expected, rtol=1e-13)


def test_gradients_flow_through_steps():
    system = Oscillator()
    start = torch.tensor([1.0, 0.5], dtype=torch.float64, requires_grad=True)
    gamma = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)

    def unrolled(state, damping):
        bound = system.bind({"gamma": damping})
        for k in range(5):
            state = rk4_step(bound.derivative, 0.1 * k, state, 0.1)
        return torch.stack(state)

    assert torch.autograd.gradcheck(unrolled, (start, gamma))


def test_advance_keeps_tuples_and_arrays():
    assert advance((1.0, 2.0, 3.0), (1.0, 1.0, 1.0), 0.5) == (1.5, 2.5, 3.5)
    np.testing.assert_array_equal(advance(np.array([1.0, 2.0]), np.array([2.0, 4.0]), 0.5), [2.0, 4.0])
