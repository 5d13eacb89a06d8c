"""A series behind the rows of a record that come right before it."""

from dataclasses import replace

import numpy as np

from pendula.filtering.stretches import input_segments
from pendula.runs import PairedFit
from pendula.series.continuation import rows_before
from pendula.series.record import Record, find_segments
from pendula.series.split import Part

__all__ = ["continued"]


def continued(fit: PairedFit, rows: Record) -> Part:
    """Lay a series behind the last inputs that are known before it, as many as a window has.

    Args:
        fit: The fit.
        rows: A record of its inputs, and of its targets if these are to be scored.

    Returns:
        The series as a part: of a record that begins earlier, where it goes on right after the record of the fit or
        begins within it with the same inputs; else of itself.
    """
    before = _before(fit, rows)
    whole = rows if before is None else _joined(before, rows)
    return Part(parent=whole, start=len(whole) - len(rows), stop=len(whole))


def _before(fit: PairedFit, rows: Record) -> Record | None:
    model, names = fit.model, fit.model.inputs.names
    # Rows at irregular times are told apart by their number alone, and a trajectory with one label is a whole.
    if model.irregular or model.task == "classify":
        return None
    known = fit.record.select(names)
    stop = rows_before(known, rows.select(names))
    # Without a gap between them.
    segments = input_segments(known, inputs=len(names), gaps=model.missing == "gap")
    begun = [int(first) for first, end in segments if first < stop <= end]
    return fit.record.select(rows.names).slice(max(begun[0], stop - model.window), stop) if begun else None


def _joined(before: Record, rows: Record) -> Record:
    values = np.concatenate([before.values, rows.values])
    time = np.concatenate([before.time, rows.time])
    return replace(before, values=values, time=time, segments=find_segments(values, np.array([[0, len(values)]])))
