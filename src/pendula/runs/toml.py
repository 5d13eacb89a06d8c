"""Write TOML: tables of texts, numbers, booleans and lists of them."""

import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any

from pendula.errors import ArgumentError, RunError
from pendula.files import MAX_JSON_BYTES, read_bytes, write_atomically

__all__ = ["read_toml", "to_toml", "write_toml"]


def to_toml(table: dict[str, Any]) -> str:
    r"""Write a table as TOML.

    None has no place in TOML: such entries are left out.

    Args:
        table: Texts, whole numbers, floats, booleans, lists of these, and tables of these.

    Returns:
        The text, which `tomllib` reads back exactly.

    Raises:
        ArgumentError: If a value is of another type.

    Examples:
        >>> print(to_toml({"seed": 0, "recipe": {"cell": "lstm", "patience": None}}), end="")
        seed = 0
        <BLANKLINE>
        [recipe]
        cell = "lstm"
    """
    return "\n".join(_lines(table, ())) + "\n"


def write_toml(path: Path, table: dict[str, Any]) -> None:
    """Write a table to a TOML file, atomically.

    Args:
        path: The file.
        table: As for `to_toml`.
    """
    text = to_toml(table).encode("utf-8")
    write_atomically(path, lambda partial: partial.write_bytes(text))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, within a size that ours never reach.

    Args:
        path: The file.

    Returns:
        Its table.

    Raises:
        RunError: If the file is missing, unreadable, too large, or no TOML.
    """
    try:
        return tomllib.loads(read_bytes(path, most=MAX_JSON_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"`{path}` must hold TOML: {error}. The file is damaged.") from error


def _lines(table: dict[str, Any], place: tuple[str, ...]) -> list[str]:
    # A table's own values come before the tables within it, whose headers would swallow them.
    values = {key: value for key, value in table.items() if value is not None and not isinstance(value, dict)}
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{_key(key)} = {_value(value, (*place, key))}" for key, value in values.items()]
    for key, inner in tables.items():
        inside = (*place, key)
        lines += ["", f"[{'.'.join(map(_key, inside))}]", *_lines(inner, inside)]
    return lines


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _value(value: Any, place: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item, place) for item in value)}]"
    raise ArgumentError(
        f"`{'.'.join(place)}` must be a plain value: expected a text, number, boolean or list, "
        f"got {type(value).__name__}. Convert it first."
    )


def _text(text: str) -> str:
    # JSON's escapes are TOML's; JSON leaves DEL bare, which TOML forbids, and a lone surrogate is no Unicode at all.
    if re.search("[\ud800-\udfff]", text):
        raise ArgumentError(f"`{text!a}` must be Unicode text: expected characters, got bytes of a name. Rename it.")
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
