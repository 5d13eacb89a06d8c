"""How large the errors are, and how often."""

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

__all__ = ["draw_error_histogram"]

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
        errors: Prediction less truth, by predictor; what is not finite is left out.
        quantity: Name and unit of the errors.
        bins: How many bins.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes. The limits let the best predictor be seen; what lies beyond them is noted.

    Examples:
        >>> axes = draw_error_histogram({"lstm": np.array([-0.1, 0.0, 0.1])}, quantity=Quantity(name="error", unit="V"))
        >>> axes.get_xlabel(), axes.get_legend().get_texts()[0].get_text()
        ('error (V)', 'lstm, MAE 0.0667')
    """
    finite = {name: values[np.isfinite(values)].astype(np.float64) for name, values in errors.items()}
    drawn = {name: values for name, values in finite.items() if values.size}
    limit = _limit(drawn)
    edges = np.linspace(-limit, limit, bins + 1)
    lines = strokes(errors)
    with drawing(axes) as panel:
        panel.axvline(0.0, color="#808080", linewidth=0.8, zorder=1)
        for name, values in drawn.items():
            shares = 100.0 * np.histogram(values, edges)[0] / values.size
            mae = float(np.abs(values).mean())
            legend = f"{plain(shorten(name))}, MAE {mae:.3g}"
            panel.stairs(
                shares, edges, color=lines[name].color, linestyle=lines[name].linestyle, linewidth=1.3, label=legend
            )
        panel.set_xlim(-limit, limit)
        panel.set_title(plain(title))
        panel.set_xlabel(quantity.label)
        panel.set_ylabel("samples (%)")
        draw_legend(panel)
        draw_note(panel, _beyond(errors, limit))
        return panel


def _limit(errors: Mapping[str, Float[ndarray, " time"]]) -> float:
    widths = [float(np.quantile(np.abs(values), 0.995)) for values in errors.values()]
    positive = [width for width in widths if width > 0]
    # Six times the narrowest distribution still shows it a dozen bins wide.
    return 1.05 * min(max(positive), 6 * min(positive)) if positive else 1.0


def _beyond(errors: Mapping[str, Float[ndarray, " time"]], limit: float) -> str:
    remarks = []
    for name, values in errors.items():
        known = values[~np.isnan(values)]
        share = 100.0 * float(np.mean(np.abs(known) > limit)) if known.size else 0.0
        if share >= 1.0:
            remarks.append(f"{plain(shorten(name))} {share:.0f} %")
        elif not known.size:
            remarks.append(f"{plain(shorten(name))} (no numbers)")
    return "off scale: " + ",\n".join(remarks) if remarks else ""
