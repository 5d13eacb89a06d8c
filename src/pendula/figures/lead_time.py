"""How the error grows with the lead time, over many origins."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing
from pendula.figures.lines import span_of
from pendula.figures.style import Quantity, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_lead_times", "lead_quantile"]

_LEAD = Quantity(name="lead time")

MOST = 1e12
"""What is larger than the smallest error by this factor leaves the panel."""

_ABSOLUTE = Quantity(name="absolute error")


def draw_lead_times(
    lead: Float[ndarray, " lead"],
    errors: Mapping[str, Float[ndarray, "origin lead"]],
    *,
    band: tuple[float, float] = (0.1, 0.9),
    banded: Sequence[str] | None = None,
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
        banded: The predictors that get one; all when left out. Many bands hide each other.
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
        bands = {
            name: [lead_quantile(table, share) for share in (band[0], 0.5, band[1])] for name, table in errors.items()
        }
        drawn = {name: curves if banded is None or name in banded else curves[1:2] for name, curves in bands.items()}
        floor, ceiling = _positive_span([curve for curves in drawn.values() for curve in curves])
        panel.set_ylim(floor, ceiling)
        for name, (low, middle, high) in bands.items():
            stroke = lines[name]
            if banded is None or name in banded:
                _draw_band(panel, lead, low, high, color=stroke.color, most=10 * ceiling)
            marker = "." if len(lead) <= 20 else ""
            panel.plot(
                lead,
                np.minimum(_drawable(middle), 10 * ceiling),
                color=stroke.color,
                linestyle=stroke.linestyle,
                marker=marker,
                label=plain(shorten(name)),
            )
        panel.set_xlim(float(np.min(lead)), float(np.max(lead))) if len(lead) > 1 else None
        panel.set_title(plain(title))
        panel.set_xlabel(clock.label)
        panel.set_ylabel(quantity.label)
        draw_note(panel, _remark(errors, band, banded))
        draw_legend(panel)
        return panel


def _draw_band(
    axes: "matplotlib.axes.Axes",
    lead: Float[ndarray, " lead"],
    low: Float[ndarray, " lead"],
    high: Float[ndarray, " lead"],
    *,
    color: str,
    most: float,
) -> None:
    # A band whose upper end has diverged reaches out of the panel.
    top = np.where(np.isnan(high), np.nan, np.minimum(high, most))
    axes.fill_between(lead, np.minimum(_drawable(low), most), top, color=color, alpha=0.15, linewidth=0)


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


def _positive_span(curves: list[Float[ndarray, " lead"]]) -> tuple[float, float]:
    curves = [_drawable(curve) for curve in curves]
    low, high = span_of(*curves)
    return (0.8 * low, 1.25 * min(high, MOST * low)) if low > 0 else (0.1, 1.0)


def _remark(
    errors: Mapping[str, Float[ndarray, "origin lead"]], band: tuple[float, float], banded: Sequence[str] | None
) -> str:
    diverged = [plain(shorten(name)) for name, table in errors.items() if np.isinf(table).any()]
    has_band = banded is None or len(banded) > 0
    note = "line: median" + (f", band: {100 * band[0]:g}–{100 * band[1]:g} % of origins" if has_band else "")
    return note + (f"\ndiverged from some origins: {', '.join(diverged)}" if diverged else "")


def _drawable(values: Float[ndarray, " lead"]) -> Float[ndarray, " lead"]:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)
