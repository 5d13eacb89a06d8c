"""Run a flow or a map over a grid: fixed steps, or SciPy's adaptive method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.errors import ArgumentError, DivergedError, did_you_mean
from pendula.shapes import Float, ndarray
from pendula.systems.elementary import Components
from pendula.systems.grid import Initial, check_finite, check_run, check_size, divergence, sample_times, start_state
from pendula.systems.steps import Derivative, Step, euler_step, rk4_step

__all__ = ["METHODS", "Tolerance", "integrate", "iterate", "run_fixed"]

METHODS: dict[str, Step | None] = {"euler": euler_step, "rk4": rk4_step, "dop853": None}
"""The integrators by name: Euler (order 1), Runge–Kutta (order 4), and Dormand–Prince (order 8, adaptive step)."""

_SCALAR_COMPONENTS = 24
"""Up to this many components, Python floats are faster than an array."""

_CHUNK = 4096
"""Samples between two looks at whether the run is still finite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerance:
    """How exact the adaptive method has to be.

    Attributes:
        relative: Bound of the local error relative to each component.
        absolute: Bound of the local error near zero, in the unit of each component.

    Examples:
        >>> Tolerance().relative
        1e-10
    """

    relative: float = 1e-10
    absolute: float = 1e-10

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ArgumentError: If a bound is out of range.
        """
        if not 1e-13 <= self.relative < 1:  # SciPy clips below 100 machine epsilons
            raise ArgumentError(f"`relative` must lie in range: expected 1e-13 ≤ relative < 1, got {self.relative}.")
        if not 0 < self.absolute < float("inf"):
            raise ArgumentError(f"`absolute` must be positive: expected a finite number above 0, got {self.absolute}.")


def integrate(
    derivative: Derivative,
    initial: Initial,
    *,
    dt: float | int,
    samples: int,
    method: str = "rk4",
    substeps: int = 1,
    tolerance: Tolerance | None = None,
) -> Float[ndarray, "time component *batch"]:
    """Integrate a flow from time 0 and sample it at the times i·dt.

    A run that leaves the finite numbers raises `DivergedError`, which names the time; one that would not fit into
    memory raises `ArgumentError` before it starts.

    Args:
        derivative: The right-hand side; it gets floats for a few components, arrays otherwise.
        initial: The state at time 0; a batch of states lies along the axes after the first.
        dt: Interval between samples, in units of time.
        samples: How many samples, the initial state included.
        method: Integrator: `euler`, `rk4` or `dop853`.
        substeps: Fixed-step methods take this many steps from one sample to the next.
        tolerance: How exact `dop853` has to be; 1e-10 unless given.

    Returns:
        The states, the first of which is `initial`.

    Raises:
        ArgumentError: If `method` is unknown.

    References:
        Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, 2nd edition (1993), chapter II.

    Examples:
        >>> decay = integrate(lambda t, state: (-state[0],), [1.0], dt=0.5, samples=3)
        >>> bool(np.allclose(decay[:, 0], np.exp([0.0, -0.5, -1.0]), atol=1e-3))
        True
    """
    start = start_state(initial)
    check_run(dt=dt, samples=samples, substeps=substeps)
    check_size(samples, start.size)
    if method not in METHODS:
        raise ArgumentError(f"`method` must name an integrator: got `{method}`.{did_you_mean(method, METHODS)}")
    step = METHODS[method]
    if step is None:
        return _adaptive(derivative, start, dt=dt, samples=samples, tolerance=tolerance or Tolerance())
    width = dt / substeps

    def move(index: int, state: Components) -> Components:
        for k in range(index * substeps, (index + 1) * substeps):
            state = step(derivative, k * width, state, width)
        return state

    return run_fixed(move, start, dt=dt, samples=samples)


def iterate(
    successor: Callable[[Components], Components], initial: Initial, *, samples: int
) -> Float[ndarray, "time component *batch"]:
    """Iterate a map.

    A run that leaves the finite numbers raises `DivergedError`, which names the step.

    Args:
        successor: Takes a state to the next.
        initial: The state at step 0; a batch of states lies along the axes after the first.
        samples: How many states, the initial state included.

    Returns:
        The states, the first of which is `initial`.

    Examples:
        >>> iterate(lambda state: (2 * state[0],), [1.0], samples=4)[:, 0]
        array([1., 2., 4., 8.])
    """
    start = start_state(initial)
    check_run(dt=1.0, samples=samples, substeps=1)
    check_size(samples, start.size)
    return run_fixed(lambda _, state: successor(state), start, dt=1.0, samples=samples)


def run_fixed(
    move: Callable[[int, Components], Components],
    initial: Float[ndarray, " component *batch"],
    *,
    dt: float | int,
    samples: int,
) -> Float[ndarray, "time component *batch"]:
    """Collect the states that a rule makes one after the other.

    Args:
        move: Takes the index of a sample and its state to the next state.
        initial: The state of sample 0.
        dt: Interval between samples, in units of time, for the message if the run diverges.
        samples: How many samples, the initial state included.

    Returns:
        The states, the first of which is `initial`.

    Raises:
        DivergedError: If the state leaves the finite numbers; the message names the time.

    Examples:
        >>> run_fixed(lambda index, state: (state[0] + index,), np.zeros(1), dt=1.0, samples=4)[:, 0]
        array([0., 0., 1., 3.])
    """
    states = np.empty((samples, *initial.shape))
    states[0] = initial
    scalar = initial.ndim == 1 and len(initial) <= _SCALAR_COMPONENTS
    state: Components = tuple(initial.tolist()) if scalar else initial
    index = 0
    with np.errstate(all="ignore"):  # a run that overflows is reported once, with its time
        for first in range(1, samples, _CHUNK):
            rows = []
            try:
                for index in range(first - 1, min(first - 1 + _CHUNK, samples - 1)):
                    state = move(index, state)
                    rows.append(state)
            except ArithmeticError as error:  # Python floats raise where arrays become infinite
                _store(states, rows, first=first, dt=dt)
                raise DivergedError(divergence(index + 1, dt)) from error
            _store(states, rows, first=first, dt=dt)
    return states


def _store(states: Float[ndarray, " time *state"], rows: list[Any], *, first: int, dt: float | int) -> None:
    if rows:
        chunk = states[first : first + len(rows)]
        chunk[...] = rows
        check_finite(chunk, first=first, dt=dt)


def _adaptive(
    derivative: Derivative,
    initial: Float[ndarray, " component *batch"],
    *,
    dt: float | int,
    samples: int,
    tolerance: Tolerance,
) -> Float[ndarray, "time component *batch"]:
    # Each trajectory chooses its own steps: one hard trajectory must not slow or shift the others.
    trajectories = initial.reshape(len(initial), -1).T
    runs = [_adaptive_run(derivative, start, dt=dt, samples=samples, tolerance=tolerance) for start in trajectories]
    return np.stack(runs, axis=-1).reshape(samples, *initial.shape)


def _adaptive_run(
    derivative: Derivative,
    initial: Float[ndarray, " component"],
    *,
    dt: float | int,
    samples: int,
    tolerance: Tolerance,
) -> Float[ndarray, "time component"]:
    from scipy.integrate import solve_ivp

    times = sample_times(samples, dt)
    if samples == 1:
        return initial[np.newaxis].copy()
    scalar = len(initial) <= _SCALAR_COMPONENTS

    def rate(t: float, state: Float[ndarray, " component"]) -> Components:
        return derivative(t, tuple(state.tolist()) if scalar else state)

    with np.errstate(all="ignore"):
        try:
            run = solve_ivp(
                rate,
                (0.0, times[-1]),
                initial,
                method="DOP853",
                t_eval=times,
                rtol=tolerance.relative,
                atol=tolerance.absolute,
            )
        except ArithmeticError as error:
            raise DivergedError(divergence(1, dt)) from error
    states = np.ascontiguousarray(run.y.T)
    check_finite(states, first=0, dt=dt)
    if not run.success:
        raise DivergedError(divergence(len(states), dt))
    return states
