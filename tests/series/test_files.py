"""Files: exact round trips, and clear words for what cannot be read."""

import io
import pickle
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pendula.errors import DataError, MissingExtraError, RunError
from pendula.series.files import SUFFIXES, read, write

FORMATS = pytest.mark.parametrize("suffix", SUFFIXES)


def written(folder, content, name="data.csv"):
    path = Path(folder, name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@st.composite
def datasets(draw):
    rows = draw(st.integers(2, 12))
    kind = draw(st.sampled_from(["float", "integer", "datetime"]))
    steps = draw(arrays(np.int64, rows, elements=st.integers(1, 10**9)))
    times = {
        "float": np.cumsum(steps) * draw(st.sampled_from([0.1, 1e-9, 1 / 3])),
        "integer": np.cumsum(steps) - 5 * 10**9,
        "datetime": np.datetime64("1950-06-15T12:00:00.123456789", "ns") + np.cumsum(steps),
    }[kind]
    anything = st.floats(allow_infinity=False) | st.just(float("nan"))
    data = xr.Dataset()
    for name in draw(st.lists(st.sampled_from(["x", "v", "force 1", "ü"]), min_size=1, unique=True)):
        values = draw(arrays(np.float64, rows, elements=anything))
        values[draw(st.integers(0, rows - 1))] = 1 / 3
        data[name] = ("time", values, {"units": draw(st.sampled_from(["rad", "m/s", "°C", "1"]))})
    attributes = {"units": "s"} if kind != "datetime" else {}
    data = data.assign_coords(time=("time", times, attributes))
    if draw(st.booleans()):
        cut = draw(st.integers(0, rows))
        names = draw(st.sampled_from([[3, 1], ["first", "sécond"]]))
        data = data.assign_coords(trajectory=("time", np.array(names)[(np.arange(rows) >= cut).astype(int)]))
    return data


@FORMATS
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=datasets())
def test_what_is_written_is_read_exactly(suffix, data, tmp_path):
    path = tmp_path / f"series{suffix}"
    write(data, path)
    again = read(path)
    assert list(again.data_vars) == list(data.data_vars) or suffix in {".h5", ".hdf5"}
    assert set(again.data_vars) == set(data.data_vars)
    for name in [*data.data_vars, "time"]:
        np.testing.assert_array_equal(again[name].values, data[name].values)
        assert again[name].dtype == data[name].dtype
        assert again[name].attrs == data[name].attrs
    assert ("trajectory" in again.coords) == ("trajectory" in data.coords)
    if "trajectory" in data.coords:
        assert again["trajectory"].values.tolist() == data["trajectory"].values.tolist()
    assert "notes" not in again.attrs


@FORMATS
def test_dates_before_nanoseconds_keep_microseconds(suffix, tmp_path):
    time = np.array(["1600-01-01", "1600-01-02"], dtype="datetime64[us]")
    write(xr.Dataset({"x": ("time", [1.0, 2.0])}, coords={"time": time}), tmp_path / f"old{suffix}")
    np.testing.assert_array_equal(read(tmp_path / f"old{suffix}")["time"].values, time)


@FORMATS
def test_without_a_time_the_rows_are_counted(suffix, tmp_path):
    write(xr.Dataset({"x": ("time", [1.0, 2.0])}), tmp_path / f"plain{suffix}")
    np.testing.assert_array_equal(read(tmp_path / f"plain{suffix}")["time"].values, [0, 1])


def test_a_failed_write_leaves_the_old_file(tmp_path):
    data = xr.Dataset({"x": ("time", [1.0, 2.0])})
    path = tmp_path / "series.csv"
    write(data, path)
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"`y` must lie along `time` alone .* got time, q. Write NetCDF"):
        write(data.assign(y=(("time", "q"), np.zeros((2, 2)))), path)
    assert path.read_bytes() == before
    assert [member.name for member in tmp_path.iterdir()] == ["series.csv"]
    with pytest.raises(RunError, match=r"must be writable"):
        write(data, path / "below.csv")


