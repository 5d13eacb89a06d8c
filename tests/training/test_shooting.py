"""Residuals and Jacobian of multiple shooting: against back-propagation through time and against differences."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.nn import AddedRate, IntegratorCell, unroll
from pendula.systems import Oscillator
from pendula.training import Shooting, sensitivities

DT = 0.1


def pendulum():
    network = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    with torch.no_grad():
        for each in network.parameters():
            each.copy_(0.3 * torch.randn(each.shape, generator=torch.manual_seed(2), dtype=torch.float64))
    added = AddedRate(network, reads=["v"], writes=["v"])
    return IntegratorCell("pendulum", dt=DT, learn=["gamma", "drive_frequency"], added=added)


def shooting(*, samples=23, segment=7):
    values = np.random.default_rng(0).normal(size=(samples, 1))
    values[[3, 11]] = np.nan
    return Shooting(cell=pendulum(), values=values, observed=(0,), segment=segment)


def test_sensitivities_are_those_of_back_propagation_through_time():
    cell = pendulum()
    initial = torch.tensor([[0.4, -1.0], [1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    start = torch.tensor([0.0, 3.0], dtype=torch.float64)
    run = unroll(cell, initial, 8, start=start)
    at = {name: each.detach() for name, each in cell.named_parameters()}
    flow, slope = sensitivities(cell, run.detach(), at=at, start=start)
    for row in range(2):
        for component in range(2):
            grads = torch.autograd.grad(run[row, 8, component], [initial, *cell.parameters()], retain_graph=True)
            np.testing.assert_allclose(flow[row, 8, component], grads[0][row], rtol=1e-11, atol=1e-13)
            through = torch.cat([each.flatten() for each in grads[1:]])
            np.testing.assert_allclose(slope[row, 8, component], through, rtol=1e-11, atol=1e-13)


def test_the_jacobian_is_that_of_differences():
    problem, scale = shooting(), np.array([1.0, 2.0])
    rng = np.random.default_rng(1)
    at = problem.unknowns(rng.normal(size=(problem.segments, 2)))
    exact = problem.jacobian(at, weight=3.0, scale=scale)
    for column in range(len(at)):
        shift = np.zeros_like(at)
        shift[column] = 1e-6
        high, low = (problem.residuals(at + side * shift, weight=3.0, scale=scale) for side in (1, -1))
        np.testing.assert_allclose(exact[:, column], (high - low) / 2e-6, rtol=1e-6, atol=1e-7)


def test_on_the_true_trajectory_nothing_is_left():
    cell = IntegratorCell("oscillator", dt=DT, learn=["gamma"])
    truth = unroll(cell, torch.tensor([1.0, 0.0], dtype=torch.float64), 49).detach().numpy()
    problem = Shooting(cell=cell, values=truth[:, :1].copy(), observed=(0,), segment=10)
    residuals = problem.residuals(problem.unknowns(truth[::10]), weight=100.0, scale=np.ones(2))
    assert len(residuals) == 50 + 4 * 2
    np.testing.assert_allclose(residuals, 0.0, atol=1e-11)


def test_what_was_not_measured_does_not_count():
    problem = shooting()
    at = problem.unknowns(problem.first_nodes())
    for made in (
        problem.residuals(at, weight=1.0, scale=np.ones(2))[[3, 11]],
        problem.jacobian(at, weight=1.0, scale=np.ones(2))[[3, 11]],
        problem.residuals(at, weight=1.0, scale=np.ones(2))[23:28],  # beyond the record, in the last segment
    ):
        np.testing.assert_array_equal(made, 0.0)


def test_unknowns_are_joined_and_parted():
    problem = shooting()
    nodes = np.arange(2.0 * problem.segments).reshape(-1, 2)
    at, parted = problem.split(problem.unknowns(nodes))
    np.testing.assert_array_equal(parted, nodes)
    for name, each in problem.cell.named_parameters():
        np.testing.assert_array_equal(at[name], each.detach())


def test_a_run_to_infinity_is_a_large_residual():
    cell = IntegratorCell(Oscillator(), dt=DT, learn=["gamma"])
    problem = Shooting(cell=cell, values=np.ones((40, 1)), observed=(0,), segment=20)
    at = problem.unknowns(problem.first_nodes())
    at[0] = -1e30
    residuals = problem.residuals(at, weight=1.0, scale=np.ones(2))
    assert np.isfinite(residuals).all()
    assert np.abs(residuals).max() >= 1e6
    assert np.isfinite(problem.jacobian(at, weight=1.0, scale=np.ones(2))).all()


def test_mistakes_are_named():
    cell = IntegratorCell("oscillator", dt=DT, learn=["gamma"])
    with pytest.raises(ShapeError, match=r"`values` must have a channel for each observed .*\(time, 1\), got \(9, 2\)"):
        Shooting(cell=cell, values=np.ones((9, 2)), observed=(0,), segment=3)
    with pytest.raises(ArgumentError, match=r"`segment` must be positive: expected 1 step or more, got 0"):
        Shooting(cell=cell, values=np.ones((9, 1)), observed=(0,), segment=0)
    with pytest.raises(DataError, match=r"`values` must hold measurements: expected at least one, got none"):
        Shooting(cell=cell, values=np.full((9, 1), np.nan), observed=(0,), segment=3)
