import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pendula.figures.canvas import drawing
from pendula.figures.lines import break_gaps, draw_line, peak_rows, span_of
from pendula.figures.style import Stroke


def test_even_axes_have_no_holes() -> None:
    time = np.linspace(0.0, 1.0, 11)
    values = np.arange(11.0)
    broken_time, broken = break_gaps(time, values)
    np.testing.assert_array_equal(broken_time, time)
    np.testing.assert_array_equal(broken, values)


def test_dates_with_a_hole_are_broken_in_its_middle() -> None:
    time = np.array(["2020-01-01", "2020-01-02", "2020-01-06", "2020-01-07"], dtype="datetime64[D]")
    broken_time, broken = break_gaps(time, np.arange(4.0))
    assert str(broken_time[2]) == "2020-01-04"
    np.testing.assert_array_equal(broken, [0.0, 1.0, np.nan, 2.0, 3.0])


def test_months_are_no_holes() -> None:
    time = np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype("datetime64[ns]")
    assert len(break_gaps(time, np.ones(24))[0]) == 24


def test_a_second_trajectory_starts_a_new_line() -> None:
    _, broken = break_gaps(np.array([0.0, 1.0, 2.0, 0.0, 1.0]), np.ones(5))
    assert np.flatnonzero(np.isnan(broken)).tolist() == [3]


def test_one_sample_and_constant_time_are_left_alone() -> None:
    assert len(break_gaps(np.zeros(1), np.ones(1))[0]) == 1
    assert len(break_gaps(np.zeros(3), np.ones(3))[0]) == 3


@given(
    arrays(
        np.float64,
        st.integers(1, 300),
        elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)),
    ),
    st.integers(1, 40),
)
def test_peaks_survive_thinning(values: np.ndarray, buckets: int) -> None:
    rows = peak_rows(values, buckets=buckets)
    kept = values[rows]
    assert np.all(np.diff(rows) > 0)
    assert rows[0] == 0
    assert len(rows) <= max(2 * buckets, 5 * buckets)
    if np.isfinite(values).any():
        assert np.nanmin(kept) == np.nanmin(values)
        assert np.nanmax(kept) == np.nanmax(values)
    size = -(-len(values) // buckets)
    for start in range(0, len(values), size):  # each stretch with a hole still shows one
        inside = (rows >= start) & (rows < start + size)
        assert np.isnan(values[start : start + size]).any() == np.isnan(kept[inside]).any()


def test_long_records_are_drawn_with_few_points_and_all_peaks() -> None:
    values = np.sin(np.arange(100_000) * 0.01)
    values[54_321] = 7.0
    with drawing(None) as axes:
        draw_line(axes, np.arange(100_000.0), values=values, stroke=Stroke(color="#000000"))
    drawn = np.asarray(axes.lines[0].get_ydata())
    assert len(drawn) <= 10_000
    assert drawn.max() == 7.0


def test_lonely_samples_are_marked() -> None:
    values = np.sin(np.arange(100.0))
    values[[40, 42]] = np.nan
    values[60] = np.inf
    with drawing(None) as axes:
        draw_line(axes, np.arange(100.0), values=values, stroke=Stroke(color="#000000"), name="x")
    line = axes.lines[0]
    assert line.get_markevery() == [41]
    assert line.get_marker() == "."
    assert np.isnan(line.get_ydata()[60])


@pytest.mark.parametrize(("count", "marker"), [(10, "."), (60, "."), (61, "")])
def test_short_records_have_a_dot_for_each_sample(count: int, marker: str) -> None:
    with drawing(None) as axes:
        draw_line(axes, np.arange(float(count)), values=np.ones(count), stroke=Stroke(color="#000000"))
    assert axes.lines[0].get_marker() == marker


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (0.0, 1.0)),
        ([np.nan], (0.0, 1.0)),
        ([0.0], (-1.0, 1.0)),
        ([-4.0], (-6.0, -2.0)),
        ([1.0, np.inf, 5.0], (1.0, 5.0)),
    ],
)
def test_span_is_never_empty(values: list[float], expected: tuple[float, float]) -> None:
    assert span_of(np.array(values)) == expected
