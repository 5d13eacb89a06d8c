"""The regular time axis: where it starts, how it steps, and which values come next."""

import re
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from pendula.errors import ArgumentError, DataError
from pendula.shapes import Int, ndarray

__all__ = ["AxisKind", "Step", "TimeAxis", "TimeValue", "add_months", "canonical_times", "parse_duration", "parse_time"]

AxisKind: TypeAlias = Literal["float", "integer", "datetime"]
TimeValue: TypeAlias = float | int | np.datetime64
Step: TypeAlias = float | int | np.timedelta64


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeAxis:
    """A regular axis of `size` time values, the k-th being `start` + k · `step`.

    Attributes:
        kind: What the values are: floats, integers or dates.
        start: First value; of the last trajectory, where there are several.
        step: Distance of two values: a number in `units`, or a `timedelta64`; calendar steps are whole months
            (`timedelta64[M]`), which have no fixed length.
        size: How many values there are.
        units: Unit of the numbers, such as s; empty for dates.
        name: Name of the coordinate.
        anchor_day: Day of the month that monthly dates fall on, clipped to the month's last day; 0 for other steps.

    Examples:
        >>> axis = TimeAxis(kind="float", start=0.0, step=0.5, size=4, units="s")
        >>> axis.values()
        array([0. , 0.5, 1. , 1.5])
        >>> axis.extend(2)
        array([2. , 2.5])
        >>> axis.in_steps(3.0)
        6
    """

    kind: AxisKind
    start: TimeValue
    step: Step
    size: int
    units: str = ""
    name: str = "time"
    anchor_day: int = 0

    def values(self, start: int = 0, stop: int | None = None) -> ndarray:
        """Compute the time values of rows `start` to `stop`.

        Args:
            start: First row; may lie beyond the end.
            stop: Row after the last; `size` when left out.

        Returns:
            The values, as float64, int64 or datetime64.
        """
        rows = np.arange(start, self.size if stop is None else stop, dtype=np.int64)
        return self.advance(np.asarray(self.start), rows)

    def advance(self, times: ndarray, steps: Int[ndarray, " time"]) -> ndarray:
        """Go some steps on from each of several time values.

        Args:
            times: Where to start from: one value, or one for each entry of `steps`.
            steps: How many steps to go.

        Returns:
            The time values there.

        Examples:
            >>> TimeAxis(kind="float", start=0.0, step=0.5, size=4).advance(np.array([1.0, 7.0]), np.array([1, 2]))
            array([1.5, 8. ])
        """
        if isinstance(self.step, np.timedelta64) and self.is_calendar:
            return add_months(times, steps * int(self.step.astype(np.int64)), anchor_day=self.anchor_day)
        return np.asarray(times + steps * self.step)

    def extend(self, steps: int) -> ndarray:
        """Compute the values that come after the last.

        Args:
            steps: How many, at least 1.

        Returns:
            The next `steps` time values.

        Raises:
            ArgumentError: If `steps` is below 1.

        Examples:
            >>> years = TimeAxis(kind="integer", start=1700, step=1, size=309, units="year")
            >>> years.extend(3)
            array([2009, 2010, 2011])
        """
        if steps < 1:
            raise ArgumentError(
                f"`steps` must be positive: expected 1 or more, got {steps}. Ask for one step at least."
            )
        return self.values(self.size, self.size + steps)

    def in_steps(self, duration: float | int | str | np.timedelta64) -> int:
        """Express a duration as a whole number of steps, rounded to the nearest.

        Args:
            duration: In `units`; for dates a `timedelta64`, or text such as "4 weeks".

        Returns:
            The number of steps.

        Raises:
            ArgumentError: If the duration is shorter than half a step, or is no duration of this axis.
        """
        steps = round(self._ratio(duration))
        if steps < 1:
            raise ArgumentError(
                f"`duration` must last a step: expected at least {self.step_text}, got {duration}. Give a longer one."
            )
        return steps

    @property
    def is_calendar(self) -> bool:
        """Whether the step is in months, which have no fixed length."""
        return isinstance(self.step, np.timedelta64) and np.datetime_data(self.step)[0] == "M"

    @property
    def step_text(self) -> str:
        """The step as people write it, with its unit."""
        if isinstance(self.step, np.timedelta64):
            return _months_text(int(self.step.astype(np.int64))) if self.is_calendar else _duration_text(self.step)
        return f"{self.step:.6g} {self.units}".strip()

    def after(self, start: int, *, size: int) -> "TimeAxis":
        """Give the axis of the rows from `start` on.

        Args:
            start: Row that becomes the first.
            size: How many rows the new axis has.

        Returns:
            An axis with the same step.
        """
        first = self.values(start, start + 1)[0]
        return replace(self, start=first if isinstance(first, np.datetime64) else first.item(), size=size)

    def to_dict(self) -> dict[str, Any]:
        """Give the axis as plain values that JSON can hold.

        Returns:
            A dictionary that `from_dict` reads; dates as ISO text, date steps as a count and its unit.
        """
        start = str(self.start) if isinstance(self.start, np.datetime64) else self.start
        step: Any = self.step
        if isinstance(self.step, np.timedelta64):
            step = [int(self.step.astype(np.int64)), np.datetime_data(self.step)[0]]
        resolution = np.datetime_data(self.start)[0] if isinstance(self.start, np.datetime64) else ""
        return {
            "kind": self.kind, "start": start, "step": step, "size": self.size, "units": self.units,
            "name": self.name, "anchor_day": self.anchor_day, "resolution": resolution,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "TimeAxis":
        """Make an axis from what `to_dict` gave.

        Args:
            content: The dictionary.

        Returns:
            The same axis.

        Raises:
            DataError: If a key is missing or a value has the wrong type.

        Examples:
            >>> axis = TimeAxis(kind="integer", start=0, step=1, size=10)
            >>> TimeAxis.from_dict(axis.to_dict()) == axis
            True
        """
        try:
            dates = content["kind"] == "datetime"
            return cls(
                kind=content["kind"],
                start=np.datetime64(content["start"], content["resolution"]) if dates else content["start"],
                step=np.timedelta64(*content["step"]) if dates else content["step"],
                size=int(content["size"]),
                units=str(content["units"]),
                name=str(content["name"]),
                anchor_day=int(content["anchor_day"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"`axis` must hold a time axis: expected what `to_dict` gives, got {content}.") from error

    def _ratio(self, duration: float | int | str | np.timedelta64) -> float:
        try:
            if not isinstance(self.step, np.timedelta64):
                return float(duration) / float(self.step)
            if self.is_calendar:
                return _months_of(duration) / int(self.step.astype(np.int64))
            return float(parse_duration(duration) / pd.Timedelta(self.step))
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"`duration` must be a duration on this axis: expected one like {self.step_text}, got {duration!r}."
            ) from error


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


def _months_of(duration: float | int | str | np.timedelta64) -> float:
    # "18 months" and "2 years" are the durations that a calendar step can count.
    if isinstance(duration, np.timedelta64):
        lengths = {"M": 1, "Y": 12}
        return float(duration.astype(np.int64)) * lengths[np.datetime_data(duration)[0]]
    count, word = str(duration).split()
    return float(count) * {"month": 1, "year": 12}[word.rstrip("s")]


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
