"""A panel of text: names on the left, values on the right."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pendula.figures.annotations import inches_of
from pendula.figures.canvas import drawing
from pendula.figures.style import plain, shorten

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_summary"]


def draw_summary(
    rows: Mapping[str, str],
    *,
    title: str = "Summary",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Write a table of names and values.

    Args:
        rows: Names and values, in order; long values are wrapped.
        title: Above the panel.
        axes: Where to write; None makes a figure.

    Returns:
        The axes, without any axis.

    Examples:
        >>> axes = draw_summary({"network": "lstm", "one-step RMSE": "0.0133 rad"})
        >>> [text.get_text() for text in axes.texts]
        ['network', 'lstm', 'one-step RMSE', '0.0133 rad']
    """
    with drawing(axes) as panel:
        panel.set_axis_off()
        panel.set_title(plain(title))
        letters = int(0.5 * inches_of(panel)[0] / 0.058)
        wrapped = {name: textwrap.wrap(value, letters) or [""] for name, value in rows.items()}
        lines = max(12, sum(len(value) for value in wrapped.values()))
        size = min(8.5, 8.5 * 18 / lines)
        row = 0
        for name, value in wrapped.items():
            _write(panel, shorten(name, width=letters), left=0.0, height=1.0 - (row + 1) / lines, size=size)
            for line in value:
                row += 1
                _write(panel, line, left=0.5, height=1.0 - row / lines, size=size)
        return panel


def _write(axes: "matplotlib.axes.Axes", text: str, *, left: float, height: float, size: float) -> None:
    color = "#505050" if left == 0.0 else "#000000"
    axes.text(left, height, plain(text), transform=axes.transAxes, fontsize=size, color=color)
