"""The containers of xarray and pandas in which people hold series: into a data set, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import pandas as pd
import xarray as xr

from pendula.errors import DataError
from pendula.series.csv_files import frame_columns
from pendula.series.table import Table, dataset_from, recognized_time
from pendula.series.units import join_header, split_header

__all__ = ["Container", "Data", "packed", "unpacked"]

Data: TypeAlias = xr.Dataset | xr.DataArray | pd.DataFrame | pd.Series
"""A series as people hold it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """How a series was handed in, so that what belongs to it goes back in the same way.

    Attributes:
        kind: A data set or a data array of xarray, or a data frame of pandas.
        time: Name of the time: of the dimension, the index or the column; None for an index without one.
        dtype: Of the index, with its time zone; of no meaning elsewhere.
        headers: Whether the columns of a frame carry units, as in `x [rad]`.
        counted: Whether the time of a frame is a column, beside an index that counts rows.
    """

    kind: Literal["dataset", "array", "frame"] = "dataset"
    time: str | None = "time"
    dtype: str = ""
    headers: bool = False
    counted: bool = False


def unpacked(data: Data, *, labels: Sequence[str] = (), continues: bool = False) -> tuple[xr.Dataset, Container]:
    """Give a series as a data set, and how it was handed in.

    The index of a frame is its time, unless it only counts rows and there is a column such as `t` or `time`. Units come
    from headers such as `x [rad]`, or from `frame.attrs["units"]`, a mapping from columns to units.

    Args:
        data: A data set or a data array of one dimension, a data frame, or a pandas series.
        labels: Columns of a frame that hold labels, if they are there; other text is left out.
        continues: Whether it goes on from a series that is known: then one row, or times alone, are enough.

    Returns:
        Variables along `time`, and the container.

    Raises:
        DataError: If the data has several dimensions or levels, or is none of these.

    Examples:
        >>> frame = pd.DataFrame({"x [rad]": [0.1, 0.3]}, index=pd.Index([0.0, 0.5], name="t [s]"))
        >>> dataset, container = unpacked(frame)
        >>> dataset["x"].attrs["units"], dataset["time"].attrs["units"], container.time
        ('rad', 's', 't [s]')
    """
    if isinstance(data, xr.Dataset):
        return _from_dataset(data)
    if isinstance(data, xr.DataArray):
        return _from_array(data)
    if isinstance(data, pd.Series):
        named = data.to_frame(data.name if data.name is not None else "x")
        named.attrs = data.attrs
        return _from_frame(named, labels, continues=continues)
    if isinstance(data, pd.DataFrame):
        return _from_frame(data, labels, continues=continues)
    raise DataError(
        "`series` must be a series of xarray or pandas: expected a Dataset, DataArray, DataFrame or Series, got "
        f"{type(data).__name__}. Read a file with pendula.read, or make xarray.Dataset({{'x': ('time', values)}})."
    )


def packed(dataset: xr.Dataset, container: Container) -> xr.Dataset | xr.DataArray | pd.DataFrame:
    """Give a data set in a container.

    Args:
        dataset: Variables along `time`; the first is the series, and others belong to it.
        container: How it goes out.

    Returns:
        The data set; the first variable as a data array, with the others as its coordinates; or a data frame.

    Examples:
        >>> data = xr.Dataset({"x": ("time", [0.1, 0.3], {"units": "rad"})}, coords={"time": [0.0, 0.5]})
        >>> packed(data, Container(kind="frame", time="t", headers=True)).columns[0]
        'x [rad]'
    """
    if container.kind == "dataset":
        return dataset if container.time == "time" else dataset.rename({"time": container.time})
    return _to_array(dataset, container) if container.kind == "array" else _to_frame(dataset, container)


def _from_dataset(dataset: xr.Dataset) -> tuple[xr.Dataset, Container]:
    dims = [str(dim) for dim in dataset.dims]
    if len(dims) != 1 or dims == ["time"] or "time" in dataset.variables:
        return dataset, Container()
    return _with_time(dataset, dims[0]), Container(time=dims[0])


