"""Whether values stay within the range that a record has."""

import numpy as np
import pytest
import xarray as xr

from pendula.series import record
from pendula.series.ranges import constant_channels, outside
from pendula.series.record import assemble


def two(a, b):
    return assemble(xr.Dataset({"a": ("time", a, {"units": "W"}), "b": ("time", b)}), ("a", "b"))


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ([[0.0, 5.0], [10.0, 7.0]], []),
        ([[-0.99, 5.0], [10.99, 7.0]], []),  # a tenth of the range
        ([[-1.01, 5.0], [10.0, 7.0]], ["`a` goes from -1.01 to 10 W, in the training part from 0 to 10 W"]),
        ([[3.0, 7.3]], ["`b` is 7.3, in the training part from 5 to 7"]),
        ([[99.0, 0.0]], ["`a` is 99 W", "`b` is 0,"]),
        ([[np.nan, 5.0]], []),
    ],
)
def test_a_range_is_left_by_more_than_a_tenth_of_it(values, left):
    clauses = outside(two([0.0, np.nan, 10.0], [5.0, 6.0, 7.0]), np.array(values))
    assert len(clauses) == len(left)
    assert all(clause.startswith(words) for clause, words in zip(clauses, left, strict=True))


def test_a_constant_is_met_within_rounding():
    known = two([0.3, 0.3, 0.3], [1.0, np.nan, 2.0])
    assert constant_channels(known) == ("a",)
    assert outside(known, np.array([[0.1 + 0.2, 1.0]])) == ()
    assert outside(known, np.array([[0.31, 1.0]])) == ("`a` is 0.31 W, in the training part always 0.3 W",)


def test_nothing_is_left_where_nothing_is_known():
    empty = record(xr.Dataset({"a": ("time", [1.0, 2.0])})).with_values(np.full((2, 1), np.nan))
    assert outside(empty, np.array([[1.0]])) == constant_channels(empty) == ()
