"""Windows: counts, contents, what they never cross, and that they copy nothing."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.series.record import record
from pendula.series.split import Part, split
from pendula.series.windows import Windows, window_segments, windows_for


def series(values, trajectory=None):
    coords = {} if trajectory is None else {"trajectory": ("time", np.asarray(trajectory))}
    return record(xr.Dataset({"x": ("time", np.asarray(values, dtype=float))}, coords=coords))


def slow_starts(segments, length, stride):
    return [start for low, high in segments for start in range(low, high - length + 1, stride)]


@st.composite
def cut_series(draw):
    lengths = draw(st.lists(st.integers(0, 12), min_size=1, max_size=6))
    gaps = draw(st.lists(st.integers(0, 3), min_size=len(lengths), max_size=len(lengths)))
    segments, row = [], 0
    for length, gap in zip(lengths, gaps, strict=True):
        segments.append([row, row + length])
        row += length + gap
    return max(row, 1), segments


@given(cut_series(), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
def test_windows_against_a_list_of_starts(cut, length, stride, channels):
    size, segments = cut
    expected = slow_starts(segments, length, stride)
    values = torch.arange(float(size * channels)).reshape(size, channels)
    if not expected:
        with pytest.raises(DataError):
            Windows(values, np.array(segments), length=length, stride=stride)
        return
    windows = Windows(values, np.array(segments), length=length, stride=stride)
    indices = torch.arange(len(windows))
    assert windows.starts(indices).tolist() == expected
    batch = windows.gather(indices)
    assert batch.is_contiguous()
    torch.testing.assert_close(batch, torch.stack([values[start : start + length] for start in expected]))
    torch.testing.assert_close(windows.all(), batch)


def test_all_is_a_view_of_a_single_segment():
    values = torch.arange(20.0).reshape(10, 2)
    windows = Windows(values, np.array([[2, 9]]), length=3, stride=2)
    every = windows.all()
    assert every.untyped_storage().data_ptr() == values.untyped_storage().data_ptr()
    torch.testing.assert_close(every, windows.gather(torch.arange(len(windows))))


def test_windows_of_a_tensor_that_is_itself_a_view():
    values = torch.arange(60.0).reshape(20, 3)[5:, 1:]
    windows = Windows(values, np.array([[0, 15]]), length=4)
    torch.testing.assert_close(windows.gather(torch.tensor([11]))[0], values[11:15])


@given(st.integers(0, 40), st.integers(30, 60), st.integers(1, 8))
def test_windows_are_shift_invariant(shift, size, length):
    values = torch.arange(float(size + shift))[:, None]
    plain = Windows(values[shift:], np.array([[0, size]]), length=length)
    shifted = Windows(values, np.array([[shift, size + shift]]), length=length)
    indices = torch.arange(len(plain))
    assert torch.equal(plain.gather(indices), shifted.gather(indices))
    assert torch.equal(plain.starts(indices) + shift, shifted.starts(indices))


def test_a_thousand_points_make_950_windows():
    whole = Part(parent=series(np.arange(1000)), start=0, stop=1000)
    assert len(windows_for(whole, length=50, horizon=1)) == 950
    assert len(windows_for(whole, length=50, horizon=10)) == 941


@given(st.integers(40, 120), st.integers(1, 6), st.integers(1, 3), st.lists(st.integers(0, 119), max_size=3))
def test_no_window_straddles_the_split_or_a_gap(size, length, horizon, gaps):
    values = np.arange(float(size))
    values[[gap for gap in gaps if gap < size]] = np.nan
    parts = split(series(values))
    inputs, targets = {}, {}
    for name, part in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        try:
            windows = windows_for(part, length=length, horizon=horizon, reach_back=name != "train")
        except DataError:
            return
        batch = windows.gather(torch.arange(len(windows)))[..., 0].numpy()
        assert not np.isnan(batch).any()
        assert (np.diff(batch, axis=1) == 1).all()
        inputs[name], targets[name] = batch[:, :length], batch[:, length:]
        assert targets[name].min() >= part.start
        assert targets[name].max() < part.stop
    assert inputs["train"].min() >= parts.train.start
    assert max(inputs["train"].max(), targets["train"].max()) < parts.train.stop


def test_reaching_back_uses_every_target_of_the_part():
    parts = split(series(np.arange(100)), test=0.2, validation=0.0)
    reaching = windows_for(parts.test, length=10, horizon=1, reach_back=True)
    assert reaching.gather(torch.arange(len(reaching)))[:, -1, 0].tolist() == list(range(80, 100))
    assert len(windows_for(parts.test, length=10, horizon=1)) == 10


def test_no_window_crosses_into_another_trajectory():
    made = series(np.arange(10), trajectory=[0] * 6 + [1] * 4)
    segments = window_segments(made, 0, 10, length=3)
    np.testing.assert_array_equal(segments, [[0, 6], [6, 10]])
    windows = windows_for(Part(parent=made, start=6, stop=10), length=3, reach_back=True)
    assert windows.starts(torch.arange(len(windows))).tolist() == [6]


def test_windows_of_scaled_values():
    part = Part(parent=series(np.arange(10)), start=0, stop=10)
    values = torch.arange(10, dtype=torch.float32)[:, None] / 10
    assert windows_for(part, length=2, values=values).gather(torch.tensor([3])).dtype == torch.float32
    with pytest.raises(ShapeError, match=r"`values` must have the rows of the record: expected 10, got 9"):
        windows_for(part, length=2, values=values[1:])


@pytest.mark.parametrize("wrong", [0, -1])
def test_lengths_must_be_positive(wrong):
    part = Part(parent=series(np.arange(10)), start=0, stop=10)
    with pytest.raises(ArgumentError, match=rf"`window` must be positive: expected 1 or more, got {wrong}"):
        windows_for(part, length=wrong)
    with pytest.raises(ArgumentError, match=rf"`horizon` must be positive: expected 1 or more, got {wrong}"):
        windows_for(part, length=2, horizon=wrong)
    with pytest.raises(ArgumentError, match=rf"`stride` must be positive: expected 1 or more, got {wrong}"):
        windows_for(part, length=2, stride=wrong)
    with pytest.raises(ArgumentError, match=r"`length` must be positive"):
        Windows(torch.zeros(3, 1), np.array([[0, 3]]), length=wrong)


def test_a_window_longer_than_the_data_is_refused():
    message = (
        r"`window` must be shorter than the longest gap-free stretch: expected at most 39 samples for horizon 1, "
        r"got 50. Lower `--window`, or fill the gaps with `--gaps fill`."
    )
    with pytest.raises(DataError, match=message):
        windows_for(Part(parent=series(np.arange(40)), start=0, stop=40), length=50)
    beyond = r"`horizon` must leave a window within the longest gap-free stretch to learn from: expected fewer than 5"
    with pytest.raises(DataError, match=beyond):
        windows_for(Part(parent=series(np.arange(5)), start=0, stop=5), length=1, horizon=9)


def test_windows_that_do_not_exist_are_refused():
    windows = Windows(torch.zeros(5, 1), np.array([[0, 5]]), length=3)
    with pytest.raises(ArgumentError, match=r"`indices` must name windows: expected 0 to 2, got -1 to 3"):
        windows.starts(torch.tensor([-1, 3]))
    assert windows.gather(torch.zeros(0, dtype=torch.int64)).shape == (0, 3, 1)


def test_segments_must_lie_within_the_series():
    with pytest.raises(ShapeError, match=r"`segments` must lie within the series: expected row ranges from 0 to 5"):
        Windows(torch.zeros(5, 1), np.array([[0, 6]]), length=3)


def test_windows_move_with_their_series():
    windows = Windows(torch.arange(20.0)[:, None], np.array([[0, 8], [9, 20]]), length=3, stride=2)
    assert windows.to(torch.device("cpu")) is windows
    moved = windows.to(torch.device("meta"))
    assert (moved.gather(torch.tensor([0, 1])).device.type, windows.values.device.type) == ("meta", "cpu")
    assert (len(moved), moved.starts(torch.arange(len(moved))).tolist()) == (8, [0, 2, 4, 9, 11, 13, 15, 17])


MEMORY_PROBE = """
import resource, numpy, torch
from pendula.series.windows import Windows
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
warm = Windows(torch.zeros(100, 1, dtype=torch.float64), numpy.array([[0, 100]]), length=50)
warm.gather(torch.arange(32))
before = peak()
values = torch.ones(10_000_000, 1, dtype=torch.float64)
windows = Windows(values, numpy.array([[0, 4_000_000], [4_000_001, 10_000_000]]), length=50)
for first in range(0, len(windows), 1_000_000):
    windows.gather(torch.arange(first, first + 32).clamp(max=len(windows) - 1))
print(len(windows), peak() - before)
"""


def test_ten_million_samples_stay_under_twice_their_memory():
    done = subprocess.run([sys.executable, "-c", MEMORY_PROBE], capture_output=True, text=True, check=True)
    count, used = map(int, done.stdout.split())
    assert count == 4_000_000 - 49 + 5_999_999 - 49
    assert used < 2 * 10_000_000 * 8
