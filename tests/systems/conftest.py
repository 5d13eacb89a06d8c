"""Oracles that several tests of the systems share."""

from collections.abc import Callable

import numpy as np
import pytest


def _spectrum(system, *, dt, steps, count, burn=2000):
    """Lyapunov exponents by the variational equations; tangents ride along as imaginary parts (complex step)."""

    def rate(t, state):
        return np.array(system.derivative(t, state))

    def step(k, z):
        t = k * dt
        k1 = rate(t, z)
        k2 = rate(t + dt / 2, z + dt / 2 * k1)
        k3 = rate(t + dt / 2, z + dt / 2 * k2)
        k4 = rate(t + dt, z + dt * k3)
        return z + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    state = np.array(system.initial_state, dtype=complex)[:, np.newaxis]
    for k in range(burn):
        state = step(k, state)
    tangents = np.linalg.qr(np.random.default_rng(0).normal(size=(len(state), count)))[0]
    total = np.zeros(count)
    for k in range(burn, burn + steps):
        moved = step(k, state[:, :1].real + 1e-30j * tangents)
        state = moved.real.astype(complex)
        tangents = moved.imag / 1e-30
        if (k + 1) % 10 == 0:
            tangents, stretch = np.linalg.qr(tangents)
            total += np.log(np.abs(np.diag(stretch)))
    return total / (steps * dt)


@pytest.fixture
def lyapunov_spectrum() -> Callable[..., np.ndarray]:
    """Measure Lyapunov exponents of a flow."""
    return _spectrum


@pytest.fixture
def fact() -> Callable[..., float]:
    """Look up the value of a system's fact by name."""
    return lambda system, name: {each.name: each.value for each in system.facts()}[name]
