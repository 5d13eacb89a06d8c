"""Forecasts over irregular times: rows are the steps, and the time to the next row is a control."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError
from pendula.forecasting import fit_record
from pendula.nn import Network
from pendula.series import record
from pendula.training import Training

SMALL = Network(cell="gru", hidden_size=12)
QUICK = Training(epochs=25, learning_rate=0.03)
BRIEF = Training(epochs=1)


def swinging(rows=600, *, seed=0):
    """An oscillator of period 2π looked at after waits of 0.1 to 1.5 s: position and velocity."""
    waits = np.random.default_rng(seed).uniform(0.1, 1.5, size=rows)
    t = np.cumsum(waits)
    return series_of(t, np.sin(t), np.cos(t))


def series_of(t, x, v):
    return xr.Dataset(
        {"x": ("time", np.array(x), {"units": "m"}), "v": ("time", np.array(v), {"units": "m"})},
        coords={"time": ("time", t, {"units": "s"})},
    )


@pytest.fixture(scope="module")
def fitted():
    return pendula.fit(swinging(400), ("x", "v"), irregular=True, model=SMALL, training=BRIEF, window=6)


def test_the_time_to_the_next_row_makes_the_forecast():
    series = swinging()
    told = pendula.fit(series, ("x", "v"), irregular=True, model=SMALL, training=QUICK, window=6)
    assert (told.record.controls.names, told.record.controls.units) == (("interval",), ("s",))
    counted = series.drop_vars("time").assign_coords(time=np.arange(600))
    blind = pendula.fit(counted, ("x", "v"), model=SMALL, training=QUICK, window=6)
    with_times, without = (made.scores["models"]["network"]["rmse"] for made in (told, blind))
    # The phase turns by 0.8 ± 0.4 between rows; what is left of that without times is an error of about 0.29.
    assert with_times < 0.09 < 0.2 < without
    # A turn by the time that went by is no linear function of it.
    assert with_times < 0.5 * told.scores["baselines"]["linear"]["rmse"]


def test_a_forecast_goes_on_from_the_record_at_the_times_that_come(fitted):
    longer = swinging(420)
    future = pendula.forecast(fitted, controls=longer)
    np.testing.assert_array_equal(future.time, longer.time[400:])
    assert future.time.attrs["units"] == "s"
    model, known = fitted.model, fitted.record
    interval = np.diff(longer.time.values)[-26:, None]
    run = model.run(known.values[None, -6:], steps=20, controls=interval[None])[0]
    np.testing.assert_array_equal(future.x, run[:, 0])
    other = longer.assign_coords(time=("time", np.r_[longer.time[:410], longer.time[410:] + 0.1], {"units": "s"}))
    moved = pendula.forecast(fitted, controls=other)
    np.testing.assert_array_equal(moved.x[:10], future.x[:10])
    assert (moved.x[10:] != future.x[10:]).all()
    unknown = longer.copy(deep=True)
    unknown["x"][400:] = np.nan
    unknown["v"][400:] = np.nan
    xr.testing.assert_identical(pendula.forecast(fitted, controls=unknown), future)
    within = pendula.forecast(fitted, 10, start=390)
    assert within.time.values.tolist() == list(range(390, 400))
    assert within.time.attrs == {"name": "row"}
    known = pendula.forecast(fitted, 10, start=390, controls=longer)
    np.testing.assert_array_equal(known.time, longer.time[390:400])
    np.testing.assert_array_equal(known.x, within.x)


def test_a_plan_may_begin_after_the_last_row_of_the_record(fitted, tmp_path):
    whole = swinging(420)
    after = whole.isel(time=slice(400, None))
    kept = pendula.load(fitted.save(tmp_path / "run"))
    for plan in (after, after.drop_vars(["x", "v"])):
        for made in (fitted, kept):
            xr.testing.assert_identical(pendula.forecast(made, controls=plan), pendula.forecast(fitted, controls=whole))
    # The first interval is that from the record's last row.
    last = whole.time.values[399]
    one = pendula.forecast(fitted, controls=xr.Dataset(coords={"time": [last + 0.75]}))
    waits = np.append(fitted.record.controls.values[-6:, 0], last + 0.75 - last)
    run = fitted.model.run(fitted.record.values[None, -6:], steps=1, controls=waits[None, :, None])[0]
    np.testing.assert_array_equal(one.x, run[:, 0])
    np.testing.assert_array_equal(one.time, [last + 0.75])


def test_a_plan_goes_on_from_the_last_trajectory():
    series = swinging(200)
    parts = np.where(np.arange(200) < 90, "a", "b")
    made = pendula.fit(
        series.assign_coords(trajectory=("time", parts)),
        ("x", "v"),
        irregular=True,
        model=SMALL,
        training=BRIEF,
        window=6,
        by="time",
    )
    whole = swinging(210).isel(time=slice(90, None))
    after = pendula.forecast(made, controls=whole.isel(time=slice(110, None)))
    xr.testing.assert_identical(after, pendula.forecast(made, controls=whole))


def test_held_out_files_and_kept_runs_are_told_their_times(fitted, tmp_path):
    again = pendula.load(fitted.save(tmp_path / "run"))
    assert again.recipe.irregular
    scores = pendula.evaluate(again, swinging(100, seed=4)).to_dict()["models"]["network"]
    assert scores == pendula.evaluate(fitted, swinging(100, seed=4)).to_dict()["models"]["network"]
    assert np.isfinite(scores["rmse"])
    xr.testing.assert_identical(
        pendula.forecast(again, controls=swinging(410)), pendula.forecast(fitted, controls=swinging(410))
    )


def test_dates_go_with_other_controls():
    source = swinging(200)
    stamps = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.round(source.time.values * 1e6), unit="us")
    frame = pd.DataFrame({"x": source.x.values, "u": np.sin(np.arange(200.0))}, index=pd.Index(stamps, name="when"))
    made = pendula.fit(frame[:180], "x", controls="u", irregular=True, model=SMALL, training=BRIEF, window=6)
    assert made.model.controls.names == ("u", "interval")
    future = pendula.forecast(made, controls=frame)
    assert list(future.index) == list(frame.index[180:])
    pd.testing.assert_frame_equal(pendula.forecast(made, controls=frame[180:]), future)
    one = pendula.forecast(made, controls=frame[180:181])
    pd.testing.assert_frame_equal(one, future[:1], check_freq=False)
    numbered = frame[180:].reset_index(drop=True)
    with pytest.raises(DataError, match="`controls` must have dates for times, as the record: got numbers"):
        pendula.forecast(made, controls=numbered)
    without = frame[180:][["x"]]
    with pytest.raises(DataError, match="`controls` must name variables of the data: expected some of x, got u"):
        pendula.forecast(made, controls=without)
    within = pendula.forecast(made, 5, start=170)
    assert (within.index.name, list(within.index)) == ("row", list(range(170, 175)))


def test_what_is_wrong_is_said(fitted):
    with pytest.raises(
        DataError, match=r"got none at 400, step 1 of 3. Hand in a series or a file of the times to come"
    ):
        pendula.forecast(fitted, 3)
    last = float(swinging(400).time[-1])
    for plan in (swinging(420).isel(time=slice(399, None)), swinging(420, seed=1)):
        with pytest.raises(
            DataError,
            match=r"`controls` must begin with the rows of the record where times are irregular: expected its 400 "
            rf"rows, and those to come after them, or times after {last:.10g} alone, got others\.",
        ):
            pendula.forecast(fitted, controls=plan)
    unkept = replace(fitted, record=replace(fitted.record, moments=None))  # a run of before
    with pytest.raises(DataError, match=r"expected its 400 rows, and those to come after them, got others\."):
        pendula.forecast(unkept, controls=swinging(420).isel(time=slice(400, None)))
    dates = xr.Dataset(coords={"time": pd.date_range("2020", periods=2)})
    with pytest.raises(DataError, match="`controls` must have numbers for times, as the record: got dates"):
        pendula.forecast(fitted, controls=dates)
    with pytest.raises(DataError, match=r"`time` must increase: expected more than 901\.0 in row 1, got a repeated"):
        pendula.forecast(fitted, controls=xr.Dataset(coords={"time": [901.0, 901.0]}))
    with pytest.raises(DataError, match="reach beyond the known rows: expected them from 400 on, got the last at 399"):
        pendula.forecast(fitted, controls=swinging(400))
    rows = record(swinging(100).drop_vars("time"), ("x", "v"))
    with pytest.raises(ArgumentError, match="`irregular` must go with a record that tells the time from row to row"):
        fit_record(rows, pendula.Recipe(irregular=True, window=6))
    with pytest.raises(ArgumentError, match="got esn and interval"):
        pendula.fit(swinging(100), ("x", "v"), irregular=True, model="esn")
