"""Records come back bit for bit, and two records that differ never have one digest."""

from dataclasses import replace

import h5netcdf
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pendula.errors import RunError
from pendula.runs import data_hash
from pendula.runs.record_file import load_record, save_record
from pendula.series import read, record
from pendula.series.intervals import with_intervals

NAMES = st.lists(
    st.sampled_from([
        "x",
        "force 1",
        "m/s",
        "",
        ".",
        "..",
        "ü",
        "u\u0308",
        "_x",
        "time ",
        "a.b",
        "channel.0",
        "x [rad]",
    ])
    | st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda name: name not in {"time", "trajectory"}),
    min_size=1,
    max_size=4,
    unique=True,
)


def drawn_record(draw):
    rows = draw(st.integers(3, 10))
    start, step = draw(st.integers(-(10**6), 10**6)), draw(st.integers(1, 10**6))
    count = np.arange(rows)
    time = {
        "float": lambda: (start + count) * 0.1,
        "integer": lambda: start + count * step,
        "nanoseconds": lambda: np.datetime64("1999-12-31T23:59:59.123456789", "ns") + count * step,
        "microseconds": lambda: np.datetime64("1066-10-14", "us") + count * step,
        "months": lambda: (np.datetime64("2000-01", "M") + count).astype("datetime64[ns]"),
    }[draw(st.sampled_from(["float", "integer", "nanoseconds", "microseconds", "months"]))]()
    unit = draw(st.sampled_from(["", "s", "days since 2000-01-01", "1"]))
    data = xr.Dataset(coords={"time": ("time", time, {"units": unit} if unit and time.dtype.kind != "M" else {})})
    anything = st.floats(allow_infinity=False) | st.just(float("nan"))
    for index, name in enumerate(draw(NAMES)):
        values = draw(arrays(np.float64, rows, elements=anything))
        values[:3] = index, 1 / 3, -0.0
        data[name] = ("time", values, {"units": draw(st.sampled_from(["", "m/s", "days since 2000-01-01", "°C"]))})
    if draw(st.booleans()):
        kind = draw(st.sampled_from([np.array([3, 1]), np.array(["first", "sécond"]), np.array([0.5, 2.0])]))
        if rows >= 6:
            data = data.assign_coords(trajectory=("time", kind[(np.arange(rows) >= 4).astype(int)]))
    return record(data, list(map(str, data.data_vars)))


def again(rows, path):
    save_record(rows, path)
    return load_record(path, names=rows.names, units=rows.units, axis=rows.axis, rows=len(rows))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(data=st.data())
def test_a_record_comes_back_bit_for_bit(tmp_path, data):
    rows = drawn_record(data.draw)
    read_back = again(rows, tmp_path / "series.nc")
    # Bits, so that −0 is not 0; but any NaN is a gap.
    bits = [np.where(np.isnan(one.values), np.nan, one.values).view(np.int64) for one in (rows, read_back)]
    np.testing.assert_array_equal(*bits)
    np.testing.assert_array_equal(read_back.time, rows.time)
    assert read_back.time.dtype == rows.time.dtype
    np.testing.assert_array_equal(read_back.segments, rows.segments)
    assert (read_back.names, read_back.units, read_back.axis) == (rows.names, rows.units, rows.axis)
    assert (read_back.trajectory is None) == (rows.trajectory is None)
    if rows.trajectory is not None:
        np.testing.assert_array_equal(read_back.trajectory, rows.trajectory)
    assert data_hash(read_back) == data_hash(rows)


@pytest.mark.parametrize(
    "moments",
    [
        np.array([0.1, 0.3, 1 / 3, 7.0]),
        np.array([-3, 5, 6, 70]),
        np.array([0, 3, 4, 9]) + np.datetime64("1999-12-31T23:59:59.123456789", "ns"),
        np.array([0, 3, 4, 9]) + np.datetime64("1066-10-14", "us"),
    ],
    ids=["float", "integer", "nanoseconds", "microseconds"],
)
def test_the_times_of_rows_that_are_counted_come_back(tmp_path, moments):
    series = with_intervals(xr.Dataset({"x": ("time", [1.0, 2.0, 4.0, 0.5])}, coords={"time": moments}))
    rows = record(series, ("x", "interval"))
    read_back = again(rows, tmp_path / "series.nc")
    np.testing.assert_array_equal(read_back.moments, moments)
    assert read_back.moments.dtype == moments.dtype
    np.testing.assert_array_equal(read_back.time, [0, 1, 2, 3])
    assert data_hash(read_back) == data_hash(rows)


