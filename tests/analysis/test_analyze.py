"""The verb `analyze`, on fits whose dynamics are known: the linear path makes them exact oscillators."""

import json

import numpy as np
import pytest
import torch

import pendula
from pendula.analysis import AnalysisSettings
from pendula.errors import ArgumentError

QUICK = AnalysisSettings(steps=300, exponents=4, longest_cycle=2)


@pytest.fixture(scope="session")
def found(sine):
    return {cell: pendula.analyze(fit, QUICK) for cell, fit in sine.items()}


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "esn", "ngrc"])
def test_everything_is_told_in_plain_values(found, cell):
    told = found[cell].to_dict()
    assert {"fixed_points", "cycles", "lyapunov", "memory", "verdict"} <= told.keys()
    assert json.loads(json.dumps(told))["time_unit"] == "s"
    assert told["dt"] == 0.5
    assert told["verdict"]["evidence"]
    assert told["memory"]["forgets_initial_state"] in {True, False}
    for point in told["fixed_points"]["closed_loop"] + told["fixed_points"]["constant_input"]["points"]:
        assert point["residual"] <= 1e-11


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_network_that_learned_an_oscillation_turns_in_its_period(found, cell):
    # The kept network is the linear path or nearly so: x = 2 m is its center, and a turn takes 2π/0.1 steps of 0.5 s.
    told = found[cell].to_dict()
    points = told["fixed_points"]["closed_loop"]
    assert any(abs(point["value"]["x"] - 2) < 0.2 for point in points)
    center = min(points, key=lambda point: abs(point["value"]["x"] - 2))
    assert min(abs(period - 10 * np.pi) for period in center["periods"]) < 0.5


def test_the_free_run_is_that_of_the_fit(sine, found):
    fit, analysis = sine["gru"], found["gru"]
    assert analysis.path.shape == (300, 1)
    assert analysis.orbit.shape[0] == 300
    assert abs(float(np.mean(analysis.path)) - 2) < 3
    assert fit.record.units == analysis.units


def test_the_forecast_and_the_orbit_agree(sine):
    # Without a transient the orbit is the forecast from the end of the training part.
    from pendula.dynamics import ForecasterDynamics, run_on

    fit = sine["lstm"]
    scaled = torch.from_numpy(fit.model.scaler.transform(fit.record.values))
    dynamics = ForecasterDynamics.of(fit.model.forecaster)
    _, states = dynamics.teach(scaled)
    orbit = run_on(dynamics.closed_loop(), states[-1], steps=11)
    values = fit.model.scaler.inverse(dynamics.values(orbit)[1:, 0].numpy())
    expected = fit.model.forecaster.double()(scaled[None])
    from pendula.nn import continue_run

    with torch.no_grad():
        ahead = continue_run(fit.model.forecaster, expected[0][:, -1].detach(), expected[1], 10)
    np.testing.assert_allclose(values, fit.model.scaler.inverse(ahead[0].numpy()), atol=1e-9)


def test_an_equation_that_goes_round_a_closed_curve_is_periodic():
    # Its steps never meet the same state twice, but it is a flow. The period at μ = 1 is 6.6633
    # (A. Buonomo, SIAM Journal on Applied Mathematics 59, 156 (1998)).
    made = pendula.simulate("van-der-pol", parameters={"mu": 1.0, "drive": 0.0}, duration=30.0, dt=0.1)
    network = pendula.Network(
        cell="integrator", equation=pendula.nn.Equation(system="van-der-pol", known={"drive": 0.0})
    )
    fit = pendula.fit(made, target="x", model=network)
    told = pendula.analyze(fit, AnalysisSettings(steps=1000, longest_cycle=0, memory=False)).to_dict()
    assert told["verdict"]["kind"] == "periodic"
    assert told["verdict"]["period"] == pytest.approx(6.6633, rel=1e-3)
    assert told["lyapunov"]["exponents"] == pytest.approx([0.0, -1.0593], abs=2e-3)
    assert told["units"] == {"x": "1"}


def test_memory_can_be_left_out(sine):
    assert pendula.analyze(sine["rnn"], AnalysisSettings(steps=100, memory=False, longest_cycle=0)).memory is None


@pytest.mark.parametrize(("setting", "message"), [({"steps": 5}, "`steps`"), ({"exponents": 0}, "`exponents`")])
def test_settings_are_checked(setting, message):
    with pytest.raises(ArgumentError, match=f"{message} must be at least"):
        AnalysisSettings(**setting)
