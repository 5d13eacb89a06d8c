"""The lecture's drawings of a network: folded, unrolled through time, and with the gradient that flows back (S17)."""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.errors import ArgumentError
from pendula.figures.canvas import drawing
from pendula.figures.network_shape import LayerShape, NetworkShape
from pendula.figures.style import plain, shorten

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_folded", "draw_gradient_arrows", "draw_unrolled"]

INPUT, LAYER, OUTPUT, ERROR = "#DCE9F5", "#DFF1EA", "#FCEBC8", "#F6DAD5"
ARROW, FAINT, BACK = "#404040", "#B0B0B0", "#B03A2E"

Place: TypeAlias = tuple[float | int, float | int]


def draw_folded(
    shape: NetworkShape, *, title: str = "Folded", axes: "matplotlib.axes.Axes | None" = None
) -> "matplotlib.axes.Axes":
    """Draw a network with its loops, and the size of each of its matrices.

    Args:
        shape: Of the network.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> from pendula.figures.network_shape import network_shape
        >>> from pendula.nn import GRU
        >>> axes = draw_folded(network_shape(GRU(1, 4)))
        >>> sorted(text.get_text() for text in axes.texts if "×" in text.get_text())
        ['$U$  12 × 1', '$W$  12 × 4']
    """
    rows = _rows(shape)
    with drawing(axes, width=4.0, height=1.1 + 0.85 * len(rows)) as panel:
        for level, (symbol, words, color) in enumerate(rows):
            _box(panel, (0.0, level), f"${symbol}_t$\n{words}", color, width=1.7, height=0.56)
        for level, label in enumerate(_between(shape, named=True)):
            _arrow(panel, (0.0, level + 0.28), (0.0, level + 0.72))
            panel.text(0.1, level + 0.5, label, ha="left", va="center", fontsize=7.5)
        first = 1 if shape.inputs else 0
        for index, layer in enumerate(shape.layers):
            _loop(panel, first + index)
            label = _matrix("W", layer.recurrent, index, len(shape.layers)) if layer.recurrent else "one step"
            panel.text(-1.3, first + index, label, ha="right", va="center", fontsize=7.5)
        _frame(panel, title, (-2.7, 1.6), (-0.4, len(rows) - 0.5))
        return panel


def draw_unrolled(
    shape: NetworkShape, *, steps: int = 4, title: str = "Unrolled", axes: "matplotlib.axes.Axes | None" = None
) -> "matplotlib.axes.Axes":
    """Draw a network through time: a column for each step, the same matrices in every one.

    Args:
        shape: Of the network.
        steps: Columns.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> from pendula.figures.network_shape import network_shape
        >>> from pendula.nn import GRU
        >>> axes = draw_unrolled(network_shape(GRU(1, 4)), steps=2)
        >>> [text.get_text() for text in axes.texts if text.get_text().startswith("$h")]
        ['$h_{t-1}$', '$h_t$']
    """
    _check_steps(steps)
    with drawing(axes, width=1.6 + 1.15 * steps, height=1.1 + 0.75 * len(_rows(shape))) as panel:
        _columns(panel, shape, steps, color=ARROW)
        _frame(panel, title, (-1.1, steps - 0.4), (-0.45, len(_rows(shape)) - 0.45))
        return panel


