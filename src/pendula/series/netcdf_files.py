"""NetCDF files, through xarray and h5netcdf."""

import io
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from pendula.errors import DataError
from pendula.series.table import Table, recognized_time
from pendula.shapes import ndarray

__all__ = ["read_netcdf", "write_netcdf"]


def read_netcdf(path: Path, *, group: str | None = None, time: str | None = None) -> Table:
    """Read the variables of a NetCDF file that lie along its time dimension.

    Args:
        path: The file.
        group: The group to look in; the root when left out.
        time: Name of the time dimension or of a variable along it; found by name when left out.

    Returns:
        The variables as columns; others are left out, with a note.

    Raises:
        DataError: If the file is damaged.
    """
    try:
        with xr.open_dataset(path, engine=_engine(path), group=group, decode_times=False) as opened:
            dataset = opened.load()
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        if group is not None and "group not found" in str(error):
            raise DataError(
                f"`group` must name a group of the file: expected one of its groups, got {group}. "
                "List them with `h5dump -n` or `ncdump -h`."
            ) from error
        raise DataError(
            f"`{path}` must be a whole NetCDF file: expected its variables, got a damaged file or another format "
            f"({error}). Copy it again."
        ) from error
    dimension = _dimension(dataset, time, path)
    along = [str(name) for name, variable in dataset.variables.items() if variable.dims == (dimension,)]
    for name in along:
        _check_calendar(dataset[name], name)
    others = [str(name) for name, variable in dataset.data_vars.items() if variable.dims != (dimension,)]
    notes = [f"variable `{name}` does not lie along {dimension} alone and was left out" for name in others]
    return Table(
        columns={name: _array(dataset[name]) for name in along},
        units={name: str(dataset[name].attrs["units"]) for name in along if dataset[name].attrs.get("units")},
        notes=notes,
        attributes={str(name): value for name, value in dataset.attrs.items() if name != "notes"},
    )


def write_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write a data set with all its dimensions; dates are counted in whole nanoseconds or microseconds.

    HDF5 keeps / for paths: a name such as U/V is written with ∕ (U+2215), and its `long_name` is the name itself.

    Args:
        dataset: The data set.
        path: The file.
    """
    dataset = _without_slashes(dataset)
    encoding = {}
    for name, variable in dataset.variables.items():
        if variable.dtype.kind == "M":
            fine = np.datetime_data(variable.dtype)[0] == "ns"
            unit = "nanoseconds" if fine else "microseconds"
            encoding[name] = {"units": f"{unit} since 1970-01-01", "dtype": "int64"}
    # In memory first: HDF5 that meets a full disk cannot close its file, and may bring the process down.
    buffer = io.BytesIO()
    dataset.drop_encoding().to_netcdf(buffer, engine="h5netcdf", encoding=encoding)
    path.write_bytes(buffer.getbuffer())


def _without_slashes(dataset: xr.Dataset) -> xr.Dataset:
    written = {name: str(name).replace("/", "∕") for name in dataset.variables if "/" in str(name)}
    renamed = dataset.rename(written)
    for name, other in written.items():
        renamed[other].attrs["long_name"] = str(name)
    return renamed


def _check_calendar(variable: xr.DataArray, name: str) -> None:
    calendar = str(variable.attrs.get("calendar", "standard"))
    if calendar not in {"standard", "gregorian", "proleptic_gregorian"}:
        raise DataError(
            f"`{name}` must use the calendar of real dates: expected standard, got {calendar}. "
            "Convert the time to numbers, such as days since the start."
        )


def _engine(path: Path) -> Literal["scipy", "h5netcdf"]:
    # NetCDF 3, the classic format, is no HDF5; its first letters are CDF.
    with path.open("rb") as file:
        return "scipy" if file.read(3) == b"CDF" else "h5netcdf"


def _dimension(dataset: xr.Dataset, time: str | None, path: Path) -> str:
    if time is not None and time in dataset.variables and dataset[time].ndim == 1:
        return str(dataset[time].dims[0])
    flat = [str(variable.dims[0]) for variable in dataset.variables.values() if variable.ndim == 1]
    named = recognized_time(dict.fromkeys(flat, ""))
    if named is None and not flat:
        raise DataError(
            f"`{path}` must hold variables along time: expected one-dimensional variables, got "
            f"{', '.join(map(str, dataset.variables)) or 'none'}. Choose a point or a mean of the field first."
        )
    return named or max(set(flat), key=flat.count)


def _array(variable: xr.DataArray) -> ndarray:
    values = np.asarray(variable.values)
    return values.astype(np.str_) if values.dtype.kind in "OT" else values