def test_netcdf_holds_any_dimension(tmp_path):
    data = xr.Dataset({"x": ("time", [1.0, 2.0]), "y": (("time", "q"), np.zeros((2, 2)))}, attrs={"title": "both"})
    write(data, tmp_path / "wide.nc")
    again = read(tmp_path / "wide.nc")
    assert list(again.data_vars) == ["x"]
    assert again.attrs["title"] == "both"
    assert "variable `y` does not lie along time alone and was left out" in again.attrs["notes"]


@pytest.mark.parametrize(
    "text",
    [
        "t [s],x [rad]\n0,0.5\n1,1.5\n",
        "t (s);x (rad)\n0;0,5\n1;1,5\n",
        "t [s]\tx [rad]\n0\t0.5\n1\t1.5\n",
        "t[s]   x[rad]\n0  0.5\n1  1.5\n",
        "# made by hand\n\n# twice\nt [s], x [rad]\n0, 0.5\n# in between\n1, 1.5\n",
        "\ufefft [s],x [rad]\r\n0,0.5\r\n1,1.5\r\n",
        "t [s],x [rad],\n0,0.5,\n1,1.5,\n",
        '"t [s]","x [rad]"\n"0","0.5"\n"1","1.5"\n',
    ],
)
def test_tables_as_people_write_them(text, tmp_path):
    data = read(written(tmp_path, text))
    np.testing.assert_array_equal(data["x"].values, [0.5, 1.5])
    np.testing.assert_array_equal(data["time"].values, [0, 1])
    assert (data["x"].attrs["units"], data["time"].attrs["units"]) == ("rad", "s")
    assert data["time"].attrs["name"] == "t"
    assert "notes" not in data.attrs


def test_tables_as_numpy_writes_them(tmp_path):
    np.savetxt(tmp_path / "a.txt", [[0, 0.5], [1, 1.5]], header="t x")
    np.testing.assert_array_equal(read(tmp_path / "a.txt")["x"].values, [0.5, 1.5])
    np.savetxt(tmp_path / "b.csv", [[0, 0.5], [1, 1.5]], delimiter=",")
    data = read(tmp_path / "b.csv", time="column_1")
    np.testing.assert_array_equal(data["column_2"].values, [0.5, 1.5])


def test_one_column_and_no_time(tmp_path):
    data = read(written(tmp_path, "x\n1.5\n2.5\n"))
    np.testing.assert_array_equal(data["time"].values, [0, 1])
    assert data.attrs["notes"] == "no time column was found; rows are counted from 0"


@pytest.mark.parametrize("name", ["t", "TIME", "Date", "datetime", "timestamp", "Year", "step", "index"])
def test_time_columns_are_recognized(name, tmp_path):
    data = read(written(tmp_path, f"x,{name}\n5,1\n6,3\n"))
    np.testing.assert_array_equal(data["time"].values, [1, 3])
    assert data["time"].attrs.get("units") == ("year" if name == "Year" else None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2020-01-31", "2020-02-29"),
        ("2020-01-31T00:00:00Z", "2020-02-29T00:00:00Z"),
        ("2020-01-31 02:00+02:00", "2020-02-29 02:00+02:00"),
        ("01/31/2020", "02/29/2020"),
    ],
)
def test_dates_of_text(first, second, tmp_path):
    data = read(written(tmp_path, f"date,x\n{first},5\n{second},6\n"))
    np.testing.assert_array_equal(data["time"].values, np.array(["2020-01-31", "2020-02-29"], dtype="datetime64[ns]"))
    assert ("notes" in data.attrs) == ("/" in first)


def test_times_since_a_date_are_dates(tmp_path):
    data = read(written(tmp_path, "time [hours since 2000-01-01],x\n0,5\n36,6\n"))
    np.testing.assert_array_equal(data["time"].values, np.array(["2000-01-01T00", "2000-01-02T12"], dtype="M8[ns]"))
    assert "units" not in data["time"].attrs


