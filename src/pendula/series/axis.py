"""The regular time axis: where it starts, how it steps, and which values come next."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pendula.errors import ArgumentError, DataError
from pendula.series.times import AxisKind, Step, TimeValue, add_months, months_of, parse_duration, parse_time, step_text
from pendula.shapes import Float, Int, ndarray
from pendula.systems.grid import decimal_times

__all__ = ["TimeAxis", "TimeValue", "parse_time"]


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
        if self.kind == "float":
            return decimal_times(times, steps, float(self.step))
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
    def clock(self) -> tuple[float, str]:
        """The step as a number, and its unit: seconds for dates, months for calendar steps, 1 where none is known."""
        if isinstance(self.step, np.timedelta64):
            if self.is_calendar:
                return float(self.step.astype(np.int64)), "month"
            return float(self.step / np.timedelta64(1, "s")), "s"
        return float(self.step), self.units or "1"

    def elapsed(self, times: ndarray) -> Float[ndarray, " time"]:
        """Give time values as numbers in the unit of `clock`.

        Args:
            times: Numbers on the axis, as they are; or dates, which are counted from the start of the axis.

        Returns:
            The numbers.

        Examples:
            >>> TimeAxis(kind="float", start=2.0, step=0.5, size=4).elapsed(np.array([3.0]))
            array([3.])
        """
        if not isinstance(self.step, np.timedelta64):
            return np.asarray(times, np.float64)
        return np.asarray((times - np.asarray(self.start)) / np.timedelta64(1, "s"), np.float64)

    @property
    def step_text(self) -> str:
        """The step as people write it, with its unit."""
        return step_text(self.step, units=self.units)

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
                return months_of(duration) / int(self.step.astype(np.int64))
            return float(parse_duration(duration) / pd.Timedelta(self.step))
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"`duration` must be a duration on this axis: expected one like {self.step_text}, got {duration!r}."
            ) from error
