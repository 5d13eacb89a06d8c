from pathlib import Path

import numpy as np
import pytest

from pendula.errors import ArgumentError, RunError
from pendula.figures import draw_series, png
from pendula.report import ReportContent, ReportFigure, write_report

IMAGE = png(draw_series(np.arange(9.0), np.sin(np.arange(9.0))).figure, dpi=40)
CONTENT = ReportContent(
    title="Pendulum",
    figures=[
        ReportFigure(name="record", caption="a", alt="b", png=IMAGE),
        ReportFigure(caption="c", alt="d", png=IMAGE),
    ],
)


def test_page_and_images_are_written_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    page = write_report(CONTENT, CONTENT.images, tmp_path)
    assert page == tmp_path / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["figures/record.png", "report.html"]
    assert (tmp_path / "figures" / "record.png").read_bytes() == IMAGE


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "A B"])
def test_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match=r"`figures` must have plain names: expected .* got .*Rename the figure\."):
        write_report(CONTENT, {name: IMAGE}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="must be writable"):
        write_report(CONTENT, {}, tmp_path / "file")


def test_a_page_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    broken = ReportContent(title="x", figures=[ReportFigure(caption="a", alt="b", png=b"no image")])
    with pytest.raises(ArgumentError, match="PNG"):
        write_report(broken, {"a": IMAGE}, tmp_path)
    assert not list(tmp_path.iterdir())
