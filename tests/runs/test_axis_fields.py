"""Time axes of every kind come back; axes that are none are refused."""

from pathlib import Path

import numpy as np
import pytest

from pendula.errors import RunError
from pendula.runs.axis_fields import axis_from
from pendula.runs.fields import Fields
from pendula.series import TimeAxis

AXES = [
    TimeAxis(kind="float", start=-0.1, step=1e-9, size=7, units="s", name="t"),
    TimeAxis(kind="integer", start=1700, step=2, size=309, units="year"),
    TimeAxis(kind="datetime", start=np.datetime64("2024-02-29T12:00", "ns"), step=np.timedelta64(1, "h"), size=3),
    TimeAxis(kind="datetime", start=np.datetime64("-0044-03-15", "us"), step=np.timedelta64(3, "D"), size=3),
    TimeAxis(
        kind="datetime", start=np.datetime64("2024-01-31", "ns"), step=np.timedelta64(12, "M"), size=0, anchor_day=31
    ),
]


def made(content):
    return axis_from(Fields(path=Path("model.json"), content=content, place="axis."))


@pytest.mark.parametrize("axis", AXES)
def test_an_axis_comes_back(axis):
    assert made(axis.to_dict()) == axis


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(
    "entries",
    [
        {"kind": "complex"}, {"size": -1}, {"size": 1.0}, {"anchor_day": 32}, {"units": None}, {"name": 3},
        {"other": 1},
        {"start": None}, {"start": "now"}, {"start": "NaT"}, {"start": True}, {"start": float("nan")},
        {"step": None}, {"step": 0}, {"step": -1}, {"step": []}, {"step": [1]}, {"step": [0, "D"]},
        {"step": [1.5, "D"]},
        {"step": [1, "generic"]}, {"step": float("inf")}, {"step": "1"},
    ],
)  # fmt: skip
def test_what_is_no_axis_is_refused(axis, entries):
    with pytest.raises(RunError, match=r"`model\.json` must .*axis\."):
        made(axis.to_dict() | entries)


def test_numbers_and_dates_are_not_mixed():
    for one, other in ((AXES[0], AXES[2]), (AXES[2], AXES[0]), (AXES[1], AXES[2])):
        with pytest.raises(RunError, match=r"expected `axis\."):
            made(one.to_dict() | {"kind": other.kind})


@pytest.mark.parametrize("resolution", ["", "generic", "now", "D/2"])
def test_a_resolution_that_does_not_exist_is_refused(resolution):
    with pytest.raises(RunError, match=r"expected `axis\.resolution` to be one of"):
        made(AXES[2].to_dict() | {"resolution": resolution})


def test_a_date_that_does_not_exist_is_refused():
    with pytest.raises(RunError, match=r"expected `axis\.start` to be a time axis with its step"):
        made(AXES[2].to_dict() | {"start": "2024-02-30"})
