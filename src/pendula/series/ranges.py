"""Whether values stay within the range that a record has."""

import numpy as np

from pendula.series.record import Record
from pendula.shapes import Float, Series, ndarray

__all__ = ["constant_channels", "outside"]

MARGIN = 0.1
"""Values may leave a range by this share of its width before that is worth a word."""


def outside(known: Record, values: Series) -> tuple[str, ...]:
    """Tell which channels leave the range that they have in a record.

    Args:
        known: The record, a training part for example.
        values: Other values of its channels, in the same units.

    Returns:
        A clause for each that leaves its range by more than a tenth of it: where it goes, and what its range is.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> known = record(xr.Dataset({"power": ("time", [0.0, 200.0, 80.0], {"units": "W"})}))
        >>> outside(known, np.array([[50.0], [5000.0]]))
        ('`power` goes from 50 to 5000 W, in the training part from 0 to 200 W',)
        >>> outside(known, np.array([[-10.0], [210.0]]))
        ()
    """
    clauses = []
    for name, unit, own, asked in zip(known.names, known.units, known.values.T, values.T, strict=True):
        (low, high), (least, most) = _extremes(own), _extremes(asked)
        # Constant channels are met within rounding.
        slack = MARGIN * (high - low) + 1e-9 * max(abs(low), abs(high))
        if least < low - slack or most > high + slack:
            last = f" {unit}" if unit and unit != "1" else ""
            here = f"is {least:.4g}" if least == most else f"goes from {least:.4g} to {most:.4g}"
            there = f"always {low:.4g}" if low == high else f"from {low:.4g} to {high:.4g}"
            clauses.append(f"`{name}` {here}{last}, in the training part {there}{last}")
    return tuple(clauses)


def constant_channels(known: Record) -> tuple[str, ...]:
    """Name the channels of a record that have one value alone.

    Args:
        known: The record.

    Returns:
        Their names.
    """
    extremes = [_extremes(own) for own in known.values.T]
    return tuple(name for name, (low, high) in zip(known.names, extremes, strict=True) if low == high)


def _extremes(values: Float[ndarray, " row"]) -> tuple[float, float]:
    # NaN, which is neither less nor more than anything, where nothing is known.
    present = values[~np.isnan(values)]
    return (float(present.min()), float(present.max())) if len(present) else (np.nan, np.nan)
