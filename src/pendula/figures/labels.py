"""Labels that were told: which are mixed up, what thresholds cost, and when regimes switch."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy import ndarray

from pendula.errors import ShapeError
from pendula.figures.annotations import draw_legend, draw_time_label
from pendula.figures.canvas import drawing
from pendula.figures.style import CLOCK, TRUTH, VALUE, Quantity, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_confusion", "draw_onset", "draw_regimes", "draw_roc"]

REGIME_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#595959")
"""Okabe and Ito's colors in an order whose neighbors differ in brightness, too."""


def draw_confusion(
    counts: Int[ndarray, "truth told"],
    classes: Sequence[str],
    *,
    title: str = "Told for each label",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how often each label was told for each: counts, on the shade of their share of the true label.

    Args:
        counts: A row for each true label, a column for each told one.
        classes: The labels.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Raises:
        ShapeError: If there is not a row and a column for each label.

    Examples:
        >>> axes = draw_confusion(np.array([[9, 1], [0, 5]]), ["a", "b"])
        >>> [text.get_text() for text in axes.texts]
        ['9', '1', '0', '5']
    """
    if counts.shape != (len(classes), len(classes)):
        raise ShapeError(
            f"`counts` must have a row and a column for each label: expected {(len(classes), len(classes))}, got "
            f"{counts.shape}. Name all labels."
        )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [plain(shorten(name, width=14)) for name in classes]
    with drawing(axes, width=3.6, height=3.2) as panel:
        panel.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="equal")
        if len(classes) <= 12:
            for row, column in np.ndindex(*counts.shape):
                color = "white" if shares[row, column] > 0.6 else "#202020"
                panel.text(column, row, str(counts[row, column]), ha="center", va="center", color=color, fontsize=8)
        ticks = np.arange(len(classes)) if len(classes) <= 24 else np.arange(0, len(classes), len(classes) // 12)
        panel.set_xticks(ticks, [names[tick] for tick in ticks], rotation=30 if max(map(len, names)) > 4 else 0)
        panel.set_yticks(ticks, [names[tick] for tick in ticks])
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        panel.set_xlabel("told")
        panel.set_ylabel("true")
        panel.set_title(title)
        return panel


def draw_roc(
    curves: Mapping[str, tuple[Float[ndarray, " threshold"], Float[ndarray, " threshold"]]],
    *,
    title: str = "Found, at the price of false alarms",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw ROC curves.

    Args:
        curves: Rates of false alarms and of what was found, by name.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes; the legend names the areas under the curves.

    Examples:
        >>> axes = draw_roc({"a": (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))})
        >>> axes.get_legend().get_texts()[0].get_text()
        'a, area 1'
    """
    lines = strokes(curves)
    with drawing(axes, width=3.6, height=3.2) as panel:
        panel.plot([0.0, 1.0], [0.0, 1.0], color="#BFBFBF", linewidth=0.6)
        for name, (alarms, found) in curves.items():
            area = float(np.trapezoid(found, alarms))
            panel.plot(
                alarms,
                found,
                color=lines[name].color,
                linestyle=lines[name].linestyle,
                label=f"{plain(shorten(name))}, area {area:.4g}",
                clip_on=False,
            )
        panel.set_xlim(0.0, 1.0)
        panel.set_ylim(0.0, 1.0)
        panel.set_aspect("equal")
        panel.set_xlabel("share of the others taken for it")
        panel.set_ylabel("share of the label found")
        panel.set_title(title)
        draw_legend(panel)
        return panel


def draw_regimes(
    time: Shaped[ndarray, " time"],
    labels: Mapping[str, Int[ndarray, " time"]],
    classes: Sequence[str],
    *,
    onsets: Int[ndarray, " switch"] | None = None,
    clock: Quantity = CLOCK,
    title: str = "Regimes",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw labels over time, a strip of colors for each that told them.

    Args:
        time: Floats, integers or dates.
        labels: A class for each row, by who told it, from top to bottom; −1 where none.
        classes: The labels.
        onsets: Rows at which the true label switches; a line across all strips.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_regimes(np.arange(4.0), {"truth": np.array([0, 0, 1, 1])}, ["calm", "wild"])
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['calm', 'wild']
    """
    from matplotlib.patches import Patch

    with drawing(axes, height=2.2) as panel:
        for place, codes in enumerate(labels.values()):
            _strip(panel, time, codes, place)
        for row in onsets if onsets is not None else ():
            panel.axvline(time[row], color=TRUTH.color, linewidth=0.6, linestyle=(0, (2, 2)))
        panel.set_yticks(range(len(labels)), [plain(shorten(name)) for name in labels])
        panel.set_ylim(len(labels) - 0.45, -0.55)
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)
        panel.set_title(title)
        draw_time_label(panel, time, clock=clock)
        named = list(enumerate(classes))[: len(REGIME_COLORS)]
        handles = [Patch(color=_color(code), label=plain(shorten(name))) for code, name in named]
        panel.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=min(4, len(handles)))
        return panel


def draw_onset(
    time: Shaped[ndarray, " time"],
    values: Float[ndarray, " time"],
    *,
    true: int | None,
    told: int | None,
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
    title: str = "Onset",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw a record with the row at which something truly begins, and the row at which that is told.

    Args:
        time: Floats, integers or dates.
        values: The record.
        true: Row of the true onset; None where there is none.
        told: Row of the told one; None where none was told.
        quantity: Name and unit of the values.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_onset(np.arange(4.0), np.array([0.0, 0.0, 1.0, 0.5]), true=2, told=2)
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['true onset', 'told onset']
    """
    with drawing(axes, height=2.2) as panel:
        panel.plot(time, values, color=TRUTH.color, linewidth=0.9)
        if true is not None:
            panel.axvline(time[true], color=REGIME_COLORS[0], linewidth=1.4, label="true onset")
        if told is not None:
            panel.axvline(time[told], color=REGIME_COLORS[5], linewidth=1.4, linestyle=(0, (3, 2)), label="told onset")
        panel.set_ylabel(quantity.label)
        panel.set_title(title)
        draw_time_label(panel, time, clock=clock)
        draw_legend(panel)
        return panel


def _strip(
    panel: "matplotlib.axes.Axes", time: Shaped[ndarray, " time"], codes: Int[ndarray, " time"], place: int
) -> None:
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]])
    for start, stop in pairwise(cuts.tolist()):
        if codes[start] >= 0:
            # A stretch reaches to the next one's first row, so that no white strip stays between them.
            ends = [time[start], time[min(stop, len(time) - 1)]]
            panel.fill_between(ends, place - 0.4, place + 0.4, color=_color(int(codes[start])), linewidth=0)


def _color(code: int) -> str:
    return REGIME_COLORS[code % len(REGIME_COLORS)]
