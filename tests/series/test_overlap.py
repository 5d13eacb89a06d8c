"""Rows that a fit has seen, against pairs compared one by one."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pendula.series import Part, record
from pendula.series.overlap import count_seen


def make(values, times=None, **labels):
    coords = {"time": ("time", 0.1 * np.arange(len(values)) if times is None else times)}
    coords |= {name: ("time", label) for name, label in labels.items()}
    return record(xr.Dataset({"x": ("time", np.asarray(values, dtype=np.float64))}, coords=coords))


VALUES = np.random.default_rng(3).normal(size=60)


@pytest.mark.parametrize(
    "times",
    [0.1 * np.arange(60), 5e3 + 0.002 * np.arange(60), np.arange(1900, 1960), pd.date_range("2001", periods=60)],
)
def test_a_slice_of_the_record_is_recognized(times):
    known = Part(parent=make(VALUES, times), start=0, stop=40)
    series = make(VALUES[10:60], times[10:60])
    assert count_seen(known, series, np.arange(5, 50)) == 25
    assert count_seen(known, series, np.arange(30, 50)) == 0


def test_other_values_or_other_times_are_new():
    known = Part(parent=make(VALUES), start=0, stop=60)
    rows = np.arange(60)
    assert count_seen(known, make(VALUES + 0.01), rows) == 0
    assert count_seen(known, make(VALUES, 0.05 + 0.1 * np.arange(60)), rows) == 0
    assert count_seen(known, make(VALUES, 6.0 + 0.1 * np.arange(60)), rows) == 0


def test_a_copy_with_other_rounding_is_recognized():
    known = Part(parent=make(np.round(VALUES, 4)), start=0, stop=60)
    again = make(np.round(VALUES, 4) * (1 + 1e-12), np.round(0.1 * np.arange(60), 6) + 1e-12)
    assert count_seen(known, again, np.arange(60)) == 60


def test_gaps_and_trajectories():
    holes = VALUES.copy()
    holes[7] = np.nan
    known = Part(parent=make(holes), start=0, stop=60)
    assert count_seen(known, make(VALUES), np.arange(60)) == 59
    times = np.tile(0.1 * np.arange(30), 2)
    two = make(VALUES, times, trajectory=np.repeat([0, 1], 30))
    second = make(VALUES[30:], times[30:])
    assert count_seen(Part(parent=two, start=0, stop=60), second, np.arange(30)) == 30
    assert count_seen(Part(parent=two, start=0, stop=30), second, np.arange(30)) == 0
