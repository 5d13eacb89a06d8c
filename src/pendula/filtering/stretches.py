"""Where a filter runs to tell the targets of a part, and which of its answers count."""

from dataclasses import dataclass

import numpy as np

from pendula.series.record import Record
from pendula.series.split import Part
from pendula.shapes import Int, ndarray

__all__ = ["Stretches", "stretches_of"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Stretches:
    """Runs over a part of a record, and the rows that they are scored on.

    Attributes:
        segments: Half-open row ranges of the record that are run through, each from a state of zeros; those that can
            begin before the part, in the known past of the inputs.
        rows: Rows of the part whose targets are known, in order.
        settled: Which of these rows have a whole washout before them in their run.
    """

    segments: Int[ndarray, "segment 2"]
    rows: Int[ndarray, " row"]
    settled: ndarray

    def settled_rows(self) -> Int[ndarray, " row"]:
        """Give the rows whose answers count.

        Returns:
            Rows of the part that have a whole washout before them; all rows of the part if none has.
        """
        return self.rows[self.settled] if self.settled.any() else self.rows


def stretches_of(part: Part, *, inputs: int, run_up: int, washout: int) -> Stretches:
    """Find where to run for a part.

    Args:
        part: A part of a record whose first channels are the inputs, the others the targets.
        inputs: How many channels are inputs.
        run_up: Rows before the part that a run begins in, at most: the inputs of the past are known.
        washout: Rows of a run before its answers count.

    Returns:
        The runs and the rows.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> whole = record(xr.Dataset({"u": ("time", np.arange(9.0)), "y": ("time", np.arange(9.0) ** 2)}))
        >>> found = stretches_of(Part(parent=whole, start=4, stop=9), inputs=1, run_up=3, washout=4)
        >>> found.segments, found.rows[found.settled]
        (array([[1, 9]]), array([5, 6, 7, 8]))
    """
    shown = part.parent.select(part.parent.names[:inputs])
    clipped = np.clip(shown.segments, max(0, part.start - run_up), part.stop)
    segments = clipped[clipped[:, 1] > np.maximum(clipped[:, 0], part.start)]
    since = np.full(len(part.parent), -1)
    for begin, end in segments:
        since[begin:end] = np.arange(end - begin)
    rows = part.start + np.flatnonzero(since[part.start : part.stop] >= 0)
    rows = rows[_known(part.parent, rows, inputs)]
    return Stretches(segments=segments, rows=rows, settled=since[rows] >= washout)


def _known(record: Record, rows: Int[ndarray, " row"], inputs: int) -> ndarray:
    return np.asarray(~np.isnan(record.values[rows, inputs:]).any(axis=1))
