"""Lyapunov exponents: eigenvalues, closed forms and the literature's numbers are the oracles."""

import math

import pytest
import torch
from torch import nn

from pendula.dynamics import (
    LyapunovSettings,
    as_map,
    as_net,
    conditional_spectrum,
    hold_input,
    kaplan_yorke,
    lyapunov_spectrum,
)
from pendula.errors import ArgumentError, DataError, DivergedError


def linear(matrix):
    return as_map(lambda h: h @ matrix.T, size=len(matrix), jacobian=lambda h: matrix.expand(len(h), -1, -1))


@pytest.mark.parametrize(("seed", "size"), [(0, 2), (1, 5), (2, 8), (3, 12)])
def test_exponents_of_a_linear_map_are_logarithms_of_its_eigenvalues(seed, size):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(size, size, generator=generator, dtype=torch.float64)
    matrix *= 0.95 / torch.linalg.eigvals(matrix).abs().max()
    expected = torch.linalg.eigvals(matrix).abs().log().sort(descending=True).values
    spectrum = lyapunov_spectrum(linear(matrix), torch.ones(1, size), LyapunovSettings(steps=1500, transient=1500))
    torch.testing.assert_close(spectrum.exponents, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(spectrum.exponents.sum(), expected.sum(), rtol=0, atol=1e-9)


def test_exponents_of_a_linear_net_are_logarithms_of_its_eigenvalues():
    # At rest a simple RNN without biases is its own linearization.
    torch.manual_seed(0)
    module = nn.RNN(1, 10, bias=False).double()
    expected = torch.linalg.eigvals(module.weight_hh_l0.detach()).abs().log().sort(descending=True).values
    of = hold_input(as_net(module), torch.zeros(1))
    spectrum = lyapunov_spectrum(of, torch.zeros(1, 10), LyapunovSettings(transient=2000))
    torch.testing.assert_close(spectrum.exponents, expected, rtol=0, atol=1e-6)


def test_a_rotation_by_an_irrational_angle_has_exponents_zero():
    turn = 2 * math.pi * (math.sqrt(5) - 1) / 2
    c, s = math.cos(turn), math.sin(turn)
    spectrum = lyapunov_spectrum(linear(torch.tensor([[c, -s], [s, c]], dtype=torch.float64)), torch.eye(2)[:1])
    torch.testing.assert_close(spectrum.exponents, torch.zeros(2, dtype=torch.float64), rtol=0, atol=1e-14)
    assert spectrum.is_zero.tolist() == [True, True]


def test_the_logistic_map_has_exponent_ln_2():
    of = as_map(lambda h: 4 * h * (1 - h), size=1)
    starts = torch.rand(400, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spectrum = lyapunov_spectrum(of, starts, LyapunovSettings(steps=1500, transient=50))
    assert float(spectrum.exponents) == pytest.approx(math.log(2), abs=1e-3)
    assert abs(float(spectrum.exponents) - math.log(2)) < 5 * float(spectrum.errors) + 1e-9
    assert spectrum.dimension == 1.0


def test_the_henon_map_has_its_exponents_and_dimension():
    a, b = 1.4, 0.3
    of = as_map(lambda h: torch.stack([1 - a * h[:, 0] ** 2 + h[:, 1], b * h[:, 0]], dim=1), size=2)
    starts = 0.1 * torch.rand(600, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spectrum = lyapunov_spectrum(of, starts, LyapunovSettings(steps=1500, transient=50))
    assert float(spectrum.exponents[0]) == pytest.approx(0.4192, abs=1e-3)
    assert float(spectrum.exponents.sum()) == pytest.approx(math.log(b), abs=1e-12)
    assert spectrum.dimension == pytest.approx(1.2583, abs=2e-3)


def test_the_error_bar_tells_the_scatter():
    of = as_map(lambda h: 4 * h * (1 - h), size=1)
    settings = LyapunovSettings(steps=100, transient=20)
    pulls = []
    for seed in range(20):
        starts = torch.rand(8, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        spectrum = lyapunov_spectrum(of, starts, settings)
        pulls.append(float((spectrum.exponents - math.log(2)) / spectrum.errors))
    assert 0.4 < float(torch.tensor(pulls).square().mean().sqrt()) < 1.8


@pytest.mark.parametrize("interval", [1, 3, 7])
def test_the_interval_between_orthogonalizations_does_not_matter(interval):
    of = as_map(lambda h: torch.stack([1 - 1.4 * h[:, 0] ** 2 + h[:, 1], 0.3 * h[:, 0]], dim=1), size=2)
    spectrum = lyapunov_spectrum(of, torch.zeros(1, 2), LyapunovSettings(steps=420, transient=42, interval=interval))
    assert float(spectrum.exponents.sum()) == pytest.approx(math.log(0.3), abs=1e-9)
    assert float(spectrum.exponents[0]) == pytest.approx(0.419, abs=0.1)


def test_exponents_are_per_unit_of_time():
    of, settings = as_map(lambda h: 0.5 * h, size=1), LyapunovSettings(steps=50, dt=0.1)
    spectrum = lyapunov_spectrum(of, torch.ones(1, 1), settings)
    assert float(spectrum.exponents) == pytest.approx(-10 * math.log(2))
    assert float(spectrum.times[-1]) == pytest.approx(5.0)


def test_a_direction_that_is_lost_at_once_has_exponent_minus_infinity():
    shift = torch.tensor([[0.5, 0.0], [1.0, 0.0]], dtype=torch.float64)
    spectrum = lyapunov_spectrum(linear(shift), torch.ones(1, 2))
    assert spectrum.exponents.tolist() == pytest.approx([math.log(0.5), -math.inf])


def test_conditional_exponents_at_a_constant_input_are_those_of_the_map():
    torch.manual_seed(1)
    net = as_net(nn.GRU(2, 6))
    value, settings = torch.tensor([0.3, -0.5]), LyapunovSettings(steps=500, transient=500)
    start = torch.zeros(1, 6)
    driven = conditional_spectrum(net, value.expand(1000, -1), start, settings)
    held = lyapunov_spectrum(hold_input(net, value), start, settings)
    torch.testing.assert_close(driven.exponents, held.exponents)


@pytest.mark.parametrize(
    ("exponents", "size", "expected"),
    [
        ([0.9056, 0.0, -14.572], None, 2 + 0.9056 / 14.572),
        ([-0.1, -0.2], None, 0.0),
        ([0.0, -0.2], None, 1.0),
        ([0.5, 0.1], None, 2.0),
        ([0.5, 0.1], 10, None),
        ([0.5, -math.inf], None, 1.0),
    ],
)
def test_kaplan_and_yorke(exponents, size, expected):
    assert kaplan_yorke(exponents, size=size) == (None if expected is None else pytest.approx(expected))


def test_a_trajectory_that_leaves_the_finite_numbers_is_named():
    with pytest.raises(DivergedError, match=r"The trajectory diverged at step \d+ of 2500"):
        lyapunov_spectrum(as_map(lambda h: h**2 + 10, size=1), torch.ones(1, 1))


def test_settings_are_checked():
    for wrong, message in (({"steps": 5}, "`steps` must be at least 10"), ({"dt": 0.0}, "`dt` must be positive")):
        with pytest.raises(ArgumentError, match=message):
            LyapunovSettings(**wrong)
    with pytest.raises(DataError, match="`inputs` must last as long as the measurement: expected 2500 steps, got 3"):
        conditional_spectrum(as_net(nn.RNN(1, 2)), torch.zeros(3, 1), torch.zeros(1, 2))
