"""What is written on a panel: its legend, remarks, and the label of its time axis."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

from pendula.figures.style import Quantity

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_legend", "draw_note", "draw_time_label", "inches_of", "make_room"]

ROW = 0.16
"""Height of a row of the legend, in inches."""


def draw_legend(axes: "matplotlib.axes.Axes") -> None:
    """Put the legend into a strip of its own at the top of the panel.

    Args:
        axes: A panel whose curves are drawn; without named curves nothing happens.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None) as axes:
        ...     _ = axes.plot([0.0, 1.0], label="truth")
        ...     draw_legend(axes)
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['truth']
    """
    handles, names = axes.get_legend_handles_labels()
    if not names:
        return
    width, height = inches_of(axes)
    columns = _columns(names, width)
    make_room(axes, top=min(0.6, (ROW * -(-len(names) // columns) + 0.08) / height))
    legend = axes.legend(
        handles,
        names,
        loc="upper left",
        ncols=columns,
        frameon=True,
        framealpha=0.8,
        facecolor="white",
        edgecolor="none",
        borderpad=0.2,
    )
    for patch in legend.get_patches():
        patch.set(edgecolor="#808080", linewidth=0.5)


def draw_note(axes: "matplotlib.axes.Axes", text: str) -> None:
    """Write a remark into a strip of its own at the foot of a panel.

    Args:
        axes: The panel.
        text: The remark; an empty one is not written.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None) as axes:
        ...     draw_note(axes, "off scale: linear")
        >>> axes.texts[0].get_text()
        'off scale: linear'
    """
    if text:
        height = inches_of(axes)[1]
        make_room(axes, bottom=min(0.4, (0.13 * (text.count("\n") + 1) + 0.06) / height))
        axes.text(0.01, 0.02, text, transform=axes.transAxes, fontsize=7, style="italic", va="bottom")


def draw_time_label(axes: "matplotlib.axes.Axes", time: Shaped[ndarray, " time"], *, clock: Quantity) -> None:
    """Label the horizontal axis with the time and its unit; dates carry none.

    Args:
        axes: The panel.
        time: The times that it shows.
        clock: Name and unit of the time.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None) as axes:
        ...     draw_time_label(axes, np.arange(3.0), clock=Quantity(name="t", unit="s"))
        >>> axes.get_xlabel()
        't (s)'
    """
    is_date = np.issubdtype(time.dtype, np.datetime64)
    axes.set_xlabel((Quantity(name=clock.name) if is_date else clock).label)


def make_room(axes: "matplotlib.axes.Axes", *, top: float = 0.0, bottom: float = 0.0) -> None:
    """Widen the limits of the vertical axis, so that a legend or a remark covers no data.

    Args:
        axes: Whose limits to widen; on a logarithmic axis the shares are of decades.
        top: The part of the panel's height to set free at its top, at least 0.
        bottom: The same at its foot; the sum of both stays below 1.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None) as axes:
        ...     _ = axes.set_ylim(0.0, 3.0)
        ...     make_room(axes, top=0.25)
        >>> tuple(float(limit) for limit in axes.get_ylim())
        (0.0, 4.0)
    """
    transform = axes.yaxis.get_transform()
    low, high = transform.transform(np.array(axes.get_ylim(), dtype=np.float64))
    height = (high - low) / (1.0 - top - bottom)
    foot, head = transform.inverted().transform(np.array([low - bottom * height, high + top * height]))
    axes.set_ylim(foot, head)


def _columns(names: Sequence[str], width: float) -> int:
    # At 8 points a character takes about 0.058 inches, the stroke beside a name and the blank after it 0.43.
    for columns in range(len(names), 1, -1):
        widest = [max(map(len, column)) for column in np.array_split(np.array(names, dtype=object), columns)]
        if sum(0.43 + 0.058 * letters for letters in widest) <= width:
            return columns
    return 1


def inches_of(axes: "matplotlib.axes.Axes") -> tuple[float, float]:
    """Estimate how large a panel is, from its place before the layout is done.

    The layout itself would cost more than the drawing, and moves the edges by the size of a label.

    Args:
        axes: The panel.

    Returns:
        Width and height in inches.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None, width=4.0, height=2.0) as axes:
        ...     inches_of(axes)
        (3.1, 1.54)
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    size = axes.get_position().size * figure.get_size_inches()
    return float(size[0]), float(size[1])
