"""The split: ordered, disjoint, complete."""

import inspect

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.series.record import record
from pendula.series.split import split


def series(size, time=None, trajectory=None):
    coords = {} if time is None else {"time": time}
    if trajectory is not None:
        coords["trajectory"] = ("time", trajectory)
    return record(xr.Dataset({"x": ("time", np.arange(float(size)))}, coords=coords))


def rows(parts):
    return [(part.start, part.stop) for part in (parts.train, parts.validation, parts.test)]


def test_fractions_are_of_the_whole_and_of_what_remains():
    assert rows(split(series(1000))) == [(0, 600), (600, 750), (750, 1000)]
    assert rows(split(series(1000), test=0.2, validation=0.0)) == [(0, 800), (800, 800), (800, 1000)]
    assert rows(split(series(10), test=0.0, validation=0.0)) == [(0, 10), (10, 10), (10, 10)]


@given(st.integers(20, 300), st.floats(0.1, 0.4), st.floats(0.1, 0.6))
def test_parts_are_disjoint_ordered_and_cover(size, test, validation):
    parts = split(series(size), test=test, validation=validation)
    covered = np.concatenate([part.record.values[:, 0] for part in (parts.train, parts.validation, parts.test)])
    np.testing.assert_array_equal(covered, np.arange(size))
    assert abs(len(parts.test) - test * size) <= 0.5
    assert abs(len(parts.validation) - validation * (size - len(parts.test))) <= 0.5


@pytest.mark.parametrize(
    ("time", "test_from", "first"),
    [
        (np.arange(10) * 0.5, 3.0, 6),
        (np.arange(10) * 0.5, 2.9, 6),
        (np.arange(1990, 2000), "1995", 5),
        (np.datetime64("2020-01-01", "ns") + np.arange(10) * np.timedelta64(1, "D"), "2020-01-08", 7),
        (np.datetime64("2020-01-01", "ns") + np.arange(10) * np.timedelta64(1, "D"), "2020-01-08T00:00Z", 7),
    ],
)
def test_the_test_part_starts_at_a_time(time, test_from, first):
    parts = split(series(10, time), test_from=test_from)
    assert (parts.test.start, parts.test.stop) == (first, 10)


def test_whole_trajectories_stay_together():
    made = series(12, np.tile(np.arange(3), 4), np.repeat([4, 2, 9, 1], 3))
    parts = split(made, test=0.25, validation=0.34, by="trajectory")
    assert rows(parts) == [(0, 6), (6, 9), (9, 12)]
    assert set(parts.test.record.trajectory) == {1}
    # A fraction of few trajectories is at least one of them.
    assert rows(split(made, test=0.01, validation=0.0, by="trajectory")) == [(0, 9), (9, 9), (9, 12)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": -0.1}, r"`test` must lie between 0 and 1: expected a fraction of the record, got -0.1"),
        ({"test": 1.0}, r"`test` must lie between 0 and 1"),
        ({"test": float("nan")}, r"`test` must lie between 0 and 1"),
        ({"validation": 1.5}, r"`validation` must lie between 0 and 1"),
        ({"test": 0.001}, r"`test` must leave no part empty: expected between 1 and 9 of 10 rows, got 0"),
        ({"test": 0.99}, r"`test` must leave no part empty"),
        ({"validation": 0.01}, r"`validation` must leave no part empty"),
        ({"test_from": 99}, r"`test_from` must lie within the record: expected a time after 0 and up to 9, got 99"),
        ({"test_from": 0}, r"`test_from` must lie within the record"),
        ({"test_from": "soon"}, r"`test_from` must be a time on the record's axis: expected a number, got 'soon'"),
        ({"by": "trajectory"}, r"`by` must suit the record: .* Split by time."),
    ],
)
def test_splits_that_cannot_be_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        split(series(10), **options)


def test_a_date_is_asked_of_a_record_of_dates():
    dates = np.datetime64("2020-01-01", "ns") + np.arange(10) * np.timedelta64(1, "D")
    with pytest.raises(ArgumentError, match=r"expected a date such as 1998-05-30, got 3.0"):
        split(series(10, dates), test_from=3.0)


def test_test_from_needs_a_single_time_axis():
    made = series(6, np.tile(np.arange(3), 2), np.repeat([0, 1], 3))
    with pytest.raises(ArgumentError, match=r"`test_from` must be used with one trajectory"):
        split(made, test_from=1)


def test_a_single_trajectory_cannot_be_cut_by_trajectory():
    made = series(6, np.tile(np.arange(3), 2), np.repeat([0, 1], 3))
    with pytest.raises(ArgumentError, match=r"`validation` must leave no part empty: .* of 1 trajectories"):
        split(made, test=0.5, validation=0.5, by="trajectory")


def test_an_unknown_way_to_cut_is_refused():
    with pytest.raises(ArgumentError, match=r"`by` must name a way to cut: expected time or trajectory, got phase"):
        inspect.unwrap(split)(series(10), by="phase")


def test_ranges_leave_empty_parts_out():
    parts = split(series(40), validation=0)
    assert parts.ranges == {"train": (0, 30), "test": (30, 40)}
    assert list(split(parts.train.parent).ranges) == ["train", "validation", "test"]
