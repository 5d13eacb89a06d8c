"""A record on disk, as NetCDF that other programs can open, and its digest."""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import RunError
from pendula.files import file_size, write_atomically
from pendula.series.axis import TimeAxis
from pendula.series.grid import trajectory_blocks
from pendula.series.record import Record, find_segments
from pendula.shapes import ndarray

__all__ = ["data_hash", "load_record", "save_record"]

_MOMENTS = "time.row"
"""Times of rows that are counted; no channel has a name with a dot in the file, but `channel.0` and so on."""


def data_hash(record: Record) -> str:
    """Compute the digest of a record: of its values, times, names, units and trajectories.

    Args:
        record: The record.

    Returns:
        SHA-256 in hexadecimal digits; the same on every machine, whichever kind of NaN marks the gaps. Controls count,
        where there are any, and so do the times of rows that are steps.

    Examples:
        >>> from pendula.series import record
        >>> rows = record(xr.Dataset({"x": ("time", [0.0, 1.0, 8.0])}))
        >>> data_hash(rows) == data_hash(rows.slice(0, 3)), data_hash(rows) == data_hash(rows.slice(0, 2))
        (True, False)
    """
    values = np.where(np.isnan(record.values), np.nan, record.values)
    trajectory = None if record.trajectory is None else record.trajectory.tolist()
    head = [record.names, record.units, record.time.dtype.str.lstrip("<>=|"), record.values.shape, trajectory]
    digest = hashlib.sha256(json.dumps(head).encode("ascii"))
    for array, kind in ((record.time, record.time.dtype.newbyteorder("<")), (values, np.dtype("<f8"))):
        digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    if record.moments is not None:
        digest.update(_plain(record.moments).astype("<f8" if record.moments.dtype.kind == "f" else "<i8").tobytes())
    if record.controls is not None:
        digest.update(data_hash(record.controls).encode("ascii"))
    return digest.hexdigest()


def save_record(record: Record, path: Path) -> None:
    """Write a record to a NetCDF file.

    Args:
        record: The record.
        path: The file.

    Raises:
        RunError: If the file cannot be written.
    """
    content = _netcdf(record)
    write_atomically(path, lambda partial: partial.write_bytes(content))


def load_record(
    path: Path, *, names: tuple[str, ...], units: tuple[str, ...], axis: TimeAxis, rows: int, controls: int = 0
) -> Record:
    """Read a record that `save_record` wrote.

    Args:
        path: The file.
        names: Names of its channels, and of its controls after them.
        units: Units of these.
        axis: Its time axis.
        rows: How many rows it has.
        controls: How many of the names are controls.

    Returns:
        The record, bit for bit.

    Raises:
        RunError: If the file is damaged, or holds another record.
    """
    variables = list(_variables(names).values())
    size = file_size(path, most=2**63)
    # HDF5 can promise numbers that it does not hold: nothing is read into memory that is not in the file.
    if size < 8 * rows * len(variables):
        raise RunError(_damaged(path, f"expected {rows} rows of {len(variables)} channels, got {size} bytes"))
    try:
        # Units such as "days since 2000-01-01" are the user's: nothing is decoded.
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as dataset:
            for name in ("time", *variables, *({"trajectory", _MOMENTS} & set(dataset.variables))):
                if dataset[name].shape != (rows,):
                    raise RunError(_damaged(path, f"expected `{name}` with {rows} rows, got {dataset[name].shape}"))
            values = np.column_stack([np.asarray(dataset[name].values, dtype=np.float64) for name in variables])
            time = _times(dataset["time"], axis)
            moments = _moments(dataset[_MOMENTS]) if _MOMENTS in dataset.variables else None
            trajectory = _identifiers(dataset["trajectory"]) if "trajectory" in dataset.variables else None
    except RunError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise RunError(_damaged(path, f"expected its variables, got {error}")) from error
    joined = Record(
        values=np.ascontiguousarray(values),
        names=names,
        units=units,
        time=time,
        axis=axis,
        segments=find_segments(values, trajectory_blocks(trajectory, rows)),
        trajectory=trajectory,
        moments=moments,
    )
    return joined.apart(len(names) - controls)


def _netcdf(record: Record) -> memoryview:
    # In memory: HDF5 that meets a full disk keeps the file open, can never close it, and may bring the process down.
    import h5netcdf
    import h5py

    record = record.joined
    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        file.dimensions = {"time": len(record)}
        _write_times(file, "time", record.time, units=record.axis.units)
        if record.moments is not None:
            _write_times(file, _MOMENTS, record.moments)
        columns = zip(_variables(record.names).items(), record.units, record.values.T, strict=True)
        for (name, variable), unit, channel in columns:
            attributes = {"units": unit, "long_name": name if name != variable else ""}
            made = file.create_variable(variable, ("time",), channel.dtype, data=np.ascontiguousarray(channel))
            made.attrs.update({key: text for key, text in attributes.items() if text})
        if record.trajectory is not None:
            texts = record.trajectory.dtype.kind in "OSTU"
            identifiers = record.trajectory.astype(object) if texts else record.trajectory
            kind = h5py.string_dtype() if texts else record.trajectory.dtype
            file.create_variable("trajectory", ("time",), kind, data=identifiers)
    return buffer.getbuffer()


def _write_times(file: Any, name: str, times: ndarray, *, units: str = "") -> None:
    plain = _plain(times)
    file.create_variable(name, ("time",), plain.dtype, data=plain).attrs.update(_time_attributes(times, units))


def _plain(times: ndarray) -> ndarray:
    return times.astype(np.int64) if times.dtype.kind == "M" else times


def _time_attributes(times: ndarray, units: str) -> dict[str, str]:
    if times.dtype.kind != "M":
        return {"units": units} if units else {}
    unit = {"ns": "nanoseconds", "us": "microseconds"}[np.datetime_data(times.dtype)[0]]
    return {"units": f"{unit} since 1970-01-01", "calendar": "proleptic_gregorian"}


def _variables(names: tuple[str, ...]) -> dict[str, str]:
    # HDF5 and NetCDF do not take every text for a name.
    taken = {"time", "trajectory"}
    return {
        name: name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) and name not in taken else f"channel.{index}"
        for index, name in enumerate(names)
    }


def _times(variable: xr.DataArray, axis: TimeAxis) -> ndarray:
    times = np.asarray(variable.values)
    if axis.kind != "datetime":
        return times.astype(np.float64 if axis.kind == "float" else np.int64)
    return _dates(times, variable)


def _moments(variable: xr.DataArray) -> ndarray:
    # Their kind is another than that of the axis, which counts rows.
    times = np.asarray(variable.values)
    return _dates(times, variable) if "since" in str(variable.attrs.get("units", "")) else times


def _dates(times: ndarray, variable: xr.DataArray) -> ndarray:
    unit = "ns" if str(variable.attrs["units"]).startswith("nano") else "us"
    return np.asarray(times.astype(np.int64).astype(f"datetime64[{unit}]"))


def _identifiers(variable: xr.DataArray) -> ndarray:
    values = np.asarray(variable.values)
    return np.asarray(values.astype(np.str_)) if values.dtype.kind in "OT" else values


def _damaged(path: Path, reason: str) -> str:
    return f"`{path}` must hold the run's record: {reason}. The file is damaged; restore it from a copy, or train anew."
