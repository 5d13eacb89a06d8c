"""Plain values from a file that nobody vouches for, checked one by one."""

import math
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pendula.errors import RunError
from pendula.files import read_json
from pendula.runs.nested import settings_in

__all__ = ["MAX_TEXT", "Fields", "conforms"]

MAX_TEXT = 65_536
"""Longest name or unit, in characters."""
MAX_ENTRIES = 65_536
"""Longest list of names."""

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fields:
    """A table of names and values, and where it was read.

    Attributes:
        path: The file.
        content: The values by name.
        place: Where in the file the table is, with a point at its end; empty for the whole.

    Examples:
        >>> Fields(path=Path("model.json"), content={"window": 50}).whole("window", 1, 100)
        50
    """

    path: Path
    content: dict[str, Any]
    place: str = ""

    @classmethod
    def read(cls, path: Path) -> "Fields":
        """Read a JSON file that holds a table.

        Args:
            path: The file.

        Returns:
            The table.

        Raises:
            RunError: If the file cannot be read or holds no table.
        """
        content = read_json(path)
        if not isinstance(content, dict):
            raise RunError(f"`{path}` must hold names and values: got {_shown(content)}. {_ADVICE}")
        return cls(path=path, content=content)

    def check_names(self, names: Iterable[str], *, optional: Iterable[str] = ()) -> None:
        """Make sure that the table has these names, and no others.

        Args:
            names: The names it must have.
            optional: The names it may have.

        Raises:
            RunError: If one is missing or unknown.
        """
        wanted = set(names)
        for name in sorted(wanted - set(self.content)):
            raise RunError(f"`{self.path}` must have `{self.place}{name}`: got none. {_ADVICE}")
        for name in sorted(set(self.content) - wanted - set(optional)):
            raise RunError(f"`{self.path}` must have known names alone: got {_shown(self.place + name)}. {_ADVICE}")

    def get(self, name: str, kind: Any) -> Any:
        """Give a value of a plain type.

        Args:
            name: Its name.
            kind: bool, int, float, str, list, dict, None, a literal, or a union of these.

        Returns:
            The value; a whole number is given as a float where `kind` is float.

        Raises:
            RunError: If it is missing or of another type; a float must be finite.
        """
        value: Any = self.content.get(name)
        if name not in self.content or not conforms(value, kind):
            raise self.error(name, _named(kind), value)
        return float(value) if kind is float else value

    def whole(self, name: str, low: int, high: int) -> int:
        """Give a whole number within bounds.

        Args:
            name: Its name.
            low: The smallest that is allowed.
            high: The largest that is allowed.

        Returns:
            The number.

        Raises:
            RunError: If it is missing, no whole number, or out of bounds.
        """
        value: Any = self.content.get(name)
        if not conforms(value, int) or not low <= value <= high:
            raise self.error(name, f"a whole number from {low} to {high}", value)
        return int(value)

    def text(self, name: str) -> str:
        """Give a short text.

        Args:
            name: Its name.

        Returns:
            The text.
        """
        value = str(self.get(name, str))
        if len(value) > MAX_TEXT:
            raise self.error(name, f"at most {MAX_TEXT} characters", f"{len(value)} characters")
        return value

    def texts(self, name: str, *, count: int | None = None) -> tuple[str, ...]:
        """Give a list of short texts.

        Args:
            name: Its name.
            count: How many there must be; any number when left out.

        Returns:
            The texts.
        """
        value = self.get(name, list)
        short = len(value) <= MAX_ENTRIES and all(isinstance(text, str) and len(text) <= MAX_TEXT for text in value)
        if not short or (count is not None and len(value) != count):
            raise self.error(name, f"{'' if count is None else f'{count} '}short texts", value)
        return tuple(value)

    def numbers(self, name: str, *, count: int) -> tuple[float, ...]:
        """Give a list of finite numbers.

        Args:
            name: Its name.
            count: How many there must be.

        Returns:
            The numbers.
        """
        value = self.get(name, list)
        if len(value) != count or not all(conforms(number, float) for number in value):
            raise self.error(name, f"{count} finite numbers", value)
        return tuple(float(number) for number in value)

    def table(self, name: str) -> "Fields":
        """Give a table within the table.

        Args:
            name: Its name.

        Returns:
            The table.
        """
        return Fields(path=self.path, content=self.get(name, dict), place=f"{self.place}{name}.")

    def tables(self, name: str, most: int) -> list["Fields"]:
        """Give a list of tables within the table.

        Args:
            name: Its name.
            most: How many there may be.

        Returns:
            The tables.
        """
        value = self.get(name, list)
        if len(value) > most or not all(isinstance(table, dict) for table in value):
            raise self.error(name, f"at most {most} tables", value)
        places = [f"{self.place}{name}[{number}]." for number in range(len(value))]
        return [Fields(path=self.path, content=table, place=place) for table, place in zip(value, places, strict=True)]

    def build(self, kind: type[Kind]) -> Kind:
        """Make a dataclass of plain values from the whole table; names that are left out take their defaults.

        A table that an earlier Pendula wrote lacks the settings that came later.

        Args:
            kind: The dataclass.

        Returns:
            An instance, whose own rules are checked, too.

        Raises:
            RunError: If a value without a default is missing, or one is unknown, of another type, or breaks a rule.
        """
        known = fields(kind)  # type: ignore[arg-type] # a dataclass
        needed = [field.name for field in known if field.default is MISSING and field.default_factory is MISSING]
        self.check_names(needed, optional=[field.name for field in known])
        values = {field.name: self._built(field.name, field.type) for field in known if field.name in self.content}
        try:
            return kind(**values)
        except (ValueError, TypeError) as error:
            raise RunError(f"`{self.path}` must be sound: {error} {_ADVICE}") from error

    def _built(self, name: str, wanted: Any) -> Any:
        kind = settings_in(wanted)
        if get_origin(wanted) is tuple:
            return self.texts(name)
        if get_origin(wanted) is dict:
            table = self.table(name)
            return {each: table.get(each, float) for each in table.content}
        if kind is None:
            return self.get(name, wanted)
        if self.content[name] is None and kind is not wanted:
            return None
        return self.table(name).build(kind)

    def error(self, name: str, expected: str, actual: Any) -> RunError:
        """Make the error for a value.

        Args:
            name: The value's name.
            expected: What it has to be.
            actual: What it is.

        Returns:
            The error, to raise.
        """
        return RunError(
            f"`{self.path}` must be sound: expected `{self.place}{name}` to be {expected}, got {_shown(actual)}. "
            + _ADVICE
        )


def conforms(value: Any, kind: Any) -> bool:
    """Tell whether a plain value is of a type.

    Args:
        value: The value.
        kind: bool, int, float, str, list, dict, None, a literal, or a union of these.

    Returns:
        Whether it is; a boolean is no number, and a number must be finite.

    Examples:
        >>> conforms(1, float), conforms(True, int), conforms(None, float | None), conforms("x", Literal["x", "y"])
        (True, False, True, True)
    """
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if get_origin(kind) in {Union, UnionType}:
        return any(conforms(value, one) for one in get_args(kind))
    if kind is float:
        return math.isfinite(value) if type(value) is float else type(value) is int and abs(value) < 2**1023
    return type(value) is (NoneType if kind is None else kind)


_ADVICE = "The file is damaged or was changed; restore it from a copy, or train anew."


def _named(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    if get_origin(kind) in {Union, UnionType}:
        return " or ".join(_named(one) for one in get_args(kind))
    return _KINDS.get(kind, "nothing")


_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested without end, or a number of more digits than Python prints
        return "something immense"
    return text if len(text) <= 60 else f"{text[:57]}..."
