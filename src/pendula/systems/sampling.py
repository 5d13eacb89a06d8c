"""Run any kind of system over its grid."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Float, ndarray
from pendula.systems.base import DelayFlow, Flow, Map, Process, Signal, System
from pendula.systems.delay_integrators import integrate_delay
from pendula.systems.grid import check_size, sample_count, sample_times
from pendula.systems.integrators import METHODS, Tolerance, integrate, iterate
from pendula.systems.noise import draw_shocks

__all__ = ["Grid", "Sampled", "sample"]

_BATCH = 8
"""From this many trajectories on, one run on arrays is faster than as many runs on floats."""

Run: TypeAlias = Callable[[Any], Any]
"""Takes one initial state, or a batch of them, to the states over time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """What the user asks of the time axis; None stands for the system's default.

    Attributes:
        dt: Interval between samples, in units of time.
        duration: Length of the run, in units of time.
        substeps: Integration steps from one sample to the next.
        fixed: Names of the parameters that the user has set.
    """

    dt: float | int | None = None
    duration: float | int | None = None
    substeps: int | None = None
    fixed: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampled:
    """A system's run.

    Attributes:
        system: The system, with the settings that hold for the run.
        times: Time of each sample, in units of time; whole numbers for a map.
        states: The state at each sample, for each trajectory.
        how: Method, interval and substeps, for the record.
        time_name: What the time axis counts.
    """

    system: System
    times: ndarray
    states: Float[ndarray, "time component trajectory"]
    how: dict[str, str | float | int]
    time_name: str = "time"

    def rows(self) -> Float[ndarray, "row component"]:
        """Lay the trajectories one after the other.

        Returns:
            One row per sample: all of the first trajectory, then all of the second.
        """
        return self.states.transpose(2, 0, 1).reshape(-1, self.states.shape[1])


def sample(
    system: System,
    starts: Float[ndarray, "component trajectory"],
    *,
    grid: Grid,
    method: str = "rk4",
    tolerance: Tolerance | None = None,
    seed: int = 0,
) -> Sampled:
    """Run a system from one or several initial states.

    Args:
        system: The system.
        starts: Initial states, one a column; a signal only counts them.
        grid: What the time axis shall be.
        method: Integrator of a flow or a delay equation.
        tolerance: How exact `dop853` has to be.
        seed: Of what drives a random process.

    Returns:
        The run.

    Raises:
        ArgumentError: If `method` is unknown, or `system` is of no known kind.

    Examples:
        >>> from pendula.systems.maps import Logistic
        >>> run = sample(Logistic(), np.array([[0.5]]), grid=Grid(duration=3))
        >>> run.rows()[:, 0]
        array([0.5, 1. , 0. ])
    """
    if method not in METHODS:
        raise ArgumentError(f"`method` must name an integrator: got `{method}`.{did_you_mean(method, METHODS)}")
    if isinstance(system, Signal):
        return _sample_signal(system, starts.shape[1], grid=grid)
    if isinstance(system, Map):
        return _sample_map(system, starts, grid=grid)
    if isinstance(system, Process):
        return _sample_process(system, starts, grid=grid, seed=seed)
    if isinstance(system, Flow | DelayFlow):
        return _sample_flow(system, starts, grid=grid, method=method, tolerance=tolerance)
    raise ArgumentError(
        f"`system` must be a flow, a delay equation, a map, a process or a signal: got {type(system).__name__}."
    )


def _sample_signal(signal: Signal, trajectories: int, *, grid: Grid) -> Sampled:
    _refuse_substeps(signal, grid)
    if grid.dt is None:
        signal = signal if grid.duration is None else signal.with_settings({"t_max": _duration(signal, grid)})
        check_size(signal.points, trajectories)
        times = signal.grid()
    else:
        signal, times = _stepped(signal, trajectories, dt=grid.dt, grid=grid)
    states = np.repeat(signal.value(times)[:, np.newaxis, np.newaxis], trajectories, axis=2)
    return Sampled(system=signal, times=times, states=states, how={"method": "closed form", "dt": float(times[1])})


def _stepped(
    signal: Signal, trajectories: int, *, dt: float | int, grid: Grid
) -> tuple[Signal, Float[ndarray, " time"]]:
    # Sample a signal like a flow, a given interval apart.
    if "points" in grid.fixed:
        raise ArgumentError("`dt` must be left out where `points` is set: expected one of the two, got both.")
    points = sample_count(_duration(signal, grid), dt)
    check_size(points, trajectories)
    if points < 2:
        raise ArgumentError(f"`dt` must be shorter than the duration: expected two samples or more, got {points}.")
    times = sample_times(points, dt)
    return signal.with_settings({"points": points, "t_max": float(times[-1])}), times


