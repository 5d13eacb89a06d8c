from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DivergedError, ShapeError
from pendula.systems import grid


@pytest.mark.parametrize(
    ("duration", "dt", "expected"), [(10, 0.002, 5000), (20, 0.001, 20_000), (1, 0.3, 4), (0.1, 1.0, 1), (3, 1, 3)]
)
def test_sample_count(duration, dt, expected):
    assert grid.sample_count(duration, dt) == expected


@given(steps=st.integers(1, 10**6), dt=st.floats(1e-6, 1e3))
def test_whole_numbers_of_steps_are_counted_exactly(steps, dt):
    assert grid.sample_count(steps * dt, dt) == steps


@given(duration=st.floats(1e-3, 1e3), dt=st.floats(1e-2, 1e3))
def test_samples_lie_before_the_duration_and_fill_it(duration, dt):
    count = grid.sample_count(duration, dt)
    assert (count - 1) * dt < duration or count == 1
    assert count * dt >= duration * (1 - 1e-6)


@given(
    start=st.integers(-(10**6), 10**6), step=st.integers(1, 10**5), digits=st.integers(0, 6), k=st.integers(0, 10**4)
)
def test_times_of_a_decimal_grid_are_the_floats_nearest_to_its_decimals(start, step, digits, k):
    times = grid.decimal_times(np.float64(start / 10**digits), np.array([k]), step / 10**digits)
    assert times.tolist() == [float(Fraction(start + k * step, 10**digits))]


@given(start=st.floats(-1e9, 1e9), step=st.floats(1e-9, 1e3), k=st.integers(0, 10**6))
@example(start=1e-300, step=0.5, k=0)
@example(start=0.0, step=1e-20, k=1)
def test_times_of_any_grid_move_by_rounding_alone(start, step, k):
    exact = Fraction(start) + k * Fraction(step)
    moved = abs(Fraction(float(grid.decimal_times(np.float64(start), np.array([k]), step)[0])) - exact)
    # Start and step may each be 4 units in the last place off the decimal that is meant.
    assert moved <= 16 * np.spacing(max(abs(start), k * step, float(abs(exact))))


def test_one_long_start_among_several_keeps_all_as_they_are():
    starts, steps = np.array([0.1, 1 / 3]), np.array([2, 2])
    np.testing.assert_array_equal(grid.decimal_times(starts, steps, 0.1), starts + steps * 0.1)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_grids_need_positive_numbers(value):
    with pytest.raises(ArgumentError, match="`dt` must be positive: expected a finite number above 0, got"):
        grid.sample_count(1.0, value)
    with pytest.raises(ArgumentError, match="`duration` must be positive: expected a finite number above 0, got"):
        grid.sample_count(value, 1.0)


def test_a_step_must_not_vanish():
    with pytest.raises(ArgumentError, match="`dt` must not vanish beside `duration`"):
        grid.sample_count(1e300, 1e-300)


def test_times_are_rounded_once():
    assert grid.sample_times(4, 0.1).tolist() == [0.0, 0.1, 0.2, 0.3]


def test_absurd_sizes_are_refused():
    grid.check_size(grid.MAX_BYTES // 8, 1)
    with pytest.raises(ArgumentError, match=r"`duration` must give a series that fits into memory: .* Raise `dt`"):
        grid.check_size(grid.MAX_BYTES // 8, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 0.0, "samples": 1, "substeps": 1}, "`dt` must be positive"),
        ({"dt": float("nan"), "samples": 1, "substeps": 1}, "`dt` must be positive"),
        (
            {"dt": 1.0, "samples": 0, "substeps": 1},
            "`samples` must be a positive whole number: expected at least 1, got 0",
        ),
        ({"dt": 1.0, "samples": 1, "substeps": -2}, "`substeps` must be a positive whole number"),
        ({"dt": 1.0, "samples": 1, "substeps": True}, "`substeps` must be a positive whole number"),
    ],
)
def test_bad_runs_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        grid.check_run(**arguments)


def test_initial_states_are_copied_and_checked():
    given_state = np.array([1.0, 2.0])
    made = grid.start_state(given_state)
    made[0] = 5.0
    assert given_state[0] == 1.0
    with pytest.raises(ShapeError, match=r"`initial` must hold components: expected shape \(component, \*batch\)"):
        grid.start_state([])
    with pytest.raises(ArgumentError, match="`initial` must hold numbers: expected one per component, got array"):
        grid.start_state(np.array([1.0, "x"]))
    with pytest.raises(ArgumentError, match="`initial` must be finite"):
        grid.start_state([1.0, float("nan")])


def test_the_first_state_that_is_not_finite_is_named():
    states = np.zeros((10, 2, 3))
    grid.check_finite(states, first=0, dt=0.5)
    states[4, 1, 2], states[7] = np.inf, np.nan
    with pytest.raises(DivergedError, match=r"left the finite numbers at t = 52 \(sample 104\).* Lower `dt`"):
        grid.check_finite(states, first=100, dt=0.5)
