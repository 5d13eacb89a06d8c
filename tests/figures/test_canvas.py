import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from pendula.errors import ArgumentError, RunError
from pendula.figures.canvas import drawing, new_figure, png, save


def _line() -> Figure:
    with drawing(None, width=2.0, height=1.5) as axes:
        axes.plot([0.0, 1.0, 0.5])
    return axes.figure


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml"), (".PNG", b"\x89PNG")]
)
def test_suffix_chooses_the_format_and_bytes_repeat(tmp_path: Path, suffix: str, magic: bytes) -> None:
    first = save(_line(), tmp_path / f"new folder/a{suffix}").read_bytes()
    second = save(_line(), tmp_path / f"b{suffix}").read_bytes()
    assert first.startswith(magic)
    assert first == second
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == [f"a{suffix}"]


def test_dpi_sets_the_size_of_the_image() -> None:
    small, large = png(_line(), dpi=50), png(_line(), dpi=100)
    assert int.from_bytes(small[16:20], "big") == 100  # 2 inches at 50 dots
    assert int.from_bytes(large[16:20], "big") == 200


@pytest.mark.parametrize("name", ["figure.jpg", "figure"])
def test_unknown_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match=r"`path` must end in a known suffix: expected \.png, \.pdf, \.svg, got"):
        save(_line(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_blank_figures_are_not_written(tmp_path: Path) -> None:
    empty = new_figure()
    empty.subplots(1, 2)
    with pytest.raises(ArgumentError, match=r"`figure` must show something: expected data .* got 2 empty axes"):
        save(empty, tmp_path / "a.png")
    with pytest.raises(ArgumentError, match="got 0 empty axes"):
        png(new_figure())
    assert not list(tmp_path.iterdir())


def test_unwritable_path_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="must be writable"):
        save(_line(), tmp_path / "file" / "a.png")


def test_axes_of_the_caller_are_used_as_they_are() -> None:
    mine = Figure().subplots()
    size = mine.xaxis.label.get_fontsize()
    with drawing(mine) as axes:
        assert axes is mine
    assert mine.xaxis.label.get_fontsize() == size


def test_ticks_keep_their_size_outside_the_style() -> None:
    with drawing(None) as axes:
        axes.plot(np.arange(3.0))
    axes.figure.draw_without_rendering()
    assert {tick.get_fontsize() for tick in axes.get_xticklabels()} == {8}


def test_import_is_cheap_and_pyplot_never_loads() -> None:
    code = (
        "import sys; import pendula.figures, pendula.report; assert 'matplotlib' not in sys.modules, 'matplotlib';"
        "assert 'jinja2' not in sys.modules, 'jinja2'; import numpy as np;"
        "pendula.figures.png(pendula.figures.draw_series(np.arange(9.0), np.sin(np.arange(9.0))).figure);"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