def test_the_file_can_be_read_by_others(make_record, tmp_path):
    rows = make_record(channels=4)
    save_record(rows, tmp_path / "series.nc")
    dataset = read(tmp_path / "series.nc")
    np.testing.assert_array_equal(dataset["x"].values, rows.values[:, 0])
    assert dataset["x"].attrs["units"] == "unit x"
    with xr.open_dataset(tmp_path / "series.nc", engine="h5netcdf") as plain:
        assert plain["channel.3"].attrs["long_name"] == "m/s"
        assert plain["channel.2"].attrs["long_name"] == "force 1"


def test_every_part_of_a_record_changes_its_digest(make_record):
    rows = make_record()
    values, time = rows.values.copy(), rows.time.copy()
    values[3, 1] = np.nextafter(values[3, 1], 9)
    time[5] = np.nextafter(time[5], 9)
    others = [
        replace(rows, values=values),
        replace(rows, time=time),
        replace(rows, names=("x", "w")),
        replace(rows, names=("v", "x")),
        replace(rows, units=("m", "unit v")),
        replace(rows, trajectory=np.arange(len(rows)) // 30),
        rows.slice(0, 59),
        replace(rows, time=rows.time.astype(np.int64)),
        replace(rows, moments=rows.time),
        replace(rows, moments=time),
    ]
    digests = {data_hash(one) for one in (rows, *others)}
    assert len(digests) == 1 + len(others)


def test_the_digest_is_blind_to_layout_and_to_kinds_of_nan(make_record):
    rows = make_record()
    values = rows.values.copy()
    values[4, 0] = np.nan
    other = np.asfortranarray(values)
    other.view(np.uint64)[4, 0] |= 1
    assert np.isnan(other[4, 0])
    assert data_hash(replace(rows, values=values)) == data_hash(replace(rows, values=other))


def test_the_digest_is_the_same_on_every_machine():
    rows = record(xr.Dataset({"x": ("time", [0.5, 1.0, -2.0], {"units": "m"})}, coords={"time": [0, 1, 2]}))
    assert data_hash(rows) == "0fac472a41a3ad736f9dc8db0156ea6fbad56f3d0ddf11cf89b80bac6bb7402e"


@pytest.mark.parametrize("damage", ["cut", "text", "rows", "variable", "trajectory"])
def test_a_damaged_file_is_refused(make_record, tmp_path, damage):
    rows, path = make_record(), tmp_path / "series.nc"
    save_record(rows.slice(0, 20) if damage == "rows" else rows, path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == "text":
        path.write_text("time,x\n")
    elif damage == "trajectory":
        with h5netcdf.File(path, "a") as file:
            file.dimensions["more"] = 61
            file.create_variable("trajectory", ("more",), "i8", data=np.zeros(61, dtype=np.int64))
    names = ("x", "y") if damage == "variable" else rows.names
    with pytest.raises(RunError, match=r"series\.nc` must hold the run's record: expected .* The file is damaged"):
        load_record(path, names=names, units=rows.units, axis=rows.axis, rows=60)


def test_a_missing_file_is_named(make_record, tmp_path):
    rows = make_record()
    with pytest.raises(RunError, match=r"series\.nc` must be readable: No such file"):
        load_record(tmp_path / "series.nc", names=rows.names, units=rows.units, axis=rows.axis, rows=60)


def test_numbers_that_a_file_only_promises_are_not_read(tmp_path):
    # HDF5 keeps nothing of a data set that was never written to, and reads it as zeros.
    rows = 2**40
    with h5netcdf.File(tmp_path / "series.nc", "w") as file:
        file.dimensions = {"time": rows}
        for name in ("time", "x"):
            file.create_variable(name, ("time",), "f8", chunks=(1024,))
    assert (tmp_path / "series.nc").stat().st_size < 10_000
    axis = record(xr.Dataset({"x": ("time", [0.0, 1.0, 2.0])})).axis
    with pytest.raises(RunError, match=r"expected 1099511627776 rows of 1 channels, got \d+ bytes"):
        load_record(tmp_path / "series.nc", names=("x",), units=("",), axis=axis, rows=rows)
