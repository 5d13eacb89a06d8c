"""What is written on a panel: its legend, remarks, and the label of its time axis."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

from pendula.figures.style import Quantity

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_legend", "draw_note", "draw_time_label", "headroom"]


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
    width, height = _inches_of(axes)
    # At 8 points a character takes about 0.065 inches, the stroke beside a name 0.45, a row 0.16.
    columns = max(1, min(len(names), int(width / (0.45 + 0.065 * max(map(len, names))))))
    rows = -(-len(names) // columns)
    headroom(axes, min(0.6, (0.16 * rows + 0.08) / height))
    axes.legend(handles, names, loc="upper left", ncols=columns)


def draw_note(axes: "matplotlib.axes.Axes", text: str) -> None:
    """Write a remark into the lower left corner of a panel.

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
        paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
        axes.text(0.01, 0.02, text, transform=axes.transAxes, fontsize=7, style="italic", va="bottom", bbox=paper)


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


def headroom(axes: "matplotlib.axes.Axes", share: float) -> None:
    """Raise the upper limit of the vertical axis, so that a legend covers no data.

    Args:
        axes: Whose limit to raise; on a logarithmic axis the share is one of decades.
        share: The part of the panel's height to set free at its top, at least 0 and below 1.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None) as axes:
        ...     _ = axes.set_ylim(0.0, 3.0)
        ...     headroom(axes, 0.25)
        >>> tuple(float(limit) for limit in axes.get_ylim())
        (0.0, 4.0)
    """
    transform = axes.yaxis.get_transform()
    low, high = transform.transform(np.array(axes.get_ylim(), dtype=np.float64))
    raised = low + (high - low) / (1.0 - share)
    bottom, top = transform.inverted().transform(np.array([low, raised]))
    axes.set_ylim(bottom, top)


def _inches_of(axes: "matplotlib.axes.Axes") -> tuple[float, float]:
    # The position before the layout is done: a good estimate, where waiting for the layout would cost most of the time.
    figure = axes.get_figure(root=True)
    assert figure is not None
    size = axes.get_position().size * figure.get_size_inches()
    return float(size[0]), float(size[1])
