"""Read and write series; the suffix tells the format."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import xarray as xr

from pendula.errors import DataError, missing_extra
from pendula.files import write_atomically
from pendula.series.array_files import read_hdf5, read_npz, write_hdf5, write_npz
from pendula.series.csv_files import frame_columns, frame_of, read_csv, write_csv
from pendula.series.netcdf_files import read_netcdf, write_netcdf
from pendula.series.table import Table, dataset_from, table_from

__all__ = ["SUFFIXES", "read", "write"]

SUFFIXES = (".csv", ".tsv", ".txt", ".npz", ".h5", ".hdf5", ".nc", ".parquet")
"""The suffixes of files that can be read and written."""

_GROUPED = (".h5", ".hdf5", ".nc")

_PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib")


def read(
    path: str | Path,
    *,
    time: str | None = None,
    units: Mapping[str, str] | None = None,
    columns: Sequence[str] | str | None = None,
    trajectory: str | None = None,
    group: str | None = None,
    labels: Sequence[str] = (),
    continues: bool = False,
) -> xr.Dataset:
    r"""Read a series from a file: .csv, .tsv, .txt, .npz, .h5, .hdf5, .nc or .parquet.

    Headers of tables may carry units, as in `x [rad]` or `x (m)`; `write` puts them back in brackets. What was left out
    or guessed is told in the attribute `notes`, one line each.

    Args:
        path: The file.
        time: Name of the time column. When left out it is recognized by name (time, t, date, datetime, timestamp, year,
            step, index); without one, rows are counted from 0.
        units: Units by column; they replace those in the file. `time` stands for the time column.
        columns: The columns to take; all with numbers when left out.
        trajectory: Name of a column that tells trajectories apart; `trajectory` when left out, if there is one.
        group: Group of an HDF5 or NetCDF file; its root when left out.
        labels: Columns that hold labels, text or whole numbers, if they are there.
        continues: Whether it goes on from a series that is known: then one row, or times alone, are enough.

    Returns:
        Float variables along `time`, units in their attributes; `trajectory` is a coordinate along `time`.

    Raises:
        DataError: If the file is missing, damaged or of an unknown format, or if a column cannot be used.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "pendulum.csv")
        ...     _ = file.write_text("t [s],x [rad]\n0.0,0.1\n0.5,0.3\n")
        ...     series = read(file)
        >>> series["x"].values, series["x"].attrs["units"], series["time"].attrs["units"]
        (array([0.1, 0.3]), 'rad', 's')
    """
    path = Path(path)
    suffix = _checked_suffix(path)
    if group is not None and suffix not in _GROUPED:
        raise DataError(f"`group` must be left out for {suffix}: expected {', '.join(_GROUPED)}, got group {group}.")
    if not path.exists():
        raise DataError(f"`{path}` must exist: expected a file, got none. Check the name and the folder.")
    if path.is_dir():
        raise DataError(f"`{path}` must be a file: expected a file of data, got a folder. Name a file in it.")
    try:
        _check_content(path)
        table = _table(path, suffix, group=group, time=time)
    except OSError as error:
        raise DataError(f"`{path}` must be readable: {error.strerror or error}.") from error
    wanted = [columns] if isinstance(columns, str) else columns
    return dataset_from(
        table,
        source=str(path),
        time=time,
        units=units,
        columns=wanted,
        trajectory=trajectory,
        labels=labels,
        continues=continues,
    )


def write(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a series to a file, in the format of its suffix; an old file stands until the new one is whole.

    Tables get units in their headers, `x [rad]`; numbers read back exactly from every format.

    Args:
        dataset: Variables along `time`.
        path: The file.

    Raises:
        DataError: If the suffix is unknown, the data set is empty or a variable does not fit into a table.

    Examples:
        >>> import tempfile
        >>> data = xr.Dataset({"x": ("time", [0.1, 0.3], {"units": "rad"})}, coords={"time": [0.0, 0.5]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write(data, Path(folder, "pendulum.csv"))
        ...     print(Path(folder, "pendulum.csv").read_text().split())
        ['time,x', '[rad]', '0.0,0.1', '0.5,0.3']
    """
    path = Path(path)
    suffix = _checked_suffix(path)
    if not dataset.data_vars:
        raise DataError("`dataset` must hold variables: expected at least one, got none. There is nothing to write.")
    if suffix == ".nc":
        write_atomically(path, lambda partial: write_netcdf(dataset, partial))
        return
    table = table_from(dataset)
    writers = {".npz": write_npz, ".h5": write_hdf5, ".hdf5": write_hdf5, ".parquet": _write_parquet}
    writer = writers.get(suffix, write_csv)
    write_atomically(path, lambda partial: writer(table, partial))


def _table(path: Path, suffix: str, *, group: str | None, time: str | None) -> Table:
    if suffix in {".csv", ".tsv", ".txt"}:
        return read_csv(path)
    if suffix == ".npz":
        return read_npz(path)
    if suffix == ".parquet":
        return _read_parquet(path)
    return read_netcdf(path, group=group, time=time) if suffix == ".nc" else read_hdf5(path, group=group)


def _checked_suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _PICKLE_SUFFIXES:
        raise DataError(_pickle(path))
    if suffix not in SUFFIXES:
        raise DataError(
            f"`{path}` must have a known suffix: expected one of {', '.join(SUFFIXES)}, got {suffix or 'none'}. "
            "Convert or rename the file."
        )
    return suffix


def _check_content(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise DataError(f"`{path}` must not be empty: expected data, got 0 bytes. Was it copied completely?")
    # A pickle of protocol 2 to 5 opens with the opcode PROTO and the number.
    if start[:1] == b"\x80" and len(start) > 1 and 2 <= start[1] <= 5:
        raise DataError(_pickle(path))
    if start.startswith(b"\x93NUMPY"):
        raise DataError(
            f"`{path}` must name its arrays: expected one of {', '.join(SUFFIXES)}, got a single .npy array, which may "
            "hold a pickle. Save named arrays of numbers with numpy.savez."
        )


def _pickle(path: Path) -> str:
    return (
        f"`{path}` must not be a pickle: expected one of {', '.join(SUFFIXES)}, got a pickle, which can run code. "
        "Open it where you trust it and save the numbers as CSV or NetCDF."
    )


def _read_parquet(path: Path) -> Table:
    _check_pyarrow()
    import pandas as pd
    import pyarrow as pa

    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"`{path}` must be a whole Parquet file: expected its columns, got a damaged file ({error}). Copy it again."
        ) from error
    if frame.index.name is not None:
        frame = frame.reset_index()
    return frame_columns(frame, notes=[])


def _write_parquet(table: Table, path: Path) -> None:
    _check_pyarrow()
    frame_of(table).to_parquet(path, engine="pyarrow", index=False)


def _check_pyarrow() -> None:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise missing_extra("Reading Parquet", "pyarrow", "parquet")
