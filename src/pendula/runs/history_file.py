"""The history of a training on disk: one line of JSON for each epoch."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pendula.errors import RunError
from pendula.files import MAX_JSON_BYTES, read_bytes, write_atomically
from pendula.runs.fields import Fields
from pendula.training import EpochRecord

__all__ = ["read_history", "write_history"]

_SPECIAL = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def write_history(path: Path, history: tuple[EpochRecord, ...]) -> None:
    """Write one line for each epoch, without a time of day: two runs with the same seed give the same bytes.

    Args:
        path: The file.
        history: One record for each epoch. Errors that left the finite numbers are written as "inf" and "nan".
    """
    lines = [json.dumps({key: _plain(value) for key, value in asdict(record).items()}) + "\n" for record in history]
    write_atomically(path, lambda partial: partial.write_bytes("".join(lines).encode("ascii")))


def read_history(path: Path) -> tuple[EpochRecord, ...]:
    """Read the lines that `write_history` wrote.

    Args:
        path: The file.

    Returns:
        One record for each epoch.

    Raises:
        RunError: If the file is missing or damaged.
    """
    lines = read_bytes(path, most=MAX_JSON_BYTES).splitlines()
    return tuple(_record(path, number, line) for number, line in enumerate(lines, start=1))


def _record(path: Path, number: int, line: bytes) -> EpochRecord:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RunError(f"`{path}` must hold a line of JSON for each epoch: {error} in line {number}.") from error
    if not isinstance(content, dict):
        raise RunError(f"`{path}` must hold a line of JSON for each epoch: got no table in line {number}.")
    special = {key: _SPECIAL[value] for key, value in content.items() if isinstance(value, str) and value in _SPECIAL}
    fields = Fields(path=path, content={**content, **dict.fromkeys(special, 0.0)}, place=f"line {number}: ")
    record = fields.build(EpochRecord)
    return EpochRecord(**{**asdict(record), **special})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
