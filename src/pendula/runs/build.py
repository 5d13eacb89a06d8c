"""Plain values, checked one by one, make a frozen dataclass of settings."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, TypeVar, get_args

from pendula.errors import ConfigError, did_you_mean
from pendula.runs.nested import settings_in

__all__ = ["build", "known_paths", "plain"]

Kind = TypeVar("Kind")


def build(kind: type[Kind], content: Mapping[str, Any], *, where: str = "") -> Kind:
    """Make a dataclass of settings from nested plain values; what is left out takes its default.

    TOML has no null: the text "none" stands for it where a setting may be None.

    Args:
        kind: The dataclass; its fields may be dataclasses of settings, too.
        content: Values by name, tables within tables.
        where: Dotted name of the table, with a point at its end; empty for the whole.

    Returns:
        An instance of `kind`.

    Raises:
        ConfigError: If a name is unknown, or a value has the wrong type.

    Examples:
        >>> from pendula.training import Training
        >>> build(Training, {"epochs": 5, "patience": "none"}).patience is None
        True
    """
    types: dict[str, Any] = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type] # a dataclass
    for name in content:
        if name not in types:
            raise ConfigError(f"`{where}{name}` must be a known setting.{_suggested(name, kind, where)}")
    return kind(**{name: _value(f"{where}{name}", value, types[name]) for name, value in content.items()})


def known_paths(kind: type) -> Iterator[str]:
    """List the settings of a dataclass by their dotted names.

    Args:
        kind: The dataclass.

    Yields:
        The names, in order.

    Examples:
        >>> from pendula.nn import Reservoir
        >>> list(known_paths(Reservoir))[:2]
        ['topology', 'spectral_radius']
    """
    for field in fields(kind):
        settings = settings_in(field.type)
        if settings is not None:
            yield from (f"{field.name}.{inner}" for inner in known_paths(settings))
        else:
            yield field.name


def plain(settings: Any) -> dict[str, Any]:
    """Give the settings of a dataclass as `build` reads them.

    Args:
        settings: The dataclass.

    Returns:
        Values by name, tables within tables; "none" stands for None.

    Examples:
        >>> from pendula.training import Training
        >>> plain(Training(patience=None))["patience"]
        'none'
    """
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {
        name: plain(value) if is_dataclass(value) else "none" if value is None else _listed(value)
        for name, value in values.items()
    }


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _value(name: str, value: Any, expected: Any) -> Any:
    if (value is None or value == "none") and NoneType in get_args(expected):
        return None
    settings = settings_in(expected)
    if settings is not None:
        if not isinstance(value, Mapping):
            raise ConfigError(
                f"`{name}` must be a table: expected names and values, got {value!r}. "
                f"Name one of {', '.join(f'`{name}.{field.name}`' for field in fields(settings))}."
            )
        return build(settings, value, where=f"{name}.")
    return _typed(name, value, expected)


def _typed(name: str, value: Any, expected: Any) -> Any:
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    # JSON has lists alone, which pydantic takes for tuples, too, and stays strict in all else.
    text = json.dumps(value, default=str)
    try:
        return TypeAdapter(expected, config=ConfigDict(allow_inf_nan=False)).validate_json(text, strict=True)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ConfigError(
            f"`{name}` must have the right type: {reason[0].lower()}{reason[1:]}, got {value!r}. Change the value."
        ) from error


def _suggested(name: str, kind: type, where: str) -> str:
    # A name without its table is the likeliest slip.
    inner = [path for path in known_paths(kind) if path.endswith(f".{name}")]
    if inner:
        return f" Did you mean `{where}{inner[0]}`?"
    # Names are compared without their table, which all of them share.
    known = [field.name for field in fields(kind)]
    return re.sub(r"`(\w+)`", rf"`{where}\1`", did_you_mean(name, known))
