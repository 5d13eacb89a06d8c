"""What the program prints: results on standard output, everything else on standard error."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any

from cyclopts import Parameter

__all__ = ["PLAIN", "Output", "json_text"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """How the program prints.

    Attributes:
        json: Print exactly one JSON object on standard output, everything else on standard error.
        quiet: Print the result alone: no progress, no remarks.
        debug: Show where in the program an unexpected error arose.

    Examples:
        >>> Output(json=True).result({"rmse": float("nan")})
        {"rmse": null}
    """

    json: bool = False
    quiet: bool = False
    debug: Annotated[bool, Parameter(group="Troubleshooting")] = False

    def remark(self, *lines: str) -> None:
        """Tell people something on standard error.

        Args:
            lines: What to tell.
        """
        if not self.quiet:
            for line in lines:
                print(line, file=sys.stderr, flush=True)

    def show(self, *lines: str) -> None:
        """Print lines of the result for people; with `json`, on standard error.

        Args:
            lines: The lines.
        """
        if self.json:
            self.remark(*lines)
            return
        for line in lines:
            print(line)

    def result(self, content: Mapping[str, Any]) -> None:
        """Print the result for programs, if it was asked for.

        Args:
            content: Names and values.
        """
        if self.json:
            print(json_text(content))


PLAIN = Output()


def json_text(content: Mapping[str, Any]) -> str:
    """Write a JSON object; numbers that are not finite become null.

    Args:
        content: Plain values, arrays, dates, paths and enumerations by name.

    Returns:
        One line.

    Examples:
        >>> json_text({"x": (1.5, float("inf"))})
        '{"x": [1.5, null]}'
    """
    return json.dumps(_plain(content), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    if isinstance(value, PurePath):
        return str(value)
    return _plain_array(value)


def _plain_array(value: Any) -> Any:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in {"M", "m"}:
        # Whole nanoseconds would be a number; people want the date.
        return _plain(value.astype(str).tolist())
    return _plain(value.tolist()) if kind else str(value)
