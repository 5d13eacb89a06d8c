"""The flow of gradients: how large an error still is, so many steps back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from pendula.errors import ArgumentError
from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing, new_figure
from pendula.figures.style import Stroke, plain, shorten, strokes, style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["FlowPanel", "draw_gradient_flow", "draw_singular_values", "gradient_sheet"]

_BOUND = Stroke(color="#808080", linestyle=(0, (1, 2)))
MOST_DECADES = 30.0
"""A curve that shrinks or grows by more is cut off, so that the others keep their shape."""
ROUNDING_DECADES = 15.0
"""Singular values that are smaller than the largest by so many powers of ten are rounding."""


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
        _count_decades(panel)
        panel.set_ylabel("norm relative to the last step" if relative else "norm of the gradient")
        panel.set_title(plain(title))
        draw_note(panel, f"no gradient: {', '.join(silent)}" if silent else "")
        draw_legend(panel)
        return panel


def draw_singular_values(
    lags: Int[ndarray, " lag"],
    log_singular_values: Float[ndarray, "lag value"],
    *,
    color: str = "#0072B2",
    title: str = "Singular values",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the singular values of products of Jacobians against the lag, on a logarithmic scale.

    Args:
        lags: Steps that each product spans.
        log_singular_values: Natural logarithms, the largest first. What is smaller than the largest by 10¹⁵ is
            rounding, and is not drawn.
        color: Of the lines.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes, whose vertical axis counts powers of ten.

    Examples:
        >>> axes = draw_singular_values(np.array([0, 2]), np.log([[1.0, 1.0], [1.0, 0.01]]))
        >>> [line.get_ydata().round(9).tolist() for line in axes.lines]
        [[0.0, 0.0], [0.0, -2.0]]
    """
    decades = log_singular_values / math.log(10)
    seen = np.where(decades >= decades[:, :1] - ROUNDING_DECADES, decades, np.nan)
    with drawing(axes) as panel:
        for number, curve in enumerate(seen.T):
            width = 1.4 if number == 0 else 0.6
            panel.plot(lags, curve, color=color, linewidth=width, alpha=1.0 if number == 0 else 0.45)
        _count_decades(panel)
        panel.set_ylabel("singular value")
        panel.set_title(plain(title))
        return panel


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowPanel:
    """What one panel of a sheet shows.

    Attributes:
        title: Above it.
        log_norms: Norms by curve, for `draw_gradient_flow`.
        lines: Colors and dashes of the curves.
        bounds: Of vanishing and exploding gradients.
        relative: Whether each curve starts at 1.
    """

    title: str
    log_norms: Mapping[str, Float[ndarray, " lag"]]
    lines: Mapping[str, Stroke]
    bounds: tuple[float, float] | None = None
    relative: bool = True


def gradient_sheet(
    rows: Sequence[Sequence[FlowPanel]],
    spectra: Mapping[str, tuple[Int[ndarray, " lag"], Float[ndarray, "lag value"]]],
    last: FlowPanel,
) -> "matplotlib.figure.Figure":
    """Draw flows of gradients side by side, three to a row, and below them two spectra and one flow more.

    Panels of a row have one vertical axis, so that slopes can be compared.

    Args:
        rows: The panels.
        spectra: Lags and singular values by title.
        last: The panel beside the spectra.

    Returns:
        The figure.
    """
    with style():
        figure = new_figure(width=11.0, height=3.1 * (len(rows) + 1))
        grid = figure.add_gridspec(len(rows) + 1, 3)
        for at, row in enumerate(rows):
            made = [_draw_panel(panel, figure.add_subplot(grid[at, k])) for k, panel in enumerate(row)]
            low, high = (pick(axes.get_ylim()[side] for axes in made) for side, pick in ((0, min), (1, max)))
            for axes in made:
                axes.set_ylim(low, high)
        for k, (title, (lags, values)) in enumerate(spectra.items()):
            draw_singular_values(lags, values, title=title, axes=figure.add_subplot(grid[len(rows), k]))
        _draw_panel(last, figure.add_subplot(grid[len(rows), 2]))
        return figure


def _draw_panel(panel: FlowPanel, axes: "matplotlib.axes.Axes") -> "matplotlib.axes.Axes":
    return draw_gradient_flow(
        panel.log_norms,
        bounds=panel.bounds,
        lines=panel.lines,
        relative=panel.relative,
        title=panel.title,
        axes=axes,
    )


def _count_decades(axes: "matplotlib.axes.Axes") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"$10^{{{value:.0f}}}$"))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("steps back")


def _decades(log_norms: Float[ndarray, " lag"], *, relative: bool) -> Float[ndarray, " lag"]:
    finite = log_norms[np.isfinite(log_norms)]
    if not len(finite):
        return np.full(len(log_norms), np.nan)
    values = np.where(np.isfinite(log_norms), log_norms, np.nan) / math.log(10)
    from_start = values - finite[0] / math.log(10)
    shown = from_start if relative else values
    return np.where(np.abs(from_start) <= MOST_DECADES, shown, np.nan)
