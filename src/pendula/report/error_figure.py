"""The figure of errors: a histogram for each channel."""

from collections.abc import Mapping, Sequence

import numpy as np

from pendula.figures import Quantity, draw_error_histogram
from pendula.figures.style import shorten
from pendula.report.page import ReportFigure
from pendula.report.sheets import MOST_CHANNELS, draw_sheet, left_out
from pendula.shapes import Series

__all__ = ["error_sheet"]


def error_sheet(
    errors: Mapping[str, Series],
    names: Sequence[str],
    units: Sequence[str],
    *,
    title: str,
    what: str,
    remark: str = "",
    alt: str,
) -> ReportFigure:
    """Draw histograms of errors, a panel for each of the first channels.

    Args:
        errors: What was told minus the truth, by who told it.
        names: Of the channels.
        units: Of the channels.
        title: Above each panel.
        what: What was too low or too high, as in `a prediction was`.
        remark: What is said after the caption.
        alt: Says what the image shows.

    Returns:
        An image named errors.
    """
    rows = min(map(len, errors.values()))
    return draw_sheet(
        "errors",
        min(len(names), MOST_CHANNELS),
        beside=True,
        height=3.2,
        draw=lambda channel, axes: draw_error_histogram(
            {name: each[:, channel] for name, each in errors.items()},
            quantity=Quantity(name=f"error of {shorten(names[channel])}", unit=units[channel]),
            bins=int(np.clip(np.sqrt(rows), 11, 41)) // 2 * 2 + 1,
            title=title,
            axes=axes,
        ),
        caption=f"How often {what} too low (left) or too high (right); MAE is the mean absolute error.{remark}"
        f"{left_out(len(names))}",
        alt=alt,
    )
