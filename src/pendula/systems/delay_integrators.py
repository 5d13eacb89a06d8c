"""Run a delay equation: the past is interpolated between the steps taken."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from pendula.errors import ArgumentError
from pendula.shapes import Float, ndarray
from pendula.systems.elementary import Components
from pendula.systems.grid import Initial, check_run, check_size, start_state
from pendula.systems.integrators import run_fixed
from pendula.systems.steps import advance, rk4_combine

__all__ = ["DelayDerivative", "integrate_delay"]

DelayDerivative: TypeAlias = Callable[[Any, Components, Components], Components]
"""A right-hand side: time, state now and state one delay ago to the rate of the state."""


def integrate_delay(
    derivative: DelayDerivative,
    initial: Initial,
    *,
    delay: float | int,
    dt: float | int,
    samples: int,
    method: str = "rk4",
    substeps: int = 1,
) -> Float[ndarray, "time component *batch"]:
    """Integrate a delay equation whose state was constant before time 0.

    Between two steps the past is the cubic through the states and rates at both (Hermite), so that Runge–Kutta keeps
    its order 4 wherever the solution is smooth. A run that leaves the finite numbers raises `DivergedError`.

    Args:
        derivative: The right-hand side; a tuple of rates.
        initial: The state up to time 0; a batch of states lies along the axes after the first.
        delay: The delay, in units of time; not shorter than a step.
        dt: Interval between samples, in units of time.
        samples: How many samples, the initial state included.
        method: Integrator: `euler` or `rk4`.
        substeps: Steps from one sample to the next.

    Returns:
        The states, the first of which is `initial`.

    Raises:
        ArgumentError: If `method` has no fixed step, or the delay is shorter than a step.

    References:
        Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd edition (1993), section II.17.

    Examples:
        >>> # x' = -x(t - 1) from x = 1 is 1 - t up to time 1
        >>> run = integrate_delay(lambda t, state, past: (-past[0],), [1.0], delay=1.0, dt=0.25, samples=5)
        >>> run[:, 0]
        array([1. , 0.75, 0.5 , 0.25, 0. ])
    """
    start = start_state(initial)
    check_run(dt=dt, samples=samples, substeps=substeps)
    check_size(samples, start.size)
    if method not in {"euler", "rk4"}:
        raise ArgumentError(f"`method` must have a fixed step here: expected `euler` or `rk4`, got `{method}`.")
    width = dt / substeps
    if not width * (1 - 1e-9) <= delay < float("inf"):
        raise ArgumentError(
            f"`delay` must not be shorter than a step: expected at least {width:g}, got {delay}. Raise `substeps`."
        )
    step = _euler_step if method == "euler" else _rk4_step
    past = _Past(start, delay / width)

    def move(index: int, state: Components) -> Components:
        for k in range(index * substeps, (index + 1) * substeps):
            state = step(derivative, k, state, width, past)
        return state

    return run_fixed(move, start, dt=dt, samples=samples)


class _Past:
    """The states and rates at the last steps, as many as the delay needs; positions are counted in steps."""

    def __init__(self, initial: Float[ndarray, " component *batch"], delay: float) -> None:
        whole = round(delay)
        # 17/0.1 is 170 but 0.3/0.1 is not 3: a delay of whole steps must not be interpolated
        self.delay = float(whole) if abs(delay - whole) < 1e-9 * delay else delay
        self.initial = tuple(initial)
        self.size = math.ceil(self.delay) + 2
        self.states: list[Components] = [self.initial] * self.size
        self.rises: list[Components] = [self.initial] * self.size

    def keep(self, k: int, state: Components, rise: Components) -> None:
        """Keep the state at step k, and its rate times the step."""
        self.states[k % self.size] = state
        self.rises[k % self.size] = rise

    def at(self, position: float | int) -> Components:
        # Interpolate the state one delay before a position.
        past = position - self.delay
        if past <= 0:
            return self.initial
        k = math.floor(past)
        s, left, right = past - k, k % self.size, (k + 1) % self.size
        if s == 0:
            return self.states[left]
        # Hermite's basis on [0, 1]
        weights = ((1 + 2 * s) * (1 - s) ** 2, s * s * (3 - 2 * s), s * (1 - s) ** 2, s * s * (s - 1))
        rows = zip(self.states[left], self.states[right], self.rises[left], self.rises[right], strict=True)
        return tuple(weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d for a, b, c, d in rows)


def _euler_step(derivative: DelayDerivative, k: int, state: Components, width: float, past: _Past) -> Components:
    rate = derivative(k * width, state, past.at(k))
    past.keep(k, state, tuple(width * slope for slope in rate))
    return advance(state, rate, width)


def _rk4_step(derivative: DelayDerivative, k: int, state: Components, width: float, past: _Past) -> Components:
    t, half = k * width, 0.5 * width
    k1 = derivative(t, state, past.at(k))
    past.keep(k, state, tuple(width * slope for slope in k1))
    middle, end = past.at(k + 0.5), past.at(k + 1)
    k2 = derivative(t + half, advance(state, k1, half), middle)
    k3 = derivative(t + half, advance(state, k2, half), middle)
    k4 = derivative(t + width, advance(state, k3, width), end)
    return rk4_combine(state, (k1, k2, k3, k4), width / 6)
