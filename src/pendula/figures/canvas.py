"""The paper under the panels: figures without global state, and files of them.

Figures are matplotlib's own objects, never pyplot's: nothing is kept, no window opens, threads do not meet.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pendula.errors import ArgumentError
from pendula.figures.style import style
from pendula.files import write_atomically

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["FORMATS", "drawing", "new_figure", "png", "save"]

FORMATS = (".png", ".pdf", ".svg")
"""What `save` can write."""


def new_figure(*, width: float = 5.2, height: float = 3.2) -> "matplotlib.figure.Figure":
    """Make an empty figure with a canvas that needs no display.

    Args:
        width: In inches.
        height: In inches.

    Returns:
        A figure whose layout keeps labels apart.

    Examples:
        >>> new_figure(width=3.0, height=2.0).get_size_inches().tolist()
        [3.0, 2.0]
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def drawing(
    axes: "matplotlib.axes.Axes | None", *, width: float = 5.2, height: float = 3.2
) -> Iterator["matplotlib.axes.Axes"]:
    """Open the axes to draw on: those of the caller as they are, or new ones in Pendula's style.

    Args:
        axes: The caller's axes, or None.
        width: Of a new figure, in inches.
        height: Of a new figure, in inches.

    Yields:
        The axes to draw on.

    Examples:
        >>> with drawing(None) as axes:
        ...     _ = axes.plot([0.0, 1.0])
        >>> len(axes.figure.axes)
        1
    """
    if axes is not None:
        yield axes
        return
    with style():
        new = new_figure(width=width, height=height).add_subplot()
        # Ticks are made when they are first needed, which may be after the style's block has ended.
        new.tick_params(which="major", labelsize=8, width=0.6)
        new.tick_params(which="minor", width=0.4)
        yield new


def save(figure: "matplotlib.figure.Figure", path: str | Path, *, dpi: int = 150) -> Path:
    """Write a figure to a file, in the format that its suffix names; the same figure gives the same bytes.

    Args:
        figure: The figure.
        path: Ends in .png, .pdf or .svg.
        dpi: Dots per inch of a .png, and of the dense parts of the others.

    Returns:
        The path.

    Raises:
        ArgumentError: If the suffix is unknown, or the figure shows nothing.
        RunError: If the file cannot be written.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with drawing(None) as axes:
        ...     _ = axes.plot([0.0, 1.0])
        >>> with TemporaryDirectory() as folder:
        ...     save(axes.figure, f"{folder}/line.png").read_bytes()[1:4]
        b'PNG'
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        raise ArgumentError(
            f"`path` must end in a known suffix: expected {', '.join(FORMATS)}, got {target.suffix or 'none'!r}. "
            "Rename the file."
        )
    content = _encode(figure, suffix[1:], dpi)
    write_atomically(target, lambda partial: partial.write_bytes(content))
    return target


def png(figure: "matplotlib.figure.Figure", *, dpi: int = 150) -> bytes:
    """Render a figure to the bytes of a PNG image.

    Args:
        figure: The figure.
        dpi: Dots per inch.

    Returns:
        The image.

    Raises:
        ArgumentError: If the figure shows nothing.

    Examples:
        >>> with drawing(None) as axes:
        ...     _ = axes.plot([0.0, 1.0])
        >>> png(axes.figure)[1:4]
        b'PNG'
    """
    return _encode(figure, "png", dpi)


def _encode(figure: "matplotlib.figure.Figure", kind: str, dpi: int) -> bytes:
    _require_content(figure)
    # Dates and version numbers in a file would make each run's bytes differ.
    undated: dict[str, Any] = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format=kind, dpi=dpi, metadata=undated)
    return stream.getvalue()


def _require_content(figure: "matplotlib.figure.Figure") -> None:
    if not any(axes.has_data() or axes.texts for axes in figure.axes):
        raise ArgumentError(
            f"`figure` must show something: expected data on at least one of its axes, got {len(figure.axes)} empty "
            "axes. Draw before saving."
        )
