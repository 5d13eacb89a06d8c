"""Named columns, as every file format gives them, and the data set they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import DataError, did_you_mean
from pendula.series.cells import identifier_cells, number_cells, time_cells
from pendula.series.grid import check_increasing, trajectory_blocks
from pendula.series.intervals import ROW
from pendula.series.labels import label_cells
from pendula.series.places import Place, row_place
from pendula.shapes import ndarray

__all__ = ["TIME_NAMES", "Table", "dataset_from", "recognized_time", "table_from"]

TIME_NAMES = ("time", "t", "date", "datetime", "timestamp", "year", "step", "index")
"""Names that a time column is recognized by, the surest first."""

_TEMPERATURES = {"K", "°C", "degC", "C", "°F", "degF", "mK"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Columns of equal length.

    Attributes:
        columns: Numbers, dates, or text (object or string arrays, None where a cell is empty) by name.
        units: Units by name, where the file tells.
        notes: What a reader should know about how the file was read.
        attributes: What the file says about itself.
        place: Says where a row stands in the file.
    """

    columns: dict[str, ndarray]
    units: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    place: Place = row_place


def dataset_from(
    table: Table,
    *,
    source: str,
    time: str | None = None,
    units: Mapping[str, str] | None = None,
    columns: Sequence[str] | None = None,
    trajectory: str | None = None,
    labels: Sequence[str] = (),
    continues: bool = False,
) -> xr.Dataset:
    """Make a data set from the columns of a file.

    Args:
        table: The columns.
        source: Name of the file, for messages.
        time: Name of the time column; recognized by name when left out.
        units: Units that replace or add to those of the table.
        columns: The columns to take; all with numbers when left out.
        trajectory: Name of the column that tells trajectories apart; `trajectory` when left out, if there is one.
        labels: Columns that hold labels, if they are there.
        continues: Whether it goes on from a series that is known: then one row, or times alone, are enough.

    Returns:
        Float variables along `time`, and labels.

    Raises:
        DataError: If a column is missing or cannot be used, or if time does not increase.
    """
    rows = len(next(iter(table.columns.values()), []))
    if rows < (1 if continues else 2):
        fewest = "1 row" if continues else "2 rows"
        raise DataError(f"`{source}` must hold a series: expected at least {fewest}, got {rows}. Record more.")
    notes = list(table.notes)
    time_name = _time_column(table, time)
    block_name = _named("trajectory", trajectory, table) or ("trajectory" if "trajectory" in table.columns else None)
    names = _wanted(table, columns, besides={time_name, block_name})
    known_units = {**table.units, **_checked_units(units, table)}
    coords: dict[str, Any] = {"time": _time_coordinate(table, time_name, rows, known_units, notes)}
    blocks = None
    if block_name is not None:
        blocks = identifier_cells(table.columns[block_name], block_name, place=table.place)
        coords["trajectory"] = ("time", blocks)
    check_increasing(coords["time"][1], trajectory_blocks(blocks, rows), place=table.place)
    variables: dict[str, Any] = {}
    for name in names:
        if name in labels:
            variables[name] = ("time", label_cells(table.columns[name], name, place=table.place), {})
            continue
        numbers = number_cells(table.columns[name], name, asked=columns is not None, place=table.place)
        if numbers is None:
            notes.append(f"column `{name}` holds text and was left out")
            continue
        variables[name] = ("time", numbers, {"units": known_units[name]} if known_units.get(name) else {})
    if not variables and not (continues and list(table.columns) == [time_name]):
        raise DataError(
            f"`{source}` must hold numbers: expected a numeric column besides the time, got "
            f"{', '.join(table.columns)}. Look at its header and its separator."
        )
    attributes = {**table.attributes, **({"notes": "\n".join(notes)} if notes else {})}
    return xr.Dataset(variables, coords=coords, attrs=attributes)


def table_from(dataset: xr.Dataset) -> Table:
    """Take a data set apart into columns, the time first.

    Args:
        dataset: Variables along `time`.

    Returns:
        The columns. Its time column keeps the name it was read under, if `dataset_from` recognizes that name; rows
        that are counted are called `row`.

    Raises:
        DataError: If a variable does not lie along `time` alone.
    """
    columns: dict[str, ndarray] = {}
    units: dict[str, str] = {}
    time = dataset["time"] if "time" in dataset.variables else None
    time_name = "time" if time is None else str(time.attrs.get("name", "time"))
    time_name = time_name if time_name.lower() in (*TIME_NAMES, ROW) and time_name not in dataset.variables else "time"
    columns[time_name] = np.arange(dataset.sizes.get("time", 0)) if time is None else np.asarray(time.values)
    for key, variable in dataset.variables.items():
        name = time_name if key == "time" else str(key)
        if variable.dims != ("time",):
            raise DataError(
                f"`{name}` must lie along `time` alone to be a column: expected the dimension time, got "
                f"{', '.join(map(str, variable.dims)) or 'none'}. Write NetCDF (.nc), which holds any dimensions."
            )
        columns[name] = np.asarray(variable.values)
        if variable.attrs.get("units"):
            units[name] = str(variable.attrs["units"])
    return Table(columns=columns, units=units)


def recognized_time(units: Mapping[str, str]) -> str | None:
    """Recognize the time among some names, whatever their case; a T in kelvin or degrees is a temperature.

    Args:
        units: Unit of each name, empty where unknown.

    Returns:
        The name of the time, or None.

    Examples:
        >>> recognized_time({"T": "", "t": "s"}), recognized_time({"T": "K"}), recognized_time({"Date": ""})
        ('t', None, 'Date')
    """
    possible = [name for name, unit in units.items() if name != "T" or unit not in _TEMPERATURES]
    exact = {name: name for name in possible}
    lowered = {name.lower(): name for name in reversed(possible)} | exact
    return next((lowered[name] for name in TIME_NAMES if name in lowered), None)


def _named(argument: str, name: str | None, table: Table) -> str | None:
    if name is not None and name not in table.columns:
        raise DataError(
            f"`{argument}` must name a column: expected one of {', '.join(table.columns)}, got {name}."
            + did_you_mean(name, table.columns, listed=True)
        )
    return name


def _time_column(table: Table, time: str | None) -> str | None:
    if time is not None:
        return _named("time", time, table)
    return recognized_time({name: table.units.get(name, "") for name in table.columns})


def _wanted(table: Table, columns: Sequence[str] | None, *, besides: set[str | None]) -> list[str]:
    if columns is None:
        return [name for name in table.columns if name not in besides]
    for name in columns:
        _named("columns", name, table)
    return list(columns)


def _checked_units(units: Mapping[str, str] | None, table: Table) -> dict[str, str]:
    for name in units or {}:
        if name != "time":
            _named("units", name, table)
    return dict(units or {})


def _time_coordinate(
    table: Table, name: str | None, rows: int, units: Mapping[str, str], notes: list[str]
) -> tuple[str, ndarray, dict[str, str]]:
    if name is None:
        notes.append("no time column was found; rows are counted from 0")
        unit = units.get("time", "")
        return "time", np.arange(rows, dtype=np.int64), {"units": unit} if unit else {}
    unit = units.get("time") or units.get(name) or ("year" if name.lower() == "year" else "")
    times, unit = time_cells(table.columns[name], name, units=unit, notes=notes, place=table.place)
    attributes = {"units": unit} if unit and times.dtype.kind != "M" else {}
    return "time", times, attributes | ({"name": name} if name != "time" else {})
