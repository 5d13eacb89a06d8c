"""What an analysis found, and the same as plain values."""

from dataclasses import dataclass
from typing import Any

import torch

from pendula.dynamics import (
    Capacities,
    Cycle,
    FixedPoint,
    FixedPoints,
    Forgetting,
    LyapunovSpectrum,
    Regime,
)
from pendula.dynamics.state_map import States
from pendula.shapes import Float, Tensor, ndarray

__all__ = ["Analysis", "MemoryOfNet"]

MODES = 6
"""Modes of a fixed point that are told: the slowest to decay."""

LAGS = (0, 1, 2, 5, 10, 20, 50, 100)
"""Delays at which curves are told."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MemoryOfNet:
    """What the recurrent part remembers.

    Attributes:
        forgetting: How states that start apart come together under the record.
        conditional: Its exponents under the record.
        sensitivity: Derivative of the state by the input k steps back.
        capacities: What it holds of an input without correlations; None if it does not forget.
    """

    forgetting: Forgetting
    conditional: LyapunovSpectrum
    sensitivity: Float[Tensor, " lag"]
    capacities: Capacities | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Analysis:
    """A network as a dynamical system: in free run, and under its input.

    Attributes:
        names: Names of the channels.
        units: Their units.
        dt: Time of one step.
        time_unit: Unit of time.
        input: The constant input, in the units of the channels, for `held`.
        passed: States that the record leads the network through.
        orbit: States of the free run after its transient.
        path: The values of the free run, in the units of the channels.
        closed_loop: Fixed points of the free run.
        closed_values: The values at each of them, in the units of the channels.
        held: Fixed points of the recurrent part under the constant input.
        cycles: Cycles of the free run.
        lyapunov: Exponents of the free run; None if it left the finite numbers.
        memory: What the recurrent part remembers; None if it was not asked for.
        regime: The verdict.
        components: Names of the components of the state where it is that of an equation.
        notes: What has to be known beside it, in plain sentences.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    dt: float
    time_unit: str
    input: Float[ndarray, " channel"]
    passed: Float[Tensor, "visit state"]
    orbit: States
    path: Float[ndarray, "time channel"]
    closed_loop: FixedPoints
    closed_values: Float[ndarray, "point channel"]
    held: FixedPoints
    cycles: tuple[Cycle, ...]
    lyapunov: LyapunovSpectrum | None
    memory: MemoryOfNet | None
    regime: Regime
    components: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Write everything as plain values.

        Returns:
            `fixed_points`, `cycles`, `lyapunov`, `memory`, `verdict`, with times in `time_unit`, exponents in its
            inverse, and values in the channels' `units`.
        """
        values = [dict(zip(self.names, row, strict=True)) for row in self.closed_values.tolist()]
        return {
            "units": dict(zip(self.names, self.units, strict=True)),
            "time_unit": self.time_unit,
            "dt": self.dt,
            "fixed_points": {
                "closed_loop": [
                    {"value": value, **self._state(point), **_point(point)}
                    for value, point in zip(values, self.closed_loop.points, strict=True)
                ],
                "constant_input": {
                    "input": dict(zip(self.names, self.input.tolist(), strict=True)),
                    "points": [_point(point) for point in self.held.points],
                },
                "slow_points": [
                    {"speed": point.speed, "starts": point.starts}
                    for point in (*self.closed_loop.slow, *self.held.slow)
                ],
                "starts": self.closed_loop.starts,
            },
            "cycles": [_cycle(cycle) for cycle in self.cycles],
            "lyapunov": None if self.lyapunov is None else _spectrum(self.lyapunov),
            "memory": None if self.memory is None else _memory(self.memory, self.dt),
            "verdict": {
                "kind": self.regime.kind,
                "period": self.regime.period,
                "evidence": list(self.regime.evidence),
            },
            "notes": list(self.notes),
        }

    def _state(self, point: FixedPoint) -> dict[str, Any]:
        # Components of an equation have names and units, those of a network none.
        return {"state": dict(zip(self.components, point.state.tolist(), strict=True))} if self.components else {}


def _stability(point: FixedPoint | Cycle) -> dict[str, Any]:
    modes = point.stability.modes[:MODES]
    return {
        "kind": point.stability.kind,
        "stable": point.stability.is_stable,
        "index": point.stability.index,
        "residual": point.residual,
        "certified": point.certificate.holds,
        "certificate": point.certificate.basis,
        "radius": point.certificate.radius,
        "eigenvalues": [[mode.eigenvalue.real, mode.eigenvalue.imag] for mode in modes],
        "decay_times": [mode.decay_time for mode in modes],
        "periods": [mode.period for mode in modes],
    }


def _point(point: FixedPoint) -> dict[str, Any]:
    return {**_stability(point), "starts": point.starts}


def _cycle(cycle: Cycle) -> dict[str, Any]:
    return {"steps": cycle.period, **_stability(cycle)}


def _spectrum(spectrum: LyapunovSpectrum) -> dict[str, Any]:
    return {
        "exponents": spectrum.exponents.tolist(),
        "errors": spectrum.errors.tolist(),
        "measured": len(spectrum.exponents),
        "state_size": spectrum.size,
        "kaplan_yorke_dimension": spectrum.dimension,
    }


def _memory(memory: MemoryOfNet, dt: float) -> dict[str, Any]:
    steps = memory.forgetting.steps
    found: dict[str, Any] = {
        "forgets_initial_state": memory.forgetting.forgets,
        "forgetting_time": None if steps is None else steps * dt,
        "forgetting_rate": memory.forgetting.rate / dt,
        "conditional_exponents": memory.conditional.exponents.tolist(),
        "conditional_errors": memory.conditional.errors.tolist(),
        "sensitivity": {str(lag): value for lag, value in _at_lags(memory.sensitivity)},
    }
    if memory.capacities is not None:
        held = memory.capacities
        found["capacity"] = {
            "linear": held.by_degree[0],
            "by_degree": list(held.by_degree),
            "total": held.total,
            "error": held.error,
            "rank": held.rank,
            "linear_by_lag": {str(lag): value for lag, value in _at_lags(held.linear)},
        }
    return found


def _at_lags(curve: torch.Tensor) -> list[tuple[int, float]]:
    return [(lag, float(curve[lag])) for lag in LAGS if lag < len(curve)]
