"""Learning curves: the loss of each part after each epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing
from pendula.figures.lines import draw_line
from pendula.figures.style import Quantity, Stroke, plain

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_losses"]

_MSE = Quantity(name="MSE")

MOST = 1e12
"""A loss larger than the smallest by this factor belongs to training that has diverged, and is not drawn."""

_STROKES = {
    "train": Stroke(color="#0072B2"),
    "validation": Stroke(color="#D55E00"),
    "test": Stroke(color="#CC79A7", linestyle=(0, (4, 2))),
}


def draw_losses(
    losses: Mapping[str, Sequence[float | None]],
    *,
    best_epoch: int | None = None,
    quantity: Quantity = _MSE,
    title: str = "Learning curves",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the loss of each part against the epoch, on a logarithmic axis.

    Args:
        losses: The losses by part ("train", "validation"), one an epoch; None or NaN where there is none.
        best_epoch: The epoch whose weights were kept, counted from 1; it is marked.
        quantity: Name and unit of the loss.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_losses({"train": [1.0, 0.1, 0.01]}, best_epoch=3)
        >>> axes.get_yscale(), axes.lines[0].get_xdata().tolist()
        ('log', [1, 2, 3])
    """
    from matplotlib.ticker import MaxNLocator

    with drawing(axes) as panel:
        curves = _drawable({name: _positive(values) for name, values in losses.items()})
        if any(np.isfinite(curve).any() for curve in curves.values()):
            panel.set_yscale("log")
        for name, curve in curves.items():
            stroke = _STROKES.get(name, Stroke(color="#009E73"))
            draw_line(panel, np.arange(1, len(curve) + 1), values=curve, stroke=stroke, name=name)
        if best_epoch is not None:
            _mark(panel, best_epoch, curves)
        last = max((len(curve) for curve in curves.values()), default=1)
        panel.set_xlim(1 - 0.02 * last - 0.3, 1.02 * last + 0.3)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        panel.set_title(plain(title))
        panel.set_xlabel("epoch")
        panel.set_ylabel(quantity.label)
        _widen(panel)
        _note_missing(panel, losses, curves)
        draw_legend(panel)
        return panel


def _positive(values: Sequence[float | None]) -> Float[ndarray, " epoch"]:
    losses = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.where(np.isfinite(losses) & (losses > 0), losses, np.nan)


def _drawable(curves: Mapping[str, Float[ndarray, " epoch"]]) -> dict[str, Float[ndarray, " epoch"]]:
    lowest = min((float(np.nanmin(curve)) for curve in curves.values() if np.isfinite(curve).any()), default=1.0)
    return {name: np.where(curve <= MOST * lowest, curve, np.nan) for name, curve in curves.items()}


def _mark(axes: "matplotlib.axes.Axes", epoch: int, curves: Mapping[str, Float[ndarray, " epoch"]]) -> None:
    axes.axvline(epoch, color="#808080", linewidth=0.8, linestyle=(0, (3, 2)), zorder=1, label=f"kept: epoch {epoch}")
    chosen = curves.get("validation", next(iter(curves.values()), np.empty(0)))
    if 1 <= epoch <= len(chosen) and np.isfinite(chosen[epoch - 1]):
        axes.plot([epoch], [chosen[epoch - 1]], "o", color="#404040", markersize=4, zorder=5)


def _note_missing(
    axes: "matplotlib.axes.Axes",
    losses: Mapping[str, Sequence[float | None]],
    curves: Mapping[str, Float[ndarray, " epoch"]],
) -> None:
    counts = {name: len(losses[name]) - int(np.isfinite(curve).sum()) for name, curve in curves.items()}
    draw_note(axes, "\n".join(f"{name}: {count} epochs not drawable" for name, count in counts.items() if count))


def _widen(axes: "matplotlib.axes.Axes") -> None:
    # Within one decade a logarithmic axis would carry no number at all.
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log" and high < 10 * low:
        middle = float(np.sqrt(low * high))
        axes.set_ylim(min(low, middle / 4), max(high, middle * 4))
