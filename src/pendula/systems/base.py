"""What every system has: parameters, an initial state, units, an equation and its source."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Float, ndarray
from pendula.systems.elementary import Components
from pendula.systems.facts import Fact, Quantity, StateVariable

__all__ = ["DelayFlow", "Flow", "Map", "Process", "Signal", "System", "grid_value", "initial_value", "parameter"]


def parameter(
    default: float | int, *, unit: str, meaning: str, minimum: float | int | None = None, is_open: bool = False
) -> Any:
    """Declare a parameter of the equation as a dataclass field.

    Args:
        default: Its default; an int declares a whole number.
        unit: Its unit; "1" if it has no dimension.
        meaning: What it is, in a few words.
        minimum: The least value it may take.
        is_open: Whether the minimum itself is forbidden.

    Returns:
        The field.

    Examples:
        >>> parameter(0.2, unit="1/s", meaning="damping rate").default
        0.2
    """
    quantity = Quantity(role="parameter", unit=unit, meaning=meaning, minimum=minimum, is_open=is_open)
    return field(default=default, metadata={"quantity": quantity})


def initial_value(default: float | int, *, unit: str, meaning: str) -> Any:
    """Declare the initial value of a state variable; the field is called like the variable, with a 0 appended.

    Args:
        default: Its default.
        unit: The unit of the state variable.
        meaning: What the state variable is, in a few words.

    Returns:
        The field.

    Examples:
        >>> initial_value(1.0, unit="m", meaning="position").default
        1.0
    """
    return field(default=default, metadata={"quantity": Quantity(role="initial", unit=unit, meaning=meaning)})


def grid_value(default: float | int, *, unit: str, meaning: str, minimum: float | int, is_open: bool = False) -> Any:
    """Declare a property of the grid on which a signal is sampled.

    Args:
        default: Its default; an int declares a whole number.
        unit: Its unit.
        meaning: What it is, in a few words.
        minimum: The least value it may take.
        is_open: Whether the minimum itself is forbidden.

    Returns:
        The field.

    Examples:
        >>> grid_value(1000, unit="1", meaning="number of samples", minimum=2).default
        1000
    """
    quantity = Quantity(role="grid", unit=unit, meaning=meaning, minimum=minimum, is_open=is_open)
    return field(default=default, metadata={"quantity": quantity})


AnySystem = TypeVar("AnySystem", bound="System")


@dataclass(frozen=True, kw_only=True, slots=True)
class System(ABC):
    """A rule that makes a series; subclasses add the parameters and the equation.

    Attributes:
        name: The name in the registry.
        equation: The equation as plain text.
        reference: Where the system comes from.
        time_unit: The unit of time; "1" if it has no dimension.
        default_dt: The default interval between samples, in units of time.
        default_duration: The default length of a run, in units of time.
        default_substeps: How many integration steps are taken from one sample to the next unless told otherwise.
    """

    name: ClassVar[str]
    equation: ClassVar[str]
    reference: ClassVar[str]
    time_unit: ClassVar[str] = "1"
    default_dt: ClassVar[float]
    default_duration: ClassVar[float]
    default_substeps: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Turn every setting into the number it is declared as, or say why it is none."""
        for each in fields(self):
            object.__setattr__(self, each.name, _checked(each, getattr(self, each.name)))

    @classmethod
    def quantities(cls) -> dict[str, Quantity]:
        """List what a user may set.

        Returns:
            Role, unit and meaning of each setting, by name.
        """
        return {each.name: each.metadata["quantity"] for each in fields(cls)}

    @property
    def settings(self) -> dict[str, float | int]:
        """The value of each setting, by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def states(self) -> tuple[StateVariable, ...]:
        """The components of the state, in order."""
        return tuple(
            StateVariable(name=name.removesuffix("0"), unit=quantity.unit, meaning=quantity.meaning)
            for name, quantity in self.quantities().items()
            if quantity.role == "initial"
        )

    @property
    def initial_state(self) -> tuple[float, ...]:
        """The state at time 0, each component in its unit."""
        return tuple(getattr(self, name) for name, each in self.quantities().items() if each.role == "initial")

    @property
    def has_default_parameters(self) -> bool:
        """Whether the parameters of the equation are those for which the literature's numbers hold."""
        roles = self.quantities()
        return all(
            each.default == getattr(self, each.name) for each in fields(self) if roles[each.name].role == "parameter"
        )

    def facts(self) -> tuple[Fact, ...]:
        """List the numbers known of this system with these parameters.

        Returns:
            Facts with units and sources; empty if none are known.
        """
        return ()

    def with_settings(self: AnySystem, overrides: Mapping[str, object]) -> AnySystem:
        """Copy the system with some settings changed.

        Args:
            overrides: New values, by name.

        Returns:
            The new system.

        Raises:
            ArgumentError: If a name is unknown or a value is not the number it should be.
        """
        known = self.settings
        for name in overrides:
            if name not in known:
                raise ArgumentError(
                    f"`parameters` must name parameters of `{self.name}`: got `{name}`.{did_you_mean(name, known)}"
                )
        changed = {each.name: _checked(each, overrides.get(each.name, known[each.name])) for each in fields(self)}
        return type(self)(**changed)

    def bind(self: AnySystem, values: Mapping[str, Any]) -> AnySystem:
        """Copy the system with tensors or arrays in the place of parameters, so that they can be learned or swept.

        Args:
            values: Tensors or arrays that broadcast against a component of the state, by name; not checked further.

        Returns:
            The new system; `derivative` then depends on the given values.

        Raises:
            ArgumentError: If a name is unknown.
        """
        bound = copy(self)
        for name, value in values.items():
            if name not in self.settings:
                raise ArgumentError(
                    f"`values` must name parameters of `{self.name}`: got `{name}`.{did_you_mean(name, self.settings)}"
                )
            object.__setattr__(bound, name, value)
        return bound


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow(System):
    """An ordinary differential equation of first order."""

    @property
    def drive_period(self) -> float | None:
        """Period of the drive, in units of time; None if the rate does not depend on time."""
        drive, frequency = (self.settings.get(name, 0.0) for name in ("drive", "drive_frequency"))
        return 2 * math.pi / abs(frequency) if drive and frequency else None

    @abstractmethod
    def derivative(self, t: Any, state: Components) -> Components:
        """Evaluate the right-hand side.

        Args:
            t: Time, in units of time.
            state: Components of the state: floats, arrays or tensors, or one array or tensor along its first axis.

        Returns:
            The rate of each component, in its unit per unit of time: a tuple, or an array along the first axis.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class DelayFlow(System):
    """A differential equation whose rate depends on the state now and on the state one delay ago."""

    @property
    @abstractmethod
    def delay(self) -> float:
        """The delay, in units of time."""

    @abstractmethod
    def derivative(self, t: Any, state: Components, delayed: Components) -> Components:
        """Evaluate the right-hand side.

        Args:
            t: Time, in units of time.
            state: Components of the state now.
            delayed: Components of the state one delay ago.

        Returns:
            The rate of each component, a tuple.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Map(System):
    """A rule that takes one state to the next; time counts the steps."""

    default_dt: ClassVar[float] = 1.0

    @abstractmethod
    def successor(self, state: Components) -> Components:
        """Apply the rule once.

        Args:
            state: Components of the state.

        Returns:
            The components of the next state, a tuple.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Process(System):
    """A random process without memory beyond its state, whose steps have an exact distribution.

    Attributes:
        counts_steps: Whether time counts the steps, as for a map.
    """

    counts_steps: ClassVar[bool] = False

    @abstractmethod
    def successor(self, state: Components, dt: float, noise: Components) -> Components:
        """Draw the state one interval later.

        Args:
            state: Components of the state.
            dt: The interval, in units of time.
            noise: Independent standard normal numbers, one for each component.

        Returns:
            The components of the next state, a tuple.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal(System):
    """A given function of time, sampled at `points` equidistant times from 0 to `t_max`, both ends included.

    Attributes:
        points: Number of samples.
        t_max: Time of the last sample.
    """

    default_duration: ClassVar[float] = 10.0 * math.pi
    default_dt: ClassVar[float] = 10.0 * math.pi / 999

    points: int = grid_value(1000, unit="1", meaning="number of samples", minimum=2)
    t_max: float = grid_value(10.0 * math.pi, unit="1", meaning="time of the last sample", minimum=0.0, is_open=True)

    @property
    def states(self) -> tuple[StateVariable, ...]:
        """The one variable, `x`."""
        return (StateVariable(name="x", unit="1", meaning="signal"),)

    @abstractmethod
    def value(self, t: Any) -> Any:
        """Evaluate the signal.

        Args:
            t: Time: a float, an array or a tensor.

        Returns:
            The signal at that time, of the same kind.
        """

    def grid(self) -> Float[ndarray, " time"]:
        """Sample the time axis.

        Returns:
            `points` times from 0 to `t_max`.
        """
        return np.linspace(0.0, self.t_max, self.points)


def _checked(declared: "Field[Any]", value: object) -> float | int:
    quantity: Quantity = declared.metadata["quantity"]
    number = _whole(declared.name, value) if isinstance(declared.default, int) else _real(declared.name, value)
    if quantity.minimum is not None and (
        number < quantity.minimum or (quantity.is_open and number == quantity.minimum)
    ):
        rule = f"above {quantity.minimum:g}" if quantity.is_open else f"at least {quantity.minimum:g}"
        raise ArgumentError(f"`{declared.name}` must be {rule}: expected {quantity.meaning}, got {number}.")
    return number


def _whole(name: str, value: object) -> int:
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    raise ArgumentError(f"`{name}` must be a whole number: expected an int, got {value!r}.")


def _real(name: str, value: object) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        if math.isfinite(value):
            return float(value)
        raise ArgumentError(f"`{name}` must be finite: expected a number, got {value}.")
    raise ArgumentError(f"`{name}` must be a number: expected a float, got {value!r}.")
