"""The cells of a table's columns: numbers, times and names of trajectories."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pendula.errors import DataError
from pendula.series.places import Place, row_place
from pendula.series.times import canonical_times
from pendula.shapes import ndarray

__all__ = ["identifier_cells", "number_cells", "time_cells"]


def time_cells(
    values: ndarray, name: str, *, units: str, notes: list[str], place: Place = row_place
) -> tuple[ndarray, str]:
    """Read a column of times: numbers, dates, text of dates, or counts "since" a date.

    Args:
        values: The column.
        name: Its name, for messages.
        units: Its unit, such as s or "days since 1990-01-01".
        notes: Where to note what had to be guessed.
        place: Says where a cell stands, for messages.

    Returns:
        Time values, and their unit, which is empty for dates.

    Raises:
        DataError: If the cells are neither numbers nor dates.

    Examples:
        >>> time_cells(np.array([0, 36]), "t", units="hours since 2000-01-01", notes=[])[0].astype("datetime64[h]")
        array(['2000-01-01T00', '2000-01-02T12'], dtype='datetime64[h]')
    """
    if values.dtype.kind == "c":
        raise DataError(f"`{name}` must be real to be a time: expected numbers or dates, got complex ones.")
    if values.dtype.kind not in "Mfiu":
        values = _text_times(values, name, notes, place)
    elif " since " in units:
        values, units = _since(values, units, name), ""
    return canonical_times(values), units


def identifier_cells(values: ndarray, name: str, *, place: Place = row_place) -> ndarray:
    """Read the column that tells trajectories apart.

    Args:
        values: The column.
        name: Its name, for messages.
        place: Says where a cell stands, for messages.

    Returns:
        Integers, or text.

    Raises:
        DataError: If a cell is empty.

    Examples:
        >>> identifier_cells(np.array([1.0, 1.0, 2.0]), "run")
        array([1, 1, 2])
    """
    if pd.isna(values).any():
        row = int(np.argmax(pd.isna(values)))
        raise DataError(
            f"`{name}` must name a trajectory in every row: expected an identifier, got none in {place(row)}."
        )
    if values.dtype.kind in "iufb" and np.all(values == np.floor(values)):
        return values.astype(np.int64)
    return values.astype(np.str_)


def number_cells(values: ndarray, name: str, *, asked: bool, place: Place = row_place) -> ndarray | None:
    """Read a column of numbers.

    Args:
        values: The column.
        name: Its name, for messages.
        asked: Whether the user named this column.
        place: Says where a cell stands, for messages.

    Returns:
        The numbers in float64, NaN where a cell is empty; None for a column of text or dates that nobody asked for.

    Raises:
        DataError: If the numbers are complex or infinite, if there is none, or if text stands among them.

    Examples:
        >>> number_cells(np.array(["1", None], dtype=object), "x", asked=True)
        array([ 1., nan])
    """
    if values.dtype.kind == "M":
        if asked:
            raise DataError(f"`{name}` must hold numbers: expected numbers, got dates. Choose another column.")
        return None
    numbers = _text_numbers(values, name, asked=asked, place=place) if values.dtype.kind not in "fiubc" else values
    if numbers is None:
        return None
    if numbers.dtype.kind == "c":
        raise DataError(_complex(name))
    numbers = numbers.astype(np.float64)
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise DataError(
            f"`{name}` must be finite: expected a number or an empty cell, got {numbers[row]} in {place(row)}. "
            "Leave the cell empty where a sample is missing."
        )
    if np.isnan(numbers).all():
        raise DataError(
            f"`{name}` must have values: expected numbers, got none in all {len(numbers)} rows. "
            "Name the columns to read with `columns`."
        )
    return numbers


def _text_times(values: ndarray, name: str, notes: list[str], place: Place) -> ndarray:
    text = pd.Series(values, dtype="object")
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().sum() * 2 > len(text):
        row = int(np.argmax(numbers.isna()))
        raise DataError(
            f"`{name}` must hold numbers: expected a number in {place(row)}, got {text[row]!r}. "
            "Correct or remove that row."
        )
    try:
        dates = pd.to_datetime(text, format="ISO8601", utc=True)
    except (ValueError, TypeError):
        dates = _other_dates(text, name, notes, place)
    return np.asarray(dates.dt.tz_convert(None).to_numpy())


def _other_dates(text: "pd.Series[Any]", name: str, notes: list[str], place: Place) -> "pd.Series[Any]":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas asks for a format; what it found is told in a note
        dates = pd.to_datetime(text, errors="coerce", utc=True)
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        raise DataError(
            f"`{name}` must hold numbers or dates: expected a date such as 1998-05-30 in {place(row)}, "
            f"got {text[row]!r}. Write dates as year-month-day."
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
    except (ValueError, OverflowError, ImportError) as error:
        raise DataError(_no_dates(name, unit)) from error
    if dates.dtype.kind != "M":
        raise DataError(_no_dates(name, unit))
    return dates


def _no_dates(name: str, unit: str) -> str:
    return (
        f"`{name}` must have a unit that can be read: expected days since a date, got {unit}. "
        "Correct the unit, or give another with `units`."
    )


def _text_numbers(values: ndarray, name: str, *, asked: bool, place: Place) -> ndarray | None:
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
        f"`{name}` must hold numbers: expected a number in {place(row)}, got {text[row]!r}. "
        "Correct that row, leave the cell empty, or choose other columns."
    )


def _is_complex(text: str) -> bool:
    try:
        return text.rstrip(") ").endswith("j") and complex(text.strip("() ")) is not None
    except ValueError:
        return False


def _complex(name: str) -> str:
    return f"`{name}` must be real: expected real numbers, got complex ones. Take its real part, modulus or phase."
