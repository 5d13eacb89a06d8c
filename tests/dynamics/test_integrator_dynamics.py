"""Equations as maps of their state: the stroboscopic map of a driven oscillator has a closed form."""

import numpy as np
import pytest
import torch

from pendula.dynamics import IntegratorDynamics, find_fixed_points, system_map
from pendula.nn import Equation, IntegratorForecaster, Network
from pendula.systems import Oscillator


def dynamics(equation, *, observed=("x",), dt=0.1, rows=50, start=0.0):
    network = Network(cell="integrator", equation=equation)
    made = IntegratorForecaster(network, observed, dt=dt).requires_grad_(requires_grad=False)
    made.noise.fill_(0.01)
    series = torch.sin(0.1 * torch.arange(rows, dtype=torch.float64))[:, None].expand(-1, len(observed))
    return IntegratorDynamics.of(made, series, start=start), series


def test_an_equation_without_drive_is_its_own_map():
    made, _ = dynamics(Equation(system="lorenz63"), dt=0.01)
    states = torch.randn(5, 3, dtype=torch.float64, generator=torch.manual_seed(0))
    ours, theirs = made.closed_loop(), system_map("lorenz63", dt=0.01)
    np.testing.assert_allclose(ours.step(states), theirs.step(states), rtol=1e-13)
    np.testing.assert_allclose(ours.jacobian(states), theirs.jacobian(states), rtol=1e-12, atol=1e-13)
    assert made.pace == 1


def test_the_fixed_point_of_a_driven_oscillator_is_its_steady_state():
    truth = Oscillator(gamma=0.2, drive=1.0, drive_frequency=0.5)
    made, series = dynamics(Equation(system="oscillator"), start=3.0)
    assert made.pace * 0.1 == pytest.approx(4 * np.pi)
    _, states = made.teach(series)
    (point,) = find_fixed_points(made.closed_loop(), states).points
    end = 3.0 + 0.1 * len(series)
    steady = truth.exact([end + 40 * np.pi])[0]  # ten periods later the start is forgotten to e^(-25)
    np.testing.assert_allclose(point.state, steady, atol=1e-5)
    multipliers = torch.linalg.eigvals(made.closed_loop().jacobian(point.state[None])[0]).abs()
    np.testing.assert_allclose(multipliers, np.exp(-0.2 * 4 * np.pi), rtol=1e-5)


def test_the_filter_with_its_mean_gain_follows_the_record():
    made, series = dynamics(Equation(system="oscillator", known={"drive": 0.0}), rows=400)
    net, inputs = made.net, made.inputs(series)
    states = torch.tensor([[3.0, -2.0], [-1.0, 4.0]], dtype=torch.float64)
    for row in inputs:
        states = net.advance(states, row.expand(2, -1))
    assert float((states[0] - states[1]).abs().max()) < 1e-2


@pytest.mark.parametrize("driven", [True, False])
def test_derivatives_of_the_filter_are_those_of_its_steps(driven):
    made, series = dynamics(Equation(system="pendulum", known={} if driven else {"drive": 0.0}), observed=("theta",))
    states, inputs = torch.tensor([[0.3, -0.7]], dtype=torch.float64), made.inputs(series)[-1:]
    by_state, by_input = made.net.jacobians(states, inputs)
    joined, size = torch.cat([states, inputs], dim=1), 1e-6
    for column in range(joined.shape[1]):
        moved = torch.zeros_like(joined)
        moved[0, column] = size
        ends = [made.net.advance(each[:, :2], each[:, 2:]) for each in (joined + moved, joined - moved)]
        slope = torch.cat([by_state, by_input], dim=2)[0, :, column]
        np.testing.assert_allclose((ends[0] - ends[1])[0] / (2 * size), slope, atol=1e-8)
    assert (made.driven(series[0]) is None) == driven


def test_the_path_between_two_periods_is_the_cells_own():
    made, series = dynamics(Equation(system="oscillator"))
    state = made.teach(series)[1][-1:]
    path = made.trace(state, steps=20)
    run = made.forecaster.free_run(series[None], 20)[0]
    np.testing.assert_allclose(path[:, :1], run, rtol=1e-12)
