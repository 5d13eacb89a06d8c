"""Irregular records, put on a regular time axis."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.series.columns import column_names
from pendula.series.grid import check_increasing, trajectory_blocks
from pendula.series.times import canonical_times, parse_duration
from pendula.shapes import Int, ndarray

__all__ = ["resample"]

_MOST_ROWS = 1000
"""A resampled record with more rows than this for each sample is a mistake in the step."""


def resample(dataset: xr.Dataset, step: float | int | str | np.timedelta64) -> xr.Dataset:
    """Put a record on a regular time axis by linear interpolation, never across trajectories.

    Each trajectory starts at its own first time. Missing samples are interpolated over too.
    Waves shorter than two steps are aliased: no filter is applied.

    Args:
        dataset: Variables along `time`, at increasing times.
        step: New distance of the samples: a number in the units of time, or for dates a `timedelta64` or text such as
            "1h".

    Returns:
        The numeric variables at the new times.

    Examples:
        >>> uneven = xr.Dataset({"x": ("time", [0.0, 1.0, 3.0])}, coords={"time": [0.0, 0.1, 0.3]})
        >>> resample(uneven, 0.1)["x"].values
        array([0., 1., 2., 3.])
    """
    times = canonical_times(
        np.asarray(dataset["time"].values) if "time" in dataset.variables else np.arange(dataset.sizes["time"])
    )
    trajectory = np.asarray(dataset["trajectory"].values) if "trajectory" in dataset.variables else None
    blocks = trajectory_blocks(trajectory, len(times))
    check_increasing(times, blocks)
    length = _length(step, times)
    origins, offsets = _offsets(times, blocks)
    new = [_new_offsets(offsets[start:stop], length, len(times)) for start, stop in blocks]
    names = column_names(dataset)
    variables = {}
    for name in names:
        values = np.asarray(dataset[name].values, dtype=np.float64)
        pieces = [
            _interpolate(where, offsets[start:stop], values[start:stop])
            for where, (start, stop) in zip(new, blocks, strict=True)
        ]
        variables[name] = ("time", np.concatenate(pieces), dataset[name].attrs)
    whole_times = np.concatenate([_times_at(o, w, times) for o, w in zip(origins, new, strict=True)])
    attributes = dataset["time"].attrs if "time" in dataset.variables else {}
    made = xr.Dataset(variables, coords={"time": ("time", whole_times, attributes)}, attrs=dataset.attrs)
    if trajectory is None:
        return made
    counts = [len(where) for where in new]
    return made.assign_coords(trajectory=("time", np.repeat(trajectory[blocks[:, 0]], counts)))


def _length(step: float | int | str | np.timedelta64, times: ndarray) -> float:
    # In the axis's own units, which are nanoseconds or microseconds for dates.
    length = _number_of(step, times)
    if not 0 < length < np.inf:
        wanted = 'a duration such as "1h"' if times.dtype.kind == "M" else "a positive number in the units of time"
        raise ArgumentError(
            f"`step` must be a duration on the record's axis: expected {wanted}, got {step!r}. Look at the time column."
        )
    return length


def _number_of(step: float | int | str | np.timedelta64, times: ndarray) -> float:
    try:
        if times.dtype.kind != "M":
            return float(step)
        return float(parse_duration(step) / pd.Timedelta(1, unit="ns" if _is_fine(times) else "us"))
    except (TypeError, ValueError):
        return float("nan")


def _is_fine(times: ndarray) -> bool:
    return np.datetime_data(times.dtype)[0] == "ns"


def _offsets(times: ndarray, blocks: Int[ndarray, "block 2"]) -> tuple[ndarray, ndarray]:
    """Return each trajectory's first time, and the distance of every time from it."""
    origins = times[blocks[:, 0]]
    differences = times - np.repeat(origins, blocks[:, 1] - blocks[:, 0])
    return origins, differences.astype(np.int64 if times.dtype.kind == "M" else np.float64).astype(np.float64)


def _new_offsets(offsets: ndarray, length: float, samples: int) -> ndarray:
    # A last time that misses a whole number of steps by rounding alone still counts.
    steps = int(np.floor(offsets[-1] / length * (1 + 1e-12) + 1e-9))
    if steps > _MOST_ROWS * samples:
        raise DataError(
            f"`step` must suit the record: expected at most {_MOST_ROWS} new rows for each sample, got "
            f"{steps} rows for {samples} samples. Choose a longer step."
        )
    return np.arange(steps + 1) * length


def _interpolate(where: ndarray, offsets: ndarray, values: ndarray) -> ndarray:
    known = ~np.isnan(values)
    if not known.any():
        return np.full(len(where), np.nan)
    first, last = offsets[known][0], offsets[known][-1]
    # Beyond the last known sample there is nothing, unless only rounding put the new time there.
    beyond = (where < first) | (where > last * (1 + 1e-9))
    return np.asarray(np.where(beyond, np.nan, np.interp(where, offsets[known], values[known])))


def _times_at(origin: Any, offsets: ndarray, times: ndarray) -> ndarray:
    if times.dtype.kind == "M":
        unit = "timedelta64[ns]" if _is_fine(times) else "timedelta64[us]"
        return np.asarray(origin + np.rint(offsets).astype(np.int64).astype(unit))
    whole = times.dtype.kind == "i" and np.array_equal(offsets, np.rint(offsets))
    return np.asarray(origin + (offsets.astype(np.int64) if whole else offsets))
