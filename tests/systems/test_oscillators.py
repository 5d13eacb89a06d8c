import math

import numpy as np
import pytest
from scipy.special import ellipj, ellipk, ellipkinc

from pendula.systems import Duffing, FitzHughNagumo, Pendulum, Tolerance, VanDerPol, integrate

EXACT = Tolerance(relative=1e-12, absolute=1e-12)


def crossing_periods(system, *, dt, samples, skip):
    """Times between upward zero crossings, by cubic interpolation with the right-hand side as slope."""
    states = integrate(
        system.derivative, system.initial_state, dt=dt, samples=samples, method="dop853", tolerance=EXACT
    )
    x = states[:, 0]
    before = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    times = []
    for i in before[before * dt > skip]:
        left, right = (dt * system.derivative(k * dt, tuple(states[k].tolist()))[0] for k in (i, i + 1))
        cubic = np.polynomial.Polynomial([
            x[i],
            left,
            3 * (x[i + 1] - x[i]) - 2 * left - right,
            2 * (x[i] - x[i + 1]) + left + right,
        ])
        root = next(r.real for r in cubic.roots() if abs(r.imag) < 1e-9 and 0 <= r.real <= 1)
        times.append((i + root) * dt)
    return np.diff(times)


def test_pendulum_swings_with_the_period_of_the_elliptic_integral():
    swing = 2.5
    system = Pendulum(gamma=0.0, drive=0.0, omega0=2.0, theta0=swing)
    period = 4 / system.omega0 * ellipk(math.sin(swing / 2) ** 2)
    states = integrate(
        system.derivative, system.initial_state, dt=period / 4, samples=5, method="dop853", tolerance=EXACT
    )
    np.testing.assert_allclose(states[:, 0], [swing, 0, -swing, 0, swing], atol=1e-9)


def test_pendulum_turns_over_with_the_elliptic_integral():
    # θ' = v0 sqrt(1 - k sin²(θ/2)) with k = (2ω0/v0)² < 1 above the separatrix
    system = Pendulum(gamma=0.0, drive=0.0, theta0=0.0, v0=3.0)
    turn = 2 * ellipkinc(math.pi, 4 / 9) / 3.0
    run = integrate(system.derivative, system.initial_state, dt=turn, samples=2, method="dop853", tolerance=EXACT)
    np.testing.assert_allclose(run[1], [2 * math.pi, 3.0], rtol=1e-9)


def test_duffing_without_drive_and_damping_is_an_elliptic_cosine():
    system = Duffing(delta=0.0, alpha=1.0, beta=2.0, drive=0.0, x0=1.5)
    frequency = math.sqrt(1.0 + 2.0 * 1.5**2)
    t = np.arange(400) * 0.05
    cosine = ellipj(frequency * t, 2.0 * 1.5**2 / (2 * frequency**2))[1]
    run = integrate(system.derivative, system.initial_state, dt=0.05, samples=400, method="dop853", tolerance=EXACT)
    np.testing.assert_allclose(run[:, 0], 1.5 * cosine, atol=1e-8)


def test_van_der_pol_has_its_period(fact):
    system = VanDerPol()
    np.testing.assert_allclose(
        crossing_periods(system, dt=0.01, samples=6000, skip=30), fact(system, "period"), atol=1e-7
    )


def test_van_der_pol_relaxes_for_strong_damping():
    # T → (3 - 2 ln 2) μ + 3 · 2.338 μ^(-1/3) (Dorodnitsyn 1947), less terms of order ln μ / μ
    system = VanDerPol(mu=50.0)
    period = crossing_periods(system, dt=0.02, samples=12_000, skip=50).mean()
    np.testing.assert_allclose(period, (3 - 2 * math.log(2)) * 50 + 7.014 * 50 ** (-1 / 3), rtol=2e-3)


def test_fitzhugh_nagumo_has_its_period(fact):
    system = FitzHughNagumo()
    np.testing.assert_allclose(
        crossing_periods(system, dt=0.02, samples=20_000, skip=200), fact(system, "period"), atol=1e-6
    )


def test_fitzhugh_nagumo_rests_without_current():
    system = FitzHughNagumo(current=0.0)
    late = integrate(system.derivative, system.initial_state, dt=0.1, samples=5000)[-1]
    np.testing.assert_allclose(system.derivative(0.0, tuple(late.tolist())), 0.0, atol=1e-9)


@pytest.mark.parametrize("system", [Duffing(), Pendulum()])
def test_driven_oscillators_have_their_lyapunov_exponents(system, lyapunov_spectrum, fact):
    measured = lyapunov_spectrum(system, dt=0.05, steps=20_000, count=2)
    np.testing.assert_allclose(measured, fact(system, "Lyapunov exponents"), atol=0.02)
    np.testing.assert_allclose(measured.sum(), fact(system, "sum of Lyapunov exponents"), atol=1e-4)


def test_literature_numbers_hold_for_the_default_parameters_only(fact):
    assert "Lyapunov exponents" not in {each.name for each in Duffing(drive=0.3).facts()}
    assert VanDerPol(mu=2.0).facts() == ()
    assert FitzHughNagumo(current=0.6).facts() == ()
    assert "drive period" not in {each.name for each in Pendulum(drive=0.0).facts()}
    assert fact(Pendulum(omega0=2.0), "period of small swings") == math.pi
