"""Files of JSON, one table a line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pendula.errors import RunError
from pendula.files import MAX_JSON_BYTES, read_bytes, write_atomically

__all__ = ["read_lines", "write_lines"]


def write_lines(path: Path, tables: Iterable[Mapping[str, Any]]) -> None:
    """Write one line for each table, without a time of day: two runs with the same seed give the same bytes.

    Args:
        path: The file.
        tables: Values by name.
    """
    text = "".join(json.dumps(table) + "\n" for table in tables)
    write_atomically(path, lambda partial: partial.write_bytes(text.encode("ascii")))


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read the lines that `write_lines` wrote.

    Args:
        path: The file.

    Yields:
        The number of each line, counted from 1, and its table.

    Raises:
        RunError: If the file is missing, or a line is no table.
    """
    for number, line in enumerate(read_bytes(path, most=MAX_JSON_BYTES).splitlines(), start=1):
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RunError(f"`{path}` must hold lines of JSON: {error} in line {number}.") from error
        if not isinstance(content, dict):
            raise RunError(f"`{path}` must hold lines of JSON: got no table in line {number}.")
        yield number, content
