"""The variables of a data set as arrays that can be learned from."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr

from pendula.errors import DataError, did_you_mean
from pendula.series.times import AxisKind, canonical_times
from pendula.shapes import ndarray

__all__ = ["as_names", "channel_values", "check_channel", "column_names", "time_values"]


def as_names(names: Sequence[str] | str | None) -> tuple[str, ...]:
    """Take one name as several.

    Args:
        names: One name, several, or None.

    Returns:
        The names.

    Examples:
        >>> as_names("x"), as_names(["x", "y"]), as_names(None)
        (('x',), ('x', 'y'), ())
    """
    return (names,) if isinstance(names, str) else tuple(names or ())


def column_names(
    dataset: xr.Dataset, columns: Sequence[str] | str | None = None, *, argument: str = "columns"
) -> tuple[str, ...]:
    """Find the variables of a data set that can be learned from.

    Args:
        dataset: Variables along `time`.
        columns: The ones asked for; all numeric ones when left out.
        argument: What messages call them.

    Returns:
        Their names.

    Raises:
        DataError: If one is missing, does not lie along `time`, or if none is numeric.
    """
    along = [str(name) for name, variable in dataset.data_vars.items() if variable.dims == ("time",)]
    numeric = [name for name in along if dataset[name].dtype.kind in "fiubc"]
    if columns is None:
        if not numeric:
            raise DataError(
                "`columns` must name numeric variables along `time`: expected at least one, "
                f"got {', '.join(map(str, dataset.variables)) or 'none'}. Name the dimension `time`."
            )
        return tuple(numeric)
    wanted = as_names(columns)
    for name in wanted:
        if name not in along:
            raise DataError(
                f"`{argument}` must name variables of the data: expected some of {', '.join(along)}, got {name}."
                + did_you_mean(name, along, listed=True)
            )
    if not wanted or len(set(wanted)) != len(wanted):
        raise DataError(
            f"`{argument}` must name different variables: expected some of {', '.join(along)}, got {list(wanted)}."
        )
    return wanted


def channel_values(dataset: xr.Dataset, name: str) -> ndarray:
    """Take the numbers of a variable.

    Args:
        dataset: The data set.
        name: The variable.

    Returns:
        Its values in float64, NaN where samples are missing.

    Raises:
        DataError: If they are complex, infinite, or no numbers.
    """
    values = dataset[name].values
    if values.dtype.kind == "c":
        raise DataError(
            f"`{name}` must be real: expected real numbers, got complex ones. Take its real part, modulus or phase."
        )
    if values.dtype.kind not in "fiub":
        raise DataError(
            f"`{name}` must hold numbers: expected float or integer values, got {values.dtype}. Choose another column."
        )
    numbers = values.astype(np.float64)
    infinite = np.isinf(numbers)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise DataError(
            f"`{name}` must be finite: expected a number or a gap, got {numbers[row]} in row {row}. "
            "Replace infinities by NaN where samples are missing."
        )
    return numbers


def time_values(dataset: xr.Dataset) -> tuple[ndarray, AxisKind, float]:
    """Take the time values of a data set.

    Args:
        dataset: The data set; without a coordinate `time`, its rows are counted from 0.

    Returns:
        The values, their kind, and how finely floats were stored, in their own unit.

    Examples:
        >>> time_values(xr.Dataset({"x": ("time", [5.0, 6.0])}))
        (array([0, 1]), 'integer', 0.0)
    """
    if "time" not in dataset.variables:
        return np.arange(dataset.sizes["time"], dtype=np.int64), "integer", 0.0
    times = canonical_times(np.asarray(dataset["time"].values))
    if times.dtype.kind == "M":
        return times, "datetime", 0.0
    if times.dtype.kind == "i":
        return times, "integer", 0.0
    return times, "float", _resolution(times)


def check_channel(name: str, channel: ndarray) -> None:
    """Make sure that there is something to learn from a channel.

    Args:
        name: The channel's name.
        channel: Its values, NaN where samples are missing.

    Raises:
        DataError: If there is no value, or only one.
    """
    present = channel[~np.isnan(channel)]
    if not len(present):
        raise DataError(
            f"`{name}` must have values: expected numbers, got NaN in all {len(channel)} rows. Choose another column."
        )
    if present.min() == present.max():
        raise DataError(
            f"`{name}` must vary: expected a standard deviation above 0, got the constant {float(present[0])}. "
            "There is nothing to learn from it."
        )


def _resolution(times: ndarray) -> float:
    # Float times may have been stored in single precision, or rounded to a few decimals.
    if not np.isfinite(times).all() or not len(times):
        return 0.0
    if np.array_equal(times.astype(np.float32), times):
        return float(np.spacing(np.abs(times).max().astype(np.float32)))
    probe = times[:1000]
    rounded = partial(np.array_equal, probe)
    return next((0.5 * 10.0**-digits for digits in range(1, 8) if rounded(np.round(probe, digits))), 0.0)