def test_arguments_win_over_the_file(tmp_path):
    path = written(tmp_path, "t [s],when [ms],x [rad],y,run\n0,5,1,2,1\n1,6,2,3,1\n0,1,4,5,2\n")
    data = read(path, time="when", units={"x": "deg", "time": "min"}, columns=["y", "x"], trajectory="run")
    assert list(data.data_vars) == ["y", "x"]
    assert (data["x"].attrs["units"], data["time"].attrs["units"]) == ("deg", "min")
    assert data["trajectory"].values.tolist() == [1, 1, 2]
    assert list(read(path, time="when", columns="y", trajectory="run").data_vars) == ["y"]


def test_unknown_units_are_kept_as_text(tmp_path):
    assert read(written(tmp_path, "t,x [furlongs per fortnight]\n0,1\n1,2\n"))["x"].attrs["units"] == (
        "furlongs per fortnight"
    )


def test_text_columns_are_left_out_with_a_note(tmp_path):
    data = read(written(tmp_path, "t,x,who\n0,1,ann\n1,2,bob\n"))
    assert list(data.data_vars) == ["x"]
    assert data.attrs["notes"] == "column `who` holds text and was left out"


def test_latin_1_is_read_with_a_note(tmp_path):
    data = read(written(tmp_path, "t,T [°C]\n0,1\n1,2\n".encode("latin-1")))
    assert data["T"].attrs["units"] == "°C"
    assert "Latin-1" in data.attrs["notes"]


