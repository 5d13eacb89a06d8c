"""The files of a report: its images, and the page that holds them all."""

import re
from collections.abc import Mapping
from pathlib import Path

from pendula.errors import ArgumentError
from pendula.files import write_atomically
from pendula.report.page import ReportContent, render_report

__all__ = ["write_report"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)


def write_report(content: ReportContent, figures: Mapping[str, bytes], folder: str | Path) -> Path:
    """Write `figures/*.png` and `report.html` into a folder, each file whole or not at all.

    Args:
        content: What the report says.
        figures: PNG images by name, `content.images` as a rule.
        folder: Where to write; the folder is made if it is missing, files of the same names are replaced.

    Returns:
        The path of the page.

    Raises:
        ArgumentError: If a name is no plain file name, or an image of the page is no PNG.
        RunError: If a file cannot be written.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_report(ReportContent(title="Pendulum"), {}, folder).name
        'report.html'
    """
    for name in figures:
        _check_name(name)
    page = render_report(content)
    for name, image in figures.items():
        _write(Path(folder) / "figures" / f"{name}.png", image)
    target = Path(folder) / "report.html"
    _write(target, page.encode("utf-8"))
    return target


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ArgumentError(
            f"`figures` must have plain names: expected lower-case letters, digits and hyphens, got {name!r}. "
            "Rename the figure."
        )


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda partial: partial.write_bytes(content))
