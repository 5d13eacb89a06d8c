"""Time axes: what comes next, durations in steps, JSON."""

import json

import numpy as np
import pytest

from pendula.errors import ArgumentError, DataError
from pendula.series.axis import TimeAxis

FLOAT = TimeAxis(kind="float", start=0.5, step=0.1, size=10, units="s")
YEARS = TimeAxis(kind="integer", start=1700, step=1, size=309, units="year", name="year")
WEEKS = TimeAxis(kind="datetime", start=np.datetime64("1958-03-29", "ns"), step=np.timedelta64(7, "D"), size=10)
MONTHS = TimeAxis(
    kind="datetime", start=np.datetime64("2023-01-31", "ns"), step=np.timedelta64(1, "M"), size=12, anchor_day=31
)
AXES = [FLOAT, YEARS, WEEKS, MONTHS]


@pytest.mark.parametrize("axis", AXES)
def test_extend_goes_on_where_values_end(axis):
    whole = axis.values(0, axis.size + 5)
    np.testing.assert_array_equal(np.concatenate([axis.values(), axis.extend(5)]), whole)
    assert len(axis.values()) == axis.size
    with pytest.raises(ArgumentError, match=r"`steps` must be positive: expected 1 or more, got 0"):
        axis.extend(0)


@pytest.mark.parametrize("axis", AXES)
def test_json_keeps_an_axis(axis):
    again = TimeAxis.from_dict(json.loads(json.dumps(axis.to_dict())))
    assert again == axis
    np.testing.assert_array_equal(again.extend(3), axis.extend(3))


def test_what_is_no_axis_is_refused():
    with pytest.raises(DataError, match=r"`axis` must hold a time axis: expected what `to_dict` gives"):
        TimeAxis.from_dict({"kind": "float"})


def test_floats_do_not_drift():
    axis = TimeAxis(kind="float", start=0.0, step=0.1, size=10**6)
    assert axis.extend(1)[0] == 1e5


def test_times_are_the_decimals_that_people_write():
    assert TimeAxis(kind="float", start=0.0, step=0.05, size=1200).extend(3).tolist() == [60.0, 60.05, 60.1]


@pytest.mark.parametrize(
    ("axis", "duration", "steps"),
    [
        (FLOAT, 1.0, 10),
        (FLOAT, "0.26", 3),
        (YEARS, 11, 11),
        (WEEKS, "4 weeks", 4),
        (WEEKS, np.timedelta64(14, "D"), 2),
        (MONTHS, "2 years", 24),
        (MONTHS, "1 month", 1),
        (MONTHS, np.timedelta64(3, "M"), 3),
        (MONTHS, np.timedelta64(1, "Y"), 12),
    ],
)
def test_durations_in_steps(axis, duration, steps):
    assert axis.in_steps(duration) == steps


def test_durations_that_are_none():
    with pytest.raises(ArgumentError, match=r"`duration` must last a step: expected at least 0.1 s, got 0.01"):
        FLOAT.in_steps(0.01)
    with pytest.raises(
        ArgumentError, match=r"`duration` must be a duration on this axis: .* like 0.1 s, got '4 weeks'"
    ):
        FLOAT.in_steps("4 weeks")
    for duration in ("4 weeks", "soon", 3.0, np.timedelta64(30, "D")):
        with pytest.raises(ArgumentError, match=r"`duration` must be a duration on this axis: .* like 1 month, got"):
            MONTHS.in_steps(duration)


def test_steps_in_words():
    assert [axis.step_text for axis in AXES] == ["0.1 s", "1 year", "7 days", "1 month"]
    decade = TimeAxis(kind="datetime", start=WEEKS.start, step=np.timedelta64(120, "M"), size=2)
    assert decade.step_text == "10 years"
    for step, text in (((90, "m"), "90 minutes"), ((1, "h"), "1 hour"), ((1500, "ms"), "1.5 s")):
        assert TimeAxis(kind="datetime", start=WEEKS.start, step=np.timedelta64(*step), size=2).step_text == text


def test_after_moves_the_start():
    assert FLOAT.after(3, size=2).values() == pytest.approx([0.8, 0.9])
    assert MONTHS.after(1, size=2).values()[1] == np.datetime64("2023-03-31")
