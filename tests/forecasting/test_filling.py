"""Gaps are filled within a part: what comes later never shows in what came before."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.forecasting import default_by, fill_parts
from pendula.runs import Recipe
from pendula.series.record import record

RECIPES = {
    "by time": Recipe(test=0.25, validation=0.2),
    "from a time on": Recipe(test_from=45, validation=0.2),
    "by trajectory": Recipe(test=0.25, validation=0.2, by="trajectory"),
    "by windows": Recipe(window=10, test=0.25, validation=0, cut="windows"),
}
CUTS = {"by time": (36, 45, 60), "from a time on": (36, 45, 60), "by trajectory": (30, 45, 60), "by windows": (47, 60)}


def holed(holes, *, trajectories=False):
    values = np.sin(np.arange(60.0)) + 2.0
    values[list(holes)] = np.nan
    coords = {"time": np.arange(60)}
    if trajectories:
        coords = {"time": np.tile(np.arange(15), 4), "trajectory": ("time", np.repeat(np.arange(4), 15))}
    return record(xr.Dataset({"x": ("time", values)}, coords=coords))


@pytest.mark.parametrize("name", RECIPES)
@given(holes=st.sets(st.integers(2, 59), max_size=40), moved=st.integers(0, 2))
def test_no_part_changes_with_those_after_it(name, holes, moved):
    rows, cuts = holed(holes, trajectories=name == "by trajectory"), CUTS[name]
    boundary = cuts[min(moved, len(cuts) - 2)]
    later = rows.values.copy()
    later[boundary:] *= -7.0
    filled, _ = fill_parts(rows, RECIPES[name])
    again, _ = fill_parts(replace(rows, values=later), RECIPES[name])
    np.testing.assert_array_equal(filled.values[:boundary], again.values[:boundary])


@given(holes=st.sets(st.integers(2, 59), max_size=40))
def test_each_part_is_filled_as_if_it_were_alone(holes):
    rows = holed(holes)
    filled, count = fill_parts(rows, RECIPES["by time"])
    for start, stop in ((0, 36), (36, 45), (45, 60)):
        known = start + np.flatnonzero(rows.present[start:stop])
        inside = np.arange(known[0], known[-1] + 1) if len(known) else known
        expected = np.full(stop - start, np.nan)
        if len(known):
            expected[inside - start] = np.interp(inside, known, rows.values[known, 0])
        np.testing.assert_allclose(filled.values[start:stop, 0], expected, rtol=1e-14)
    assert count == filled.present.sum() - rows.present.sum()


def test_trajectories_are_kept_together_where_there_is_one_for_each_part():
    assert default_by(holed([], trajectories=True)) == "trajectory"
    assert default_by(holed([], trajectories=True).slice(0, 30)) == "time"
    assert default_by(holed([])) == "time"
