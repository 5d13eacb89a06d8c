"""The systems by name, and what is known of them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pendula.errors import ArgumentError, did_you_mean
from pendula.systems.base import DelayFlow, Flow, Map, Process, Signal, System
from pendula.systems.chaos import Lorenz63, Lorenz96, Rossler
from pendula.systems.delays import MackeyGlass
from pendula.systems.linear import Oscillator
from pendula.systems.maps import Henon, Logistic
from pendula.systems.oscillators import Duffing, FitzHughNagumo, Pendulum, VanDerPol
from pendula.systems.processes import Autoregression, OrnsteinUhlenbeck
from pendula.systems.signals import Combined, Cosine, Damped, Sine

__all__ = ["SYSTEMS", "citation", "describe", "make_system"]

SYSTEMS: dict[str, type[System]] = {
    each.name: each
    for each in (
        Sine,
        Cosine,
        Combined,
        Damped,
        Oscillator,
        Duffing,
        VanDerPol,
        Pendulum,
        FitzHughNagumo,
        Lorenz63,
        Rossler,
        Lorenz96,
        MackeyGlass,
        Logistic,
        Henon,
        Autoregression,
        OrnsteinUhlenbeck,
    )
}
"""Every system by the name under which commands and files know it."""

_KINDS = {Flow: "flow", DelayFlow: "delay equation", Map: "map", Process: "random process", Signal: "signal"}


def make_system(system: str | System, parameters: Mapping[str, object] | None = None) -> System:
    """Look a system up by name and set its parameters.

    Args:
        system: A name, or a system.
        parameters: Values that replace the system's own, by name; initial values (`x0`) too.

    Returns:
        The system.

    Raises:
        ArgumentError: If there is no such system.

    Examples:
        >>> make_system("oscillator", {"gamma": 0.3}).gamma
        0.3
    """
    if isinstance(system, str):
        if system not in SYSTEMS:
            raise ArgumentError(f"`system` must name a system: got `{system}`.{did_you_mean(system, SYSTEMS)}")
        system = SYSTEMS[system]()
    if not isinstance(system, System):
        raise ArgumentError(f"`system` must be a name or a system: expected one, got {type(system).__name__}.")
    return system.with_settings(parameters) if parameters else system


def citation(system: str | System) -> str:
    """Say where a system comes from.

    Args:
        system: A name, or a system.

    Returns:
        The reference as text.

    Examples:
        >>> citation("rossler")
        'Rössler, An equation for continuous chaos, Physics Letters A 57, 397 (1976)'
    """
    return make_system(system).reference


def describe(system: str | System) -> dict[str, Any]:
    """Describe a system in plain values, ready for JSON.

    Args:
        system: A name, or a system.

    Returns:
        Name, kind, equation, reference, time unit, default grid, parameters, states and facts.

    Examples:
        >>> describe("logistic")["parameters"][0]
        {'name': 'r', 'default': 4.0, 'unit': '1', 'meaning': 'growth rate', 'role': 'parameter'}
    """
    made = make_system(system)
    return {
        "name": made.name,
        "kind": next(kind for base, kind in _KINDS.items() if isinstance(made, base)),
        "equation": made.equation,
        "reference": made.reference,
        "time_unit": made.time_unit,
        "dt": made.default_dt,
        "duration": made.default_duration,
        "substeps": made.default_substeps,
        "parameters": [
            {
                "name": name,
                "default": made.settings[name],
                "unit": quantity.unit,
                "meaning": quantity.meaning,
                "role": quantity.role,
            }
            for name, quantity in made.quantities().items()
        ],
        "states": [asdict(state) for state in made.states],
        "facts": [
            {**asdict(fact), "value": list(fact.value) if isinstance(fact.value, tuple) else fact.value}
            for fact in made.facts()
        ],
    }
