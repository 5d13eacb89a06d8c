"""The record: rows, gaps, trajectories, views."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DataError
from pendula.series.record import find_segments, record, to_dataset


def data(values, time=None, **coords):
    coords = {name: ("time", np.asarray(value)) for name, value in coords.items()}
    if time is not None:
        coords["time"] = ("time", np.asarray(time), {"units": "s"})
    return xr.Dataset({"x": ("time", np.asarray(values), {"units": "rad"})}, coords=coords)


def test_record_keeps_values_units_and_time():
    made = record(data([1.0, 2.0, 4.0], [0.0, 0.1, 0.2]))
    assert made.names == ("x",)
    assert made.units == ("rad",)
    assert made.values.dtype == np.float64
    assert made.values.flags.c_contiguous
    np.testing.assert_array_equal(made.time, [0.0, 0.1, 0.2])
    assert (made.axis.kind, made.axis.step, made.axis.units, made.axis.size) == ("float", 0.1, "s", 3)
    np.testing.assert_array_equal(made.segments, [[0, 3]])


def test_record_without_time_counts_rows():
    made = record(xr.Dataset({"x": ("time", [1.0, 2.0, 4.0])}))
    assert made.axis.kind == "integer"
    np.testing.assert_array_equal(made.time, [0, 1, 2])


def test_missing_rows_come_back_as_nan_with_computed_times():
    made = record(data([1.0, 2.0, 8.0, 9.0], [0.0, 0.1, 0.4, 0.5]))
    np.testing.assert_array_equal(made.values[:, 0], [1, 2, np.nan, np.nan, 8, 9])
    np.testing.assert_allclose(made.time, [0, 0.1, 0.2, 0.3, 0.4, 0.5], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(made.segments, [[0, 2], [4, 6]])
    np.testing.assert_array_equal(made.present, [True, True, False, False, True, True])
    assert made.axis.size == 6


def test_missing_months_come_back():
    dates = pd.date_range("2020-01-31", periods=12, freq="ME")
    made = record(data(np.arange(11.0), dates.delete(5)))
    np.testing.assert_array_equal(made.time, dates.to_numpy().astype("datetime64[ns]"))
    assert np.isnan(made.values[5, 0])
    assert made.axis.step_text == "1 month"
    np.testing.assert_array_equal(
        made.axis.extend(3), np.array(["2021-01-31", "2021-02-28", "2021-03-31"], dtype="datetime64[ns]")
    )


def test_trajectories_bound_segments_and_each_has_its_own_time():
    made = record(data([1, 2, 3, 5, 8.0], [0.0, 0.1, 0.2, 0.0, 0.1], trajectory=[0, 0, 0, 1, 1]))
    np.testing.assert_array_equal(made.segments, [[0, 3], [3, 5]])
    np.testing.assert_array_equal(made.blocks, [[0, 3], [3, 5]])
    assert (made.axis.start, made.axis.size) == (0.0, 2)


def test_gap_within_a_trajectory_carries_its_identifier():
    made = record(data([1, 2, 3, 5.0], [0, 2, 0, 1], trajectory=["a", "a", "b", "b"]))
    assert made.trajectory.tolist() == ["a", "a", "a", "b", "b"]
    np.testing.assert_array_equal(made.time, [0, 1, 2, 0, 1])


def test_slice_is_a_view_with_clipped_segments():
    made = record(data([1.0, 2.0, np.nan, 4.0, 5.0, 6.0], np.arange(6) * 0.5))
    part = made.slice(1, 5)
    assert np.shares_memory(part.values, made.values)
    np.testing.assert_array_equal(part.segments, [[0, 1], [2, 4]])
    assert (part.axis.start, part.axis.size, len(part)) == (0.5, 4, 4)
    assert len(made.slice(3, 3)) == 0


def test_slice_of_trajectories_knows_the_axis_of_its_last():
    made = record(data(np.arange(7.0), [0, 1, 2, 10, 11, 12, 13], trajectory=[0, 0, 0, 1, 1, 1, 1]))
    assert (made.slice(1, 5).axis.start, made.slice(1, 5).axis.size) == (10, 2)
    assert (made.slice(4, 6).axis.start, made.slice(4, 6).axis.size) == (11, 2)
    assert (made.slice(0, 2).axis.start, made.slice(0, 2).axis.size) == (0, 2)


def test_slice_outside_is_refused():
    with pytest.raises(ArgumentError, match=r"`start` and `stop` must lie within the record: .* <= 3, got 1 and 4"):
        record(data([1.0, 2.0, 4.0])).slice(1, 4)


def test_select_finds_the_gaps_of_the_chosen_channels():
    wide = xr.Dataset({"x": ("time", [1.0, 2.0, 3.0, 4.0]), "v": ("time", [1.0, 3.0, np.nan, 2.0])})
    made = record(wide)
    np.testing.assert_array_equal(made.segments, [[0, 2], [3, 4]])
    np.testing.assert_array_equal(made.select(["x"]).segments, [[0, 4]])
    with pytest.raises(DataError, match=r"`w` must be a channel of the record: expected one of x, v, got w"):
        made.index("w")


def test_to_dataset_gives_the_record_back():
    made = record(data([1.0, 2.0, 8.0, 9.0], [0, 1, 3, 4], trajectory=[5, 5, 5, 5]))
    again = record(to_dataset(made))
    np.testing.assert_array_equal(again.values, made.values)
    np.testing.assert_array_equal(again.trajectory, made.trajectory)
    assert again.units == made.units
    assert again.axis == made.axis


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([np.nan, np.nan], r"`x` must have values: expected numbers, got NaN in all 2 rows"),
        ([3.0, 3.0], r"`x` must vary: expected a standard deviation above 0, got the constant 3.0. There is nothing"),
        ([1.0, np.nan, 2.0], r"`x` must have samples that follow each other: expected 2 in a row, got 1"),
        ([1.0, np.inf, 2.0], r"`x` must be finite: expected a number or a gap, got inf in row 1"),
        ([1.0 + 1j, 2.0], r"`x` must be real: .* Take its real part, modulus or phase."),
        ([1.0], r"`time` must have several rows: expected at least 2, got 1"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(values, message):
    with pytest.raises(DataError, match=message):
        record(data(values))


def test_columns_must_exist_and_differ():
    with pytest.raises(DataError, match=r"`columns` must name variables of the data: .* got y"):
        record(data([1.0, 2.0]), ["y"])
    with pytest.raises(DataError, match=r"`columns` must name different variables"):
        record(data([1.0, 2.0]), ["x", "x"])
    with pytest.raises(DataError, match=r"`columns` must name numeric variables along `time`"):
        record(xr.Dataset({"x": ("t", [1.0, 2.0])}))
    with pytest.raises(DataError, match=r"`x` must hold numbers: expected float or integer values, got <U1"):
        record(data(np.array(["a", "b"])), "x")


def test_text_columns_are_passed_over():
    mixed = data([1.0, 2.0]).assign(name=("time", np.array(["a", "b"])))
    assert record(mixed).names == ("x",)


def slow_segments(values, blocks):
    found = []
    for start, stop in blocks:
        run = None
        for row in range(start, stop + 1):
            whole = row < stop and not any(np.isnan(value) for value in values[row])
            if whole and run is None:
                run = row
            if not whole and run is not None:
                found.append([run, row])
                run = None
    return found


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 29))
def test_segments_against_a_walk_over_the_rows(present, cut):
    values = np.where(np.array(present), 1.0, np.nan)[:, None]
    blocks = [[0, len(present)]] if cut >= len(present) else [[0, cut], [cut, len(present)]]
    assert find_segments(values, np.array(blocks)).tolist() == slow_segments(values, blocks)
