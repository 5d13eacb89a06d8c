"""Named columns, as every file format gives them, and the data set they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pendula.errors import DataError, did_you_mean
from pendula.series.axis import canonical_times
from pendula.series.grid import check_increasing, trajectory_blocks
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
    """

    columns: dict[str, ndarray]
    units: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


def dataset_from(
    table: Table,
    *,
    source: str,
    time: str | None = None,
    units: Mapping[str, str] | None = None,
    columns: Sequence[str] | None = None,
    trajectory: str | None = None,
) -> xr.Dataset:
    """Make a data set from the columns of a file.

    Args:
        table: The columns.
        source: Name of the file, for messages.
        time: Name of the time column; recognized by name when left out.
        units: Units that replace or add to those of the table.
        columns: The columns to take; all with numbers when left out.
        trajectory: Name of the column that tells trajectories apart; `trajectory` when left out, if there is one.

    Returns:
        Float variables along `time`.

    Raises:
        DataError: If a column is missing or cannot be used, or if time does not increase.
    """
    rows = len(next(iter(table.columns.values()), []))
    if rows < 2:
        raise DataError(f"`{source}` must hold a series: expected at least 2 rows, got {rows}. Record more.")
    notes = list(table.notes)
    time_name = _time_column(table, time)
    block_name = _named("trajectory", trajectory, table) or ("trajectory" if "trajectory" in table.columns else None)
    names = _wanted(table, columns, besides={time_name, block_name})
    known_units = {**table.units, **_checked_units(units, table)}
    coords: dict[str, Any] = {"time": _time_coordinate(table, time_name, rows, known_units, notes)}
    blocks = None
    if block_name is not None:
        blocks = _identifiers(table.columns[block_name], block_name)
        coords["trajectory"] = ("time", blocks)
    check_increasing(coords["time"][1], trajectory_blocks(blocks, rows))
    variables = {}
    for name in names:
        numbers = _numbers(table.columns[name], name, asked=columns is not None)
        if numbers is None:
            notes.append(f"column `{name}` holds text and was left out")
            continue
        variables[name] = ("time", numbers, {"units": known_units[name]} if known_units.get(name) else {})
    if not variables:
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
        The columns. Its time column keeps the name it was read under, if `dataset_from` recognizes that name.

    Raises:
        DataError: If a variable does not lie along `time` alone.
    """
    columns: dict[str, ndarray] = {}
    units: dict[str, str] = {}
    time = dataset["time"] if "time" in dataset.variables else None
    time_name = "time" if time is None else str(time.attrs.get("name", "time"))
    time_name = time_name if time_name.lower() in TIME_NAMES and time_name not in dataset.variables else "time"
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
            + did_you_mean(name, table.columns)
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
    values = table.columns[name]
    if values.dtype.kind == "c":
        raise DataError(f"`{name}` must be real to be a time: expected numbers or dates, got complex ones.")
    if values.dtype.kind not in "Mfiu":
        values = _text_times(values, name, notes)
    elif " since " in unit:
        values, unit = _since(values, unit, name), ""
    times = canonical_times(values)
    attributes = {"units": unit} if unit and times.dtype.kind != "M" else {}
    return "time", times, attributes | ({"name": name} if name != "time" else {})


def _text_times(values: ndarray, name: str, notes: list[str]) -> ndarray:
    text = pd.Series(values, dtype="object")
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().sum() * 2 > len(text):
        row = int(np.argmax(numbers.isna()))
        raise DataError(
            f"`{name}` must hold numbers: expected a number in row {row}, got {text[row]!r}. "
            "Correct or remove that row."
        )
    try:
        dates = pd.to_datetime(text, format="ISO8601", utc=True)
    except (ValueError, TypeError):
        dates = _other_dates(text, name, notes)
    return np.asarray(dates.dt.tz_convert(None).to_numpy())


def _other_dates(text: "pd.Series[Any]", name: str, notes: list[str]) -> "pd.Series[Any]":
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas asks for a format; what it found is told in a note
        dates = pd.to_datetime(text, errors="coerce", utc=True)
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        raise DataError(
            f"`{name}` must hold numbers or dates: expected a date such as 1998-05-30 in row {row}, got {text[row]!r}. "
            "Write dates as year-month-day."
        )
    notes.append(f"dates in `{name}` such as {text.iloc[0]} were read as {dates.iloc[0].date()}")
    return dates


def _since(values: ndarray, unit: str, name: str) -> ndarray:
    own = {"nanoseconds since 1970-01-01": "datetime64[ns]", "microseconds since 1970-01-01": "datetime64[us]"}
    if unit in own and values.dtype.kind == "i":
        return values.astype(np.int64).astype(own[unit])
    try:
        coded = xr.Dataset({"time": ("row", values, {"units": unit})})
        dates = np.asarray(xr.decode_cf(coded, decode_timedelta=False)["time"].values)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"`{name}` must have a unit that can be read: expected days since a date, got {unit}."
        ) from error
    if dates.dtype.kind != "M":
        raise DataError(f"`{name}` must use the common calendar: expected dates of today's calendar, got {unit}.")
    return dates


def _identifiers(values: ndarray, name: str) -> ndarray:
    if pd.isna(values).any():
        row = int(np.argmax(pd.isna(values)))
        raise DataError(f"`{name}` must name a trajectory in every row: expected an identifier, got none in row {row}.")
    if values.dtype.kind in "iufb" and np.all(values == np.floor(values)):
        return values.astype(np.int64)
    return values.astype(np.str_)


def _numbers(values: ndarray, name: str, *, asked: bool) -> ndarray | None:
    # None for a column of text that nobody asked for.
    if values.dtype.kind == "M":
        if asked:
            raise DataError(f"`{name}` must hold numbers: expected numbers, got dates. Choose another column.")
        return None
    numbers = _text_numbers(values, name, asked=asked) if values.dtype.kind not in "fiubc" else values
    if numbers is None:
        return None
    if numbers.dtype.kind == "c":
        raise DataError(_complex(name))
    numbers = numbers.astype(np.float64)
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise DataError(
            f"`{name}` must be finite: expected a number or an empty cell, got {numbers[row]} in row {row}. "
            "Leave the cell empty where a sample is missing."
        )
    if np.isnan(numbers).all():
        raise DataError(
            f"`{name}` must have values: expected numbers, got none in all {len(numbers)} rows. "
            "Name the columns to read with `columns`."
        )
    return numbers


def _text_numbers(values: ndarray, name: str, *, asked: bool) -> ndarray | None:
    text = pd.Series(values, dtype="object")
    numbers = pd.to_numeric(text, errors="coerce")
    wrong = numbers.isna() & text.notna()
    if not wrong.any():
        return np.asarray(numbers.to_numpy(dtype=np.float64))
    row = int(np.argmax(wrong))
    if _is_complex(str(text[row])):
        raise DataError(_complex(name))
    if not asked and not numbers.notna().any():
        return None
    raise DataError(
        f"`{name}` must hold numbers: expected a number in row {row}, got {text[row]!r}. "
        "Correct that row, leave the cell empty, or choose other columns."
    )


def _is_complex(text: str) -> bool:
    try:
        return text.rstrip(") ").endswith("j") and complex(text.strip("() ")) is not None
    except ValueError:
        return False


def _complex(name: str) -> str:
    return f"`{name}` must be real: expected real numbers, got complex ones. Take its real part, modulus or phase."
