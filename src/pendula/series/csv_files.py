"""Tables of text: .csv, .tsv and .txt."""

import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from pendula.errors import DataError
from pendula.series.places import line_place
from pendula.series.table import Table
from pendula.series.units import join_header, split_header
from pendula.shapes import ndarray

__all__ = ["frame_columns", "frame_of", "read_csv", "write_csv"]

# From pandas 3.1 on, numbers are always read exactly and the option is deprecated.
_PRECISION: Literal["round_trip"] | None = (
    None if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else "round_trip"
)

_LOOK = 50
"""How many lines of data the separator is guessed from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    separator: str
    decimal: str
    header: list[str] | None
    encoding: str


def read_csv(path: Path) -> Table:
    """Read a table of text.

    The separator (comma, semicolon, tab, blanks) is found from the first lines; lines that start with # are skipped. A
    table without a header takes its names from the last comment above it, as NumPy writes them, or gets numbered names.

    Args:
        path: The file.

    Returns:
        Its columns, with the units of headers such as `x [rad]`.

    Raises:
        DataError: If the file is no table.
    """
    layout = _layout(path)
    try:
        frame = pd.read_csv(
            path,
            sep=layout.separator,
            decimal=layout.decimal,
            header=None if layout.header else 0,
            comment="#",
            encoding=layout.encoding,
            skipinitialspace=True,
            float_precision=_PRECISION,
            low_memory=False,
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"`{path}` must hold a table: expected rows of equal length, got: {error}.") from error
    if layout.header:
        frame.columns = pd.Index(layout.header)
    notes = [] if layout.encoding == "utf-8-sig" else ["the text is not UTF-8 and was read as Latin-1"]
    # A separator at the end of each line makes a column without name and content.
    empty = [name for name in frame.columns if str(name).startswith("Unnamed:") and frame[name].isna().all()]
    place = line_place(path, header=layout.header is None, encoding=layout.encoding)
    return replace(frame_columns(frame.drop(columns=empty), notes=notes), place=place)


def write_csv(table: Table, path: Path) -> None:
    """Write a table of text, units in the header, numbers in the shortest form that reads back exactly.

    Args:
        table: The columns.
        path: The file; tabs separate a .tsv or .txt.
    """
    frame_of(table).to_csv(path, sep="," if path.suffix.lower() == ".csv" else "\t", index=False)


def frame_columns(frame: pd.DataFrame, *, notes: list[str]) -> Table:
    """Take a data frame apart into columns, units from the headers.

    Args:
        frame: The data frame.
        notes: What is known about how it was read.

    Returns:
        The columns.
    """
    headers = [str(header) for header in frame.columns]
    pairs = [split_header(header) for header in headers]
    if len({name for name, _ in pairs}) < len(pairs):
        pairs = [(header, "") for header in headers]
    columns = {name: _array(frame.iloc[:, index]) for index, (name, _) in enumerate(pairs)}
    return Table(columns=columns, units={name: unit for name, unit in pairs if unit}, notes=notes)


def frame_of(table: Table) -> pd.DataFrame:
    """Make a data frame, units in the headers.

    Args:
        table: The columns.

    Returns:
        The data frame.
    """
    return pd.DataFrame({join_header(name, table.units.get(name, "")): v for name, v in table.columns.items()})


def _array(column: "pd.Series[Any]") -> ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        naive = column.dt.tz_convert(None) if column.dt.tz is not None else column
        return np.asarray(naive.to_numpy())
    if pd.api.types.is_complex_dtype(column):
        return np.asarray(column.to_numpy())
    if pd.api.types.is_integer_dtype(column) and not column.isna().any():
        return np.asarray(column.to_numpy(dtype=np.int64))
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column.astype("object").where(column.notna(), None).to_numpy(dtype=object))


def _layout(path: Path) -> _Layout:
    try:
        encoding = "utf-8-sig"
        comments, lines = _first_lines(path, encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"
        comments, lines = _first_lines(path, encoding)
    if not lines or "\0" in "".join(lines):
        got = "binary data" if lines else "no line of data"
        raise DataError(f"`{path}` must hold a table: expected a header and rows of numbers, got {got}.")
    separator = _separator(lines)
    body = "".join(lines[1:])
    decimal = "," if separator != "," and "," in body and "." not in body else "."
    header = None
    if all(_is_number(cell, decimal) for cell in _cells(lines[0], separator)):
        width = len(_cells(lines[0], separator))
        above = _cells(comments[-1], separator) if comments else []
        header = above if len(above) == width else [f"column_{number}" for number in range(1, width + 1)]
    return _Layout(separator=separator, decimal=decimal, header=header, encoding=encoding)


def _first_lines(path: Path, encoding: str) -> tuple[list[str], list[str]]:
    """Return the comments above the table, and its first lines."""
    comments: list[str] = []
    lines: list[str] = []
    with path.open(encoding=encoding) as file:
        for line in islice(file, 10_000):
            if line.lstrip().startswith("#"):
                if not lines:
                    comments.append(line.strip().lstrip("# "))
            elif line.strip():
                lines.append(line.rstrip("\n"))
            if len(lines) >= _LOOK:
                break
    return comments, lines


def _separator(lines: list[str]) -> str:
    for separator in ("\t", ";", ","):
        counts = {line.count(separator) for line in lines}
        if 0 not in counts and (len(counts) == 1 or separator == lines[0][-1]):
            return separator
    for separator in ("\t", ";", ","):
        if separator in lines[0]:
            return separator
    blank = len({len(line.split()) for line in lines[1:]}) == 1 and len(lines[-1].split()) > 1
    return r"\s+" if blank else ","


def _cells(line: str, separator: str) -> list[str]:
    return line.split() if separator == r"\s+" else [cell.strip() for cell in line.split(separator)]


def _is_number(cell: str, decimal: str) -> bool:
    return (
        re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan", cell.replace(decimal, "."), re.IGNORECASE)
        is not None
    )
