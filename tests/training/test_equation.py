"""An equation that is fitted to a record: parameters within their errors, hidden states, an unknown friction law."""

import numpy as np
import pytest

from pendula.errors import DataError
from pendula.nn import Equation, Network
from pendula.systems import Duffing, Pendulum, integrate
from pendula.training import Outcome, TrainingFinished, train_equation


def positions(system, *, dt, samples, noise=0.01, seed=0):
    states = integrate(system.derivative, system.initial_state, dt=dt, samples=samples, substeps=4)
    deviation = noise * states[:, 0].std()
    return states, states[:, :1] + deviation * np.random.default_rng(seed).normal(size=(samples, 1))


def fitted(equation, values, *, dt, observed, units=0, **rest):
    network = Network(cell="integrator", hidden_size=units, equation=equation)
    return train_equation(network, values, dt=dt, observed=observed, **rest)


def test_a_pendulum_is_found_from_its_angle():
    truth = Pendulum(gamma=0.05, omega0=3.0, drive=0.0, theta0=2.0)
    states, values = positions(truth, dt=0.1, samples=120)
    values[50:60] = np.nan  # a gap
    heard = []
    made = fitted(
        Equation(system="pendulum", known={"drive": 0.0}), values, dt=0.1, observed=["theta"], listener=heard.append
    )
    for name, (value, error) in made.forecaster.parameters_found.items():
        assert abs(value - getattr(truth, name)) < 4 * error < 0.1 * value, name
    noise = 0.01 * states[:, 0].std()
    np.testing.assert_allclose(made.forecaster.noise, noise, rtol=0.15)
    np.testing.assert_allclose(made.forecaster.initial, [0.0, 2.0, 0.0], atol=4 * noise)
    assert made.outcome is Outcome.IDENTIFIED
    assert isinstance(heard[-1], TrainingFinished)


def test_a_drive_is_found_with_the_clock_of_the_record():
    truth = Duffing(delta=0.2, alpha=1.0, beta=0.3, drive=0.4, drive_frequency=0.8)
    _, values = positions(truth, dt=0.1, samples=260, noise=0.002)
    known = {"alpha": 1.0, "beta": 0.3}
    made = fitted(Equation(system="duffing", known=known), values[60:], dt=0.1, observed=["x"], start=6.0)
    found = {name: value for name, (value, _) in made.forecaster.parameters_found.items()}
    assert found == pytest.approx({"delta": 0.2, "drive": 0.4, "drive_frequency": 0.8}, rel=0.03)


def test_a_friction_that_the_equation_lacks_is_learned_by_the_network_beside_it():
    # The damping is kept from the equation; what the network adds to the acceleration has to be -2 gamma v.
    truth = Pendulum(gamma=0.1, omega0=2.0, drive=0.0, theta0=1.5)
    _, values = positions(truth, dt=0.1, samples=100, noise=0.001)
    equation = Equation(system="pendulum", known={"gamma": 0.0, "drive": 0.0}, reads=("v",))
    made = fitted(equation, values, dt=0.1, observed=["theta"], units=2)
    added, speeds = made.forecaster.cell.added, np.linspace(-1.0, 1.0, 5)
    found = added.network(made.forecaster.center.new_tensor(speeds[:, None])).numpy()[:, 0]
    np.testing.assert_allclose(found, -0.2 * speeds, atol=0.03)


def test_a_record_too_short_is_refused():
    with pytest.raises(DataError, match=r"`values` must have rows to fit an equation to: expected 20 .* got 8"):
        fitted(Equation(system="pendulum"), np.zeros((8, 1)), dt=0.1, observed=["theta"])
