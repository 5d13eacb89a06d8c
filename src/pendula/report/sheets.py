"""The sheets of a report: one image with a panel for each channel, and its words."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pendula.figures.canvas import new_figure, png
from pendula.figures.style import style
from pendula.report.page import ReportFigure

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["MOST_CHANNELS", "draw_sheet", "left_out"]

MOST_CHANNELS = 3
"""Panels are drawn of the first so many channels."""

WIDTH = 8.4
"""Of every sheet, in inches: as wide as the page."""


def draw_sheet(
    name: str,
    panels: int,
    *,
    draw: Callable[[int, "matplotlib.axes.Axes"], object],
    caption: str,
    alt: str,
    beside: bool = False,
    height: float = 2.9,
    low: int = 0,
) -> ReportFigure:
    """Draw an image of several panels.

    Args:
        name: Of the image's file.
        panels: How many panels there are.
        draw: Draws the panel of a number, counted from 0, on the axes that it is handed.
        caption: Stands under the image.
        alt: Says what the image shows.
        beside: Put the panels beside each other, not under each other.
        height: Of a panel, in inches.
        low: The last so many of the panels, which stand under each other, are half as high.

    Returns:
        The image with its words.

    Examples:
        >>> sheet = draw_sheet("line", 2, draw=lambda number, axes: axes.plot([0, number]), caption="Lines", alt="Two.")
        >>> sheet.name, sheet.png[1:4]
        ('line', b'PNG')
    """
    shares = [1.0] if beside else [1.0] * (panels - low) + [0.5] * low
    with style():
        figure = new_figure(width=WIDTH, height=height * sum(shares))
        grid = figure.add_gridspec(len(shares), panels if beside else 1, height_ratios=shares)
        for number in range(panels):
            draw(number, figure.add_subplot(grid[number]))
        return ReportFigure(name=name, caption=caption, alt=alt, png=png(figure))


def left_out(channels: int) -> str:
    """Say that not every channel is drawn.

    Args:
        channels: How many channels there are.

    Returns:
        A sentence that starts with a blank; nothing where all are drawn.

    Examples:
        >>> left_out(5), left_out(3)
        (' Only the first 3 of 5 channels are drawn.', '')
    """
    return f" Only the first {MOST_CHANNELS} of {channels} channels are drawn." if channels > MOST_CHANNELS else ""
