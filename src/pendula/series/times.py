"""Time values and durations: floats, integers, dates and calendar months."""

import re
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from pendula.errors import ArgumentError, DataError
from pendula.shapes import Int, ndarray

__all__ = [
    "AxisKind",
    "Step",
    "TimeValue",
    "add_months",
    "canonical_times",
    "months_of",
    "parse_duration",
    "parse_time",
    "step_text",
]

AxisKind: TypeAlias = Literal["float", "integer", "datetime"]
TimeValue: TypeAlias = float | int | np.datetime64
Step: TypeAlias = float | int | np.timedelta64


def canonical_times(values: ndarray) -> ndarray:
    """Convert time values to float64, int64, or datetime64 in nanoseconds.

    Args:
        values: Numbers or dates. Dates that nanoseconds cannot reach (before 1678, after 2261) get microseconds.

    Returns:
        The same instants.

    Raises:
        DataError: If the values are neither numbers nor dates.

    Examples:
        >>> canonical_times(np.array(["2024-01-01"], dtype="datetime64[D]")).dtype
        dtype('<M8[ns]')
        >>> canonical_times(np.arange(3, dtype=np.float32))
        array([0., 1., 2.])
    """
    if values.dtype.kind == "M":
        micro = values.astype("datetime64[us]")
        known = micro[~np.isnat(micro)]
        fits = not len(known) or (
            known.min() > np.datetime64("1677-09-22", "us") and known.max() < np.datetime64("2262-04-11", "us")
        )
        return values.astype("datetime64[ns]") if fits else micro
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    raise DataError(
        f"`time` must hold numbers or dates: expected float, integer or datetime64 values, got {values.dtype}. "
        "Name the column that holds the time."
    )


def parse_duration(duration: float | int | str | np.timedelta64) -> pd.Timedelta:
    """Read a duration between dates.

    Args:
        duration: A `timedelta64`, or text such as "90min", "2 days" or "4 weeks".

    Returns:
        The duration.

    Raises:
        TypeError: If it is a bare number, which has no unit.

    Examples:
        >>> parse_duration("4 weeks")
        Timedelta('28 days 00:00:00')
    """
    if isinstance(duration, str):
        weeks = re.fullmatch(r"\s*([\d.]+)\s*weeks?\s*", duration)
        return pd.Timedelta(weeks=float(weeks[1])) if weeks else pd.Timedelta(duration)
    if not isinstance(duration, np.timedelta64):
        raise TypeError(duration)
    return pd.Timedelta(duration)


def parse_time(text: TimeValue | str, kind: AxisKind, *, argument: str) -> TimeValue:
    """Read one time value the way an axis of this kind holds it.

    Args:
        text: A number, a date, or the text of either.
        kind: What the axis holds.
        argument: Name of the argument, for the message.

    Returns:
        A float, an integer or a `datetime64`. A number between two integers stays a float.

    Raises:
        ArgumentError: If `text` is no such value.

    Examples:
        >>> parse_time("1970", "integer", argument="test_from")
        1970
    """
    moment = _moment(text, kind)
    if moment is None:
        wanted = "a date such as 1998-05-30" if kind == "datetime" else "a number"
        raise ArgumentError(
            f"`{argument}` must be a time on the record's axis: expected {wanted}, got {text!r}. "
            "Look at the record's time column."
        )
    return moment


def add_months(start: ndarray, months: Int[ndarray, " time"], *, anchor_day: int) -> ndarray:
    """Step through the calendar, clipping to the last day of short months.

    Args:
        start: Date of month 0, or one for each entry of `months`.
        months: How many months to go from there.
        anchor_day: Day of the month to aim for.

    Returns:
        Dates with the resolution and the time of day of `start`.

    Examples:
        >>> add_months(np.array("2023-01-31", dtype="datetime64[D]"), np.array([0, 1, 2]), anchor_day=31)
        array(['2023-01-31', '2023-02-28', '2023-03-31'], dtype='datetime64[D]')
    """
    month = start.astype("datetime64[M]") + months
    first = month.astype("datetime64[D]")
    days_in_month = ((month + 1).astype("datetime64[D]") - first).astype(np.int64)
    days = first + (np.minimum(anchor_day, days_in_month) - 1)
    time_of_day = start - start.astype("datetime64[D]").astype(start.dtype)
    return np.asarray(days.astype(start.dtype) + time_of_day)


def months_of(duration: float | int | str | np.timedelta64) -> float:
    """Read a duration in months.

    Args:
        duration: A `timedelta64` of months or years, or text such as "18 months" or "2 years".

    Returns:
        How many months.

    Examples:
        >>> months_of("2 years")
        24.0
    """
    if isinstance(duration, np.timedelta64):
        lengths = {"M": 1, "Y": 12}
        return float(duration.astype(np.int64)) * lengths[np.datetime_data(duration)[0]]
    count, word = str(duration).split()
    return float(count) * {"month": 1, "year": 12}[word.rstrip("s")]


def step_text(step: Step, *, units: str = "") -> str:
    """Write a step as people do.

    Args:
        step: A number, a duration, or a whole number of months.
        units: Unit of a number.

    Returns:
        Such as "0.01 s", "7 days" or "1 month".

    Examples:
        >>> step_text(np.timedelta64(12, "M")), step_text(0.01, units="s")
        ('1 year', '0.01 s')
    """
    if not isinstance(step, np.timedelta64):
        return f"{step:.6g} {units}".strip()
    if np.datetime_data(step)[0] == "M":
        return _months_text(int(step.astype(np.int64)))
    return _duration_text(step)


def _duration_text(step: np.timedelta64) -> str:
    seconds = float(step / np.timedelta64(1, "s"))
    for word, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % length == 0:
            return _counted(int(seconds // length), word)
    return f"{seconds:g} s"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _months_text(months: int) -> str:
    count, word = (months // 12, "year") if months % 12 == 0 else (months, "month")
    return _counted(count, word)


def _moment(text: TimeValue | str, kind: AxisKind) -> TimeValue | None:
    try:
        if kind != "datetime":
            number = float(text)
            whole = kind == "integer" and number == int(number)
            return (int(number) if whole else number) if np.isfinite(number) else None
        if not isinstance(text, str | np.datetime64):
            return None
        stamp = pd.Timestamp(text)
        return (stamp.tz_convert(None) if stamp.tzinfo is not None else stamp).to_datetime64()
    except (TypeError, ValueError, OverflowError):
        return None
