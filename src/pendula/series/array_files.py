"""Named arrays: .npz, and .h5 or .hdf5."""

import io
import json
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from pendula.errors import DataError, did_you_mean
from pendula.series.table import Table
from pendula.shapes import ndarray

__all__ = ["read_hdf5", "read_npz", "write_hdf5", "write_npz"]

_UNITS = "units"
"""Name of the array that holds an NPZ file's units, as JSON."""


def read_npz(path: Path) -> Table:
    """Read the arrays of an NPZ file.

    Args:
        path: The file.

    Returns:
        One-dimensional arrays as columns, two-dimensional ones as several.

    Raises:
        DataError: If the file is damaged, or holds Python objects.
    """
    arrays: dict[str, ndarray] = {}
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise DataError(_damaged(path, "NPZ", "it is no archive, or its end is missing"))
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays.update((name, archive[name]) for name in archive.files)
    except DataError:
        raise
    except ValueError as error:
        if "pickle" in str(error):
            raise DataError(
                f"`{path}` must hold numbers: expected numeric arrays, got Python objects in a pickle, which can run "
                "code. Save the numbers alone with numpy.savez."
            ) from error
        raise DataError(_damaged(path, "NPZ", error)) from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError) as error:
        raise DataError(_damaged(path, "NPZ", error)) from error
    units = _npz_units(arrays)
    return _equal_columns(arrays, units=units, source=str(path))


def write_npz(table: Table, path: Path) -> None:
    """Write columns as the arrays of an NPZ file, with an array `units` of JSON text.

    Args:
        table: The columns.
        path: The file.

    Raises:
        DataError: If a column has the name of the array that holds the units.
    """
    if _UNITS in table.columns:
        raise DataError("`units` must not name a column of an NPZ file: expected another name. Rename the variable.")
    arrays = {name: _plain(values) for name, values in table.columns.items()}
    units = np.array(json.dumps(table.units, ensure_ascii=False))
    # Named by keyword, an array called `file` would be taken for the file, so the archive is written member by member.
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, array in {**arrays, **({_UNITS: units} if table.units else {})}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_hdf5(path: Path, *, group: str | None = None) -> Table:
    """Read the data sets of an HDF5 file.

    Args:
        path: The file.
        group: The group to look in; the root when left out.

    Returns:
        Its one-dimensional data sets as columns, two-dimensional ones as several; units from their attributes.

    Raises:
        DataError: If the file is damaged, or has no such group.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            place = file if group is None else _group(file, group)
            members = {name: member for name, member in place.items() if isinstance(member, h5py.Dataset)}
            arrays = {name: _hdf5_array(member) for name, member in members.items()}
            units = {name: _text(member.attrs["units"]) for name, member in members.items() if "units" in member.attrs}
            inner = [name for name, member in place.items() if isinstance(member, h5py.Group)]
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise DataError(_damaged(path, "HDF5", error)) from error
    if not arrays and inner:
        raise DataError(
            f"`{path}` must hold arrays where they are looked for: expected data sets, got only the groups "
            f"{', '.join(inner)}. Name one with `group`."
        )
    return _equal_columns(arrays, units=units, source=str(path))


def write_hdf5(table: Table, path: Path) -> None:
    """Write columns as data sets of an HDF5 file, units in their attributes, dates as nanoseconds since 1970.

    HDF5 keeps / for paths: a name such as U/V is written with ∕ (U+2215).

    Args:
        table: The columns.
        path: The file.
    """
    import h5py

    # In memory first: HDF5 that meets a full disk cannot close its file, and may bring the process down.
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", track_order=True) as file:
        for column, values in table.columns.items():
            unit = table.units.get(column, "")
            # HDF5 keeps / for paths: U/V would be a V in a group U, where nobody looks for it.
            name = column.replace("/", "∕")
            if values.dtype.kind == "M":
                resolution = {"ns": "nanoseconds", "us": "microseconds"}[np.datetime_data(_exact(values).dtype)[0]]
                file[name], unit = _exact(values).astype(np.int64), f"{resolution} since 1970-01-01"
            elif values.dtype.kind in "OU":
                file.create_dataset(name, data=_plain(values).astype(object), dtype=h5py.string_dtype())
            else:
                file[name] = values
            if unit:
                file[name].attrs["units"] = unit
    path.write_bytes(buffer.getbuffer())


def _exact(dates: ndarray) -> ndarray:
    return dates if np.datetime_data(dates.dtype)[0] in {"ns", "us"} else dates.astype("datetime64[us]")


def _plain(values: ndarray) -> ndarray:
    return values.astype(np.str_) if values.dtype.kind == "O" else values


def _npz_units(arrays: dict[str, ndarray]) -> dict[str, str]:
    held = arrays.get(_UNITS)
    if held is None or held.ndim or held.dtype.kind != "U":
        return {}
    del arrays[_UNITS]
    try:
        units = json.loads(str(held))
    except ValueError:
        return {}
    return {str(name): str(unit) for name, unit in units.items()} if isinstance(units, dict) else {}


def _group(file: Any, name: str) -> Any:
    import h5py

    groups = [key for key, member in file.items() if isinstance(member, h5py.Group)]
    if not isinstance(file.get(name), h5py.Group):
        raise DataError(
            f"`group` must name a group of the file: expected one of {', '.join(groups) or 'none'}, got {name}."
            + did_you_mean(name, groups, listed=True)
        )
    return file[name]


def _hdf5_array(member: Any) -> ndarray:
    import h5py

    if h5py.check_string_dtype(member.dtype) is not None:
        return np.asarray(member.asstr()[()])
    return np.asarray(member[()])


def _text(attribute: Any) -> str:
    return attribute.decode() if isinstance(attribute, bytes) else str(attribute)


def _equal_columns(arrays: dict[str, ndarray], *, units: dict[str, str], source: str) -> Table:
    lengths = Counter(len(values) for values in arrays.values() if values.ndim in {1, 2})
    if not lengths:
        raise DataError(f"`{source}` must hold arrays: expected one-dimensional arrays of numbers, got none.")
    # The most common length; the longer of two that are equally common.
    rows = max(lengths, key=lambda length: (lengths[length], length))
    columns: dict[str, ndarray] = {}
    notes = []
    for name, values in arrays.items():
        if values.ndim not in {1, 2} or len(values) != rows or values.dtype.kind not in "fiubcMUO":
            notes.append(f"array `{name}` of shape {values.shape} is no column of {rows} rows and was left out")
        elif values.ndim == 1:
            columns[name] = values
        else:
            columns |= {f"{name}_{index}": column for index, column in enumerate(values.T)}
    return Table(columns=columns, units=units, notes=notes)


def _damaged(path: Path, kind: str, error: Exception | str) -> str:
    return f"`{path}` must be a whole {kind} file: expected its arrays, got a damaged file ({error}). Copy it again."
