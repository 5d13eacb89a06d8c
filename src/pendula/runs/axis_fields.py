"""A time axis from a file that nobody vouches for."""

import re
from typing import Any

from pendula.errors import DataError
from pendula.runs.fields import Fields
from pendula.series.axis import TimeAxis
from pendula.series.times import AxisKind

__all__ = ["axis_from"]

_NAMES = ("kind", "start", "step", "size", "units", "name", "anchor_day", "resolution")
_DATE_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns")
_LARGEST = 2**63 - 1


def axis_from(fields: Fields) -> TimeAxis:
    """Make a time axis from a table whose values are checked first.

    Args:
        fields: What `TimeAxis.to_dict` gave.

    Returns:
        The axis.

    Raises:
        RunError: If a value is missing, unknown, of another type, or makes no axis.
    """
    fields.check_names(_NAMES)
    kind = fields.get("kind", AxisKind)
    fields.whole("size", 0, _LARGEST)
    fields.whole("anchor_day", 0, 31)
    for name in ("units", "name", "resolution"):
        fields.text(name)
    (_check_dates if kind == "datetime" else _check_numbers)(fields, kind)
    try:
        return TimeAxis.from_dict(fields.content)
    except (DataError, OverflowError) as error:
        raise fields.error("start", "a time axis with its step", fields.content.get("start")) from error


def _check_numbers(fields: Fields, kind: str) -> None:
    number: Any = int if kind == "integer" else float
    for name in ("start", "step"):
        fields.get(name, number)
        if kind == "integer":
            fields.whole(name, -_LARGEST, _LARGEST)
    if fields.content["step"] <= 0:
        raise fields.error("step", "positive", fields.content["step"])


def _check_dates(fields: Fields, kind: str) -> None:
    start, step = fields.text("start"), fields.get("step", list)
    # numpy also takes the words now, today and NaT for dates.
    if not re.fullmatch(r"-?\d[\d:.T-]*", start):
        raise fields.error("start", "a date", start)
    if fields.content["resolution"] not in _DATE_UNITS:
        raise fields.error("resolution", f"one of {', '.join(_DATE_UNITS)}", fields.content["resolution"])
    if len(step) != 2 or type(step[0]) is not int or not 0 < step[0] <= _LARGEST or step[1] not in _DATE_UNITS:
        raise fields.error("step", f"a count of {kind} units and their name", step)
