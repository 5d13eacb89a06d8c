"""The grid under a time axis: steps found, gaps counted, jitter refused."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import DataError
from pendula.series.grid import find_grid, trajectory_blocks
from pendula.series.record import record


def grid(times, units="s", **options):
    times = np.asarray(times)
    return find_grid(times, np.array([[0, len(times)]]), units=units, **options)


@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=60),
    st.sampled_from([0.01, 0.002, 1 / 3, 1e-9, 86400.0, np.pi]),
    st.floats(-1e3, 1e3),
)
def test_float_grids_are_found(steps, step, start):
    steps = [1, *steps]
    times = start * step + np.concatenate([[0], np.cumsum(steps)]) * step
    found = grid(times)
    assert found.step == pytest.approx(step, rel=1e-9)
    np.testing.assert_array_equal(found.counts, [1, *steps])


@pytest.mark.parametrize("step", [0.01, 0.002, 0.001, 0.1, 1e-4])
def test_decimal_steps_come_out_clean(step):
    assert grid(np.arange(5000) * step).step == step
    assert grid(np.linspace(0, 5000 * step, 5001)).step == step


def test_one_missing_sample_in_ten_thousand():
    times = np.delete(np.arange(10_000) * 0.1, 5000)
    assert grid(times).counts.sum() == 10_000


@given(st.integers(2, 50), st.floats(2e-5, 0.2), st.integers(0, 100))
def test_jitter_is_refused(size, jitter, seed):
    times = np.pi + np.arange(size + 1) * 1.0
    times[np.random.default_rng(seed).integers(1, size)] += jitter
    with pytest.raises(DataError, match=r"`time` must be regular"):
        grid(times)


def test_jitter_within_a_millionth_of_a_step_is_rounding():
    times = np.arange(1000) * 1.0
    times[500] += 5e-7
    assert grid(times).step == pytest.approx(1.0, rel=1e-9)


def test_times_in_single_precision_or_rounded_by_hand():
    fine = np.arange(5000) * 0.002
    for stored in (fine.astype(np.float32), np.round(np.arange(300) / 30, 4)):
        made = record(xr.Dataset({"x": ("time", np.arange(float(len(stored))))}, coords={"time": stored}))
        assert made.axis.step == pytest.approx(0.002 if len(stored) == 5000 else 1 / 30, rel=1e-5)
        assert len(made) == len(stored)


@pytest.mark.parametrize(
    ("dates", "step"),
    [
        (pd.date_range("2020-01-01", periods=30, freq="D"), np.timedelta64(1, "D")),
        (pd.date_range("2020-01-01", periods=30, freq="90min"), np.timedelta64(90, "m")),
        (pd.date_range("2020-01-01", periods=30, freq="MS"), np.timedelta64(1, "M")),
        (pd.date_range("2020-01-31", periods=30, freq="ME"), np.timedelta64(1, "M")),
        (pd.date_range("1900-01-01", periods=30, freq="YS"), np.timedelta64(12, "M")),
        (pd.date_range("1900-01-01T06:00", periods=30, freq="QS"), np.timedelta64(3, "M")),
        (pd.date_range("2021-01-15", periods=2, freq=pd.DateOffset(months=1)), np.timedelta64(31, "D")),
    ],
)
def test_steps_of_dates(dates, step):
    found = grid(dates.to_numpy().astype("datetime64[ns]"))
    assert found.step == step
    assert (found.counts == 1).all()


def test_missing_years_are_counted():
    dates = pd.date_range("1900-01-01", periods=10, freq="YS").delete([3, 4])
    assert grid(dates.to_numpy()).counts.tolist() == [1, 1, 1, 3, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.array(["2020-01-01", "2020-01-02", "2020-01-03T12"], dtype="M8[ns]"),
         r"expected a step of 30h, got steps from 1D to 36h. Resample with `--resample 30h`"),
        (np.array([0, 2, 4, 7]), r"expected a step of 2 s, got steps from 2 to 3. Resample with `--resample 2`"),
        (np.array([0.0, 1.0, np.nan]), r"`time` must be known at every row: .* got none in row 2"),
        (np.array(["2020-01-01", "NaT"], dtype="M8[ns]"), r"`time` must be known at every row: .* got none in row 1"),
        (np.array([0.0, 1.0, 0.5]), r"`time` must increase: expected more than 1.0 in row 2, got an earlier 0.5"),
        (np.array([0.0, 1.0, 1.0]), r"`time` must increase: expected more than 1.0 in row 2, got a repeated 1.0"),
        (np.array([0.0]), r"`time` must have a step: expected a trajectory of at least 2 samples, got 1 samples in 1"),
        (np.array([0.0, 1.0, 1e9]), r"`time` must be mostly sampled: .* got 3 samples spread over 1000000001 steps"),
    ],
)  # fmt: skip
def test_axes_that_are_not_regular(times, message):
    with pytest.raises(DataError, match=message):
        grid(times)


def test_trajectories_share_the_step_but_not_the_clock():
    times = np.array([0.0, 0.1, 0.2, 7.0, 7.1, 3.0])
    found = find_grid(times, np.array([[0, 3], [3, 5], [5, 6]]), units="s")
    assert found.step == pytest.approx(0.1)
    assert found.counts.tolist() == [1] * 6
    with pytest.raises(DataError, match=r"`time` must be regular"):
        find_grid(np.array([0.0, 0.1, 0.2, 7.0, 7.15]), np.array([[0, 3], [3, 5]]), units="s")


def test_blocks():
    assert trajectory_blocks(None, 4).tolist() == [[0, 4]]
    assert trajectory_blocks(np.array([]), 0).tolist() == []
    with pytest.raises(DataError, match=r"`trajectory` must be contiguous: .* got `1` in several places"):
        trajectory_blocks(np.array([1, 2, 1]), 3)
