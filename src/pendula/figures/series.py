"""The record: what was measured, and which part is for what."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from pendula.errors import ShapeError
from pendula.figures.annotations import draw_legend, draw_time_label
from pendula.figures.canvas import drawing
from pendula.figures.lines import draw_line
from pendula.figures.style import CLOCK, PART_COLORS, TRUTH, VALUE, Quantity, Stroke, label, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_series"]


def draw_series(
    time: Shaped[ndarray, " time"],
    values: Float[ndarray, " time *channel"],
    *,
    quantities: Sequence[Quantity] = (VALUE,),
    clock: Quantity = CLOCK,
    parts: Mapping[str, tuple[int, int]] | None = None,
    title: str = "Series and split",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw a record, its gaps left open, its training, validation and test part shaded.

    Args:
        time: Floats, integers or dates.
        values: One column, or several.
        quantities: Name and unit of each column.
        clock: Name and unit of the time.
        parts: Half-open row ranges of the parts, by name ("train", "validation", "test").
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Raises:
        ShapeError: If there are not as many quantities as columns.

    Examples:
        >>> time = np.linspace(0.0, 6.0, 100)
        >>> axes = draw_series(time, np.sin(time), quantities=[Quantity(name="x", unit="rad")])
        >>> axes.get_ylabel()
        'x (rad)'
    """
    columns = values.reshape(len(time), -1)
    if columns.shape[1] != len(quantities):
        raise ShapeError(
            f"`quantities` must name each column: expected {columns.shape[1]} quantities, got {len(quantities)}. "
            "Give name and unit of every column."
        )
    with drawing(axes) as panel:
        _shade(panel, time, parts or {})
        lines = [TRUTH] if len(quantities) == 1 else _channel_strokes(len(quantities))
        for column, quantity, stroke in zip(columns.T, quantities, lines, strict=True):
            name = label(quantity.name, quantity.unit) if len(quantities) > 1 else None
            draw_line(panel, time, values=column, stroke=stroke, name=name, width=0.9)
        panel.set_title(title)
        panel.set_ylabel(quantities[0].label if len(quantities) == 1 else "")
        draw_time_label(panel, time, clock=clock)
        draw_legend(panel)
        return panel


def _channel_strokes(count: int) -> list[Stroke]:
    return list(strokes(f"channel {index}" for index in range(count)).values())


def _shade(axes: "matplotlib.axes.Axes", time: Shaped[ndarray, " time"], parts: Mapping[str, tuple[int, int]]) -> None:
    for name, (start, stop) in parts.items():
        # A part reaches to the next part's first sample, so that no white strip stays between them.
        end = time[min(stop, len(time) - 1)]
        axes.axvspan(time[start], end, color=PART_COLORS.get(name, "#EEEEEE"), linewidth=0, zorder=0, label=name)
    if parts:
        axes.set_xlim(np.min(time), np.max(time)) if len(time) > 1 else None
