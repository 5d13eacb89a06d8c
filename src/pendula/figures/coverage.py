"""How well intervals hold: coverage by lead time, and where the truth lies among what was expected."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing
from pendula.figures.style import Quantity, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_coverage", "draw_ranks"]

_LEAD = Quantity(name="lead time")
_PROMISED = "#808080"


def draw_coverage(
    lead: Float[ndarray, " lead"],
    shares: Mapping[str, Float[ndarray, " lead"]],
    *,
    spread: Float[ndarray, " lead"],
    coverage: float,
    clock: Quantity = _LEAD,
    title: str = "Coverage of the intervals",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the share of truths that intervals held against the lead time, beside what they promise.

    Args:
        lead: Lead times, in the unit of `clock`.
        shares: Shares that were held, by channel or by kind of interval.
        spread: Standard deviation of a share whose promise is exact, by chance alone.
        coverage: The share that is promised.
        clock: Name and unit of the lead time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes; the band is two standard deviations wide on each side of the promise.

    Examples:
        >>> lead = np.array([1.0, 2.0])
        >>> axes = draw_coverage(lead, {"x": np.array([0.9, 0.8])}, spread=np.array([0.05, 0.05]), coverage=0.9)
        >>> axes.lines[1].get_ydata().tolist()
        [90.0, 80.0]
    """
    lines = strokes(shares)
    with drawing(axes) as panel:
        low, high = (100 * np.clip(coverage + side * 2 * spread, 0.0, 1.0) for side in (-1.0, 1.0))
        panel.fill_between(lead, low, high, color=_PROMISED, alpha=0.2, linewidth=0, label="by chance")
        panel.axhline(100 * coverage, color=_PROMISED, linewidth=0.8, linestyle=(0, (3, 2)))
        for name, share in shares.items():
            panel.plot(
                lead,
                100 * share,
                color=lines[name].color,
                linestyle=lines[name].linestyle,
                marker="." if len(lead) <= 20 else "",
                label=plain(shorten(name)),
            )
        panel.set_xlim(float(np.min(lead)), float(np.max(lead))) if len(lead) > 1 else None
        least = min([float(np.nanmin(low)), *(100 * float(np.nanmin(share)) for share in shares.values())])
        panel.set_ylim(max(0.0, min(50.0, least - 3.0)), 101.0)
        panel.set_title(plain(title))
        panel.set_xlabel(clock.label)
        panel.set_ylabel("truth within the interval (%)")
        draw_note(panel, f"promised: {100 * coverage:g} %, band: two standard deviations")
        draw_legend(panel)
        return panel


def draw_ranks(
    density: Float[ndarray, " bin"],
    *,
    title: str = "Where the truth lies among what was expected",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the histogram of probability integral transforms.

    Args:
        density: In equal parts of [0, 1], as `pendula.metrics.pit_histogram` gives it.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes; flat at 1 is right.

    Examples:
        >>> draw_ranks(np.array([1.5, 0.5])).patches[0].get_data().values.tolist()
        [1.5, 0.5]
    """
    with drawing(axes) as panel:
        edges = np.linspace(0.0, 1.0, len(density) + 1)
        panel.stairs(density, edges, fill=True, color="#0072B2", alpha=0.35)
        panel.axhline(1.0, color=_PROMISED, linewidth=0.8, linestyle=(0, (3, 2)))
        panel.set_xlim(0.0, 1.0)
        panel.set_ylim(0.0, max(2.0, 1.1 * float(density.max())))
        panel.set_title(plain(title))
        panel.set_xlabel("probability of a value below the truth")
        panel.set_ylabel("density")
        draw_note(panel, "trough: too narrow, hump: too wide, slope: biased")
        return panel
