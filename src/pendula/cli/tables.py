"""Series as text: CSV for programs, columns for people."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pendula.cli.output import Output

if TYPE_CHECKING:
    import xarray

__all__ = ["MOST_LINES", "deliver_series", "print_csv", "series_lines"]

MOST_LINES = 40
"""A table for people shows at most so many rows."""


def deliver_series(series: "xarray.Dataset", output: Path | None, *, told: str, out: Output) -> None:
    """Write a series; or, without a file, print it: a table on a terminal, CSV elsewhere.

    Args:
        series: Variables along `time`.
        output: The file, by its suffix.
        told: What its rows are, as in `steps of x`.
        out: How to print; with JSON, which is to hold the series, only a file is written.
    """
    from pendula.series import write

    if output is not None:
        write(series, output)
        out.show(f"Wrote {series.sizes['time']} {told} to {output}.")
    elif not out.json and sys.stdout.isatty():
        print("\n".join(series_lines(series)))
    elif not out.json:
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
