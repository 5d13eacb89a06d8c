"""Identification against the truth that made the record: parameters, hidden states, friction laws, error bars."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import AddedRate, IntegratorCell, unroll
from pendula.systems import Lorenz63, Oscillator, Pendulum, integrate
from pendula.training import Identification, identify

DT = 0.05
TIMES = DT * np.arange(400)
SHORT = Identification(segment=25, evaluations=30)


def noisy(values, *, share, seed=0):
    return values + share * values.std() * np.random.default_rng(seed).normal(size=values.shape)


def cell(**options):
    return IntegratorCell(Oscillator(gamma=0.1, drive=0.6), dt=DT, learn=["gamma", "drive"], **options)


@settings(max_examples=5, deadline=None)
@given(gamma=st.floats(0.05, 0.6), drive=st.floats(0.5, 2.0), v0=st.floats(-1.0, 1.0))
def test_without_noise_the_truth_is_found(gamma, drive, v0):
    truth = Oscillator(gamma=gamma, drive=drive, v0=v0)
    made = identify(cell(), truth.exact(TIMES)[:, :1], observed=["x"], settings=Identification(segment=25))
    # RK4 at Δt = 0.05 is off by some 1e-7.
    np.testing.assert_allclose([made.parameters["gamma"], made.parameters["drive"]], [gamma, drive], rtol=1e-4)
    np.testing.assert_allclose(made.states, truth.exact(TIMES), atol=1e-5)
    assert made.gap < 1e-6


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_noisy_record_with_gaps_gives_parameters_within_their_error_bars(dtype):
    values = noisy(Oscillator().exact(TIMES)[:, :1], share=0.02)
    values[100:130] = np.nan
    made = identify(cell(dtype=dtype), values, observed=["x"])
    for name, truth in (("gamma", 0.2), ("drive", 1.0)):
        assert abs(made.parameters[name] - truth) < 4 * made.standard_errors[name]
    spread = Oscillator().exact(TIMES)[:, 0].std()
    assert made.noise[0] == pytest.approx(0.02 * spread, rel=0.15)  # four standard deviations of 370 draws


def test_standard_errors_are_those_of_the_closed_form():
    made = identify(cell(), noisy(Oscillator().exact(TIMES)[:, :1], share=0.02), observed=["x"])

    def slope(name, value):
        high, low = (Oscillator(**{name: value + side * 1e-5}).exact(TIMES)[:, 0] for side in (1, -1))
        return (high - low) / 2e-5

    slopes = np.stack([slope("gamma", 0.2), slope("drive", 1.0), slope("x0", 1.0), slope("v0", 0.0)], axis=1)
    bounds = made.noise[0] * np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))  # Cramér and Rao's
    found = [made.standard_errors["gamma"], made.standard_errors["drive"]]
    np.testing.assert_allclose(found, bounds[:2], rtol=0.05)  # evaluated where the fit, not the truth, is


def test_a_far_start_is_reached_over_several():
    values = noisy(Oscillator(drive_frequency=1.7).exact(TIMES)[:, :1], share=0.02)
    learning = IntegratorCell("oscillator", dt=DT, learn=["gamma", "drive", "drive_frequency"])
    starts = [{"drive_frequency": frequency} for frequency in (0.5, 1.1, 1.6)]
    made = identify(learning, values, observed=["x"], starts=starts)
    assert made.parameters["drive_frequency"] == pytest.approx(1.7, rel=2e-3)
    assert learning.learned["drive_frequency"].item() == made.parameters["drive_frequency"]


def test_chaos_is_identified_from_one_component():
    system = Lorenz63()
    truth = integrate(system.derivative, (-6.0, -6.0, 24.0), dt=0.02, samples=250)
    learning = IntegratorCell(Lorenz63(rho=24.0, beta=2.0), dt=0.02, learn=["rho", "beta"])
    made = identify(learning, noisy(truth[:, :1], share=0.02), observed=["x"], settings=Identification(segment=10))
    assert made.parameters["rho"] == pytest.approx(28.0, rel=0.01)
    assert made.parameters["beta"] == pytest.approx(8 / 3, rel=0.01)
    assert np.abs(made.states[:, 2] - truth[:, 2]).max() < 1.0  # the hidden z, of a range of 40


@pytest.mark.slow
def test_parameters_wait_for_hidden_states_where_a_first_fit_is_poor():
    # Chaos at long steps: a fit that moves both at once ends far off.
    truth = integrate(Lorenz63().derivative, (-6.0, -6.0, 24.0), dt=0.04, samples=600)[100:, :1]
    learning = IntegratorCell(Lorenz63(), dt=0.04, learn=["sigma", "rho", "beta"])
    made = identify(learning, truth, observed=["x"], settings=Identification(segment=15))
    assert made.parameters == pytest.approx({"sigma": 10.0, "rho": 28.0, "beta": 8 / 3}, rel=1e-3)
    assert made.noise[0] < 1e-2


def test_a_network_learns_the_friction_of_a_pendulum():
    def friction(v):
        return -0.15 * v - 0.1 * v * np.abs(v)

    def rate(t, state):
        theta, v = state
        return v, friction(v) - np.sin(theta)

    truth = integrate(rate, (2.6, 0.0), dt=DT, samples=300)
    network = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    generator = torch.manual_seed(0)
    with torch.no_grad():
        for each in network.parameters():
            each.copy_(0.5 * torch.randn(each.shape, generator=generator, dtype=torch.float64))
        network[2].weight.mul_(0.1)  # the search starts near the physics that is known
        network[2].bias.zero_()
    frictionless = Pendulum(gamma=0.0, drive=0.0)
    learning = IntegratorCell(frictionless, dt=DT, added=AddedRate(network, reads=["v"], writes=["v"]))
    made = identify(learning, noisy(truth[:, :1], share=0.01), observed=["theta"], settings=SHORT)
    speeds = np.linspace(truth[:, 1].min(), truth[:, 1].max(), 41)
    learned = network(torch.as_tensor(speeds)[:, None]).detach().numpy()[:, 0]
    assert np.abs(learned - friction(speeds)).max() < 0.1 * np.abs(friction(speeds)).max()
    assert made.parameters == {}


def test_mistakes_are_named():
    values = np.ones((60, 1))
    with pytest.raises(ArgumentError, match=r"`observed` must name components of the state: got `y`\. Known are `x`"):
        identify(cell(), values, observed=["y"])
    with pytest.raises(ArgumentError, match=r"`starts` must name what is learned: got `gama`\. Did you mean `gamma`"):
        identify(cell(), values, observed=["x"], starts=[{"gama": 1.0}])
    with pytest.raises(ArgumentError, match=r"`cell` must have something to learn: got no parameter"):
        identify(IntegratorCell("oscillator", dt=DT), values, observed=["x"])
    with pytest.raises(ArgumentError, match=r"`segment` must be a positive whole number: expected 1 or more, got 0"):
        Identification(segment=0)
    with pytest.raises(ArgumentError, match=r"`weights` must be positive: expected finite numbers above 0, got \(\)"):
        Identification(weights=())


def test_a_driven_equation_is_found_from_its_input():
    # The gain of the input, too, by a linear drive of one column.
    u = np.random.default_rng(0).normal(size=(300, 1))
    truth = IntegratorCell(Oscillator(gamma=0.2, drive=0.0), dt=0.3)
    force = torch.from_numpy(np.concatenate([np.zeros_like(u), 0.7 * u], axis=1))
    with torch.no_grad():
        x = unroll(truth, torch.zeros(2, dtype=torch.float64), 299, force=force[:-1])[:, :1].numpy()
    drive = torch.nn.Linear(1, 2, bias=False)
    torch.nn.init.zeros_(drive.weight)
    driven = IntegratorCell(Oscillator(gamma=0.1, drive=0.0), dt=0.3, learn=["gamma"], drive=drive)
    found = identify(driven, x, observed=["x"], inputs=u, settings=Identification(segment=50, weights=(1.0,)))
    assert found.parameters["gamma"] == pytest.approx(0.2, rel=1e-8)
    np.testing.assert_allclose(driven.drive.weight.detach().numpy()[:, 0], [0.0, 0.7], atol=1e-8)


def test_inputs_must_have_the_rows_of_the_record():
    still = IntegratorCell(Oscillator(), dt=0.3, learn=["gamma"])
    with pytest.raises(ShapeError, match="`inputs` must have a row for each of the record: expected 9, got 8"):
        identify(still, np.zeros((9, 1)), observed=["x"], inputs=np.zeros((8, 1)))
