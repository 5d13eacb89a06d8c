"""Controls that are the target by another name are told."""

import numpy as np
import pytest
import xarray as xr

from pendula.series.controls import controlled_record
from pendula.series.record import record
from pendula.series.twins import twin_notes


def made(control, *, rows=200):
    angle = np.sin(0.2 * np.arange(float(rows)))
    return controlled_record(xr.Dataset({"y": ("time", angle), "u": ("time", control(angle))}), "y", "u")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_second_measurement_is_told(sign):
    noise = np.random.default_rng(0).normal(size=200)
    (note,) = twin_notes(made(lambda y: sign * 3 * y + 10 + 0.01 * noise), stop=200)
    assert note.startswith("The control u goes along with y row by row (correlation ")
    assert "it is not known for the future" in note


def test_what_drives_is_not():
    # The drive of a lag is ahead of it: sine against the sine a quarter of a radian later.
    assert not twin_notes(made(lambda y: np.roll(y, -1)), stop=199)
    assert not twin_notes(made(lambda _: np.random.default_rng(1).normal(size=200)), stop=200)


def test_only_known_rows_are_looked_at():
    late = made(lambda y: np.where(np.arange(200) < 100, np.cos(np.arange(200.0)), 2 * y))
    assert not twin_notes(late, stop=100)
    assert not twin_notes(made(np.ones_like), stop=200)
    assert not twin_notes(made(lambda y: 2 * y), stop=2)
    assert not twin_notes(record(xr.Dataset({"y": ("time", np.arange(9.0))})), stop=9)
