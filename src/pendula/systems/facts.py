"""What is known of a system: its quantities with units, and facts with their sources."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Fact", "Quantity", "StateVariable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number that a user may set.

    Attributes:
        role: A parameter of the equation, an initial value, or a property of the sampling grid.
        unit: Its unit; "1" if it has no dimension.
        meaning: What it is, in a few words.
        minimum: The least value it may take, or None.
        is_open: Whether the minimum itself is forbidden.

    Examples:
        >>> Quantity(role="parameter", unit="1/s", meaning="damping rate", minimum=0.0).minimum
        0.0
    """

    role: Literal["parameter", "initial", "grid"]
    unit: str
    meaning: str
    minimum: float | int | None = None
    is_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StateVariable:
    """One component of the state.

    Attributes:
        name: Its symbol, also the name of the variable in a dataset.
        unit: Its unit; "1" if it has no dimension.
        meaning: What it is, in a few words.

    Examples:
        >>> StateVariable(name="x", unit="m", meaning="position").unit
        'm'
    """

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A known number of a system, with where it is known from.

    Attributes:
        name: What the number is.
        value: The number, or several that belong together.
        unit: Its unit; "1" if it has no dimension.
        source: A book, a paper, a derivation, or how it was computed.

    Examples:
        >>> Fact(name="period", value=1.0, unit="s", source="definition").value
        1.0
    """

    name: str
    value: float | tuple[float, ...]
    unit: str
    source: str
