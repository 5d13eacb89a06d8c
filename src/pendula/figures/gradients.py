"""The flow of gradients: how large an error still is, so many steps back."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.errors import ArgumentError
from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing
from pendula.figures.style import Stroke, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_gradient_flow"]

_BOUND = Stroke(color="#808080", linestyle=(0, (1, 2)))
MOST_DECADES = 30.0
"""A curve that shrinks or grows by more is cut off, so that the others keep their shape."""


def draw_gradient_flow(
    log_norms: Mapping[str, Float[ndarray, " lag"]],
    *,
    bounds: tuple[float, float] | None = None,
    lines: Mapping[str, Stroke] | None = None,
    relative: bool = True,
    title: str = "Gradient by lag",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw norms of gradients against the lag, the steps between a state and the error, on a logarithmic scale.

    Args:
        log_norms: Natural logarithms by curve, from lag 0 on; not finite where there is no gradient.
        bounds: Below the first share a gradient is called vanishing, above the second exploding; drawn as lines.
        lines: Colors and dashes of the curves; those of networks where left out.
        relative: Draw each curve relative to its value at lag 0.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes, whose vertical axis counts powers of ten.

    Raises:
        ArgumentError: If there is no curve.

    Examples:
        >>> axes = draw_gradient_flow({"rnn": np.log(0.1) * np.arange(5.0)})
        >>> axes.lines[0].get_ydata().round(9).tolist()
        [0.0, -1.0, -2.0, -3.0, -4.0]
    """
    if not log_norms:
        raise ArgumentError("`log_norms` must hold a curve: expected norms by name, got none. Measure a flow first.")
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    chosen = strokes(log_norms) if lines is None else lines
    with drawing(axes) as panel:
        silent = []
        for name, curve in log_norms.items():
            decades = _decades(curve, relative=relative)
            if not np.isfinite(decades).any():
                silent.append(name)
                continue
            stroke = chosen[name]
            panel.plot(
                np.arange(len(decades)), decades, color=stroke.color, linestyle=stroke.linestyle,
                label=plain(shorten(name)),
            )  # fmt: skip
        for bound in bounds or ():
            panel.axhline(math.log10(bound), color=_BOUND.color, linestyle=_BOUND.linestyle, linewidth=0.9, zorder=1)
        panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$10^{{{value:.0f}}}$"))
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        panel.set_xlabel("steps back")
        panel.set_ylabel("norm relative to the last step" if relative else "norm of the gradient")
        panel.set_title(plain(title))
        draw_note(panel, f"no gradient: {', '.join(silent)}" if silent else "")
        draw_legend(panel)
        return panel


def _decades(log_norms: Float[ndarray, " lag"], *, relative: bool) -> Float[ndarray, " lag"]:
    finite = log_norms[np.isfinite(log_norms)]
    if not len(finite):
        return np.full(len(log_norms), np.nan)
    values = np.where(np.isfinite(log_norms), log_norms, np.nan) / math.log(10)
    from_start = values - finite[0] / math.log(10)
    shown = from_start if relative else values
    return np.where(np.abs(from_start) <= MOST_DECADES, shown, np.nan)
