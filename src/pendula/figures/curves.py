"""Predictions beside the truth: one step ahead, and running freely."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note, draw_time_label
from pendula.figures.canvas import drawing
from pendula.figures.lines import draw_line, span_of
from pendula.figures.style import CLOCK, TRUTH, VALUE, Quantity, Stroke, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_curves", "draw_free_runs", "draw_predictions"]


def draw_predictions(
    time: Shaped[ndarray, " time"],
    truth: Float[ndarray, " time"],
    *,
    predictions: Mapping[str, Float[ndarray, " time"]],
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
    title: str = "One step ahead",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw one-step predictions over the test part.

    Args:
        time: Of the test part.
        truth: What came.
        predictions: What each predictor said one step before.
        quantity: Name and unit of the values.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> time = np.arange(5.0)
        >>> axes = draw_predictions(time, np.sin(time), predictions={"lstm": np.sin(time) + 0.1})
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['truth', 'lstm']
    """
    with drawing(axes) as panel:
        draw_curves(panel, time, truth=truth, curves=predictions, lines=strokes(predictions), clock=clock)
        panel.set_title(plain(title))
        panel.set_ylabel(quantity.label)
        draw_legend(panel)
        return panel


def draw_free_runs(
    time: Shaped[ndarray, " time"],
    truth: Float[ndarray, " time"],
    *,
    runs: Mapping[str, Float[ndarray, " time"]],
    observed: Float[ndarray, " time"] | None = None,
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
    title: str = "Free run",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw free runs of networks and baselines over the test part; the truth sets the limits.

    Args:
        time: Of the test part.
        truth: What came.
        runs: What each predictor said when fed with its own predictions only.
        observed: Noisy observations of the truth, drawn as dots beneath; None where the truth is what was observed.
        quantity: Name and unit of the values.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes. A run that leaves the limits is named in a note, with the time when it does.

    Examples:
        >>> time = np.arange(5.0)
        >>> axes = draw_free_runs(time, np.sin(time), runs={"linear": 10.0**time})
        >>> axes.texts[0].get_text()
        'off scale: linear from t = 1'
    """
    with drawing(axes) as panel:
        if observed is not None:
            panel.plot(time, observed, ".", color=TRUTH.color, markersize=3.5, alpha=0.7, label="observed", zorder=0)
        draw_curves(panel, time, truth=truth, curves=runs, lines=strokes(runs), clock=clock)
        panel.set_title(plain(title))
        panel.set_ylabel(quantity.label)
        draw_legend(panel)
        return panel


def draw_curves(
    axes: "matplotlib.axes.Axes",
    time: Shaped[ndarray, " time"],
    *,
    truth: Float[ndarray, " time"],
    curves: Mapping[str, Float[ndarray, " time"]],
    lines: Mapping[str, Stroke],
    clock: Quantity,
) -> None:
    """Draw the truth and curves beside it, within limits that the truth sets, and note which curves leave them.

    Args:
        axes: Where to draw.
        time: The common time of all curves.
        truth: What came, drawn broad and gray under the others.
        curves: The curves by name.
        lines: The stroke of each curve.
        clock: Name and unit of the time.

    Examples:
        >>> with drawing(None) as axes:
        ...     draw_curves(axes, np.arange(2.0), truth=np.ones(2), curves={}, lines={}, clock=Quantity(name="t"))
        >>> axes.get_xlabel()
        't'
    """
    low, high = span_of(truth)
    margin = 0.3 * (high - low)
    # Far beyond the limits a curve is drawn no further: a diverged run may hold numbers that overflow on paper.
    far = 20 * (high - low)
    draw_line(axes, time, values=truth, stroke=TRUTH, name="truth", width=2.6)
    axes.lines[-1].set_alpha(0.45)
    for name, curve in curves.items():
        drawn = np.clip(curve, low - far, high + far)
        draw_line(axes, time, values=drawn, stroke=lines[name], name=name, width=1.1)
    axes.set_ylim(low - margin, high + margin)
    if len(time) > 1:
        axes.set_xlim(time.min(), time.max())
    draw_time_label(axes, time, clock=clock)
    draw_note(axes, _off_scale(time, curves, (low - margin, high + margin), clock))


def _off_scale(
    time: Shaped[ndarray, " time"],
    curves: Mapping[str, Float[ndarray, " time"]],
    limits: tuple[float, float],
    clock: Quantity,
) -> str:
    remarks = []
    for name, curve in curves.items():
        leaves = np.flatnonzero(_is_off(curve, limits))
        if leaves.size:
            remarks.append(f"{plain(shorten(name))} from {clock.name} = {_moment(time[leaves[0]], clock)}")
    shown = remarks[:3] + ([f"and {len(remarks) - 3} more"] if len(remarks) > 3 else [])
    return "off scale: " + ",\n".join(shown) if shown else ""


def _is_off(curve: Float[ndarray, " time"], limits: tuple[float, float]) -> Bool[ndarray, " time"]:
    low, high = limits
    # NaN in the middle is a gap; NaN up to the end is a run that has left the finite numbers.
    finite = np.flatnonzero(np.isfinite(curve))
    ended = np.arange(len(curve)) > (finite[-1] if finite.size else -1)
    is_off: Bool[ndarray, " time"] = (curve < low) | (curve > high) | ended
    return is_off


def _moment(time: np.generic, clock: Quantity) -> str:
    if isinstance(time, np.datetime64):
        return str(np.datetime_as_string(time, unit="m")).removesuffix("T00:00").replace("T", " ")
    unit = clock.unit if clock.unit.strip() not in {"", "1"} else ""
    return f"{float(time):.4g} {unit}".rstrip()
