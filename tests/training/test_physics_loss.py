"""The physics-informed loss vanishes on solutions alone, and teaches networks without a single datum."""

import numpy as np
import pytest
import torch

from pendula.errors import ShapeError
from pendula.nn import GRU, IntegratorCell, unroll
from pendula.systems import Oscillator
from pendula.training import physics_loss, physics_residuals


def test_solutions_have_none_and_others_have_their_own_defect():
    cell = IntegratorCell("pendulum", dt=0.1)
    start = torch.tensor([0.0, 2.0], dtype=torch.float64)
    states = unroll(cell, torch.ones(2, 2, dtype=torch.float64), 10, start=start)
    assert physics_loss(cell, states, start=start).item() == 0.0
    moved = states.clone()
    moved[:, -1, 1] += 0.03
    defects = physics_residuals(cell, moved, start=start)
    np.testing.assert_allclose(defects[:, -1, 1], 0.3, rtol=1e-12)
    assert defects[:, :-1].abs().max() == 0.0


def test_the_residual_is_the_equation_as_the_step_vanishes():
    # Of x = t², v = 2t: x' - v = 0, v' + 2γv + x - F cos Ωt = 2 + 4γt + t² - F cos Ωt.
    for dt, tolerance in ((1e-2, 5e-2), (1e-4, 5e-4)):
        t = dt * torch.arange(101, dtype=torch.float64)
        residuals = physics_residuals(IntegratorCell("oscillator", dt=dt), torch.stack([t**2, 2 * t], -1)[None])[0]
        expected = 2 + 0.8 * t + t**2 - torch.cos(0.5 * t)
        np.testing.assert_allclose(residuals[:, 1], expected[:-1], atol=tolerance)


def test_parameters_of_the_equation_receive_gradients():
    cell = IntegratorCell(Oscillator(gamma=0.1), dt=0.05, learn=["gamma"])
    states = torch.as_tensor(Oscillator(gamma=0.3).exact(0.05 * np.arange(100)))[None]
    descent = torch.optim.LBFGS(cell.parameters(), line_search_fn="strong_wolfe")

    def loss():
        descent.zero_grad()
        value = physics_loss(cell, states)
        value.backward()
        return value

    descent.step(loss)
    assert cell.learned["gamma"].item() == pytest.approx(0.3, rel=1e-4)


def test_a_recurrent_network_learns_a_solution_from_the_equation_alone():
    cell = IntegratorCell(Oscillator(drive=0.0), dt=0.2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network, head = GRU(1, 16, batch_first=True), torch.nn.Linear(16, 2)
    initial, times = torch.tensor([1.0, 0.0]), 0.2 * torch.arange(25.0)[None, :, None]
    descent = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=2e-2)
    for _ in range(300):
        descent.zero_grad()
        # x(t) = x(0) + t n(t): the initial state is met by construction.
        states = initial + times * head(network(times)[0])
        loss = physics_loss(cell, states)
        loss.backward()
        descent.step()
    exact = Oscillator(drive=0.0).exact(times[0, :, 0].double().numpy())
    assert np.abs(states[0].detach().numpy() - exact).max() < 0.1


def test_a_single_sample_has_no_step():
    with pytest.raises(ShapeError, match=r"`states` must hold a step: expected 2 samples or more, got 1"):
        physics_loss(IntegratorCell("oscillator", dt=0.1), torch.zeros(1, 1, 2, dtype=torch.float64))
