"""The chronological split into training, validation and test parts."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from pendula.errors import ArgumentError
from pendula.series.record import Record
from pendula.series.times import TimeValue, parse_time

__all__ = ["Part", "Split", "default_by", "split"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Part:
    """A range of rows of a record.

    Attributes:
        parent: The record that was split.
        start: First row of the part in the parent.
        stop: Row after the part's last.
    """

    parent: Record
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def record(self) -> Record:
        """The part's rows alone, as a view."""
        return self.parent.slice(self.start, self.stop)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Split:
    """A record in three disjoint parts that follow each other and cover it.

    Attributes:
        train: The rows to learn from; all scaling is fitted on them.
        validation: The rows that choose between models; may be empty.
        test: The rows that score, once; may be empty.
    """

    train: Part
    validation: Part
    test: Part

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Half-open row ranges of the parts that are not empty, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: (part.start, part.stop) for name, part in parts.items() if len(part)}


def default_by(record: Record) -> Literal["time", "trajectory"]:
    """Choose what the split of a record keeps together.

    Args:
        record: The record.

    Returns:
        `trajectory` where there is one for each of the three parts, else `time`.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> default_by(record(xr.Dataset({"x": ("time", [0.0, 1.0, 2.0])})))
        'time'
    """
    return "trajectory" if len(record.blocks) >= 3 else "time"


def split(
    record: Record,
    *,
    test: float | int = 0.25,
    validation: float | int = 0.2,
    test_from: TimeValue | str | None = None,
    by: Literal["time", "trajectory"] = "time",
) -> Split:
    """Split a record along time, the past for training, the future for tests.

    A fraction outside 0 to 1, a part that comes out empty, and a way to cut that the record does not allow are
    ArgumentErrors.

    Args:
        record: The record.
        test: Fraction of the whole record that is kept for the test, cut from its end; 0 for no test part.
        validation: Fraction of what remains, cut from its end; 0 for no validation part.
        test_from: Time at which the test part starts, in the units of the record's axis or as an ISO date; replaces
            `test`.
        by: Cut rows, or keep whole trajectories together (the last ones become the test).

    Returns:
        The three parts.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> parts = split(record(xr.Dataset({"x": ("time", np.arange(100.0))})))
        >>> len(parts.train), len(parts.validation), len(parts.test)
        (60, 15, 25)
    """
    _check_fraction("test", test)
    _check_fraction("validation", validation)
    stops = _unit_stops(record, by)
    if test_from is None:
        test_units = _share("test", test, len(stops), by)
        first_test = len(stops) - test_units
    else:
        first_test = _rows_before(record, test_from)
    validation_units = _share("validation", validation, first_test, by)
    first_validation = first_test - validation_units
    cuts = [0, int(stops[first_validation - 1]), int(stops[first_test - 1]), len(record)]
    train_part, validation_part, test_part = (
        Part(parent=record, start=start, stop=stop) for start, stop in pairwise(cuts)
    )
    return Split(train=train_part, validation=validation_part, test=test_part)


_UNIT_NAMES = {"time": "rows", "trajectory": "trajectories"}


def _unit_stops(record: Record, by: str) -> range | np.ndarray:
    # The row after each unit that may be cut off: a row, or a whole trajectory.
    if by == "time":
        return range(1, len(record) + 1)
    if by != "trajectory":
        raise ArgumentError(f"`by` must name a way to cut: expected time or trajectory, got {by}.")
    if record.trajectory is None:
        raise ArgumentError(
            "`by` must suit the record: expected a record of several trajectories, got one without a `trajectory` "
            "coordinate. Split by time."
        )
    return record.blocks[:, 1]


def _share(name: str, fraction: float | int, units: int, by: str) -> int:
    share = round(fraction * units)
    if fraction > 0 and by == "trajectory":
        share = max(share, 1)
    if fraction > 0 and not 1 <= share < units:
        raise ArgumentError(
            f"`{name}` must leave no part empty: expected between 1 and {units - 1} of {units} {_UNIT_NAMES[by]}, "
            f"got {share}. Change the fraction, or record more."
        )
    return share


def _rows_before(record: Record, test_from: TimeValue | str) -> int:
    if record.trajectory is not None:
        raise ArgumentError(
            "`test_from` must be used with one trajectory: expected a record with a single time axis, got several. "
            "Use `test`, or split by trajectory."
        )
    moment = parse_time(test_from, record.axis.kind, argument="test_from")
    row = int(np.searchsorted(record.time, moment))
    if not 0 < row < len(record):
        raise ArgumentError(
            f"`test_from` must lie within the record: expected a time after {record.time[0]} and up to "
            f"{record.time[-1]}, got {test_from}. Give a time in the units of the time axis."
        )
    return row


def _check_fraction(name: str, fraction: float | int) -> None:
    if not 0 <= fraction < 1:
        raise ArgumentError(
            f"`{name}` must lie between 0 and 1: expected a fraction of the record, got {fraction}. "
            "A quarter is 0.25; 0 keeps no such part."
        )
