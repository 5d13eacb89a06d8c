"""Settings written as `name=value`, by dotted names."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from pendula.errors import ArgumentError

__all__ = ["assignments", "merge", "parse_value"]


def parse_value(text: str) -> Any:
    """Read a value as TOML writes it; what is no TOML is a text.

    Args:
        text: The value.

    Returns:
        A number, truth value, list, table or text.

    Examples:
        >>> parse_value("10"), parse_value("1e-3"), parse_value("true"), parse_value("[1, 2]"), parse_value("cosine")
        (10, 0.001, True, [1, 2], 'cosine')
    """
    try:
        content = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    # A line break in the text could smuggle in other names.
    return content["value"] if set(content) == {"value"} else text


def assignments(texts: Sequence[str], *, argument: str = "set") -> dict[str, Any]:
    """Read settings of the form `name=value`, where dots in the name lead into tables.

    Args:
        texts: The assignments; of two for one name the later holds.
        argument: The option they come from, for messages.

    Returns:
        Values by name, tables within tables.

    Raises:
        ArgumentError: If one is no assignment, or gives a value to what another takes for a table.

    Examples:
        >>> assignments(["training.patience=10", "training.epochs=5", "scaling=range"])
        {'training': {'patience': 10, 'epochs': 5}, 'scaling': 'range'}
    """
    made: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        keys = [key.strip().replace("-", "_") for key in name.split(".")]
        if not equals or not all(keys):
            raise ArgumentError(
                f"`--{argument}` must be an assignment: expected name=value, got {text!r}. "
                f"Write --{argument} training.patience=10, for example."
            )
        _assign(made, keys, parse_value(value.strip()), argument=argument)
    return made


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one set of nested settings over another.

    Args:
        base: Values by name, tables within tables.
        over: Those that take precedence.

    Returns:
        Both together; the arguments are left as they were.

    Examples:
        >>> merge({"network": {"cell": "rnn", "hidden_size": 4}, "seed": 1}, {"network": {"cell": "gru"}})
        {'network': {'cell': 'gru', 'hidden_size': 4}, 'seed': 1}
    """
    merged = dict(base)
    for name, value in over.items():
        under = merged.get(name)
        merged[name] = merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def _assign(made: dict[str, Any], keys: list[str], value: Any, *, argument: str) -> None:
    table = made
    for depth, key in enumerate(keys[:-1]):
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            name = ".".join(keys[: depth + 1])
            raise ArgumentError(
                f"`--{argument}` must agree with itself: expected `{name}` to be either a value or a table, got both. "
                "Leave one of them out."
            )
    table[keys[-1]] = value
