"""Forecasting by an equation: the filter against closed forms, the array step against the differentiable one."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError
from pendula.nn import (
    Equation,
    Estimate,
    IntegratorCell,
    IntegratorForecaster,
    Network,
    StateFilter,
    array_step,
    unroll,
)
from pendula.systems import SYSTEMS, Flow, Oscillator, make_system

FLOWS = [name for name, kind in SYSTEMS.items() if issubclass(kind, Flow)]


def forecaster(equation, observed, *, dt=0.1, units=0, noise=1e-3):
    made = IntegratorForecaster(Network(cell="integrator", hidden_size=units, equation=equation), observed, dt=dt)
    made.noise.fill_(noise)
    return made.requires_grad_(requires_grad=False)


@pytest.mark.parametrize("name", FLOWS)
def test_a_step_on_arrays_is_the_cells_own(name):
    system = make_system(name)
    cell = IntegratorCell(name, dt=0.02, substeps=2)
    state = np.array(system.initial_state)
    expected = cell(torch.from_numpy(state), 0.3).detach()
    np.testing.assert_allclose(array_step(cell)(0.3, state), expected, rtol=1e-14, atol=1e-14)


def test_a_network_beside_the_equation_is_in_the_step_on_arrays():
    made = forecaster(Equation(system="duffing", writes=("x", "v")), ["x"], units=5)
    generator = torch.manual_seed(0)
    for weights in made.cell.added.parameters():
        weights.copy_(torch.randn(weights.shape, generator=generator))
    states = torch.randn(7, 2, dtype=torch.float64, generator=generator)
    np.testing.assert_allclose(
        array_step(made.cell)(1.0, states.numpy().T).T, made.cell(states, 1.0), rtol=1e-13, atol=1e-13
    )


def test_a_right_hand_side_of_ones_own_does_not_run_on_arrays():
    cell = IntegratorCell(lambda _, state: (state[0],), dt=0.1, components=["x"])
    with pytest.raises(ArgumentError, match=r"`cell` must hold a flow of pendula.systems"):
        array_step(cell)


def test_the_filter_solves_the_least_squares_problem_of_a_linear_equation():
    # Without drift, mean and covariance are those of weighted least squares for the state, by normal equations.
    truth = Oscillator(gamma=0.1, drive=0.0)
    cell, generator = IntegratorCell(truth, dt=0.1), np.random.default_rng(0)
    values = truth.exact(0.1 * np.arange(30))[:, :1] + 0.05 * generator.normal(size=(30, 1))
    trusted = StateFilter(step=array_step(cell), dt=0.1, observed=(0,), noise=np.array([0.05]), drift=np.zeros(2))
    known = Estimate(np.zeros((1, 2)), np.eye(2)[None], np.zeros(1))
    for row in values:
        known = trusted.take(known, row[None])
    columns = unroll(cell, torch.eye(2, dtype=torch.float64), 30).numpy()  # start, time, component
    measured = columns[:, :30, 0].T / 0.05
    information = measured.T @ measured + np.eye(2)
    initial = np.linalg.solve(information, measured.T @ values[:, 0] / 0.05)
    end = columns[:, 30].T
    np.testing.assert_allclose(known.mean[0], end @ initial, rtol=1e-9)
    np.testing.assert_allclose(known.covariance[0], end @ np.linalg.inv(information) @ end.T, rtol=1e-8)


def test_a_hidden_velocity_is_found_and_the_run_is_the_solution():
    truth = Oscillator(gamma=0.1, drive=0.0)
    made = forecaster(Equation(system="oscillator", known={"gamma": 0.1, "drive": 0.0}), ["x"])
    exact = truth.exact(0.1 * np.arange(150))[:, 0]
    run = made.free_run(torch.from_numpy(exact[None, :50, None]), 100)[0, :, 0]
    np.testing.assert_allclose(run, exact[50:], atol=2e-5)


def test_a_driven_equation_follows_the_clock():
    truth, made = Oscillator(), forecaster(Equation(system="oscillator"), ["x"])
    exact = truth.exact(0.1 * np.arange(300))[:, 0]
    contexts = torch.from_numpy(np.stack([exact[:60], exact[77:137]])[..., None])
    run = made.free_run(contexts, 100, start=np.array([0.0, 7.7]))[..., 0]
    np.testing.assert_allclose(run, np.stack([exact[60:160], exact[137:237]]), atol=1e-4)


def test_predictions_do_not_depend_on_how_the_series_is_cut():
    made = forecaster(Equation(system="pendulum"), ["theta"])
    series = torch.randn(3, 12, 1, dtype=torch.float64, generator=torch.manual_seed(0))
    whole, end = made(series)
    first, state = made(series[:, :5])
    second, again = made(series[:, 5:], state)
    assert torch.equal(whole, torch.cat([first, second], dim=1))
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(end, again, strict=True))


def test_runs_along_a_series_are_those_from_its_start():
    made = forecaster(Equation(system="lorenz63"), ["x"], dt=0.01)
    series = np.cumsum(np.random.default_rng(0).normal(size=(40, 1)), axis=0)
    origins = np.array([10, 25, 40])
    along = made.free_runs_along(series, origins, 5)
    alone = [made.free_run(torch.from_numpy(series[None, :row]), 5)[0] for row in origins]
    np.testing.assert_allclose(along, np.stack(alone), rtol=1e-12)
