import dataclasses

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError
from pendula.systems import Lorenz96, Oscillator, Sine


def test_settings_become_the_declared_kind_of_number():
    assert type(Oscillator().with_settings({"gamma": np.float32(0.5)}).gamma) is float
    assert Oscillator().with_settings({"gamma": 1}).settings["gamma"] == 1.0
    assert type(Oscillator().with_settings({"gamma": 1}).gamma) is float
    assert type(Lorenz96().with_settings({"sites": np.int64(8)}).sites) is int


def test_systems_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Oscillator().gamma = 0.3


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"gama": 0.3}, r"`parameters` must name parameters of `oscillator`: got `gama`. Did you mean `gamma`\?"),
        ({"gamma": "much"}, r"`gamma` must be a number: expected a float, got 'much'"),
        ({"gamma": None}, r"`gamma` must be a number: expected a float, got None"),
        ({"gamma": True}, r"`gamma` must be a number: expected a float, got True"),
        ({"gamma": float("nan")}, r"`gamma` must be finite: expected a number, got nan"),
        ({"omega0": 0.0}, r"`omega0` must be above 0: expected natural angular frequency, got 0.0"),
        ({"x0": float("inf")}, r"`x0` must be finite"),
    ],
)
def test_bad_settings_are_refused(overrides, message):
    with pytest.raises(ArgumentError, match=message):
        Oscillator().with_settings(overrides)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"sites": 3}, "`sites` must be at least 4: expected number of sites, got 3"),
        ({"sites": 8.0}, r"`sites` must be a whole number: expected an int, got 8.0"),
        ({"sites": True}, r"`sites` must be a whole number: expected an int, got True"),
    ],
)
def test_bad_whole_numbers_are_refused(overrides, message):
    with pytest.raises(ArgumentError, match=message):
        Lorenz96().with_settings(overrides)


def test_signals_check_their_grid():
    with pytest.raises(ArgumentError, match="`points` must be at least 2"):
        Sine().with_settings({"points": 1})
    with pytest.raises(ArgumentError, match="`t_max` must be above 0"):
        Sine().with_settings({"t_max": 0.0})


def test_states_and_initial_state_come_from_the_fields():
    system = Oscillator().with_settings({"x0": 2.0, "v0": -1.0})
    assert [(state.name, state.unit) for state in system.states] == [("x", "m"), ("v", "m/s")]
    assert system.initial_state == (2.0, -1.0)


def test_default_parameters_do_not_include_the_initial_state():
    assert Oscillator().with_settings({"x0": 5.0}).has_default_parameters
    assert not Oscillator().with_settings({"gamma": 0.5}).has_default_parameters


def test_bound_parameters_receive_gradients():
    gamma = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    drive_frequency = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    bound = Oscillator().bind({"gamma": gamma, "drive_frequency": drive_frequency})
    _, acceleration = bound.derivative(2.0, (1.0, 3.0))
    acceleration.backward()
    assert gamma.grad.item() == -6.0  # ∂(-2γv)/∂γ
    np.testing.assert_allclose(drive_frequency.grad.item(), -2.0 * np.sin(1.0))  # ∂(cos Ωt)/∂Ω = -t sin Ωt
    assert Oscillator().gamma == 0.2


def test_binding_an_unknown_name_is_refused():
    with pytest.raises(ArgumentError, match=r"`values` must name parameters of `oscillator`: got `gamm`. Did you mean"):
        Oscillator().bind({"gamm": 1.0})
