"""Which rows of a long test part a panel can show."""

import numpy as np

from pendula.shapes import Series

__all__ = ["readable_rows"]

FEW_ROWS = 300
"""A panel shows at least so many rows, if there are so many."""

MOST_CROSSINGS = 30
"""Beyond that it shows rows until the record has crossed its mean so often: about 15 oscillations."""


def readable_rows(values: Series, *, from_end: bool = False) -> slice:
    """Choose the first or the last rows of a record whose oscillations can be told apart on a panel.

    Args:
        values: The record, without missing samples.
        from_end: Take the last rows.

    Returns:
        The rows; all of them where the record is short or slow.

    Examples:
        >>> wave = np.sin(np.pi * (np.arange(5000.0) + 0.5) / 20)[:, None]  # crosses its mean every 20 rows
        >>> readable_rows(wave), readable_rows(wave, from_end=True), readable_rows(wave[:250])
        (slice(0, 600, None), slice(4400, 5000, None), slice(0, 250, None))
    """
    ordered = values[::-1] if from_end else values
    above = ordered > ordered.mean(axis=0)
    crossings = np.cumsum(above[1:] != above[:-1], axis=0).max(axis=1, initial=0)
    count = min(len(values), max(FEW_ROWS, 1 + int(np.searchsorted(crossings, MOST_CROSSINGS))))
    return slice(len(values) - count, len(values)) if from_end else slice(0, count)
