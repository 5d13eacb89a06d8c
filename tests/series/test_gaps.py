"""Gaps filled by straight lines, within a trajectory, never beyond the data."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.series.gaps import fill_gaps
from pendula.series.record import record


def series(values, **coords):
    coords = {name: ("time", np.asarray(value)) for name, value in coords.items()}
    return xr.Dataset({"x": ("time", np.asarray(values, dtype=float), {"units": "m"})}, coords=coords)


@given(st.lists(st.sampled_from([0.0, 1.0, 5.0, np.nan]), min_size=3, max_size=20))
def test_filling_against_pandas(values):
    values = [0.0, 1.0, *values]
    made = record(series(values))
    filled, count = fill_gaps(made)
    expected = pd.Series(values).interpolate(limit_area="inside").to_numpy()
    np.testing.assert_allclose(filled.values[:, 0], expected, rtol=1e-12)
    assert count == np.isnan(values).sum() - np.isnan(expected).sum()
    assert np.isnan(made.values).sum() == np.isnan(values).sum()


def test_segments_grow_and_nothing_is_extrapolated():
    filled, count = fill_gaps(record(series([np.nan, 1, np.nan, 3, 4, np.nan])))
    np.testing.assert_array_equal(filled.values[:, 0], [np.nan, 1, 2, 3, 4, np.nan])
    np.testing.assert_array_equal(filled.segments, [[1, 5]])
    assert count == 1


def test_trajectories_are_not_joined():
    made = record(series([0, 1, np.nan, np.nan, 5, 6], time=[0, 1, 2, 0, 1, 2], trajectory=[0, 0, 0, 1, 1, 1]))
    filled, count = fill_gaps(made)
    np.testing.assert_array_equal(filled.values, made.values)
    assert count == 0


def test_one_row_has_no_gap():
    row = xr.Dataset({"x": ("time", [1.0])}, coords={"time": [3.0]})
    filled, count = fill_gaps(row)
    assert count == 0
    xr.testing.assert_identical(filled, row)


def test_gaps_across_a_cut_are_kept():
    filled, count = fill_gaps(record(series([0, np.nan, 2, 3, np.nan, np.nan, 6, np.nan, 8])), cuts=(5,))
    np.testing.assert_array_equal(filled.values[:, 0], [0, 1, 2, 3, np.nan, np.nan, 6, 7, 8])
    assert count == 2


def test_long_gaps_can_be_kept():
    made = record(series([0, np.nan, 2, 3, np.nan, np.nan, 6]))
    filled, count = fill_gaps(made, longest=1)
    np.testing.assert_array_equal(filled.values[:, 0], [0, 1, 2, 3, np.nan, np.nan, 6])
    assert count == 1
    assert fill_gaps(made, longest=2)[1] == 3
    with pytest.raises(ArgumentError, match=r"`longest` must be positive: expected 1 or more rows, got 0"):
        fill_gaps(made, longest=0)


def test_missing_rows_of_a_data_set_are_filled_too():
    filled, count = fill_gaps(series([0.0, 1.0, 4.0], time=[0, 1, 4]).assign_attrs(notes="kept"))
    np.testing.assert_array_equal(filled["x"].values, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(filled["time"].values, [0, 1, 2, 3, 4])
    assert (count, filled["x"].attrs["units"], filled.attrs["notes"]) == (2, "m", "kept")
