"""The verb `analyze`: from a fit to what its network does as a dynamical system."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch

from pendula.analysis.analysis import Analysis, MemoryOfNet
from pendula.dynamics import (
    Capacities,
    CapacitySettings,
    Cycle,
    FixedPoints,
    FixedPointSearch,
    ForecasterDynamics,
    IntegratorDynamics,
    LyapunovSettings,
    LyapunovSpectrum,
    PolynomialDynamics,
    Regime,
    StateMap,
    capacities,
    conditional_spectrum,
    drive,
    find_cycles,
    find_fixed_points,
    forgetting,
    input_sensitivity,
    judge,
    lyapunov_spectrum,
    run_on,
)
from pendula.dynamics.state_map import States
from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.nn import EnsembleForecaster, IntegratorForecaster, PolynomialMember, ReservoirForecaster
from pendula.runs import Fit
from pendula.shapes import Float, SeriesTensor, Tensor, ndarray

__all__ = ["AnalysisSettings", "analyze"]

StateSpace: TypeAlias = ForecasterDynamics | PolynomialDynamics | IntegratorDynamics

Visited: TypeAlias = Float[Tensor, "visit hidden"]

MOST_SHOWN = 1500
"""Rows of the record that the network is shown."""

MOST_DRIVEN = 40_000
"""A driven equation is followed over at most so many steps of time, and over at least 100 periods of its drive."""

LARGE = 300
"""States beyond this many components are searched for fixed points from fewer starts, and for no cycles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisSettings:
    """How thorough an analysis is.

    Attributes:
        steps: Steps of the free run that are looked at, and as many before them for it to settle.
        exponents: How many Lyapunov exponents are measured.
        longest_cycle: The longest cycle to look for; below 2 none is.
        memory: Whether to measure the memory too.
        seed: Of all starts and inputs.
    """

    steps: int = 1500
    exponents: int = 12
    longest_cycle: int = 4
    memory: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a number is too small.
        """
        for name, low in (("steps", 100), ("exponents", 1), ("longest_cycle", 0)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")


def analyze(fit: Fit, settings: AnalysisSettings | None = None) -> Analysis:
    """Look at a fit's network as a dynamical system.

    Args:
        fit: The fit.
        settings: How thorough to be.

    Returns:
        Fixed points, cycles, Lyapunov exponents, memory and a verdict: of the free run, and of the recurrent part under
        constant and recorded input. Everything is computed in float64 on the scale of the network; values and times
        are told in the record's units.

    Raises:
        ArgumentError: If the fit has controls: what is driven is no system of its own.
        DataError: If no stretch of the training part without a gap is long enough.

    Examples:
        >>> import pendula, xarray as xr
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(300)))})
        >>> made = pendula.fit(series, model=pendula.Network(hidden_size=4, linear_lags=4), window=10,
        ...                    training=pendula.Training(epochs=1))
        >>> analyze(made, AnalysisSettings(steps=200, memory=False)).regime.kind in ("quasi-periodic", "point")
        True
    """
    if fit.model.controls is not None or fit.model.missing != "gap":
        beside = "what is missing" if fit.model.controls is None else ", ".join(fit.model.controls.names)
        raise ArgumentError(
            "`fit` must read its own values alone to be looked at as a dynamical system: got one that is shown "
            f"{beside} beside them. Fit it without."
        )
    settings = settings or AnalysisSettings()
    dynamics, shown = _state_space(fit)
    settings = _within_reach(settings, dynamics)
    hidden, states = dynamics.teach(shown)
    dt, unit = fit.model.axis.clock
    pace = dt * dynamics.pace
    loop = dynamics.closed_loop()
    orbit = run_on(loop, states[-1], steps=settings.steps, transient=settings.steps)
    spectrum = _spectrum(loop, orbit, settings, dt=pace)
    level = shown.mean(dim=0)
    search = FixedPointSearch(dt=pace, seed=settings.seed)
    visited = torch.cat([_sample(states, 300), _sample(orbit, 300)])
    closed = find_fixed_points(loop, visited, search)
    trace = dynamics.trace(orbit, steps=MOST_SHOWN) if isinstance(dynamics, IntegratorDynamics) else orbit
    return Analysis(
        names=fit.record.names,
        units=fit.record.units,
        dt=dt,
        time_unit=unit,
        input=fit.model.scaler.inverse(level[None].numpy())[0],
        passed=states,
        orbit=trace,
        path=_path(fit, dynamics, trace),
        closed_loop=closed,
        closed_values=_values(fit, dynamics, [point.state for point in closed.points]),
        components=_components(dynamics),
        held=_held(dynamics.driven(level), hidden, FixedPointSearch(dt=dt, seed=settings.seed)),
        cycles=_cycles(loop, orbit, visited, settings, search),
        lyapunov=spectrum,
        memory=_memory(dynamics, shown, hidden, settings, dt=dt) if settings.memory else None,
        regime=_regime(dynamics, judge(orbit, spectrum, steps=settings.steps, dt=pace), spectrum, pace=pace),
        notes=_notes(fit, dynamics, orbit, loop),
    )


def _state_space(fit: Fit) -> tuple[StateSpace, SeriesTensor]:
    # And the end of the longest stretch of the training part without a gap.
    forecaster, window = fit.model.forecaster, fit.model.window
    if isinstance(forecaster, IntegratorForecaster):
        rows = _shown(fit, least=window + 1)
        series, time = (
            _scaled(fit, rows),
            float(fit.model.axis.elapsed(fit.record.time[rows.start : rows.start + 1])[0]),
        )
        return IntegratorDynamics.of(forecaster, series, start=time), series
    best = forecaster.each()[0] if isinstance(forecaster, ReservoirForecaster) else None
    dynamics = (
        PolynomialDynamics(member=best, channels=forecaster.channels)
        if isinstance(best, PolynomialMember)
        else ForecasterDynamics.of(forecaster)
    )
    return dynamics, _scaled(fit, _shown(fit, least=max(window, dynamics.window) + 1))


def _shown(fit: Fit, *, least: int) -> slice:
    segments = [(start, min(stop, fit.train_stop)) for start, stop in fit.record.segments if start < fit.train_stop]
    start, stop = max(segments, key=lambda segment: segment[1] - segment[0], default=(0, 0))
    if stop - start < least:
        raise DataError(
            f"`fit` must have seen a stretch without gaps: expected {least} values in a row, got {stop - start}. "
            "Fill the gaps with `--gaps fill`."
        )
    return slice(max(start, stop - MOST_SHOWN), stop)


def _scaled(fit: Fit, rows: slice) -> SeriesTensor:
    return torch.from_numpy(np.ascontiguousarray(fit.model.scaler.transform(fit.record.values[rows])))


def _within_reach(settings: AnalysisSettings, dynamics: StateSpace) -> AnalysisSettings:
    # A period of the drive takes many steps of time.
    if dynamics.pace < 2 or not isinstance(dynamics, IntegratorDynamics):
        return settings
    return replace(settings, steps=min(settings.steps, max(100, round(MOST_DRIVEN / dynamics.pace))))


def _held(held: StateMap | None, hidden: Visited, search: FixedPointSearch) -> FixedPoints:
    if held is None:
        return FixedPoints(points=(), slow=(), starts=0)
    return find_fixed_points(held, _sample(hidden, 300), search)


def _components(dynamics: StateSpace) -> tuple[str, ...]:
    return dynamics.forecaster.cell.components if isinstance(dynamics, IntegratorDynamics) else ()


def _regime(dynamics: StateSpace, judged: Regime, spectrum: LyapunovSpectrum | None, *, pace: float) -> Regime:
    # A flow is looked at in steps of time, which a closed curve need not be a whole number of.
    if not isinstance(dynamics, IntegratorDynamics):
        return judged
    if dynamics.forecaster.period is None:
        return _of_flow(judged, spectrum)
    # A state that is the same after every period of the drive goes round with it.
    if judged.kind != "point":
        return judged
    return Regime(kind="periodic", period=pace, evidence=(_WITH_DRIVE, *judged.evidence[1:]))


def _of_flow(judged: Regime, spectrum: LyapunovSpectrum | None) -> Regime:
    if judged.kind != "quasi-periodic" or spectrum is None or int(spectrum.is_zero.sum()) != 1:
        return judged
    return Regime(kind="periodic", period=judged.period, evidence=(judged.evidence[0], _CLOSED))


_WITH_DRIVE = "The state comes back after each period of the drive."
_CLOSED = "One exponent alone cannot be told from zero, that along the motion: the state goes round a closed curve."


def _spectrum(loop: StateMap, orbit: States, settings: AnalysisSettings, *, dt: float) -> LyapunovSpectrum | None:
    if len(orbit) < settings.steps:
        return None
    starts = orbit[:: max(1, len(orbit) // 4)][:4]
    lyapunov = LyapunovSettings(
        count=min(settings.exponents, loop.size),
        steps=settings.steps,
        transient=min(300, settings.steps),
        dt=dt,
        seed=settings.seed,
    )
    try:
        return lyapunov_spectrum(loop, starts, lyapunov)
    except DivergedError:
        return None


def _cycles(
    loop: StateMap,
    orbit: States,
    visited: Float[Tensor, "visit state"],
    settings: AnalysisSettings,
    search: FixedPointSearch,
) -> tuple[Cycle, ...]:
    if settings.longest_cycle < 2 or loop.size > LARGE:
        return ()
    starts = max(12, min(48, int(2e8 / loop.size**3)))
    fewer = FixedPointSearch(dt=search.dt, seed=search.seed, starts=starts, rounds=0, steps=40)
    return find_cycles(loop, orbit if len(orbit) else visited, longest=settings.longest_cycle, search=fewer)


def _memory(
    dynamics: StateSpace, shown: SeriesTensor, hidden: Visited, settings: AnalysisSettings, *, dt: float
) -> MemoryOfNet:
    net, inputs = dynamics.net, dynamics.inputs(shown)
    generator = torch.Generator().manual_seed(settings.seed)
    spread = hidden.std(dim=0) + 1e-3
    starts = hidden.mean(dim=0) + spread * torch.randn(8, net.size, generator=generator, dtype=torch.float64)
    apart = forgetting(net, inputs, starts)
    half = len(inputs) // 3
    conditional = conditional_spectrum(
        net,
        inputs,
        hidden[-1:],
        LyapunovSettings(count=min(4, net.size), steps=len(inputs) - half, transient=half, dt=dt, seed=settings.seed),
    )
    lags = min(100, len(inputs) // 2)
    sensitivity = input_sensitivity(net, inputs, hidden[-1:], lags=lags)
    return MemoryOfNet(
        forgetting=apart,
        conditional=conditional,
        sensitivity=sensitivity,
        capacities=_capacities(dynamics, shown, settings) if apart.forgets else None,
    )


def _capacities(dynamics: StateSpace, shown: SeriesTensor, settings: AnalysisSettings) -> Capacities:
    # White noise as strong as the record.
    lags = (60, 10, 4) if dynamics.channels == 1 else (60, 6)
    chosen = CapacitySettings(
        lags=lags, steps=max(6000, 14 * dynamics.net.size), sequences=32, washout=150, seed=settings.seed
    )
    center, size = shown.mean(dim=0), 3**0.5 * shown.std(dim=0)

    def encode(numbers: Float[Tensor, "sequence time channel"]) -> Float[Tensor, "sequence time input"]:
        return torch.stack([dynamics.inputs(center + size * each) for each in numbers])

    return capacities(*drive(dynamics.net, chosen, channels=dynamics.channels, encode=encode), chosen)


def _sample(states: States, most: int) -> Float[Tensor, "some state"]:
    return states[:: max(1, -(-len(states) // most))]


def _path(fit: Fit, dynamics: StateSpace, orbit: States) -> Float[ndarray, "time channel"]:
    return fit.model.scaler.inverse(dynamics.values(orbit).flatten(0, 1).numpy())


def _values(fit: Fit, dynamics: StateSpace, points: list[Tensor]) -> Float[ndarray, "point channel"]:
    if not points:
        return np.empty((0, dynamics.channels))
    return fit.model.scaler.inverse(dynamics.values(torch.stack(points))[:, -1].numpy())


def _notes(fit: Fit, dynamics: StateSpace, orbit: States, loop: StateMap) -> tuple[str, ...]:
    notes = []
    forecaster = fit.model.forecaster
    if isinstance(forecaster, ReservoirForecaster | EnsembleForecaster) and len(forecaster.each()) > 1:
        notes.append(
            f"The network has {len(forecaster.each())} members, which run freely each by itself; the first one is "
            "analyzed."
        )
    if isinstance(dynamics, IntegratorDynamics):
        notes.extend(_equation_notes(dynamics))
    elif dynamics.leads > 1:
        notes.append(f"The network goes on by {dynamics.leads} steps at once; a step of the map is that long.")
    if loop.size > LARGE:
        notes.append(f"Cycles were not looked for: the state has {loop.size} components.")
    if len(orbit) == 0:
        notes.append("The free run left the finite numbers before it could settle.")
    return tuple(notes)


def _equation_notes(dynamics: IntegratorDynamics) -> list[str]:
    gain = (
        "An equation by itself has no input: its memory is that of the filter that estimates its state from the "
        "record, with the mean of its gains."
    )
    if dynamics.forecaster.period is None:
        return [gain]
    strobe = (
        "The equation is driven: the map that is analyzed takes its state from one period of the drive to the next, so "
        "that a fixed point is an oscillation with the drive and a cycle one of several periods. The exponent of the "
        "drive's phase, 0, is left out."
    )
    return [strobe, gain]
