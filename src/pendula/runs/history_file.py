"""The history of a training on disk: one line of JSON for each epoch."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pendula.runs.fields import Fields
from pendula.runs.json_lines import read_lines, write_lines
from pendula.training import EpochRecord

__all__ = ["read_history", "write_history"]

_SPECIAL = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def write_history(path: Path, history: tuple[EpochRecord, ...]) -> None:
    """Write one line for each epoch.

    Args:
        path: The file.
        history: One record for each epoch. Errors that left the finite numbers are written as "inf" and "nan".
    """
    write_lines(path, ({key: _plain(value) for key, value in asdict(record).items()} for record in history))


def read_history(path: Path) -> tuple[EpochRecord, ...]:
    """Read the lines that `write_history` wrote.

    Args:
        path: The file.

    Returns:
        One record for each epoch.

    Raises:
        RunError: If the file is missing or damaged.
    """
    return tuple(_record(path, number, content) for number, content in read_lines(path))


def _record(path: Path, number: int, content: dict[str, Any]) -> EpochRecord:
    special = {key: _SPECIAL[value] for key, value in content.items() if isinstance(value, str) and value in _SPECIAL}
    fields = Fields(path=path, content={**content, **dict.fromkeys(special, 0.0)}, place=f"line {number}: ")
    record = fields.build(EpochRecord)
    return EpochRecord(**{**asdict(record), **special})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
