import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.linalg import expm

from pendula.errors import ArgumentError
from pendula.systems import Oscillator, integrate


def propagated(system, t):
    """Solve with the matrix exponential: the drive is a third and fourth component that turn at its frequency."""
    g, w, f, o = system.gamma, system.omega0, system.drive, system.drive_frequency
    matrix = np.array([[0, 1, 0, 0], [-w * w, -2 * g, f, 0], [0, 0, 0, -o], [0, 0, o, 0]])
    return np.array([(expm(matrix * time) @ [system.x0, system.v0, 1.0, 0.0])[:2] for time in t])


CASES = {
    "under-damped": {},
    "over-damped": {"gamma": 3.0},
    "critically damped": {"gamma": 1.0},
    "nearly critical from above": {"gamma": 1.0 + 1e-9},
    "nearly critical from below": {"gamma": 1.0 - 1e-9},
    "undamped": {"gamma": 0.0},
    "undamped resonance": {"gamma": 0.0, "drive_frequency": 1.0},
    "undamped resonance, backwards": {"gamma": 0.0, "drive_frequency": -1.0},
    "self-excited": {"gamma": -0.1},
    "strongly self-excited": {"gamma": -1.5},
    "constant force": {"drive_frequency": 0.0},
    "free": {"drive": 0.0, "x0": -2.0, "v0": 3.0},
}


@pytest.mark.parametrize("name", CASES)
def test_closed_form_agrees_with_the_matrix_exponential(name):
    system = Oscillator().with_settings(CASES[name])
    t = np.linspace(0.0, 8.0, 33)
    expected = propagated(system, t)
    np.testing.assert_allclose(system.exact(t), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@given(
    gamma=st.floats(0.0, 4.0),
    omega0=st.floats(0.2, 4.0),
    drive=st.floats(-2, 2),
    frequency=st.floats(-3, 3),
    x0=st.floats(-3, 3),
    v0=st.floats(-3, 3),
)
def test_closed_form_agrees_with_the_matrix_exponential_everywhere(gamma, omega0, drive, frequency, x0, v0):
    # Beside an undamped resonance the steady state is a small difference of large numbers.
    assume((omega0**2 - frequency**2) ** 2 + (2 * gamma * frequency) ** 2 > 1e-4)
    system = Oscillator(gamma=gamma, omega0=omega0, drive=drive, drive_frequency=frequency, x0=x0, v0=v0)
    t = np.linspace(0.0, 5.0, 6)
    np.testing.assert_allclose(system.exact(t), propagated(system, t), atol=1e-8)


def test_strong_damping_neither_overflows_nor_cancels():
    system = Oscillator(gamma=1e4, drive=0.0)
    x, v = system.exact([1e5])[0]
    rate = 1 / (1e4 + math.sqrt(1e8 - 1))  # the slow rate ω0²/(γ + w)
    np.testing.assert_allclose([x, v], [math.exp(-rate * 1e5), -rate * math.exp(-rate * 1e5)], rtol=1e-6)


def test_strong_self_excitation_does_not_cancel():
    system = Oscillator(gamma=-1e4, drive=0.0, x0=0.0, v0=1.0)
    fast = 1e4 + math.sqrt(1e8 - 1)  # x → e^(fast t)/(fast - slow), and the slow rate is 1/fast
    np.testing.assert_allclose(system.exact([1e-3])[0], np.exp(fast * 1e-3) * np.array([1, fast]) / fast, rtol=1e-8)


def test_facts_are_read_off_the_solution(fact):
    system = Oscillator()
    amplitude, period = fact(system, "steady amplitude"), fact(system, "drive period")
    late = system.exact(np.linspace(200.0, 200.0 + period, 2001))[:, 0]
    np.testing.assert_allclose(np.abs(late).max(), amplitude, rtol=1e-5)
    free = Oscillator(drive=0.0)
    damped = fact(free, "damped period")
    ratio = free.exact([1.0 + damped])[0, 0] / free.exact([1.0])[0, 0]
    np.testing.assert_allclose(ratio, math.exp(-free.gamma * damped), rtol=1e-12)
    undamped = Oscillator(drive=0.0, gamma=0.0)
    np.testing.assert_allclose(undamped.exact([fact(undamped, "natural period")]), [[1.0, 0.0]], atol=1e-12)


def test_facts_that_do_not_exist_are_not_told():
    names = {each.name for each in Oscillator(gamma=2.0, drive=0.0).facts()}
    assert "damped period" not in names
    assert "drive period" not in names
    assert "steady amplitude" not in {each.name for each in Oscillator(gamma=0.0).facts()}


def test_times_must_lie_along_one_axis():
    with pytest.raises(ArgumentError, match=r"`t` must lie along one axis: expected shape \(time,\), got \(\)"):
        Oscillator().exact(1.0)


def test_runge_kutta_of_the_lecture_step_by_step():
    dt, gamma, frequency = 0.002, 0.2, 0.5

    def force(x, v, t):
        return -2 * gamma * v - x + math.cos(frequency * t)

    x, v, t = [1.0], [0.0], 0.0
    for _ in range(4999):
        a, b = x[-1], v[-1]
        k1x, k1v = dt * b, dt * force(a, b, t)
        k2x, k2v = dt * (b + k1v / 2), dt * force(a + k1x / 2, b + k1v / 2, t + dt / 2)
        k3x, k3v = dt * (b + k2v / 2), dt * force(a + k2x / 2, b + k2v / 2, t + dt / 2)
        k4x, k4v = dt * (b + k3v), dt * force(a + k3x, b + k3v, t + dt)
        x.append(a + (k1x + 2 * k2x + 2 * k3x + k4x) / 6)
        v.append(b + (k1v + 2 * k2v + 2 * k3v + k4v) / 6)
        t += dt
    system = Oscillator()
    run = integrate(system.derivative, system.initial_state, dt=dt, samples=5000)
    np.testing.assert_allclose(run, np.stack((x, v), axis=1), atol=1e-12)