def draw_gradient_arrows(
    shape: NetworkShape,
    log_norms: Float[ndarray, "layer lag"],
    *,
    steps: int = 4,
    title: str = "The gradient through time",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how the gradient of the last step's error flows back through the unrolled network.

    Args:
        shape: Of the network.
        log_norms: Natural logarithms of the norm of the gradient in each layer, from lag 0 on, as
            `pendula.dynamics.gradient_flow` measures it; not finite where there is no gradient.
        steps: Columns; no more than there are lags.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes. Numbers are norms relative to the last layer's at the last step; arrows are the thinner the smaller
        they are.

    Raises:
        ArgumentError: If there is not a row for each layer, or are fewer lags than columns.

    Examples:
        >>> from pendula.figures.network_shape import network_shape
        >>> from pendula.nn import GRU
        >>> axes = draw_gradient_arrows(network_shape(GRU(1, 4)), np.log(0.1) * np.arange(3.0)[None], steps=3)
        >>> [text.get_text() for text in axes.texts if text.get_color() == BACK]
        ['1', '0.1', '0.01']
    """
    _check_steps(steps)
    if len(log_norms) != len(shape.layers) or log_norms.shape[1] < steps:
        raise ArgumentError(
            "`log_norms` must have a row for each layer and a column for each step: "
            f"expected {len(shape.layers)} × {steps} or more, got {log_norms.shape[0]} × {log_norms.shape[1]}."
        )
    first = 1 if shape.inputs else 0
    top = first + len(shape.layers)
    relative = np.exp(log_norms - log_norms[-1, 0])
    with drawing(axes, width=1.6 + 1.15 * steps, height=1.1 + 0.75 * (top + 1)) as panel:
        _columns(panel, NetworkShape(inputs=shape.inputs, layers=shape.layers), steps, color=FAINT)
        _box(panel, (steps - 1.0, top), "error", ERROR)
        _back(panel, (steps - 1.0, top - 0.2), (steps - 1.0, top - 0.8), 1.0)
        for index in range(len(shape.layers)):
            level = first + index
            if index + 1 < len(shape.layers):
                _back(panel, (steps - 0.92, level + 0.8), (steps - 0.92, level + 0.2), relative[index, 0])
            for lag in range(steps):
                column, norm = steps - 1 - lag, float(relative[index, lag])
                panel.text(column - 0.06, level + 0.3, _norm(norm), color=BACK, ha="right", va="center", fontsize=7)
                if lag + 1 < steps:
                    ahead = float(relative[index, lag + 1])
                    _back(panel, (column - 0.3, level + 0.09), (column - 0.7, level + 0.09), ahead)
        _frame(panel, title, (-1.1, steps - 0.2), (-0.45, top + 0.45))
        return panel


def _rows(shape: NetworkShape) -> list[tuple[str, str, str]]:
    # Symbol, words and color of each row, from below.
    rows = [("x", _inputs(shape), INPUT)] if shape.inputs else []
    for index, layer in enumerate(shape.layers):
        rows.append((_symbol("h", index, len(shape.layers)), _words(layer), LAYER))
    if shape.outputs:
        rows.append((r"\hat{y}", _count(shape.outputs, "output"), OUTPUT))
    return rows


def _inputs(shape: NetworkShape) -> str:
    words = _count(shape.inputs, "input")
    if not shape.controls:
        return words
    named = (
        plain(shorten(shape.controls[0], width=12)) if len(shape.controls) == 1 else f"{len(shape.controls)} controls"
    )
    return f"{words} with {named}"


def _words(layer: LayerShape) -> str:
    parts = "units" if layer.recurrent else "components"
    return f"{plain(layer.name)}, {layer.units} {parts}"


def _between(shape: NetworkShape, *, named: bool) -> list[str]:
    # The matrix of each upward arrow, from below; an equation has none.
    if all(layer.recurrent is None for layer in shape.layers):
        return ["corrects"] * bool(shape.inputs) + ["is measured"] * bool(shape.outputs)
    labels = []
    for index, layer in enumerate(shape.layers):
        if index or shape.inputs:
            labels.append(_matrix("U", layer.inputs if named else None, index, len(shape.layers)))
    return [*labels, _matrix("V", shape.head if named else None, 0, 1)] if shape.outputs else labels


def _columns(panel: "matplotlib.axes.Axes", shape: NetworkShape, steps: int, *, color: str) -> None:
    rows, upward = _rows(shape), _between(shape, named=False)
    first = 1 if shape.inputs else 0
    for column in range(steps):
        back = steps - 1 - column
        time = f"_{{t-{back}}}" if back else "_t"
        for level, (symbol, _, fill) in enumerate(rows):
            _box(panel, (column, level), f"${symbol}{time}$", fill)
        for level in range(len(rows) - 1):
            _arrow(panel, (column, level + 0.2), (column, level + 0.8), color=color)
        for index in range(len(shape.layers)):
            start = column - 0.72
            _arrow(panel, (start, first + index), (column - 0.28, first + index), color=color)
    for index in range(len(shape.layers)):
        label = _matrix("W", None, index, len(shape.layers)) if shape.layers[index].recurrent else "step"
        panel.text(-0.8, first + index, r"$\cdots$", ha="right", va="center", color=color)
        panel.text(0.5, first + index - 0.13, label, ha="center", va="top", fontsize=7.5)
    for level, label in enumerate(upward):
        panel.text(-0.07, level + 0.5, label, ha="right", va="center", fontsize=7.5)


def _symbol(letter: str, index: int, count: int) -> str:
    return letter if count == 1 else f"{letter}^{{({index + 1})}}"


def _matrix(letter: str, size: tuple[int, int] | None, index: int, count: int) -> str:
    name = f"${_symbol(letter, index, count)}$"
    return name if size is None else f"{name}  {size[0]} × {size[1]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _norm(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    if 1e-3 <= value < 1e4:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    power = int(np.floor(np.log10(value))) if value > 0 else 0
    return f"$10^{{{power}}}$" if value > 0 else "0"


def _box(
    panel: "matplotlib.axes.Axes", at: Place, words: str, color: str, *, width: float = 0.56, height: float = 0.4
) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (at[0] - width / 2, at[1] - height / 2)
    style = "round,pad=0,rounding_size=0.08"
    panel.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=color, edgecolor=ARROW, linewidth=0.7)
    )
    panel.text(*at, words, ha="center", va="center", fontsize=8, linespacing=1.25)


def _arrow(panel: "matplotlib.axes.Axes", start: Place, end: Place, *, color: str = ARROW, width: float = 0.9) -> None:
    look = {"arrowstyle": "-|>", "color": color, "linewidth": width, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    panel.annotate("", xy=end, xytext=start, arrowprops=look)


def _back(panel: "matplotlib.axes.Axes", start: Place, end: Place, norm: float) -> None:
    # A factor of ten takes a third off the width of the arrow.
    decades = np.log10(norm) if np.isfinite(norm) and norm > 0 else -10.0
    _arrow(panel, start, end, color=BACK, width=float(np.clip(2.4 * (2 / 3) ** (-decades), 0.4, 4.0)))


def _loop(panel: "matplotlib.axes.Axes", level: float | int) -> None:
    # Out of the layer to the left, and back into it one step later.
    panel.plot([-0.85, -1.2, -1.2, -1.1], np.array([0.14, 0.14, -0.14, -0.14]) + level, color=ARROW, linewidth=0.9)
    _arrow(panel, (-1.15, level - 0.14), (-0.85, level - 0.14))


def _frame(panel: "matplotlib.axes.Axes", title: str, wide: Place, high: Place) -> None:
    panel.set_xlim(*wide)
    panel.set_ylim(*high)
    panel.set_title(plain(title))
    panel.axis("off")


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ArgumentError(f"`steps` must be positive: expected 1 column or more, got {steps}.")
