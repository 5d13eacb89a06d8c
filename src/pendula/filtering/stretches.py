"""Where a filter runs to tell the targets of a part, and which of its answers count."""

from dataclasses import dataclass

import numpy as np

from pendula.errors import DataError
from pendula.runs import PairedRecipe
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.shapes import Int, ndarray

__all__ = ["Stretches", "input_segments", "stretches_for", "stretches_of"]


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


def stretches_for(part: Part, recipe: PairedRecipe) -> Stretches:
    """Find where to run for a part, as a recipe has it.

    Args:
        part: A part of a record of the recipe's columns.
        recipe: The recipe.

    Returns:
        The runs and the rows; where each trajectory has one label, the last row of each.
    """
    count = len(recipe.inputs)
    if recipe.task == "classify":
        return _whole(part, inputs=count, gaps=recipe.missing == "gap")
    return stretches_of(part, inputs=count, run_up=recipe.window, washout=recipe.washout, gaps=recipe.missing == "gap")


def input_segments(record: Record, *, inputs: int, gaps: bool) -> Int[ndarray, "segment 2"]:
    """Find the row ranges that are run through without a break.

    Args:
        record: A record whose first channels are the inputs.
        inputs: How many they are.
        gaps: Whether a missing input is a break; else trajectories alone are.

    Returns:
        Half-open row ranges.
    """
    return record.select(record.names[:inputs]).segments if gaps else record.blocks


def stretches_of(part: Part, *, inputs: int, run_up: int, washout: int, gaps: bool = True) -> Stretches:
    """Find where to run for a part.

    Args:
        part: A part of a record whose first channels are the inputs, the others the targets.
        inputs: How many channels are inputs.
        run_up: Rows before the part that a run begins in, at most: the inputs of the past are known.
        washout: Rows of a run before its answers count.
        gaps: Whether a run starts anew after a missing input.

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
    whole = input_segments(part.parent, inputs=inputs, gaps=gaps)
    clipped = np.clip(whole, max(0, part.start - run_up), part.stop)
    segments = clipped[clipped[:, 1] > np.maximum(clipped[:, 0], part.start)]
    since = np.full(len(part.parent), -1)
    for begin, end in segments:
        since[begin:end] = np.arange(end - begin)
    rows = part.start + np.flatnonzero(since[part.start : part.stop] >= 0)
    rows = rows[_known(part.parent, rows, inputs)]
    return Stretches(segments=segments, rows=rows, settled=since[rows] >= washout)


def _whole(part: Part, *, inputs: int, gaps: bool) -> Stretches:
    blocks = part.parent.blocks
    own = blocks[(blocks[:, 0] >= part.start) & (blocks[:, 1] <= part.stop)]
    _check_whole(part.parent, own, inputs=inputs, gaps=gaps)
    ends = own[:, 1] - 1
    rows = ends[_known(part.parent, ends, inputs)]
    return Stretches(segments=own, rows=rows, settled=np.ones(len(rows), dtype=np.bool_))


def _check_whole(record: Record, blocks: Int[ndarray, "block 2"], *, inputs: int, gaps: bool) -> None:
    missing = np.isnan(record.values[:, :inputs])
    for start, stop in blocks:
        lost = int(missing[start:stop].any(axis=1).sum())
        name = "" if record.trajectory is None else f" {record.trajectory[start]}"
        if missing[start:stop].all():
            raise DataError(
                f"`{', '.join(record.names[:inputs])}` must have values in every trajectory: got none in trajectory"
                f"{name}, whose length is thus zero. Leave it out."
            )
        if gaps and lost:
            raise DataError(
                f"`{', '.join(record.names[:inputs])}` must be whole in every trajectory: got {lost} of {stop - start} "
                f"rows without a value in trajectory{name}. Write --missing last, or fill them with `--gaps fill`."
            )


def _known(record: Record, rows: Int[ndarray, " row"], inputs: int) -> ndarray:
    return np.asarray(~np.isnan(record.values[rows, inputs:]).any(axis=1))
