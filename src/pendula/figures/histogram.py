"""How large the errors are, and how often."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing
from pendula.figures.style import Quantity, Stroke, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_error_histogram"]

ALIKE = 8.0
"""Distributions whose widths differ by a larger factor are drawn on a logarithmic axis."""

MOST = 1e6
"""Errors larger than the narrowest distribution by this factor are not drawn."""

NEEDLE = 1e3
"""A distribution as many times narrower than the first one is named, not drawn."""

_ERROR = Quantity(name="error")


def draw_error_histogram(
    errors: Mapping[str, Float[ndarray, " time"]],
    *,
    quantity: Quantity = _ERROR,
    bins: int = 41,
    title: str = "One-step errors",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the distribution of each predictor's errors as an outline, on common bins.

    Args:
        errors: Prediction less truth, by predictor, the one that matters most first; NaN is unknown, infinity is
            diverged.
        quantity: Name and unit of the errors.
        bins: How many bins.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes. The limits let the best predictor be seen; what lies beyond them is counted in the legend. Where the
        widths differ by more than a factor of eight, the axis is logarithmic away from zero. A predictor a thousand
        times as narrow as the first would be a needle: it stands in the legend alone.

    Examples:
        >>> axes = draw_error_histogram({"lstm": np.array([-0.1, 0.0, 0.1])}, quantity=Quantity(name="error", unit="V"))
        >>> axes.get_xlabel(), axes.get_legend().get_texts()[0].get_text()
        ('error (V)', 'lstm, MAE 0.0667')
    """
    finite = {name: values[np.isfinite(values)].astype(np.float64) for name, values in errors.items()}
    width_of = {name: _width(values) for name, values in finite.items()}
    least = next((width for width in width_of.values() if width > 0), 1.0) / NEEDLE
    needles = {name for name, width in width_of.items() if 0 < width < least}
    widths = [width for name, width in width_of.items() if width > 0 and name not in needles] or [1.0]
    limit = 1.05 * min(max(widths), MOST * min(widths))
    lines = strokes(errors)
    with drawing(axes) as panel:
        edges = np.linspace(-limit, limit, bins + 1)
        if limit > ALIKE * min(widths):
            # Linear around zero, logarithmic beyond: the narrow and the broad distribution can both be seen.
            scale = min(widths) / 3
            edges = scale * np.sinh(np.linspace(-1.0, 1.0, bins + 1) * np.arcsinh(limit / scale))
            panel.set_xscale("symlog", linthresh=min(widths), linscale=1.0)
            panel.set_xticks(_ticks(min(widths), limit))
            panel.minorticks_off()
        panel.axvline(0.0, color="#808080", linewidth=0.8, zorder=1)
        for name, values in errors.items():
            _draw_outline(panel, name, values, edges=edges, stroke=lines[name], is_needle=name in needles)
        panel.set_xlim(-limit, limit)
        panel.set_title(plain(title))
        panel.set_xlabel(quantity.label)
        panel.set_ylabel("samples (%)")
        draw_legend(panel)
        return panel


def _width(errors: Float[ndarray, " time"]) -> float:
    return float(np.quantile(np.abs(errors), 0.995)) if errors.size else 0.0


def _ticks(narrow: float, limit: float) -> list[float]:
    # A power of ten inside the linear part is labeled only where few decades follow: zero's label stands close by.
    inside = 3.0 if limit < 100 * narrow else 1.0
    first, last = int(np.ceil(np.log10(narrow / inside))), int(np.floor(np.log10(limit)))
    powers = [10.0**exponent for exponent in range(first, last + 1, 1 + (last - first) // 2)]
    return [*(-power for power in reversed(powers)), 0.0, *powers]


def _draw_outline(
    axes: "matplotlib.axes.Axes",
    name: str,
    errors: Float[ndarray, " time"],
    *,
    edges: Float[ndarray, " edge"],
    stroke: Stroke,
    is_needle: bool,
) -> None:
    known = errors[~np.isnan(errors)].astype(np.float64)
    shares = 100.0 * np.histogram(known, edges)[0] / max(known.size, 1)
    legend = f"{plain(shorten(name))}, {_describe(known, 100.0 - float(shares.sum()))}"
    if is_needle:
        shares, legend = np.zeros_like(shares), f"{legend} (too narrow to draw)"
    axes.stairs(shares, edges, color=stroke.color, linestyle=stroke.linestyle, linewidth=1.3, label=legend)


def _describe(errors: Float[ndarray, " time"], off_scale: float) -> str:
    if not errors.size:
        return "no numbers"
    mae = float(np.abs(errors).mean())
    text = f"MAE {mae:.3g}" if np.isfinite(mae) else "diverged"
    return f"{text} ({off_scale:.0f} % off scale)" if off_scale >= 1.0 else text
