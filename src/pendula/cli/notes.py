"""What people should know about a record, in plain sentences."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray

    from pendula.series import Record

__all__ = ["filling_notes", "gap_notes", "interval_notes", "plan_notes", "sentence", "told_gap_notes"]


def filling_notes(filled: int) -> tuple[str, ...]:
    """Say what became of the gaps.

    Args:
        filled: How many samples were filled in.

    Returns:
        Plain sentences.
    """
    if not filled:
        return ("There was no gap to fill.",)
    return (
        f"{filled} missing {'sample was' if filled == 1 else 'samples were'} filled by linear interpolation.",
        _FILLED,
    )


_FILLED = "Filled samples are interpolated between the values around their gap, and scores near them are too good."


def gap_notes(rows: "Record", *, filled: bool) -> list[str]:
    """Say where samples are missing.

    Args:
        rows: The record.
        filled: Whether gaps were filled.

    Returns:
        Plain sentences; none for a whole record.
    """
    missing = len(rows) - int(rows.present.sum())
    if not missing:
        return []
    if filled:
        still = f"{missing} of {len(rows)} rows still {'lack' if missing > 1 else 'lacks'} a sample"
        return [f"{still}: gaps are not filled across the cuts between the parts, nor beyond the record's ends."]
    return [
        f"{missing} of {len(rows)} rows lack a sample and no window covers them; --gaps fill interpolates."
        if missing > 1
        else f"1 of {len(rows)} rows lacks a sample and no window covers it; --gaps fill interpolates."
    ]


def told_gap_notes(rows: "Record", inputs: "Sequence[str]", *, filled: bool) -> list[str]:
    """Say where inputs, or the targets that are told from them, are missing.

    Args:
        rows: The record.
        inputs: Its channels that are inputs.
        filled: Whether gaps were filled.

    Returns:
        Plain sentences; none for a whole record.
    """
    shown = rows.select(inputs)
    unanswered = int(shown.present.sum() - rows.present.sum())
    lack = f"{unanswered} of {len(rows)} rows {'lack' if unanswered > 1 else 'lacks'} a target"
    told = [f"{lack} and {'are' if unanswered > 1 else 'is'} not scored."] if unanswered else []
    return gap_notes(shown, filled=filled) + told


def interval_notes(series: "xarray.Dataset", *, irregular: bool) -> list[str]:
    """Say so where times that are called irregular are not.

    Args:
        series: The series, with the time from row to row where times are irregular.
        irregular: Whether they are called so.

    Returns:
        A plain sentence, or none.
    """
    from pendula.series.intervals import INTERVAL

    if not irregular or series[INTERVAL].min() < series[INTERVAL].max():
        return []
    return ["All rows are equally far apart; if they are not, name the column of their times with --time."]


def plan_notes(series: "xarray.Dataset", rows: "Record") -> list[str]:
    """Say that a file holds controls beyond its record.

    Args:
        series: All rows of the file.
        rows: The record that was made of them.

    Returns:
        A plain sentence, or none.
    """
    from pendula.series.columns import time_values

    if rows.controls is None or rows.trajectory is not None:
        return []
    planned = int((time_values(series)[0] > rows.time[-1]).sum())
    if not planned:
        return []
    counted = "1 row" if planned == 1 else f"{planned} rows"
    return [f"{counted} after the last target hold controls alone; `forecast` takes them from the same file."]


def sentence(note: str) -> str:
    """Make a sentence of a note.

    Args:
        note: A few words.

    Returns:
        The same with a capital and a full stop.

    Examples:
        >>> sentence("two empty columns were left out")
        'Two empty columns were left out.'
    """
    text = note.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
