"""Records that are like the one of a fit."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import DataError, UnitsError
from pendula.series.alike import assemble_alike, check_alike
from pendula.series.axis import TimeAxis

SECONDS = TimeAxis(kind="float", start=0.0, step=0.5, size=9, units="s")
MONTHS = TimeAxis(
    kind="datetime", start=np.datetime64("2000-01-31", "us"), step=np.timedelta64(1, "M"), size=9, anchor_day=31
)


def rows_at(*times, unit="s", **columns):
    values = columns or {"x": np.arange(float(len(times)))}
    return xr.Dataset(
        {name: ("time", column, {"units": "m"}) for name, column in values.items()},
        coords={"time": ("time", np.array(times), {"units": unit} if unit else {})},
    )


def test_a_single_row_has_the_step_of_the_fit():
    row = assemble_alike(rows_at(7.5), "x", axis=SECONDS)
    assert (row.names, row.units, row.axis) == (("x",), ("m",), SECONDS.after(15, size=1))
    np.testing.assert_array_equal(row.segments, [[0, 1]])
    check_alike(row, units=["m"], axis=SECONDS)
    dated = assemble_alike(rows_at(np.datetime64("2001-02-28", "us"), unit=""), "x", axis=MONTHS)
    assert dated.axis.extend(2).astype("datetime64[D]").astype(str).tolist() == ["2001-03-31", "2001-04-30"]
    missing = assemble_alike(rows_at(7.5, x=[np.nan]), "x", axis=SECONDS)
    assert (missing.segments.shape, missing.present.tolist()) == ((0, 2), [False])


def test_several_rows_have_their_own_step():
    assert assemble_alike(rows_at(1.0, 3.0), "x", axis=SECONDS).axis.step == 2.0


def test_units_and_kind_of_times_must_agree():
    with pytest.raises(DataError, match=r"must have the time step of the fit: expected 0\.5 s, got 0\.5 min"):
        check_alike(assemble_alike(rows_at(7.5, unit="min"), "x", axis=SECONDS), units=["m"], axis=SECONDS)
    with pytest.raises(UnitsError, match="`x` must have the unit of the fit: expected mm, got m"):
        check_alike(assemble_alike(rows_at(7.5), "x", axis=SECONDS), units=["mm"], axis=SECONDS)
    with pytest.raises(
        DataError, match=r"`series` must have numbers for times, as the record: got dates\. Write both alike"
    ):
        assemble_alike(rows_at(np.datetime64("2001-02-28", "us"), unit=""), "x", axis=SECONDS)
    with pytest.raises(DataError, match="`series` must have dates for times, as the record: got numbers"):
        assemble_alike(rows_at(7.5), "x", axis=MONTHS)
    with pytest.raises(DataError, match="`columns` must name variables of the data: expected some of x, got y"):
        assemble_alike(rows_at(7.5), "y", axis=SECONDS)
