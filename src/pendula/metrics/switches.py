"""How late switches between regimes are told, which are missed, and which were none."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pendula.errors import ShapeError
from pendula.shapes import Int, ndarray

__all__ = ["Switches", "score_switches", "switch_rows"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Switches:
    """What became of the switches of a record.

    Attributes:
        rows: Row of each true switch, the first of the new regime.
        delays: Rows after it at which the new regime was told, for each that was found; negative where it was told
            before it began.
        found: Which of the true switches were found.
        false: Rows at which a switch was told that was none.
    """

    rows: Int[ndarray, " switch"]
    delays: Int[ndarray, " hit"]
    found: ndarray
    false: Int[ndarray, " alarm"]

    @property
    def missed(self) -> int:
        """How many switches were never told."""
        return int((~self.found).sum())

    @property
    def median_delay(self) -> float:
        """Median delay of the switches that were found, in rows; NaN if none was."""
        return float(np.median(self.delays)) if len(self.delays) else float("nan")


def switch_rows(labels: Int[ndarray, " time"]) -> Int[ndarray, " switch"]:
    """Find the rows at which the label is another than in the row before.

    Args:
        labels: A label for each row.

    Returns:
        The first row of each regime but the first one.

    Examples:
        >>> switch_rows(np.array([0, 0, 2, 2, 1]))
        array([2, 4])
    """
    return np.flatnonzero(np.diff(labels)) + 1


def score_switches(truth: Int[ndarray, "..."], told: Int[ndarray, "..."]) -> Switches:
    """Compare told switches with the true ones.

    A switch counts as found if one to the new regime is told before that ends: earlier, since the last true switch, if
    the regime that is told then reaches into it, or later. What never switches finds none, even where its one label is
    right. Every other told switch is a false one.

    Args:
        truth: The true label of each row.
        told: The told one.

    Returns:
        Delays, and what was missed or told falsely.

    Raises:
        ShapeError: If there is not one told label for each row.

    Examples:
        >>> found = score_switches(np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 0, 0, 0, 1, 1]))
        >>> found.delays, found.missed, found.false
        (array([2]), 0, array([1, 2]))
    """
    if truth.shape != told.shape:
        raise ShapeError(
            f"`told` must have a label for each row: expected {truth.shape}, got {told.shape}. Check their axes."
        )
    rows, claims = switch_rows(truth), switch_rows(told)
    delays: list[int] = []
    found = np.zeros(len(rows), dtype=np.bool_)
    explained: set[int] = set()
    edges = [0, *rows.tolist(), len(truth)]
    for index, (row, stop) in enumerate(pairwise(edges[1:])):
        at = _told_at(told, claims, int(truth[row]), row=row, since=edges[index], stop=stop)
        if at is not None:
            delays.append(at - row)
            found[index] = True
            explained.add(at)
    return Switches(
        rows=rows,
        delays=np.array(delays, dtype=np.int64),
        found=found,
        false=np.array([claim for claim in claims.tolist() if claim not in explained], dtype=np.int64),
    )


def _told_at(
    told: Int[ndarray, " time"], claims: Int[ndarray, " switch"], label: int, *, row: int, since: int, stop: int
) -> int | None:
    if told[row] == label:
        # Told before it began: at the last claim up to here. One from before the last regime was no claim of this one.
        earlier = claims[(since <= claims) & (claims <= row)]
        return int(earlier[-1]) if len(earlier) else None
    later = np.flatnonzero(told[row:stop] == label)
    return row + int(later[0]) if len(later) else None
