"""The flow of gradients during a training on disk: a line of JSON for each watched epoch and layer."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pendula.dynamics import FlowRecord
from pendula.runs.fields import Fields, conforms
from pendula.runs.json_lines import read_lines, write_lines

__all__ = ["GRADIENTS_FILE", "read_gradients", "write_gradients"]

GRADIENTS_FILE = "gradients.jsonl"
_FLOWS = ("vanishing", "healthy", "exploding", "silent")


def write_gradients(path: Path, records: tuple[FlowRecord, ...]) -> None:
    """Write one line for each record.

    Args:
        path: The file.
        records: In the order of epochs and layers.
    """
    write_lines(path, map(asdict, records))


def read_gradients(path: Path) -> tuple[FlowRecord, ...]:
    """Read the lines that `write_gradients` wrote.

    Args:
        path: The file.

    Returns:
        The records.

    Raises:
        RunError: If the file is missing or damaged.
    """
    return tuple(_record(path, number, content) for number, content in read_lines(path))


def _record(path: Path, number: int, content: dict[str, Any]) -> FlowRecord:
    told = Fields(path=path, content=content, place=f"line {number}: ")
    told.check_names(field.name for field in fields(FlowRecord))
    log_norms, flow = told.get("log_norms", list), told.text("flow")
    if not all(conforms(each, float | None) for each in log_norms):
        raise told.error("log_norms", "numbers or null", log_norms)
    if flow not in _FLOWS:
        raise told.error("flow", f"one of {', '.join(_FLOWS)}", flow)
    return FlowRecord(
        epoch=told.whole("epoch", 0, 2**53),
        layer=told.whole("layer", 1, 2**16),
        flow=flow,
        rate=told.get("rate", float | None),
        uncertainty=told.get("uncertainty", float | None),
        gradient_norm=told.get("gradient_norm", float),
        log_norms=tuple(log_norms),
    )
