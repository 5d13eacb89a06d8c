"""The Kalman filter against the batch estimate it must equal, and a small run of the experiment."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from pendula.errors import ArgumentError
from pendula.experiments.kalman_gap import KalmanGap, kalman, linear_oscillator, run, swinging_pendulum
from pendula.training import silent


def test_the_filter_gives_the_mean_of_the_state_given_the_observations():
    # The joint normal distribution of states and observations, conditioned in one step.
    system, steps = linear_oscillator(), 12
    matrix = system.slope(np.zeros(2))
    _, observed = system.simulate(steps, seed=3)
    spread = [matrix @ np.eye(2) @ matrix.T + system.shaken]
    for _ in range(steps - 1):
        spread.append(matrix @ spread[-1] @ matrix.T + system.shaken)
    joint = np.zeros((2 * steps, 2 * steps))
    for later in range(steps):
        for earlier in range(later + 1):
            block = np.linalg.matrix_power(matrix, later - earlier) @ spread[earlier]
            joint[2 * later : 2 * later + 2, 2 * earlier : 2 * earlier + 2] = block
            joint[2 * earlier : 2 * earlier + 2, 2 * later : 2 * later + 2] = block.T
    watched = joint[:, ::2][::2] + system.noise**2 * np.eye(steps)
    expected = joint[-2:, ::2] @ np.linalg.solve(watched, observed)
    np.testing.assert_allclose(kalman(system, observed)[-1], expected, rtol=1e-9)


def test_its_error_is_that_of_the_riccati_equation():
    system = linear_oscillator()
    states, observed = system.simulate(20_000, seed=1)
    matrix, along = system.slope(np.zeros(2)), np.array([[1.0], [0.0]])
    before = solve_discrete_are(matrix.T, along, system.shaken, [[system.noise**2]])
    after = before[0, 0] - before[0, 0] ** 2 / (before[0, 0] + system.noise**2)
    error = np.mean((kalman(system, observed)[200:, 0] - states[200:, 0]) ** 2)
    assert error == pytest.approx(after, rel=0.1)  # some 1500 independent errors


def test_the_slope_of_the_pendulum_is_its_derivative():
    system, state, step = swinging_pendulum(), np.array([0.7, -0.4]), 1e-6
    columns = [(system.move(state + push) - system.move(state - push)) / (2 * step) for push in step * np.eye(2)]
    np.testing.assert_allclose(system.slope(state), np.stack(columns, axis=1), atol=1e-9)


def test_a_small_run(monkeypatch):
    monkeypatch.setattr("pendula.experiments.kalman_gap.TEST", 500)
    made = run(KalmanGap(steps=1500, hidden_size=3, lags=20, epochs=1), lambda _: silent)
    results = made.results
    errors = results["rmse"]["oscillator"]
    assert results["gap"] == pytest.approx(errors["network"] / errors["kalman"] - 1)
    assert errors["kalman"] < errors["network"] < errors["observation"]
    assert len(results["verdict"]) >= 2
    assert made.figures["kalman-gap"][1:4] == b"PNG"
    assert set(made.paired_fits) == {"oscillator", "pendulum"}


def test_settings_are_checked():
    with pytest.raises(ArgumentError, match="`steps` must be at least 1000: got 5"):
        KalmanGap(steps=5)
