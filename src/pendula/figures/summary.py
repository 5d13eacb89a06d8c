"""A panel of text: names on the left, values on the right."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pendula.figures.canvas import drawing
from pendula.figures.style import plain

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_summary"]


def draw_summary(
    rows: Mapping[str, str],
    *,
    title: str = "Summary",
    width: int = 30,
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Write a table of names and values.

    Args:
        rows: Names and values, in order; long values are wrapped.
        title: Above the panel.
        width: Characters of a value before it is wrapped.
        axes: Where to write; None makes a figure.

    Returns:
        The axes, without any axis.

    Examples:
        >>> axes = draw_summary({"network": "lstm", "one-step RMSE": "0.0133 rad"})
        >>> [text.get_text() for text in axes.texts]
        ['network', 'lstm', 'one-step RMSE', '0.0133 rad']
    """
    wrapped = {name: textwrap.wrap(value, width) or [""] for name, value in rows.items()}
    lines = sum(len(value) for value in wrapped.values())
    size = min(8.5, 8.5 * 15 / max(lines, 1))
    with drawing(axes) as panel:
        panel.set_axis_off()
        panel.set_title(plain(title))
        row = 0
        for name, value in wrapped.items():
            height = 0.97 - 0.97 * row / max(lines, 12)
            panel.text(0.0, height, plain(name), transform=panel.transAxes, va="top", fontsize=size, color="#505050")
            panel.text(0.46, height, plain("\n".join(value)), transform=panel.transAxes, va="top", fontsize=size)
            row += len(value)
        return panel
