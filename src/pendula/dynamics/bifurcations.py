"""What a system does in the end as one of its parameters varies: all values side by side."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pendula.dynamics.system_map import Rule, step_rule
from pendula.errors import ArgumentError, did_you_mean
from pendula.metrics import maxima
from pendula.shapes import Float, ndarray
from pendula.systems import Map, System, make_system
from pendula.systems.tangents import TINY

__all__ = ["Bifurcations", "bifurcations"]

Path: TypeAlias = Float[ndarray, "time value"]

MOST = 400
"""States that are kept of each value of the parameter: the last ones."""

STILL = 1e-9
"""A component that varies by less than this share of its size is at rest."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Bifurcations:
    """The attractor and the largest exponent at each value of a parameter.

    Attributes:
        values: Of the parameter.
        visited: What is visited at each: states of a map, maxima of a flow; none where the run left the finite numbers.
        exponents: The largest Lyapunov exponent at each, per unit of time; NaN where the run left the finite numbers.
    """

    values: Float[ndarray, " value"]
    visited: tuple[Float[ndarray, " _"], ...]
    exponents: Float[ndarray, " value"]

    def counts(self, *, apart: float = 1e-3) -> list[int]:
        """Count what is visited at each value: 1 at a fixed point, 2 after a period doubling.

        Args:
            apart: States nearer than this, relative to all that is visited, count as one.

        Returns:
            The counts.
        """
        every = np.concatenate(self.visited)
        step = apart * (float(np.ptp(every)) if every.size else 0.0)
        return [int((np.diff(np.sort(states)) > step).sum()) + 1 if states.size else 0 for states in self.visited]


def bifurcations(
    system: System | str,
    parameter: str,
    values: Float[ndarray, " value"],
    *,
    component: str | None = None,
    duration: float | int | None = None,
) -> Bifurcations:
    """Follow a system at many values of a parameter at once, and note what it visits after a transient.

    Every run starts from the system's initial state and takes twice `duration`: first to settle, then to be looked at.
    A tangent is carried along by a complex step, and the mean logarithm of its growth is the largest exponent.

    Args:
        system: A flow or a map, or its name.
        parameter: The parameter that varies.
        values: Its values.
        component: The component that is noted; the first one if left out.
        duration: Time that each value is looked at; the system's own duration if left out.

    Returns:
        States of a map, maxima of a flow; exponents.

    Raises:
        ArgumentError: If the system has no such parameter or component, a value is out of range, or it is neither a
            flow nor a map.

    References:
        S. H. Strogatz, *Nonlinear Dynamics and Chaos*, 2nd edition (2015), sections 10.2 and 12.3.

    Examples:
        >>> found = bifurcations("logistic", "r", np.array([2.5, 3.2, 3.5, 4.0]))
        >>> found.counts()[:3], float(found.exponents[3])  # ln 2
        ([1, 2, 4], 0.69)
    """
    made = make_system(system) if isinstance(system, str) else system
    _check(made, parameter, values)
    names = [state.name for state in made.states]
    if component is not None and component not in names:
        raise ArgumentError(
            f"`component` must name a component of `{made.name}`: got `{component}`.{did_you_mean(component, names)}"
        )
    row = 0 if component is None else names.index(component)
    width = made.default_dt
    steps = max(10, round((made.default_duration if duration is None else duration) / width))
    rule = step_rule(made.bind({parameter: values}), dt=width, substeps=made.default_substeps)
    start = np.repeat(np.array(made.initial_state, dtype=np.float64)[:, None], len(values), axis=1)
    path, growth = _followed(rule, start, row, steps)
    visited = tuple(_visited(each, is_map=isinstance(made, Map)) for each in path.T)
    return Bifurcations(values=values, visited=visited, exponents=growth / (steps * width))


def _check(system: System, parameter: str, values: Float[ndarray, " value"]) -> None:
    known = [name for name, quantity in system.quantities().items() if quantity.role == "parameter"]
    if parameter not in known:
        raise ArgumentError(
            f"`parameter` must name a parameter of `{system.name}`: got `{parameter}`.{did_you_mean(parameter, known)}"
        )
    for extreme in (values.min(), values.max()):
        system.with_settings({parameter: float(extreme)})


def _followed(
    rule: Rule, state: Float[ndarray, "state value"], row: int, steps: int
) -> tuple[Path, Float[ndarray, " value"]]:
    tangent = np.ones_like(state)
    path, growth = np.empty((steps, state.shape[1])), np.zeros(state.shape[1])
    with np.errstate(all="ignore"):  # where a run grows without bound the others go on
        for number in range(-steps, steps):
            moved: Any = np.stack(rule(number + steps, state + 1j * TINY * tangent))
            state, tangent = moved.real, moved.imag / TINY
            norm = np.maximum(np.sqrt(np.square(tangent).sum(axis=0)), 1e-300)
            tangent = tangent / norm
            if number >= 0:
                path[number] = state[row]
                growth += np.log(norm)
    return path, np.where(np.isfinite(path).all(axis=0), growth, np.nan)


def _visited(path: Float[ndarray, " time"], *, is_map: bool) -> Float[ndarray, " _"]:
    if not np.isfinite(path).all():
        return np.empty(0)
    if is_map:
        return path[-MOST:]
    late = path[len(path) // 2 :]
    if np.ptp(late) <= STILL * (1 + np.abs(late).max()):
        return path[-1:]
    return maxima(path)[-MOST:]