def _duration(signal: Signal, grid: Grid) -> float:
    if grid.duration is None:
        return signal.t_max
    if "t_max" in grid.fixed:
        raise ArgumentError("`duration` must be left out where `t_max` is set: expected one of the two, got both.")
    sample_count(grid.duration, 1.0)
    return float(grid.duration)


def _sample_map(system: Map, starts: Float[ndarray, "component trajectory"], *, grid: Grid) -> Sampled:
    _refuse_substeps(system, grid)
    if grid.dt not in {None, 1}:
        raise ArgumentError(f"`dt` must be 1 for a map: expected 1 or nothing, got {grid.dt}. Time counts its steps.")
    samples = sample_count(system.default_duration if grid.duration is None else grid.duration, 1.0)
    check_size(samples, starts.size)
    states = _run_all(lambda start: iterate(system.successor, start, samples=samples), starts)
    times = np.arange(samples, dtype=np.int64)
    return Sampled(system=system, times=times, states=states, how={"method": "iteration", "dt": 1.0}, time_name="step")


def _sample_process(
    system: Process, starts: Float[ndarray, "component trajectory"], *, grid: Grid, seed: int
) -> Sampled:
    _refuse_substeps(system, grid)
    if system.counts_steps and grid.dt not in {None, 1}:
        raise ArgumentError(
            f"`dt` must be 1 for `{system.name}`: expected 1 or nothing, got {grid.dt}. Time counts its steps."
        )
    dt = system.default_dt if grid.dt is None else float(grid.dt)
    samples = sample_count(system.default_duration if grid.duration is None else grid.duration, dt)
    check_size(samples, starts.size)
    states = np.empty((samples, *starts.shape))
    states[:1] = starts
    for step, shocks in enumerate(draw_shocks(max(0, samples - 1), *starts.shape, seed=seed)):
        states[step + 1] = system.successor(states[step], dt, shocks)
    times = np.arange(samples, dtype=np.int64) if system.counts_steps else sample_times(samples, dt)
    return Sampled(
        system=system,
        times=times,
        states=states,
        how={"method": "exact steps", "dt": dt},
        time_name="step" if system.counts_steps else "time",
    )


def _sample_flow(
    system: Flow | DelayFlow,
    starts: Float[ndarray, "component trajectory"],
    *,
    grid: Grid,
    method: str,
    tolerance: Tolerance | None,
) -> Sampled:
    dt = system.default_dt if grid.dt is None else float(grid.dt)
    substeps = system.default_substeps if grid.substeps is None else grid.substeps
    samples = sample_count(system.default_duration if grid.duration is None else grid.duration, dt)
    check_size(samples, starts.size)

    def run(start: Any) -> Any:
        if isinstance(system, Flow):
            return integrate(
                system.derivative, start, dt=dt, samples=samples, method=method, substeps=substeps, tolerance=tolerance
            )
        if method == "dop853":
            raise ArgumentError(
                f"`method` must be `euler` or `rk4` for the delay equation `{system.name}`: got `dop853`."
            )
        return integrate_delay(
            system.derivative, start, delay=system.delay, dt=dt, samples=samples, method=method, substeps=substeps
        )

    how: dict[str, str | float | int] = {"method": method, "dt": dt}
    if method == "dop853":
        exact = tolerance or Tolerance()
        how |= {"relative_tolerance": exact.relative, "absolute_tolerance": exact.absolute}
    else:
        how["substeps"] = int(substeps)
    return Sampled(system=system, times=sample_times(samples, dt), states=_run_all(run, starts), how=how)


def _run_all(run: Run, starts: Float[ndarray, "component trajectory"]) -> Float[ndarray, "time component trajectory"]:
    if starts.shape[1] >= _BATCH:
        batch: ndarray = run(starts)
        return batch
    return np.stack([run(start) for start in starts.T], axis=-1)


def _refuse_substeps(system: System, grid: Grid) -> None:
    if grid.substeps not in {None, 1}:
        raise ArgumentError(
            f"`substeps` must be left out for `{system.name}`: expected nothing to integrate, got {grid.substeps}."
        )