def _with_time(dataset: xr.Dataset, dim: str) -> xr.Dataset:
    renamed = dataset.rename({dim: "time"})
    return renamed.assign_coords(time=renamed["time"].assign_attrs(name=dim)) if "time" in renamed.coords else renamed


def _from_array(array: xr.DataArray) -> tuple[xr.Dataset, Container]:
    if array.ndim != 1:
        raise DataError(
            "`series` must have one dimension as a data array: expected time alone, got "
            f"{', '.join(map(str, array.dims)) or 'none'}. Name its variables: array.to_dataset(dim=...)."
        )
    dim = str(array.dims[0])
    dataset = array.to_dataset(name=str(array.name or "x"))
    return dataset if dim == "time" else _with_time(dataset, dim), Container(kind="array", time=dim)


def _from_frame(frame: pd.DataFrame, labels: Sequence[str], *, continues: bool) -> tuple[xr.Dataset, Container]:
    index = frame.index
    if isinstance(index, pd.MultiIndex | pd.PeriodIndex) or frame.columns.nlevels > 1:
        raise DataError(
            "`series` must have a plain index and plain columns: expected times and names, got "
            f"{type(index).__name__} and {frame.columns.nlevels} level of names. Use frame.to_timestamp() for periods, "
            "and one column for each variable."
        )
    made = partial(dataset_from, source="series", labels=labels, continues=continues)
    table = frame_columns(frame, notes=[])
    told = frame.attrs.get("units", {})
    units = {**table.units, **(dict(told) if isinstance(told, dict) else {})}
    headers = bool(table.units)
    counts = isinstance(index, pd.RangeIndex) and index.name is None
    column = recognized_time({name: units.get(name, "") for name in table.columns}) if counts else None
    if column is not None:
        known = {name: unit for name, unit in units.items() if name in table.columns}
        dataset = made(Table(columns=table.columns), time=column, units=known)
        header = next(str(name) for name in frame.columns if split_header(str(name))[0] == column)
        return dataset, Container(kind="frame", time=header, headers=headers, counted=True)
    name, unit = split_header(str(index.name)) if index.name is not None else ("time", "")
    name = name if name not in table.columns else f"index of {name}"
    times = frame_columns(index.to_frame(index=False, name="times"), notes=[]).columns["times"]
    known = {each: unit for each, unit in units.items() if each in table.columns} | ({name: unit} if unit else {})
    whole = Table(columns={name: times, **table.columns})
    dataset = made(whole, time=name, units=known)
    time = None if index.name is None else str(index.name)
    return dataset, Container(kind="frame", time=time, dtype=str(index.dtype), headers=headers or bool(unit))


def _to_array(dataset: xr.Dataset, container: Container) -> xr.DataArray:
    first, *others = (str(name) for name in dataset.data_vars)
    array = dataset[first].assign_coords({name: dataset[name] for name in others})
    array.attrs |= dataset.attrs
    return array.rename({"time": container.time}) if container.time != "time" else array


def _to_frame(dataset: xr.Dataset, container: Container) -> pd.DataFrame:
    units = {str(name): str(dataset[name].attrs.get("units", "")) for name in dataset.data_vars}
    columns: dict[str, Any] = {
        join_header(name, unit) if container.headers else name: dataset[name].values for name, unit in units.items()
    }
    times = pd.Index(dataset["time"].values)
    if container.counted:
        frame = pd.DataFrame({str(container.time): times, **columns})
    else:
        if isinstance(times, pd.DatetimeIndex) and "," in container.dtype:
            times = times.tz_localize("UTC")
        index = times.astype(container.dtype) if container.dtype else times
        frame = pd.DataFrame(columns, index=index.rename(container.time))
    known = {name: unit for name, unit in units.items() if unit and not container.headers}
    frame.attrs = {**dataset.attrs, **({"units": known} if known else {})}
    return frame
