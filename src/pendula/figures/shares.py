"""How good methods are over many series: the share of series on which each stays below an error."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing
from pendula.figures.style import Quantity, plain, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_shares"]

_ERROR = Quantity(name="error")


def draw_shares(
    errors: Mapping[str, Float[ndarray, " series"]],
    *,
    quantity: Quantity = _ERROR,
    title: str = "Errors over all series",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the distribution of each method's errors as a rising staircase, with its median on the line of one half.

    Args:
        errors: One for each series, by method.
        quantity: Name and unit of the errors.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes; the legend names the medians, the smallest first.

    Examples:
        >>> axes = draw_shares({"esn": np.array([1.0, 2.0, 6.0])}, quantity=Quantity(name="error", unit="%"))
        >>> axes.get_xlabel(), axes.get_legend().get_texts()[0].get_text()
        ('error (%)', 'esn, median 2')
    """
    medians = {name: float(np.median(values)) for name, values in errors.items()}
    lines = strokes(errors)
    with drawing(axes) as panel:
        panel.axhline(0.5, color="#BFBFBF", linewidth=0.6)
        for name in sorted(errors, key=lambda name: medians[name]):
            values = np.sort(errors[name])
            shares = np.arange(len(values) + 1) / len(values)
            panel.step(
                np.concatenate([[0.0], values]),
                shares,
                where="post",
                color=lines[name].color,
                linestyle=lines[name].linestyle,
                label=f"{plain(name)}, median {medians[name]:.3g}",
            )
            panel.plot([medians[name]], [0.5], marker="o", color=lines[name].color)
        panel.set_xlim(left=0.0)
        panel.set_ylim(0.0, 1.02)
        panel.set_yticks(np.linspace(0.0, 1.0, 6))
        panel.set_xlabel(quantity.label)
        panel.set_ylabel("share of series below")
        panel.set_title(title)
        draw_legend(panel)
        return panel
