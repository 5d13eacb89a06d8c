"""The equations of `systems/` as maps of their state, with variational equations to the last digit."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch

from pendula.dynamics.lyapunov import LyapunovSettings, LyapunovSpectrum, measure_spectrum
from pendula.dynamics.state_map import Directions, Jacobians, StateMap, States
from pendula.errors import ArgumentError
from pendula.systems import Flow, Map, System, make_system, push_directions, rk4_step

__all__ = ["Rule", "step_rule", "system_map", "system_spectrum"]

Rule: TypeAlias = Callable[[int, Any], Any]
"""Takes the number of a step and the components of a state to those of the next."""


def system_map(system: System | str, *, dt: float | None = None, substeps: int = 1) -> StateMap:
    """Take an equation without a drive as a map of its state.

    Args:
        system: A flow or a map, or its name.
        dt: Time of one application of a flow; its usual interval between samples if left out.
        substeps: Runge–Kutta steps in one application.

    Returns:
        The map, with derivatives of the integrator itself.

    Raises:
        ArgumentError: If the system is neither a flow nor a map, or its rate depends on time.

    Examples:
        >>> system_map("henon").jacobian(torch.tensor([[1.0, 0.0]], dtype=torch.float64))
        tensor([[[-2.8000,  1.0000],
                 [ 0.3000,  0.0000]]], dtype=torch.float64)
    """
    made = make_system(system) if isinstance(system, str) else system
    rule = step_rule(made, dt=made.default_dt if dt is None else dt, substeps=substeps)
    if isinstance(made, Flow) and _depends_on_time(made):
        raise ArgumentError(
            f"`system` must be autonomous: the rate of `{made.name}` depends on time. Switch its drive off, or ask "
            "`system_spectrum`, which follows the time."
        )
    size = len(made.initial_state)

    def push(states: States, directions: Directions) -> tuple[States, Directions]:
        return _pushed(rule, 0, states, directions)

    def linearize(states: States) -> Jacobians:
        return push(states, torch.eye(size, dtype=torch.float64).expand(len(states), -1, -1))[1]

    def step(states: States) -> States:
        return torch.from_numpy(np.stack(rule(0, states.numpy().T), axis=1))

    return StateMap(size=size, step=step, linearize=linearize, push=push)


def system_spectrum(
    system: System | str,
    *,
    dt: float | None = None,
    duration: float = 100.0,
    transient: float = 20.0,
    trajectories: int = 200,
    spread: float = 0.1,
    seed: int = 0,
) -> LyapunovSpectrum:
    """Measure the Lyapunov exponents of an equation, by its variational equation.

    Args:
        system: A flow or a map, or its name. A drive is followed in time; the exponent of its phase, 0, is left out.
        dt: Step of Runge–Kutta, in units of time.
        duration: Time that each trajectory is averaged over.
        transient: Time before, in which states reach the attractor.
        trajectories: How many trajectories, side by side.
        spread: Standard deviation of their starts around the system's initial state, in the unit of each component.
        seed: Of the starts.

    Returns:
        The spectrum, per unit of time.

    Raises:
        ArgumentError: If the system is neither a flow nor a map.
        DivergedError: If a trajectory leaves the finite numbers.

    Examples:
        >>> spectrum = system_spectrum("logistic", duration=4000.0, trajectories=20, spread=0.01)
        >>> bool(abs(spectrum.exponents[0] - np.log(2)) < 0.01)
        True
    """
    made = make_system(system) if isinstance(system, str) else system
    width = 1.0 if isinstance(made, Map) else made.default_dt if dt is None else dt
    rule = step_rule(made, dt=width, substeps=1)
    generator = torch.Generator().manual_seed(seed)
    center = torch.tensor(made.initial_state, dtype=torch.float64)
    starts = center + spread * torch.randn(trajectories, len(center), generator=generator, dtype=torch.float64)
    settings = LyapunovSettings(
        steps=max(10, round(duration / width)),
        transient=round(transient / width),
        interval=1 if isinstance(made, Map) else 10,
        dt=width,
        seed=seed,
    )
    return measure_spectrum(lambda number, states, frames: _pushed(rule, number, states, frames), starts, settings)


def step_rule(system: System, *, dt: float, substeps: int) -> Rule:
    """Write an equation as a rule that takes one step.

    Args:
        system: A flow or a map.
        dt: Time of one step of a flow.
        substeps: Runge–Kutta steps in it.

    Returns:
        Takes the number of the step and the components of a state to those of the next.

    Raises:
        ArgumentError: If the system is neither a flow nor a map.
    """
    if isinstance(system, Map):
        return lambda _, state: system.successor(tuple(state))
    if not isinstance(system, Flow):
        raise ArgumentError(
            f"`system` must be a flow or a map: got `{system.name}`, whose state is no point. Choose lorenz63, for "
            "example; of a delay equation, analyze a network that was fitted to it."
        )
    width = dt / substeps

    def advance(number: int, state: Any) -> Any:
        for k in range(number * substeps, (number + 1) * substeps):
            state = rk4_step(system.derivative, k * width, state, width)
        return state

    return lambda number, state: tuple(advance(number, tuple(state)))


def _pushed(rule: Rule, number: int, states: States, directions: Directions) -> tuple[States, Directions]:
    after, pushed = push_directions(lambda state: rule(number, state), states.numpy(), directions.numpy())
    return torch.from_numpy(after), torch.from_numpy(pushed)


def _depends_on_time(flow: Flow) -> bool:
    state = tuple(flow.initial_state)
    rates = [np.asarray(flow.derivative(t, state), dtype=float) for t in (0.0, 0.37, 1.91)]
    return not all(np.array_equal(rates[0], rate) for rate in rates)
