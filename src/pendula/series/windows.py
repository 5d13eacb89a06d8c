"""Sliding windows that copy nothing until a batch is asked for."""

from copy import copy

import numpy as np
import torch

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.shapes import BatchTensor, Bool, Int, SeriesTensor, Tensor, ndarray

__all__ = ["Windows", "bridged_starts", "latest_rows", "window_segments", "windows_for"]


class Windows:
    """All windows of a series that lie within its gap-free segments.

    A window is `length` successive rows; windows start every `stride` rows, anew in each segment. Nothing is stored
    for a window: the i-th start follows from the cumulated counts of the segments.

    Args:
        values: The series; it is kept, not copied.
        segments: Half-open row ranges to cut windows from.
        length: Rows in a window.
        stride: Rows from one window's start to the next one's.

    Raises:
        ArgumentError: If `length` or `stride` is below 1.
        DataError: If no segment holds a window.
        ShapeError: If `segments` does not lie within `values`.

    Examples:
        >>> windows = Windows(torch.arange(5.0)[:, None], np.array([[0, 5]]), length=3)
        >>> len(windows), windows.gather(torch.tensor([2]))[0, :, 0]
        (3, tensor([2., 3., 4.]))
    """

    def __init__(
        self, values: SeriesTensor, segments: Int[ndarray, "segment 2"], *, length: int, stride: int = 1
    ) -> None:
        _check_positive("length", length)
        _check_positive("stride", stride)
        _check_segments(segments, len(values))
        counts = np.maximum(0, (segments[:, 1] - segments[:, 0] - length) // stride + 1)
        if not counts.sum():
            longest = int((segments[:, 1] - segments[:, 0]).max(initial=0))
            raise DataError(_too_short(longest, length=length, horizon=0))
        held = counts > 0
        self.values = values
        self.segments = segments[held].astype(np.int64)
        self.length = length
        self.stride = stride
        self._stops = torch.from_numpy(np.cumsum(counts[held]))
        self._first = torch.from_numpy(self.segments[:, 0]) - stride * (self._stops - torch.from_numpy(counts[held]))
        self._size = int(self._stops[-1])

    def __len__(self) -> int:
        return self._size

    def starts(self, indices: Int[Tensor, " batch"]) -> Int[Tensor, " batch"]:
        """Find the row of the series at which windows start.

        Args:
            indices: Which windows, counted from 0.

        Returns:
            The first row of each.

        Raises:
            ArgumentError: If there is no such window.
        """
        indices = indices.to(torch.int64)
        if indices.numel() and (int(indices.min()) < 0 or int(indices.max()) >= len(self)):
            raise ArgumentError(
                f"`indices` must name windows: expected 0 to {len(self) - 1}, got {int(indices.min())} to "
                f"{int(indices.max())}. Count windows from 0."
            )
        # start = segment start + stride · (index − windows in earlier segments)
        return self._first[torch.searchsorted(self._stops, indices, right=True)] + self.stride * indices

    def gather(self, indices: Int[Tensor, " batch"]) -> BatchTensor:
        """Copy a batch of windows.

        Args:
            indices: Which windows, counted from 0.

        Returns:
            The windows, contiguous in memory.
        """
        return self.at(self.starts(indices))

    def at(self, starts: Int[Tensor, " batch"]) -> BatchTensor:
        """Copy the windows that start at given rows.

        Args:
            starts: First rows, as `starts` gives them; they are not checked again.

        Returns:
            The windows, contiguous in memory.
        """
        return _every_window(self.values, self.length).index_select(0, starts.to(self.values.device))

    def to(self, device: torch.device) -> "Windows":
        """Move the series to a device, so that windows are cut there.

        Args:
            device: Where to.

        Returns:
            The same windows of the moved series; these if it lies there already.
        """
        values = self.values.to(device)
        if values is self.values:
            return self
        moved = copy(self)
        moved.values = values
        return moved

    def all(self) -> BatchTensor:
        """Give all windows at once.

        Returns:
            A strided view of the series if it is one segment; with several segments, a copy.
        """
        if len(self.segments) > 1:
            return self.gather(torch.arange(len(self)))
        start = int(self.segments[0, 0])
        every = _every_window(self.values, self.length)
        return every[start : start + (len(self) - 1) * self.stride + 1 : self.stride]


def window_segments(
    record: Record, start: int, stop: int, *, length: int, horizon: int = 1, reach_back: bool = False
) -> Int[ndarray, "segment 2"]:
    """Clip a record's segments to where a part's windows may be cut.

    A window is `length` rows of input followed by `horizon` rows of target. All targets lie in rows `start` to `stop`.
    With `reach_back` the inputs may lie before `start`: they are the known past of a validation or test part.

    Args:
        record: The whole record.
        start: First row of the part.
        stop: Row after the part's last.
        length: Rows of input, the window.
        horizon: Rows of target.
        reach_back: Whether inputs may lie before the part.

    Returns:
        Half-open row ranges of the record, each long enough for a window.

    Raises:
        DataError: If no gap-free stretch is long enough.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> series = record(xr.Dataset({"x": ("time", np.arange(100.0))}))
        >>> window_segments(series, 75, 100, length=10, reach_back=True)
        array([[ 65, 100]])
    """
    _check_positive("window", length)
    _check_positive("horizon", horizon)
    # The first target of a window is its row `length`, so no window may start before start − length.
    earliest = max(0, start - length) if reach_back else start
    if record.bridged:
        return _bridging(record, earliest, stop, length=length, horizon=horizon)
    clipped = np.clip(record.segments, earliest, stop)
    rows = clipped[:, 1] - clipped[:, 0]
    held = clipped[rows >= length + horizon]
    if not len(held):
        raise DataError(_too_short(int(rows.max(initial=0)), length=length, horizon=horizon))
    return np.asarray(held)


def _bridging(record: Record, earliest: int, stop: int, *, length: int, horizon: int) -> Int[ndarray, "segment 2"]:
    # Windows whose targets are all known, whatever is missing among their inputs. As ranges they overlap: each is one
    # run of successive windows.
    starts = bridged_starts(record, length=length, horizon=horizon)
    starts = starts[(starts >= earliest) & (starts + length + horizon <= stop)]
    if not len(starts):
        raise DataError(
            f"`window` must be followed by known targets: expected {horizon} in a row after {length} rows of one "
            "trajectory, got none. Lower `--window`, or forecast fewer steps."
        )
    runs = np.split(starts, np.flatnonzero(np.diff(starts) > 1) + 1)
    return np.array([[run[0], run[-1] + length + horizon] for run in runs], dtype=np.int64)


def bridged_starts(record: Record, *, length: int, horizon: int) -> Int[ndarray, " start"]:
    """Find the windows that may reach over missing samples.

    Args:
        record: The record.
        length: Rows of input.
        horizon: Rows of target; 0 for the inputs alone.

    Returns:
        First rows of all windows within one trajectory whose targets are known and that lack no control. None begins
        before each channel of its trajectory has been known once.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> holed = record(xr.Dataset({"x": ("time", [np.nan, 1.0, 2.0, np.nan, 4.0, 5.0])}))
        >>> bridged_starts(holed, length=2, horizon=1)
        array([2, 3])
    """
    found = []
    driven = np.ones(len(record), dtype=bool) if record.controls is None else record.controls.present
    for first, last in record.blocks:
        seen = np.maximum.accumulate(~np.isnan(record.values[first:last]), axis=0).all(axis=1)
        usable = seen & driven[first:last]
        windows = last - first - length - horizon + 1
        if windows < 1:
            continue
        starts = np.arange(windows)
        whole = _all_in(usable, starts, length + horizon) & _all_in(
            record.present[first:last], starts + length, horizon
        )
        found.append(first + starts[whole])
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _all_in(flags: Bool[ndarray, " row"], starts: Int[ndarray, " start"], count: int) -> Bool[ndarray, " start"]:
    total = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(total[starts + count] - total[starts] == count)


def windows_for(
    part: Part,
    *,
    length: int,
    horizon: int = 1,
    stride: int = 1,
    reach_back: bool = False,
    values: SeriesTensor | None = None,
) -> Windows:
    """Cut a part's windows: `length` rows of input followed by `horizon` rows of target.

    Args:
        part: The part that the targets lie in.
        length: Rows of input, the window.
        horizon: Rows of target.
        stride: Rows from one window's start to the next one's.
        reach_back: Whether inputs may lie before the part, as they may for validation and test.
        values: Rows of the whole record as the network sees them, scaled as a rule; the record's own when left out.

    Returns:
        Windows of `length + horizon` rows of the whole record; nothing is copied.

    Raises:
        ShapeError: If `values` does not have the record's rows.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> from pendula.series.split import Part
        >>> series = record(xr.Dataset({"x": ("time", np.arange(1000.0))}))
        >>> len(windows_for(Part(parent=series, start=0, stop=1000), length=50))
        950
    """
    segments = window_segments(
        part.parent, part.start, part.stop, length=length, horizon=horizon, reach_back=reach_back
    )
    rows = torch.from_numpy(part.parent.values) if values is None else values
    if len(rows) != len(part.parent):
        raise ShapeError(
            f"`values` must have the rows of the record: expected {len(part.parent)}, got {len(rows)}. "
            "Scale the whole record, not the part."
        )
    return Windows(rows, segments, length=length + horizon, stride=stride)


def latest_rows(segments: Int[ndarray, "segment 2"], rows: int) -> Int[ndarray, "latest 2"]:
    """Cut segments down to the last rows of all of them together; gaps do not count.

    Args:
        segments: Half-open row ranges.
        rows: How many rows to keep at most.

    Returns:
        The segments that hold them.

    Examples:
        >>> latest_rows(np.array([[0, 50], [60, 100]]), 50)
        array([[ 40,  50],
               [ 60, 100]])
    """
    lengths = segments[:, 1] - segments[:, 0]
    kept = np.clip(rows - (np.cumsum(lengths[::-1])[::-1] - lengths), 0, lengths)
    return np.asarray(np.stack([segments[:, 1] - kept, segments[:, 1]], axis=1)[kept > 0])


def _every_window(values: Tensor, length: int) -> Tensor:
    # A view of every run of `length` rows, those across the ends of segments among them.
    row, column = values.stride()
    shape = (len(values) - length + 1, length, values.shape[1])
    return values.as_strided(shape, (row, row, column), values.storage_offset())


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Count it in rows.")


def _check_segments(segments: Int[ndarray, "segment 2"], rows: int) -> None:
    if len(segments) and (segments.min() < 0 or segments.max() > rows or np.any(segments[:, 0] > segments[:, 1])):
        raise ShapeError(
            f"`segments` must lie within the series: expected row ranges from 0 to {rows}, got "
            f"{segments.min()} to {segments.max()}. Use the segments of the same record."
        )


def _too_short(longest: int, *, length: int, horizon: int) -> str:
    most = longest - horizon
    if 0 < longest <= horizon:
        return (
            "`horizon` must leave a window within the longest gap-free stretch to learn from: expected fewer than "
            f"{longest} steps, got {horizon}. Lower `--horizon`, or fill gaps with `--gaps fill`."
        )
    allowed = f"at most {most} samples" if most > 0 else "a longer stretch"
    purpose = f" for horizon {horizon}" if horizon else ""
    return (
        "`window` must be shorter than the longest gap-free stretch: "
        f"expected {allowed}{purpose}, got {length}. Lower `--window`, or fill the gaps with `--gaps fill`."
    )
