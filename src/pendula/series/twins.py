"""Controls that are the quantity to be forecast, by another name."""

import numpy as np

from pendula.series.record import Record
from pendula.shapes import Float, ndarray

__all__ = ["twin_notes"]

TWIN = 0.999
"""Two measurements of one quantity correlate beyond this; what drives a record leads it, and does not."""


def twin_notes(rows: Record, *, stop: int) -> list[str]:
    """Look for controls that go along with a channel row by row, as a second measurement of it would.

    Args:
        rows: The record.
        stop: Rows before this one are looked at.

    Returns:
        A sentence for each pair.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.controls import controlled_record
        >>> celsius = np.sin(0.3 * np.arange(50.0))
        >>> data = xr.Dataset({"T": ("time", celsius), "again": ("time", celsius + 273.15)})
        >>> twin_notes(controlled_record(data, "T", "again"), stop=50)[0][:66]
        'The control again goes along with T row by row (correlation 1.0000'
    """
    if rows.controls is None:
        return []
    pairs = [
        (control, name, _correlation(rows.controls.values[:stop, column], rows.values[:stop, channel]))
        for column, control in enumerate(rows.controls.names)
        for channel, name in enumerate(rows.names)
    ]
    return [
        f"The control {control} goes along with {name} row by row (correlation {share:.4f}): if it is measured with it "
        "and not set beforehand, it is not known for the future, and the scores below are worth nothing."
        for control, name, share in pairs
        if abs(share) >= TWIN
    ]


def _correlation(one: Float[ndarray, " row"], other: Float[ndarray, " row"]) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3:
        return 0.0
    with np.errstate(all="ignore"):  # a constant correlates with nothing
        share = float(np.corrcoef(one[known], other[known])[0, 1])
    return share if np.isfinite(share) else 0.0
