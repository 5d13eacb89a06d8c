"""The leak check passes what is sound and catches what leaks."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, LeakError
from pendula.series.leaks import leak_check
from pendula.series.record import record
from pendula.series.scaling import fit_scaler
from pendula.series.split import split
from pendula.series.windows import windows_for


def series(size=200, gaps=(30, 170)):
    values = np.sin(np.arange(size) / 5.0)
    values[list(gaps)] = np.nan
    return record(xr.Dataset({"x": ("time", values), "v": ("time", np.cos(np.arange(size) / 5.0))}))


def sound(known):
    parts = split(known)
    scaler = fit_scaler(parts.train)
    values = torch.from_numpy(scaler.transform(known.values))
    windows = windows_for(parts.train, length=10, values=values)
    return {"windows": windows.gather(torch.arange(len(windows))), "scaler": (scaler.center, scaler.scale)}


def globally_scaled(known):
    scaler = fit_scaler(known)
    parts = split(known)
    return windows_for(parts.train, length=10, values=torch.from_numpy(scaler.transform(known.values))).all()


def randomly_split(known):
    values = known.values[:, 1]
    windows = np.lib.stride_tricks.sliding_window_view(values, 11)
    return windows[np.random.default_rng(0).permutation(len(windows))[:150]]


def test_split_scale_window_does_not_leak():
    leak_check(sound, series(), 120)


@given(st.integers(40, 300), st.floats(0.1, 0.4), st.sampled_from(["standard", "range"]), st.integers(0, 10))
def test_no_split_and_no_scaler_leaks(size, test, kind, seed):
    made = series(size, gaps=(7, size - 3))
    boundary = split(made, test=test).train.stop
    leak_check(lambda known: fit_scaler(split(known, test=test).train, kind).transform(known.values[:boundary]), made,
               boundary, seed=seed)  # fmt: skip


def test_a_global_scaler_is_caught():
    message = (
        r"`pipeline` must not look beyond row 120: expected the same output whatever follows, got the output moved by"
    )
    with pytest.raises(LeakError, match=message):
        leak_check(globally_scaled, series(gaps=()), 120)


def test_an_overlapping_random_split_is_caught():
    with pytest.raises(LeakError, match=r"the output moved by up to .* when the future was overwritten with noise"):
        leak_check(randomly_split, series(), 120)


def test_one_row_too_many_is_caught():
    leak_check(lambda known: known.values[:120], series(), 120)
    with pytest.raises(LeakError, match=r"moved"):
        leak_check(lambda known: known.values[:121], series(), 120)


def test_only_the_last_digit_is_enough():
    with pytest.raises(LeakError, match=r"the output\['mean'\]\[1\] moved"):
        leak_check(lambda known: {"mean": [0.0, 1.0 + 1e-15 * np.tanh(known.values[-1, 1])]}, series(), 120)


def test_an_output_of_another_shape_is_caught():
    with pytest.raises(LeakError, match=r"the output of shape \(\d+,\) instead of \(\d+,\)"):
        leak_check(lambda known: np.flatnonzero(known.values[:, 0] > 0.5), series(), 120)
    with pytest.raises(LeakError, match=r"got other parts"):
        leak_check(lambda known: {str(np.nanmax(known.values)): 0}, series(), 120)


def test_a_pipeline_that_reuses_its_buffer_is_caught():
    buffer = np.zeros(1)

    def pipeline(known):
        buffer[0] = np.nanmean(known.values)
        return buffer

    with pytest.raises(LeakError, match=r"moved"):
        leak_check(pipeline, series(), 120)


def test_a_dtype_or_text_that_changes_is_caught():
    with pytest.raises(LeakError, match=r"the output moved when"):
        leak_check(lambda known: np.array([str(np.nanmax(known.values))[:3]]), series(), 120)


def test_the_record_itself_is_left_alone():
    made = series()
    before = made.values.copy()
    leak_check(sound, made, 120)
    np.testing.assert_array_equal(made.values, before)


@pytest.mark.parametrize("boundary", [0, 200, -3])
def test_there_must_be_a_past_and_a_future(boundary):
    with pytest.raises(
        ArgumentError, match=rf"`boundary` must leave a past and a future: expected 1 to 199, got {boundary}"
    ):
        leak_check(sound, series(), boundary)
