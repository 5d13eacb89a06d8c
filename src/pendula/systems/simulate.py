"""The verb `simulate`: a system and its parameters make a series."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pendula.errors import ArgumentError, ShapeError, did_you_mean
from pendula.shapes import Float, ndarray
from pendula.systems.base import System
from pendula.systems.grid import Initial, start_state
from pendula.systems.integrators import Tolerance
from pendula.systems.noise import check_noise, check_seed, draw_noise, scatter
from pendula.systems.registry import make_system
from pendula.systems.sampling import Grid, Sampled, sample

if TYPE_CHECKING:
    import xarray

__all__ = ["simulate"]


def simulate(
    system: str | System,
    *,
    parameters: Mapping[str, object] | None = None,
    initial: Initial | Mapping[str, Any] | None = None,
    dt: float | int | None = None,
    duration: float | int | None = None,
    method: str = "rk4",
    substeps: int | None = None,
    tolerance: Tolerance | None = None,
    noise: float | int = 0.0,
    noise_generator: str = "pcg64",
    seed: int = 0,
    trajectories: int = 1,
    spread: float | int = 0.1,
) -> "xarray.Dataset":
    """Make a series from a system.

    Samples lie at the times 0, dt, 2 dt, … strictly before `duration`: ⌈duration/dt⌉ of them. For a map time counts
    the steps. A signal is sampled at `points` equidistant times from 0 to `t_max` with both ends included, two
    parameters of every signal (1000 and 10π), unless `dt` is given; `duration` stands for `t_max`.

    An argument that is unknown or out of range raises `ArgumentError`, and so does a run that would not fit into
    memory, before it starts; a run that leaves the finite numbers raises `DivergedError`, which names the time.

    Args:
        system: A name from `SYSTEMS`, or a system.
        parameters: Values that replace the system's own, by name; initial values (`x0`) too.
        initial: The state at time 0: all components in order, or some by name, each in its unit.
        dt: Interval between samples, in units of time; the system's default if not given.
        duration: Length of the run, in units of time; the system's default if not given.
        method: Integrator of a flow: `euler`, `rk4` or `dop853`; a delay equation cannot take the last; maps and
            signals take no notice of it.
        substeps: Steps of a fixed-step integrator from one sample to the next; the system's default if not given.
        tolerance: How exact `dop853` has to be; 1e-10 unless given.
        noise: Standard deviation of Gaussian noise added to every variable after the run, in the variable's unit.
        noise_generator: `pcg64`, or `mt19937` for the numbers that follow `numpy.random.seed`.
        seed: Seed of the noise, of what drives a random process, and of the scattered initial states.
        trajectories: How many runs. One starts at the initial state itself; several start at random around it, and lie
            one after the other along `time`, told apart by the coordinate `trajectory`.
        spread: Standard deviation of several initial states, in the unit of each component.

    Returns:
        One variable per component of the state along `time`, with units; the attributes tell how it was made.

    Examples:
        >>> series = simulate("oscillator", parameters={"gamma": 0.3}, dt=0.01, duration=10.0)
        >>> series.sizes["time"], series["x"].attrs["units"], float(series["x"][0])
        (1000, 'm', 1.0)
        >>> simulate("lorenz63", trajectories=3, duration=1.0)["trajectory"].values[[0, 100, 299]]
        array([0, 1, 2])
    """
    check_seed(seed)
    check_noise(noise, generator=noise_generator, seed=seed)
    made, center = _started(make_system(system, parameters), initial)
    starts = _starts(center, trajectories, spread=spread, seed=seed)
    grid = Grid(dt=dt, duration=duration, substeps=substeps, fixed=frozenset(parameters or ()))
    run = sample(made, starts, grid=grid, method=method, tolerance=tolerance, seed=seed)
    rows = run.rows()
    rows = rows + draw_noise(*rows.shape, deviation=noise, seed=seed, generator=noise_generator)
    how: dict[str, str | float | int] = {**run.how, "seed": int(seed), "noise": float(noise)}
    if noise:
        how["noise_generator"] = noise_generator
    if trajectories > 1:
        how |= {"trajectories": int(trajectories), "spread": float(spread)}
    return _dataset(run, rows, how=how)


def _started(
    system: System, initial: Initial | Mapping[str, Any] | None
) -> tuple[System, Float[ndarray, " component"]]:
    # Set the initial state, and keep it in the system's own initial values where it has them.
    if initial is None:
        return system, start_state(system.initial_state or (0.0,))
    if not system.initial_state:
        raise ArgumentError(f"`initial` must be left out for `{system.name}`: it is a signal and has no state.")
    names = [state.name for state in system.states]
    values = start_state(_ordered(system, initial) if isinstance(initial, Mapping) else initial)
    if values.shape != (len(names),):
        raise ShapeError(
            f"`initial` must hold one number per component: expected {len(names)} ({', '.join(names)}), "
            f"got shape {values.shape}."
        )
    settable = system.settings
    return system.with_settings({
        f"{name}0": float(value) for name, value in zip(names, values, strict=True) if f"{name}0" in settable
    }), values


def _ordered(system: System, initial: Mapping[str, Any]) -> list[Any]:
    names = [state.name for state in system.states]
    for name in initial:
        if name not in names:
            raise ArgumentError(
                f"`initial` must name components of `{system.name}`: got `{name}`.{did_you_mean(name, names)}"
            )
    return [initial.get(name, default) for name, default in zip(names, system.initial_state, strict=True)]


def _starts(
    center: Float[ndarray, " component"], trajectories: int, *, spread: float | int, seed: int
) -> Float[ndarray, "component trajectory"]:
    if isinstance(trajectories, bool) or not isinstance(trajectories, int | np.integer) or trajectories < 1:
        raise ArgumentError(f"`trajectories` must be a positive whole number: expected at least 1, got {trajectories}.")
    return center[:, np.newaxis] if trajectories == 1 else scatter(center, trajectories, spread=spread, seed=seed)


def _dataset(
    run: Sampled, rows: Float[ndarray, "time channel"], *, how: Mapping[str, str | float | int]
) -> "xarray.Dataset":
    import xarray

    system = run.system
    count = run.states.shape[2]
    time_attributes = {"units": system.time_unit, "long_name": run.time_name}
    coordinates: dict[str, object] = {"time": ("time", np.tile(run.times, count), time_attributes)}
    settings = system.settings
    if count > 1:
        ids = np.repeat(np.arange(count, dtype=np.int64), len(run.times))
        coordinates["trajectory"] = ("time", ids, {"long_name": "trajectory"})
        roles = system.quantities()  # the initial values are those of no trajectory: leave them out
        settings = {name: value for name, value in settings.items() if roles[name].role != "initial"}
    variables = {
        state.name: ("time", rows[:, channel].copy(), {"units": state.unit, "long_name": state.meaning})
        for channel, state in enumerate(system.states)
    }
    about = {"system": system.name, "equation": system.equation, "reference": system.reference}
    return xarray.Dataset(variables, coords=coordinates, attrs={**about, **settings, **how})
