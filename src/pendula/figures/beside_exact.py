"""What was measured by lead time, beside what is known exactly."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing
from pendula.figures.style import Quantity, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_beside_exact"]

_LEAD = Quantity(name="lead time")
_VARIANCE = Quantity(name="variance of the forecast")
DOTS = 25
"""At most so many dots, so that the line beneath them shows."""


def draw_beside_exact(
    lead: Float[ndarray, " lead"],
    measured: Mapping[str, Float[ndarray, " lead"]],
    *,
    exact: Float[ndarray, " lead"],
    band: tuple[float, float] | None = None,
    quantity: Quantity = _VARIANCE,
    clock: Quantity = _LEAD,
    title: str = "Variance of the forecast",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw measured values as dots on the line of what is exact.

    Args:
        lead: Lead times, in the unit of `clock`.
        measured: Values by predictor.
        exact: What they should be.
        band: Between which values chance alone moves what is exact; None for no band.
        quantity: Name and unit of the values.
        clock: Name and unit of the lead time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> import numpy as np
        >>> lead = np.array([1.0, 2.0])
        >>> axes = draw_beside_exact(lead, {"drawn": np.array([1.1, 1.9])}, exact=np.array([1.0, 2.0]))
        >>> [line.get_ydata().tolist() for line in axes.lines]
        [[1.0, 2.0], [1.1, 1.9]]
    """
    colors = strokes(measured)
    step = -(-len(lead) // DOTS)
    with drawing(axes) as panel:
        if band is not None:
            panel.axhspan(*band, color="#808080", alpha=0.15, linewidth=0, label="by chance")
        panel.plot(lead, exact, color="#404040", label="exact")
        for name, values in measured.items():
            panel.plot(
                lead[::step],
                values[::step],
                linestyle="",
                marker="o",
                markersize=3.5,
                color=colors[name].color,
                label=plain(shorten(name)),
            )
        panel.set_title(plain(title))
        panel.set_xlabel(clock.label)
        panel.set_ylabel(quantity.label)
        draw_legend(panel)
        return panel
