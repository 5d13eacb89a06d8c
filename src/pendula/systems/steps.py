"""One step of a fixed-step method, on floats, arrays or tensors."""

from collections.abc import Callable
from typing import Any, TypeAlias

from pendula.systems.elementary import Components

__all__ = ["Derivative", "Step", "advance", "euler_step", "rk4_combine", "rk4_step"]

Derivative: TypeAlias = Callable[[Any, Components], Components]
"""A right-hand side: time and state to the rate of the state."""

Step: TypeAlias = Callable[[Derivative, Any, Components, Any], Components]
"""A method: right-hand side, time, state and step to the next state."""


def advance(state: Components, rate: Components, step: Any) -> Components:
    """Move a state along a rate.

    Args:
        state: Components of the state, each in its unit.
        rate: Their rates: a tuple, or an array or a tensor along the first axis.
        step: Length of the step, in units of time.

    Returns:
        The moved state; a tuple if `rate` is one.

    Examples:
        >>> advance((1.0, 2.0), (10.0, 20.0), 0.5)
        (6.0, 12.0)
    """
    if not isinstance(rate, tuple):
        return state + step * rate
    if len(rate) == 2:  # written out: most systems are planar, and this halves the time of a step
        x, y = state
        a, b = rate
        return x + step * a, y + step * b
    return tuple([component + step * slope for component, slope in zip(state, rate, strict=True)])


def euler_step(derivative: Derivative, t: Any, state: Components, dt: Any) -> Components:
    """Take one step of Euler's method, of order 1.

    Args:
        derivative: The right-hand side.
        t: Time at the start of the step.
        state: Components of the state.
        dt: Length of the step, in units of time.

    Returns:
        The state at `t + dt`.

    References:
        Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd edition (1993), section I.7.

    Examples:
        >>> euler_step(lambda t, state: (state[1], -state[0]), 0.0, (1.0, 0.0), 0.1)
        (1.0, -0.1)
    """
    return advance(state, derivative(t, state), dt)


def rk4_step(derivative: Derivative, t: Any, state: Components, dt: Any) -> Components:
    """Take one step of the classical Runge–Kutta method, of order 4.

    Args:
        derivative: The right-hand side.
        t: Time at the start of the step.
        state: Components of the state.
        dt: Length of the step, in units of time.

    Returns:
        The state at `t + dt`.

    References:
        Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd edition (1993), table II.1.2.

    Examples:
        >>> x, = rk4_step(lambda t, state: (state[0],), 0.0, (1.0,), 0.1)
        >>> x  # 1 + h + h²/2 + h³/6 + h⁴/24
        1.1051708
    """
    half = 0.5 * dt
    k1 = derivative(t, state)
    k2 = derivative(t + half, advance(state, k1, half))
    k3 = derivative(t + half, advance(state, k2, half))
    k4 = derivative(t + dt, advance(state, k3, dt))
    return rk4_combine(state, (k1, k2, k3, k4), dt / 6)


def rk4_combine(state: Components, stages: tuple[Components, ...], sixth: Any) -> Components:
    """Move a state by the mean of the four stages of Runge–Kutta, with weights 1, 2, 2, 1.

    Args:
        state: Components of the state at the start of the step.
        stages: The rate at each of the four stages.
        sixth: A sixth of the length of the step, in units of time.

    Returns:
        The state at the end of the step.

    Examples:
        >>> rk4_combine((0.0,), ((1.0,), (1.0,), (1.0,), (1.0,)), 0.5)
        (3.0,)
    """
    k1, k2, k3, k4 = stages
    if not isinstance(k1, tuple):
        return state + sixth * (k1 + 2 * k2 + 2 * k3 + k4)
    if len(k1) == 2:
        (x, y), (x1, y1), (x2, y2), (x3, y3), (x4, y4) = state, k1, k2, k3, k4
        return x + sixth * (x1 + 2 * x2 + 2 * x3 + x4), y + sixth * (y1 + 2 * y2 + 2 * y3 + y4)
    rows = zip(state, k1, k2, k3, k4, strict=True)
    return tuple([x + sixth * (a + 2 * b + 2 * c + d) for x, a, b, c, d in rows])