def test_gaps_are_kept(tmp_path):
    np.testing.assert_array_equal(
        read(written(tmp_path, "t,x\n0,1\n1,\n2,nan\n3,4\n"))["x"].values, [1, np.nan, np.nan, 4]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t,x\n0,1\n", r"must hold a series: expected at least 2 rows, got 1"),
        ("t,x\n", r"must hold a series: expected at least 2 rows, got 0"),
        ("", r"must not be empty: expected data, got 0 bytes"),
        ("# only words\n", r"must hold a table: expected a header and rows of numbers, got no line of data"),
        ("t,x\n0,1\n1,oops\n2,3\n", r"`x` must hold numbers: expected a number in line 3, got 'oops'"),
        ("# oops\n\nt,x\n# 0,0\n0,1\n\n1,oops\n", r"`x` must hold numbers: expected a number in line 7, got 'oops'"),
        ("0 1\n1 oops\n2 3\n", r"`column_2` must hold numbers: expected a number in line 2, got 'oops'"),
        ("t,x\n0,1\nsoon,2\n2,3\n", r"`t` must hold numbers: expected a number in line 3, got 'soon'"),
        ("date,x\n2020-01-01,1\nsoon,2\n", r"`date` must hold numbers or dates: .* in line 3, got 'soon'"),
        ("t,x\n0,1+2j\n1,2-1j\n", r"`x` must be real: .* Take its real part, modulus or phase."),
        ("t,x\n0,1\n1,inf\n", r"`x` must be finite: expected a number or an empty cell, got inf in line 3"),
        ("t,x\n0,\n1,\n", r"`x` must have values: expected numbers, got none in all 2 rows"),
        ("t,x\n0,1\n,2\n2,3\n", r"`time` must be known at every row: .* got none in line 3"),
        ("t,x\n0,1\n2,2\n1,3\n", r"`time` must increase: expected more than 2 in line 4, got an earlier 1"),
        ("t,x\n0,1\n1,2\n1,3\n", r"`time` must increase: expected more than 1 in line 4, got a repeated 1"),
        ("t,who\n0,ann\n1,bob\n", r"must hold numbers: expected a numeric column besides the time"),
        ("t,x\n0,1\n1,2,3,4\n", r"must hold a table"),
        ("t,x,trajectory\n0,1,a\n1,2,\n", r"`trajectory` must name a trajectory in every row: .* none in line 3"),
        ("t,x,trajectory\n0,1,a\n0,2,b\n1,3,a\n", r"`trajectory` must be contiguous: .* got `a` in several places"),
        (b"t,x\n0,\x001\n", r"must hold a table: .* got binary data"),
        (pickle.dumps([1.0]), r"must not be a pickle: .* which can run code"),
    ],
)
def test_tables_that_cannot_be_used(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read(written(tmp_path, text))


def test_columns_that_do_not_exist(tmp_path):
    path = written(tmp_path, "t,angle,who\n0,1,ann\n1,2,bob\n")
    for argument, value in (
        ("columns", ["angel"]),
        ("time", "angel"),
        ("trajectory", "angel"),
        ("units", {"angel": "m"}),
    ):
        with pytest.raises(DataError, match=rf"`{argument}` must name a column: .* got angel. Did you mean `angle`\?"):
            read(path, **{argument: value})
    with pytest.raises(DataError, match=r"`who` must hold numbers: expected a number in line 2, got 'ann'"):
        read(path, columns=["who"])


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match=r"must exist: expected a file, got none"):
        read(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"must be a file: expected a file of data, got a folder"):
        read(tmp_path / "folder.csv")
    with pytest.raises(DataError, match=r"must have a known suffix: expected one of .csv, .tsv, .*, got .xlsx"):
        read(tmp_path / "data.xlsx")
    with pytest.raises(DataError, match=r"must have a known suffix: .*, got none"):
        write(xr.Dataset({"x": ("time", [1.0])}), tmp_path / "data")
    with pytest.raises(DataError, match=r"must not be a pickle"):
        read(tmp_path / "data.pkl")
    with pytest.raises(DataError, match=r"`dataset` must hold variables: expected at least one, got none"):
        write(xr.Dataset(), tmp_path / "data.csv")


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".nc", ".parquet"])
@pytest.mark.parametrize("damage", ["truncated", "garbage", "tail"])
def test_damaged_files_are_named(suffix, damage, tmp_path):
    path = tmp_path / f"data{suffix}"
    write(xr.Dataset({"x": ("time", np.random.default_rng(0).normal(size=3000))}), path)
    content = path.read_bytes()
    broken = {"truncated": content[: len(content) // 2], "garbage": b"\x01garbage" * 100, "tail": content[:-30]}
    path.write_bytes(broken[damage])
    with pytest.raises(DataError, match=r"must be a whole (NPZ|HDF5|NetCDF|Parquet) file"):
        read(path)


def test_corrupt_members_of_an_npz_are_noticed(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, t=np.arange(100.0), x=np.arange(100.0))
    content = bytearray(path.read_bytes())
    content[500] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"must be a whole NPZ file"):
        read(path)


def test_objects_in_an_npz_are_refused(tmp_path):
    np.savez(tmp_path / "data.npz", t=np.arange(2.0), x=np.array([{}, 1], dtype=object))
    with pytest.raises(DataError, match=r"must hold numbers: .* got Python objects in a pickle, which can run code"):
        read(tmp_path / "data.npz")


def test_arrays_of_numpy(tmp_path):
    np.savez(
        tmp_path / "data.npz", t=np.arange(4) * 0.5, x=np.ones((4, 2), dtype=np.float32), mass=3.0, other=np.zeros(7),
        flag=np.array([True, False, True, True]),
    )  # fmt: skip
    data = read(tmp_path / "data.npz")
    assert list(data.data_vars) == ["x_0", "x_1", "flag"]
    assert data["x_0"].dtype == np.float64
    assert "array `mass` of shape () is no column of 4 rows" in data.attrs["notes"]
    np.savez(tmp_path / "complex.npz", t=np.arange(2.0), z=np.array([1j, 2.0]))
    with pytest.raises(DataError, match=r"`z` must be real"):
        read(tmp_path / "complex.npz")
    np.savez(tmp_path / "scalar.npz", t=1.0)
    with pytest.raises(DataError, match=r"must hold arrays: expected one-dimensional arrays of numbers, got none"):
        read(tmp_path / "scalar.npz")


def test_an_npz_cannot_have_a_column_called_units(tmp_path):
    with pytest.raises(DataError, match=r"`units` must not name a column of an NPZ file"):
        write(xr.Dataset({"units": ("time", [1.0, 2.0])}), tmp_path / "data.npz")


def test_arrays_of_hdf5_in_a_group(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["run/t"] = np.arange(3) * 0.5
        file["run/x"] = np.arange(3.0)
        file["run/x"].attrs["units"] = "m"
    data = read(tmp_path / "data.h5", group="run")
    np.testing.assert_array_equal(data["time"].values, [0, 0.5, 1])
    assert data["x"].attrs["units"] == "m"
    with pytest.raises(DataError, match=r"expected data sets, got only the groups run. Name one with `group`"):
        read(tmp_path / "data.h5")
    with pytest.raises(DataError, match=r"`group` must name a group .* got runs. Did you mean `run`\?"):
        read(tmp_path / "data.h5", group="runs")


def test_a_name_with_a_slash_is_written_to_hdf5(tmp_path):
    write(xr.Dataset({"U/V": ("time", [0.0, 1.0]), "I": ("time", [2.0, 3.0])}), tmp_path / "data.h5")
    np.testing.assert_array_equal(read(tmp_path / "data.h5")["U∕V"], [0.0, 1.0])


def test_a_name_with_a_slash_is_written_to_netcdf(tmp_path):
    data = xr.Dataset({"U/V": ("time", [0.0, 1.0], {"units": "V"}), "I": ("time", [2.0, 3.0])})
    write(data, tmp_path / "data.nc")
    again = read(tmp_path / "data.nc")
    np.testing.assert_array_equal(again["U∕V"], [0.0, 1.0])
    with xr.open_dataset(tmp_path / "data.nc") as opened:
        assert opened["U∕V"].attrs == {"units": "V", "long_name": "U/V"}
    assert data["U/V"].attrs == {"units": "V"}


def test_variables_of_netcdf_in_a_group(tmp_path):
    data = xr.Dataset({"x": ("time", [0.0, 1.0, 4.0])})
    data.to_netcdf(tmp_path / "data.nc", group="runs/first", engine="h5netcdf")
    np.testing.assert_array_equal(read(tmp_path / "data.nc", group="runs/first")["x"], [0.0, 1.0, 4.0])
    with pytest.raises(
        DataError, match=r"`group` must name a group of the file: expected one of its groups, got run\."
    ):
        read(tmp_path / "data.nc", group="run")


def test_tables_have_no_groups(tmp_path):
    with pytest.raises(DataError, match=r"`group` must be left out for .csv: expected .h5, .hdf5, .nc, got group run"):
        read(tmp_path / "data.csv", group="run")


def test_netcdf_of_others(tmp_path):
    station = xr.Dataset(
        {"T": ("t", np.array([280, 281], dtype=np.float32), {"units": "K"}), "map": (("lat", "lon"), np.zeros((2, 2)))},
        coords={"t": ("t", [0, 1], {"units": "days since 1990-01-01"})},
    )
    station.to_netcdf(tmp_path / "data.nc", engine="h5netcdf")
    data = read(tmp_path / "data.nc")
    np.testing.assert_array_equal(data["time"].values, np.array(["1990-01-01", "1990-01-02"], dtype="M8[ns]"))
    np.testing.assert_array_equal(data["T"].values, [280, 281])
    assert data["T"].attrs["units"] == "K"
    assert "variable `map`" in data.attrs["notes"]
    xr.Dataset({"map": (("lat", "lon"), np.zeros((2, 2)))}).to_netcdf(tmp_path / "map.nc", engine="h5netcdf")
    with pytest.raises(DataError, match=r"must hold variables along time: .* got map"):
        read(tmp_path / "map.nc")


def test_netcdf_of_a_model_calendar_is_refused(tmp_path):
    model = xr.Dataset({"x": ("time", [1.0, 2.0])})
    model["time"] = ("time", [58, 59], {"units": "days since 2000-01-01", "calendar": "noleap"})
    model.to_netcdf(tmp_path / "data.nc", engine="h5netcdf")
    with pytest.raises(DataError, match=r"`time` must use the calendar of real dates: expected standard, got noleap"):
        read(tmp_path / "data.nc")


def test_netcdf_of_the_classic_kind(tmp_path):
    classic = xr.Dataset({"x": ("time", [1.0, 2.0], {"units": "m"})}, coords={"time": [0.0, 0.5]})
    classic.to_netcdf(tmp_path / "data.nc", engine="scipy")
    data = read(tmp_path / "data.nc")
    np.testing.assert_array_equal(data["x"].values, [1, 2])
    assert data["x"].attrs["units"] == "m"


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pendula.series.files._check_content", refuse)
    with pytest.raises(DataError, match=r"must be readable: Permission denied"):
        read(written(tmp_path, "t,x\n0,1\n1,2\n"))


def test_parquet_of_pandas_with_its_index(tmp_path):
    frame = pd.DataFrame({"x": [1.5, None]}, index=pd.date_range("2020", periods=2, name="date", tz="UTC"))
    frame.to_parquet(tmp_path / "data.parquet")
    data = read(tmp_path / "data.parquet")
    np.testing.assert_array_equal(data["x"].values, [1.5, np.nan])
    np.testing.assert_array_equal(data["time"].values, np.array(["2020-01-01", "2020-01-02"], dtype="M8[ns]"))


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    write(xr.Dataset({"x": ("time", [1.0, 2.0])}), tmp_path / "data.parquet")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    message = r"Reading Parquet needs pyarrow. Install it with: pip install 'pendula\[parquet\]'."
    with pytest.raises(MissingExtraError, match=message):
        read(tmp_path / "data.parquet")


def test_units_in_brackets_only_after_a_name(tmp_path):
    data = read(written(tmp_path, "t,f(x),[m],x [m],x (s)\n0,1,2,3,4\n1,2,3,4,5\n"))
    assert list(data.data_vars) == ["f(x)", "[m]", "x [m]", "x (s)"]


def test_importing_stays_cheap():
    late = ["h5py", "h5netcdf", "scipy.stats", "pyarrow.parquet", "matplotlib"]
    code = f"import sys, pendula.series; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["data.npz", "data.csv", "data.h5"])
def test_a_pickled_npy_under_any_name(name, tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"must name its arrays: .* got a single .npy array, which may hold a pickle"):
        read(written(tmp_path, buffer.getvalue(), name))


@pytest.mark.parametrize("suffix", [".nc", ".h5", ".csv", ".npz", ".parquet"])
def test_a_full_disk_is_one_clear_error(suffix, tmp_path):
    """HDF5 on a full disk cannot close its file; the process must survive it, with the old file in place."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        small = xr.Dataset({"x": ("time", np.arange(3.0))}, coords={"time": np.arange(3.0)})
        write(small, disk / f"old{suffix}")
        before = (disk / f"old{suffix}").read_bytes()
        noise = np.random.default_rng(0).normal(size=50_000)
        large = xr.Dataset({"x": ("time", noise)}, coords={"time": np.arange(50_000.0)})
        with pytest.raises(RunError, match=r"must be writable: .*No space left on device"):
            write(large, disk / f"old{suffix}")
        assert (disk / f"old{suffix}").read_bytes() == before
        assert [path.name for path in disk.iterdir()] == [f"old{suffix}"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
