"""Learning curves: the loss of each part after each epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing
from pendula.figures.lines import draw_line
from pendula.figures.style import Quantity, Stroke, plain, strokes

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
    "one step": Stroke(color="#0072B2"),
    "free run": Stroke(color="#D55E00", linestyle=(0, (5, 2))),
}


def draw_losses(
    losses: Mapping[str, Sequence[float | None]],
    *,
    best_epoch: int | None = None,
    first_epoch: int = 1,
    quantity: Quantity = _MSE,
    title: str = "Learning curves",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the loss of each part against the epoch, on a logarithmic axis.

    Args:
        losses: The losses by part ("train", "validation"), by kind, or by network, one an epoch; None where none
            was measured.
        best_epoch: The epoch whose weights were kept; it is marked. Epochs are counted from 1.
        first_epoch: The epoch of the first loss; 0 where the network was measured before training, too.
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
        lines = strokes(losses) | {name: stroke for name, stroke in _STROKES.items() if name in losses}
        for name, curve in curves.items():
            epochs = np.arange(first_epoch, first_epoch + len(curve))
            draw_line(panel, epochs, values=curve, stroke=lines[name], name=name)
        if best_epoch is not None:
            _mark(panel, best_epoch, curves, first=first_epoch)
        last = first_epoch - 1 + max((len(curve) for curve in curves.values()), default=1)
        panel.set_xlim(first_epoch - 0.02 * last - 0.3, 1.02 * last + 0.3)
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


def _mark(
    axes: "matplotlib.axes.Axes", epoch: int, curves: Mapping[str, Float[ndarray, " epoch"]], *, first: int
) -> None:
    axes.axvline(epoch, color="#808080", linewidth=0.8, linestyle=(0, (3, 2)), zorder=1, label=f"kept: epoch {epoch}")
    chosen = curves.get("validation", next(iter(curves.values()), np.empty(0)))
    row = epoch - first
    if 0 <= row < len(chosen) and np.isfinite(chosen[row]):
        axes.plot([epoch], [chosen[row]], "o", color="#404040", markersize=4, zorder=5)


def _note_missing(
    axes: "matplotlib.axes.Axes",
    losses: Mapping[str, Sequence[float | None]],
    curves: Mapping[str, Float[ndarray, " epoch"]],
) -> None:
    measured = {name: sum(value is not None for value in values) for name, values in losses.items()}
    counts = {name: measured[name] - int(np.isfinite(curve).sum()) for name, curve in curves.items()}
    remarks = [
        f"{name}: {count} epoch{'' if count == 1 else 's'} not drawable" for name, count in counts.items() if count
    ]
    draw_note(axes, "\n".join(remarks))


def _widen(axes: "matplotlib.axes.Axes") -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = axes.get_ylim()
    if axes.get_yscale() != "log" or high >= 30 * low:
        return
    # Noise would look like learning if a panel showed less than a factor of two.
    middle = float(np.sqrt(low * high))
    low, high = min(low, middle / 1.5), max(high, middle * 1.5)
    axes.set_ylim(low, high)
    # Powers of ten alone would leave the axis without a number.
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if high > 4 * low else MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
