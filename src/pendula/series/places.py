"""Where a cell stands, as messages say it: the row of an array, the line of a file of text."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

__all__ = ["Place", "line_place", "row_place"]

Place: TypeAlias = Callable[[int], str]
"""From the number of a sample, counted from 0, to words for where it stands."""


def row_place(row: int) -> str:
    """Name a row of an array.

    Args:
        row: Its number, counted from 0 as Python does.

    Returns:
        Its name.

    Examples:
        >>> row_place(3)
        'row 3'
    """
    return f"row {row}"


def line_place(path: Path, *, header: bool, encoding: str) -> Place:
    r"""Name the lines of a table of text as an editor counts them: from 1, header, comments and blank lines included.

    Args:
        path: The file.
        header: Whether its first line that is no comment names the columns.
        encoding: Of its text.

    Returns:
        Names the line of a sample; the file is read again, but only then.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "pendulum.csv")
        ...     _ = file.write_text("# a pendulum\nt,x\n0,1\n\n1,2\n")
        ...     line_place(file, header=True, encoding="utf-8")(1)
        'line 5'
    """

    def place(row: int) -> str:
        left = row + header
        with path.open(encoding=encoding) as file:
            for number, line in enumerate(file, start=1):
                # Blank lines and comments make no row.
                if line.strip() and not line.lstrip().startswith("#"):
                    if left == 0:
                        return f"line {number}"
                    left -= 1
        return row_place(row)

    return place
