"""Series as text: CSV for programs, columns for people."""

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import xarray

__all__ = ["MOST_LINES", "print_csv", "print_series", "series_lines"]

MOST_LINES = 40
"""A table for people shows at most so many rows."""


def print_series(series: "xarray.Dataset") -> None:
    """Print a series: a table on a terminal, CSV elsewhere.

    Args:
        series: Variables along `time`.
    """
    if sys.stdout.isatty():
        print("\n".join(series_lines(series)))
    else:
        print_csv(series, sys.stdout)


def print_csv(series: "xarray.Dataset", stream: TextIO) -> None:
    """Print a series as CSV, units in the header.

    Args:
        series: Variables along `time`.
        stream: Where to print.
    """
    from pendula.series.csv_files import frame_of
    from pendula.series.table import table_from

    frame_of(table_from(series)).to_csv(stream, index=False)


def series_lines(series: "xarray.Dataset") -> list[str]:
    """Lay out the first rows of a series for people.

    Args:
        series: Variables along `time`.

    Returns:
        Lines of equal columns.
    """
    from pendula.series.csv_files import frame_of
    from pendula.series.table import table_from

    frame = frame_of(table_from(series))
    lines = frame.head(MOST_LINES).to_string(index=False, float_format=lambda value: f"{value:.5g}").splitlines()
    hidden = len(frame) - MOST_LINES
    return [*lines, f"… and {hidden} more rows; -o FILE writes all of them."] if hidden > 0 else lines
