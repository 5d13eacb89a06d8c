"""Where a series goes on in a record: slices of one record are the oracle."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pendula.series import record
from pendula.series.continuation import rows_before

VALUES = np.random.default_rng(3).normal(size=60)
TIMES = (
    0.1 * np.arange(60),
    5e3 + 0.002 * np.arange(60),
    np.arange(1900, 1960),
    pd.date_range("2001", periods=60),
    pd.date_range("2001-01-31", periods=60, freq="ME"),
)


def make(values, times, **labels):
    coords = {"time": ("time", times)} | {name: ("time", label) for name, label in labels.items()}
    return record(xr.Dataset({"x": ("time", np.asarray(values, dtype=np.float64))}, coords=coords))


@pytest.mark.parametrize("times", TIMES)
def test_slices_go_on_where_they_were_cut(times):
    known = make(VALUES[:40], times[:40])
    for first in (1, 20, 39, 40):
        assert rows_before(known, make(VALUES[first:], times[first:])) == first
    for first in (0, 41, 50):
        assert rows_before(known, make(VALUES[first:], times[first:])) == 0


def test_a_copy_of_a_few_digits_goes_on():
    known, rounded = make(VALUES, 0.1 * np.arange(60)), VALUES[30:] * (1 + 1e-8)
    assert rows_before(known, make(rounded, np.round(3.0 + 0.1 * np.arange(30), 2) + 4e-4)) == 30


def test_other_values_or_times_are_another_series():
    times = 0.1 * np.arange(60)
    known = make(VALUES, times)
    assert rows_before(known, make(VALUES[30:] + 0.01, times[30:])) == 0
    assert rows_before(known, make(VALUES[30:], times[30:] + 0.05)) == 0
    assert rows_before(known, make(VALUES[30:], times[30:] - 9.0)) == 0
    assert rows_before(known, make(VALUES[30:], pd.date_range("2001", periods=30))) == 0


def test_what_is_missing_differs_from_nothing():
    times, holes = 0.1 * np.arange(60), VALUES.copy()
    holes[[30, 35]] = np.nan
    assert rows_before(make(holes, times), make(VALUES[30:], times[30:])) == 30
    assert rows_before(make(VALUES, times), make(holes[31:], times[31:])) == 31


def test_trajectories_are_told_apart():
    times = 0.1 * np.arange(60)
    known, series = make(VALUES, times), make(VALUES[30:], times[30:], trajectory=np.repeat("a", 30))
    assert rows_before(known, series) == rows_before(make(VALUES, times, trajectory=np.repeat("a", 60)), known) == 0
