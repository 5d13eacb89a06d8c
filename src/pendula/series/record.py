"""What learning sees of a data set: regular rows of float64, and where they are whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, DataError, did_you_mean
from pendula.series.axis import TimeAxis
from pendula.series.columns import channel_values, check_channel, column_names, time_values
from pendula.series.grid import Grid, find_grid, trajectory_blocks
from pendula.series.intervals import MOMENT
from pendula.shapes import Int, Mask, Series, ndarray

__all__ = ["Record", "assemble", "check_learnable", "column_names", "find_segments", "record", "to_dataset"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Record:
    """A regular record in memory: one row for every step of time, NaN where a sample is missing.

    Attributes:
        values: Samples, each channel in its own unit of `units`.
        names: Names of the channels.
        units: Units of the channels; empty where unknown.
        time: Time value of each row: float64 or int64 in `axis.units`, or datetime64.
        axis: The regular axis under `time`; that of the last trajectory, where there are several.
        segments: Half-open row ranges without a missing sample, each within one trajectory.
        trajectory: Identifier of each row's trajectory, or None.
        controls: What is known for the future, too, on the same rows; None where there is nothing of the kind.
        bridged: Whether windows reach over missing samples, which are shown as such, instead of ending there.
        moments: The times of the rows where rows are the steps, and `time` counts them; None elsewhere.
    """

    values: Series
    names: tuple[str, ...]
    units: tuple[str, ...]
    time: ndarray
    axis: TimeAxis
    segments: Int[ndarray, "segment 2"]
    trajectory: ndarray | None = None
    controls: "Record | None" = None
    bridged: bool = False
    moments: ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def present(self) -> Mask:
        """Whether each row has all of its samples, controls included."""
        whole = np.asarray(~np.isnan(self.values).any(axis=1))
        return whole if self.controls is None else whole & self.controls.present

    @property
    def blocks(self) -> Int[ndarray, "block 2"]:
        """Half-open row ranges of the trajectories."""
        return trajectory_blocks(self.trajectory, len(self))

    @property
    def longest(self) -> int:
        """Rows of the longest stretch without a missing sample; of the longest trajectory where windows are bridged."""
        stretches = self.blocks if self.bridged else self.segments
        return int((stretches[:, 1] - stretches[:, 0]).max(initial=0))

    def slice(self, start: int, stop: int) -> "Record":
        """View the rows from `start` to `stop`, without a copy.

        Args:
            start: First row.
            stop: Row after the last.

        Returns:
            A record that shares its memory with this one.

        Raises:
            ArgumentError: If the range does not lie within the record.

        Examples:
            >>> part = record(xr.Dataset({"x": ("time", [0.0, 1.0, 4.0, 9.0])})).slice(1, 3)
            >>> part.time, part.segments
            (array([1, 2]), array([[0, 2]]))
        """
        if not 0 <= start <= stop <= len(self):
            raise ArgumentError(
                f"`start` and `stop` must lie within the record: expected 0 <= start <= stop <= {len(self)}, "
                f"got {start} and {stop}. Count rows from the record's first."
            )
        clipped = np.clip(self.segments, start, stop) - start
        trajectory = None if self.trajectory is None else self.trajectory[start:stop]
        return replace(
            self,
            values=self.values[start:stop],
            time=self.time[start:stop],
            axis=self._axis_of(start, stop),
            segments=clipped[clipped[:, 1] > clipped[:, 0]],
            trajectory=trajectory,
            controls=None if self.controls is None else self.controls.slice(start, stop),
            moments=None if self.moments is None else self.moments[start:stop],
        )

    def with_values(self, values: Series) -> "Record":
        """Put other values in the place of this record's.

        Args:
            values: As many rows and channels.

        Returns:
            A record with the gaps that these and the controls have.
        """
        made = replace(self, values=values)
        return replace(made, segments=find_segments(made.joined.values, self.blocks))

    def select(self, names: Sequence[str]) -> "Record":
        """Keep some of the channels, in the given order.

        Args:
            names: Channels to keep.

        Returns:
            A record of those channels, whose gaps are theirs alone.
        """
        columns = [self.index(name) for name in names]
        values = np.ascontiguousarray(self.values[:, columns])
        return replace(
            self,
            values=values,
            names=tuple(names),
            units=tuple(self.units[column] for column in columns),
            segments=find_segments(values, self.blocks),
        )

    def apart(self, targets: int) -> "Record":
        """Take the channels after the first ones for controls; the gaps stay those of all of them.

        Args:
            targets: How many channels are no controls.

        Returns:
            A record of those, with the others as its controls; this one where there are no others.
        """
        if targets == len(self.names):
            return self
        controls = self.select(self.names[targets:])
        return replace(self.select(self.names[:targets]), segments=self.segments, controls=controls)

    @property
    def joined(self) -> "Record":
        """The same rows with the controls as channels after the others: what `apart` undoes."""
        if self.controls is None:
            return self
        return replace(
            self,
            values=np.concatenate([self.values, self.controls.values], axis=1),
            names=(*self.names, *self.controls.names),
            units=(*self.units, *self.controls.units),
            controls=None,
        )

    def index(self, name: str) -> int:
        """Find the position of a channel.

        Args:
            name: The channel's name.

        Returns:
            Its position along the channel axis.

        Raises:
            DataError: If there is no such channel.
        """
        if name not in self.names:
            raise DataError(
                f"`{name}` must be a channel of the record: expected one of {', '.join(self.names)}, got {name}."
                + did_you_mean(name, self.names, listed=True)
            )
        return self.names.index(name)

    def _axis_of(self, start: int, stop: int) -> TimeAxis:
        # The axis of the last trajectory within the range.
        if self.trajectory is None:
            return self.axis.after(start, size=stop - start)
        blocks = self.blocks
        held = blocks[blocks[:, 0] < stop]
        block_start = int(held[-1, 0]) if len(held) else 0
        first = max(block_start, start)
        # Rows of the parent's axis are counted from its last trajectory; others start at their own first value.
        own = self.axis if not len(self) else replace(self.axis, start=_scalar(self.time[block_start]))
        return own.after(first - block_start, size=stop - first)


def record(dataset: xr.Dataset, columns: Sequence[str] | str | None = None) -> Record:
    """Make the record that learning sees from a data set.

    Samples that are missing from the time axis are put back as rows of NaN, so that a row is a step of time.

    Args:
        dataset: Variables along the dimension `time`; several trajectories are told apart by a coordinate
            `trajectory`, in contiguous blocks.
        columns: The variables to take, in this order; all numeric ones along `time` when left out.

    Returns:
        The record, with its gaps kept as gaps.

    Raises:
        DataError: If a column is missing, complex, infinite, constant or has no values, if the time axis is not
            regular, or if no two samples follow each other.

    Examples:
        >>> data = xr.Dataset({"x": ("time", [0.0, 1.0, 8.0])}, coords={"time": [0, 1, 3]})
        >>> record(data).values[:, 0], record(data).segments
        (array([ 0.,  1., nan,  8.]), array([[0, 2], [3, 4]]))
    """
    made = assemble(dataset, columns)
    for name, channel in zip(made.names, made.values.T, strict=True):
        check_channel(name, channel)
    check_learnable(made)
    return made


def check_learnable(made: Record) -> None:
    """Make sure that some rows of a record follow each other.

    Args:
        made: The record.

    Raises:
        DataError: If no two do.
    """
    if made.longest < 2:
        raise DataError(
            f"`{', '.join(made.names)}` must have samples that follow each other: expected 2 in a row, "
            f"got {made.longest}. Fill the gaps with `--gaps fill`, or choose fewer columns."
        )


def assemble(dataset: xr.Dataset, columns: Sequence[str] | str | None = None) -> Record:
    """Make a record without asking whether there is something to learn from it.

    Args:
        dataset: As for `record`.
        columns: As for `record`.

    Returns:
        The record; its channels may be constant or empty.

    Raises:
        DataError: If a column is missing, complex or infinite, or if the time axis is not regular.
    """
    names = column_names(dataset, columns)
    values = np.column_stack([channel_values(dataset, name) for name in names])
    times, kind, resolution = time_values(dataset)
    trajectory = np.asarray(dataset["trajectory"].values) if "trajectory" in dataset.variables else None
    if len(times) < 2:
        raise DataError(f"`time` must have several rows: expected at least 2, got {len(times)}. Record more.")
    units = str(dataset["time"].attrs.get("units", "")) if "time" in dataset.coords else ""
    blocks = trajectory_blocks(trajectory, len(times))
    grid = find_grid(times, blocks, units=units, resolution=resolution)
    last = int(blocks[-1, 0])
    axis = TimeAxis(
        kind=kind,
        start=_scalar(times[last]),
        step=grid.step,
        size=int(grid.counts[last:].sum()),
        units=units,
        name=str(dataset["time"].attrs.get("name", "time")) if "time" in dataset.coords else "time",
        anchor_day=grid.anchor_day,
    )
    values, times, trajectory = _reinsert(values, times, trajectory, axis=axis, grid=grid)
    return Record(
        values=np.ascontiguousarray(values),
        names=names,
        units=tuple(str(dataset[name].attrs.get("units", "")) for name in names),
        time=times,
        axis=axis,
        segments=find_segments(values, trajectory_blocks(trajectory, len(times))),
        trajectory=trajectory,
        moments=dataset[MOMENT].values if MOMENT in dataset.coords else None,
    )


def to_dataset(record: Record) -> xr.Dataset:
    """Give a record back as a data set, with its reinserted rows.

    Args:
        record: The record.

    Returns:
        Variables along `time`, controls among them, units in their attributes.
    """
    joined = record.joined
    pairs = zip(joined.names, joined.units, joined.values.T, strict=True)
    variables = {name: ("time", channel.copy(), {"units": unit} if unit else {}) for name, unit, channel in pairs}
    coords: dict[str, object] = {"time": ("time", record.time.copy(), _time_attributes(record.axis))}
    if record.trajectory is not None:
        coords["trajectory"] = ("time", record.trajectory.copy())
    if record.moments is not None:
        coords[MOMENT] = ("time", record.moments.copy())
    return xr.Dataset(variables, coords=coords)


def find_segments(values: Series, blocks: Int[ndarray, "block 2"]) -> Int[ndarray, "segment 2"]:
    """Find the runs of rows without a NaN, each within one trajectory.

    Args:
        values: Samples, NaN where they are missing.
        blocks: Row ranges of the trajectories.

    Returns:
        Half-open row ranges, in order.

    Examples:
        >>> find_segments(np.array([[1.0], [2.0], [np.nan], [3.0]]), np.array([[0, 4]]))
        array([[0, 2], [3, 4]])
    """
    present = ~np.isnan(values).any(axis=1)
    opens = np.zeros(len(values) + 1, dtype=np.bool_)
    opens[blocks[:, 0]] = True
    opens[-1] = True
    before = np.concatenate([[False], present[:-1]]) if len(present) else present
    after = np.concatenate([present[1:], [False]]) if len(present) else present
    starts = np.flatnonzero(present & (~before | opens[:-1]))
    stops = np.flatnonzero(present & (~after | opens[1:])) + 1
    return np.stack([starts, stops], axis=1).astype(np.int64)


def _reinsert(
    values: ndarray, times: ndarray, trajectory: ndarray | None, *, axis: TimeAxis, grid: Grid
) -> tuple[ndarray, ndarray, ndarray | None]:
    # The times of missing rows are counted on from the last sample before them.
    rows = np.cumsum(grid.counts) - 1
    size = int(rows[-1]) + 1
    if size == len(times):
        return values, times, trajectory
    whole = np.full((size, values.shape[1]), np.nan)
    whole[rows] = values
    source = np.searchsorted(rows, np.arange(size), side="right") - 1
    whole_times = axis.advance(times[source], np.arange(size) - rows[source])
    whole_times[rows] = times
    return whole, whole_times, None if trajectory is None else trajectory[source]


def _scalar(value: object) -> float | int | np.datetime64:
    if isinstance(value, np.datetime64):
        return value
    return int(value) if isinstance(value, np.integer) else float(value)  # type: ignore[arg-type]


def _time_attributes(axis: TimeAxis) -> dict[str, str]:
    named = {"name": axis.name} if axis.name != "time" else {}
    return {**({"units": axis.units} if axis.units else {}), **named}
