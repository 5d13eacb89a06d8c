"""How the error grows with the lead time, over many origins."""

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

__all__ = ["draw_lead_times", "lead_quantile"]

_LEAD = Quantity(name="lead time")

_ABSOLUTE = Quantity(name="absolute error")


def draw_lead_times(
    lead: Float[ndarray, " lead"],
    errors: Mapping[str, Float[ndarray, "origin lead"]],
    *,
    band: tuple[float, float] = (0.1, 0.9),
    quantity: Quantity = _ABSOLUTE,
    clock: Quantity = _LEAD,
    title: str = "Error against lead time",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the median error of each predictor against the lead time, with a band of quantiles over the origins.

    Args:
        lead: Lead times, in the unit of `clock`.
        errors: Absolute errors by predictor, a row for each origin; NaN is unknown, infinity is a diverged forecast.
        band: The lower and the upper quantile of the band.
        quantity: Name and unit of the error.
        clock: Name and unit of the lead time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes, logarithmic upwards. A median that ends early belongs to a predictor of which half has diverged.

    Examples:
        >>> lead = np.array([0.1, 0.2])
        >>> axes = draw_lead_times(lead, {"lstm": np.array([[1.0, 2.0], [3.0, 4.0], [2.0, 9.0]])})
        >>> axes.lines[0].get_ydata().tolist()
        [2.0, 4.0]
    """
    lines = strokes(errors)
    with drawing(axes) as panel:
        panel.set_yscale("log")
        ended = []
        for name, table in errors.items():
            low, middle, high = (_drawable(lead_quantile(table, share)) for share in (band[0], 0.5, band[1]))
            ceiling = np.where(np.isnan(high) & ~np.isnan(low), np.nanmax(high, initial=0.0) or low, high)
            panel.fill_between(lead, low, ceiling, color=lines[name].color, alpha=0.15, linewidth=0)
            panel.plot(
                lead, middle, color=lines[name].color, linestyle=lines[name].linestyle, label=plain(shorten(name)),
                marker="." if len(lead) <= 20 else "",
            )  # fmt: skip
            ended += [plain(shorten(name))] if np.isinf(table).any() else []
        panel.set_xlim(float(np.min(lead)), float(np.max(lead))) if len(lead) > 1 else None
        panel.set_title(plain(title))
        panel.set_xlabel(clock.label)
        panel.set_ylabel(quantity.label)
        draw_legend(panel)
        first, second = (f"{100 * share:.0f}" for share in band)
        note = f"line: median, band: {first}–{second} % of origins"
        draw_note(panel, note + (f"\ndiverged at some origins: {', '.join(ended)}" if ended else ""))
        return panel


def lead_quantile(errors: Float[ndarray, "origin lead"], share: float) -> Float[ndarray, " lead"]:
    """Find a quantile over the origins at each lead time, diverged forecasts counted as the largest errors.

    Args:
        errors: NaN is unknown and left out, infinity is a diverged forecast.
        share: Between 0 and 1.

    Returns:
        For each lead time an error that occurred; infinity where that many forecasts have diverged, NaN where nothing
        is known.

    Examples:
        >>> lead_quantile(np.array([[1.0, np.nan], [2.0, np.nan], [np.inf, np.nan]]), 0.5).tolist()
        [2.0, nan]
    """
    ranked = np.sort(errors, axis=0)  # NaN goes last
    known = np.sum(~np.isnan(errors), axis=0)
    place = np.ceil(share * (known - 1)).astype(np.int64).clip(min=0)
    return np.where(known > 0, np.take_along_axis(ranked, place[None], axis=0)[0], np.nan)


def _drawable(values: Float[ndarray, " lead"]) -> Float[ndarray, " lead"]:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)
