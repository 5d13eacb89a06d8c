"""Which differential equation an integrator cell takes steps of, in plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pendula.errors import ArgumentError, did_you_mean
from pendula.systems import SYSTEMS, Flow, make_system

__all__ = ["Equation", "observed_components"]

OTHERS = (0.37, 1.91)
"""A parameter has an effect if the rates of some state and time change with it; these are tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Equation:
    """A differential equation of `pendula.systems`, and what is known of it.

    All of its parameters that change anything are learned, unless they are named in `known`. Numbers are in the units
    of the record: of its columns and of its time.

    Attributes:
        system: Name of the flow.
        known: Values of parameters that are known, by name; they are not learned.
        guess: Where the search for other parameters starts, by name; at the flow's defaults when left out.
        observed: Which component of the state each column of the record is; by their names when left out, or one after
            the other from the first on.
        reads: Components that a network beside the equation sees; all when left out.
        writes: Components to whose rates it adds; the last when left out.
        method: rk4 or euler.
        substeps: Steps of the method from one row of the record to the next.

    Examples:
        >>> Equation(system="pendulum", known={"drive": 0.0}).learned
        ('gamma', 'omega0')
    """

    system: str
    known: dict[str, float] = field(default_factory=dict)
    guess: dict[str, float] = field(default_factory=dict)
    observed: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    method: Literal["rk4", "euler"] = "rk4"
    substeps: int = 1

    def __post_init__(self) -> None:
        flow = SYSTEMS.get(self.system)
        flows = [name for name, kind in SYSTEMS.items() if issubclass(kind, Flow)]
        if flow is None or not issubclass(flow, Flow):
            raise ArgumentError(
                f"`system` must name a differential equation: expected one that Pendula has, got `{self.system}`."
                + did_you_mean(self.system, flows)
            )
        for argument in ("known", "guess"):
            _check_parameters(argument, getattr(self, argument), flow())
        twice = sorted(set(self.known) & set(self.guess))
        if twice:
            raise ArgumentError(
                f"`guess` must name parameters that are not known: got {', '.join(twice)} in `known`, too. "
                "Leave them out of one."
            )
        for argument in ("observed", "reads", "writes"):
            _check_components(argument, getattr(self, argument), self.components)
        if not isinstance(self.substeps, int) or isinstance(self.substeps, bool) or not 1 <= self.substeps <= 10_000:
            raise ArgumentError(f"`substeps` must be a whole number: expected 1 to 10000, got {self.substeps}.")

    @property
    def flow(self) -> Flow:
        """The flow, with what is known of it and what is guessed."""
        usual = SYSTEMS[self.system]().settings
        given = {**self.known, **self.guess}
        made = make_system(self.system, {name: _as_declared(value, usual[name]) for name, value in given.items()})
        assert isinstance(made, Flow)
        return made

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components of the state."""
        return tuple(state.name for state in self.flow.states)

    @property
    def learned(self) -> tuple[str, ...]:
        """Names of the parameters that are learned."""
        flow = self.flow
        return tuple(
            name
            for name, quantity in flow.quantities().items()
            if quantity.role == "parameter"
            and name not in self.known
            and not isinstance(flow.settings[name], int)
            and _has_effect(flow, name)
        )


def observed_components(equation: Equation, names: Sequence[str]) -> tuple[str, ...]:
    """Tell which component of the state each column of a record is.

    Args:
        equation: The equation.
        names: Names of the columns.

    Returns:
        A component for each column.

    Raises:
        ArgumentError: If there are more columns than components, or it cannot be told which is which.

    Examples:
        >>> pendulum = Equation(system="pendulum")
        >>> observed_components(pendulum, ["v"]), observed_components(pendulum, ["angle"])
        (('v',), ('theta',))
    """
    components, chosen = equation.components, equation.observed
    if len(names) > len(components):
        raise ArgumentError(
            f"`target` must not name more columns than `{equation.system}` has components: expected at most "
            f"{len(components)} ({', '.join(components)}), got {len(names)}. Name fewer."
        )
    if chosen and len(chosen) != len(names):
        raise ArgumentError(
            f"`observed` must name a component of the state for each column: expected {len(names)}, for "
            f"{', '.join(names)}, got {len(chosen)}. The components of `{equation.system}` are {', '.join(components)}."
        )
    if chosen:
        return chosen
    known = [name for name in names if name in components]
    if known and len(known) < len(names):
        others = ", ".join(name for name in names if name not in components)
        raise ArgumentError(
            f"`observed` must be given where some columns have names of components and others have not: got {others}. "
            f"The components of `{equation.system}` are {', '.join(components)}."
        )
    return tuple(names) if known else components[: len(names)]


def _check_parameters(argument: str, values: dict[str, float], flow: Flow) -> None:
    parameters = [name for name, quantity in flow.quantities().items() if quantity.role == "parameter"]
    for name, value in values.items():
        if name not in parameters:
            raise ArgumentError(
                f"`{argument}` must name parameters of `{flow.name}`: expected some of {', '.join(parameters)}, "
                f"got {name}." + did_you_mean(name, parameters, listed=True)
            )
        flow.with_settings({name: _as_declared(value, flow.settings[name])})


def _check_components(argument: str, names: tuple[str, ...], components: Iterable[str]) -> None:
    for name in names:
        if name not in components:
            raise ArgumentError(
                f"`{argument}` must name components of the state: expected some of {', '.join(components)}, got {name}."
                + did_you_mean(name, components, listed=True)
            )
    if len(set(names)) < len(names):
        raise ArgumentError(f"`{argument}` must name different components: got {', '.join(names)}. Name each once.")


def _as_declared(value: float, usual: float | int) -> float | int:
    # Files have floats alone where a number may be either.
    return int(value) if isinstance(usual, int) and float(value).is_integer() else value


def _has_effect(flow: Flow, name: str) -> bool:
    # The drive's frequency has none without a drive.
    moved = flow.bind({name: flow.settings[name] + 0.1})
    states = [tuple(value + shift * k for k, value in enumerate(flow.initial_state, start=1)) for shift in OTHERS]
    return any(flow.derivative(t, state) != moved.derivative(t, state) for state in states for t in OTHERS)
