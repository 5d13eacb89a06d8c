import numpy as np
import pytest
import torch

from pendula.systems import MackeyGlass, integrate_delay, simulate


def test_jaegers_series_step_by_step():
    x, past = [1.2], [1.2] * 170
    for k in range(5000):
        delayed = past[k] if k < 170 else x[k - 170]
        x.append(x[k] + 0.1 * (0.2 * delayed / (1 + delayed**10) - 0.1 * x[k]))
    series = simulate("mackey-glass", method="euler", duration=500)
    np.testing.assert_allclose(series["x"], x[:5000:10], rtol=1e-10)
    np.testing.assert_array_equal(series["time"], np.arange(500.0))
    assert series.attrs["substeps"] == 10


def test_fixed_point_stays(fact):
    system = MackeyGlass(tau=5.0, beta=0.4)
    point = fact(system, "fixed point")
    np.testing.assert_allclose(system.derivative(0.0, (point,), (point,)), 0.0, atol=1e-14)
    run = integrate_delay(system.derivative, [point], delay=5.0, dt=0.5, samples=200)
    np.testing.assert_allclose(run, point, rtol=1e-12)


def test_largest_exponent(fact):
    def rate(t, state, past):
        (x, dx), (y, dy) = state, past
        w = y**10
        return 0.2 * y / (1 + w) - 0.1 * x, 0.2 * (1 - 9 * w) / (1 + w) ** 2 * dy - 0.1 * dx

    run = integrate_delay(rate, [1.2, 1.0], delay=17.0, dt=1.0, samples=20_000)
    size = np.log(np.abs(run[:, 1]).reshape(-1, 100).max(axis=1))
    measured = (size[-1] - size[10]) / (100 * (len(size) - 11))
    np.testing.assert_allclose(measured, fact(MackeyGlass(), "largest Lyapunov exponent"), atol=1.5e-3)


def test_facts_depend_on_the_parameters():
    assert [each.name for each in MackeyGlass(tau=30.0).facts()] == ["fixed point"]
    assert MackeyGlass(beta=0.05).facts() == ()


def test_derivative_runs_on_tensors():
    x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    past = torch.tensor([0.9, 1.1], dtype=torch.float64, requires_grad=True)
    (rate,) = MackeyGlass().derivative(0.0, (x,), (past,))
    rate.sum().backward()
    w = past.detach() ** 10
    np.testing.assert_allclose(x.grad, [-0.1, -0.1])
    np.testing.assert_allclose(past.grad, 0.2 * (1 - 9 * w) / (1 + w) ** 2)
    floats = [MackeyGlass().derivative(0.0, (a,), (b,))[0] for a, b in [(0.5, 0.9), (1.5, 1.1)]]
    np.testing.assert_allclose(rate.detach(), floats, rtol=1e-13)


@pytest.mark.parametrize("trajectories", [2, 9])
def test_trajectories_start_from_their_own_constant_past(trajectories):
    series = simulate("mackey-glass", trajectories=trajectories, duration=60, spread=0.2, seed=3)
    blocks = series["x"].values.reshape(trajectories, 60)
    for block in blocks:
        alone = simulate("mackey-glass", initial=[block[0]], duration=60)
        np.testing.assert_allclose(block, alone["x"], rtol=1e-9)
