"""Gaps filled within the parts of a split, so that no later part shows in an earlier one."""

from pendula.filtering import split_pairs
from pendula.forecasting.preparation import split_record, window_cut
from pendula.runs import AnyRecipe, PairedRecipe
from pendula.series.gaps import fill_gaps
from pendula.series.record import Record

__all__ = ["fill_parts"]


def fill_parts(rows: Record, recipe: AnyRecipe) -> tuple[Record, int]:
    """Fill gaps by linear interpolation within training, validation and test part, each on its own.

    A gap that reaches across a cut stays a gap: its far end belongs to the later part.

    Args:
        rows: The record.
        recipe: How it will be split.

    Returns:
        The record without the other gaps, and how many samples were filled in.

    Raises:
        ArgumentError: If the recipe does not suit the record.

    Examples:
        >>> import numpy as np
        >>> import xarray as xr
        >>> from pendula.runs import Recipe
        >>> from pendula.series.record import record
        >>> x = np.arange(8.0)
        >>> x[[2, 5, 6]] = np.nan
        >>> filled, count = fill_parts(record(xr.Dataset({"x": ("time", x)})), Recipe(test=0.25, validation=0))
        >>> filled.values[:, 0], count  # the test part starts at 6
        (array([ 0.,  1.,  2.,  3.,  4., nan, nan,  7.]), 1)
    """
    if isinstance(recipe, PairedRecipe):
        return fill_gaps(rows, cuts=[stop for _, stop in split_pairs(rows, recipe).ranges.values()])
    if recipe.cut == "windows":  # which can be counted only once the gaps are filled
        return fill_gaps(rows, cuts=[window_cut(rows, recipe)])
    return fill_gaps(rows, cuts=[stop for _, stop in split_record(rows, recipe).ranges.values()])
