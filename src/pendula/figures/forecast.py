"""A forecast that continues its record."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note, draw_time_label
from pendula.figures.canvas import drawing
from pendula.figures.lines import draw_line, span_of
from pendula.figures.style import CLOCK, TRUTH, VALUE, Quantity, Stroke, plain

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_forecast"]

_FORECAST = Stroke(color="#0072B2")
_FOLLOWED = Stroke(color=TRUTH.color, linestyle=(0, (1, 1)))


def draw_forecast(
    time: Shaped[ndarray, " time"],
    values: Float[ndarray, " time"],
    *,
    future: Shaped[ndarray, " step"],
    mean: Float[ndarray, " step"],
    lower: Float[ndarray, " step"] | None = None,
    upper: Float[ndarray, " step"] | None = None,
    truth: Float[ndarray, " step"] | None = None,
    coverage: float = 0.9,
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
    title: str = "Forecast",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the end of a record and its forecast, with the interval as a band.

    Args:
        time: Of the record.
        values: The record.
        future: The times that are forecast.
        mean: The forecast.
        lower: The lower end of the interval; None for none.
        upper: The upper end of the interval; None for none.
        truth: What followed, where it is known by now; None where it is not.
        coverage: The share of future values that the interval promises to hold.
        quantity: Name and unit of the values.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes: at most twice as much past as future, so that the future can be seen.

    Examples:
        >>> axes = draw_forecast(np.arange(3.0), np.ones(3), future=np.array([3.0, 4.0]), mean=np.array([1.0, 2.0]))
        >>> axes.lines[1].get_xdata().tolist()
        [2.0, 3.0, 4.0]
    """
    shown = slice(max(0, len(values) - max(2 * len(mean), 20)), None)
    time, values = time[shown], values[shown]
    joined, line = _joined(time, values, future, mean)
    low, high = _limits(values if truth is None else np.concatenate([values, truth]), mean, lower, upper)
    # A line may leave the panel, but not with numbers that overflow on paper.
    far = (low - 20 * (high - low), high + 20 * (high - low))
    with drawing(axes) as panel:
        draw_line(panel, time, values=values, stroke=TRUTH, name="record")
        if lower is not None and upper is not None:
            _draw_band(panel, future, np.clip(lower, *far), np.clip(upper, *far), coverage=coverage)
        draw_line(panel, joined, values=np.clip(line, *far), stroke=_FORECAST, name="forecast")
        if truth is not None:
            draw_line(panel, future, values=truth, stroke=_FOLLOWED, name="what followed")
        panel.axvline(joined[0], color="#808080", linewidth=0.8, linestyle=(0, (3, 2)), zorder=0)
        panel.set_title(plain(title))
        panel.set_ylabel(quantity.label)
        draw_time_label(panel, future, clock=clock)
        panel.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ends = [end for end in (mean, lower, upper) if end is not None]
        draw_note(panel, "the forecast leaves the scale" if _leaves(ends, low, high) else "")
        draw_legend(panel)
        return panel


def _joined(
    time: Shaped[ndarray, " time"],
    values: Float[ndarray, " time"],
    future: Shaped[ndarray, " step"],
    mean: Float[ndarray, " step"],
) -> tuple[Shaped[ndarray, " drawn"], Float[ndarray, " drawn"]]:
    # A forecast starts where the record ends, unless the end is not known.
    if len(values) and np.isfinite(values[-1]):
        return np.concatenate([time[-1:], future]), np.concatenate([values[-1:], mean])
    return future, mean


def _draw_band(
    axes: "matplotlib.axes.Axes",
    future: Shaped[ndarray, " step"],
    lower: Float[ndarray, " step"],
    upper: Float[ndarray, " step"],
    *,
    coverage: float,
) -> None:
    axes.fill_between(
        future, lower, upper, color=_FORECAST.color, alpha=0.2, linewidth=0, label=f"{100 * coverage:g} % interval"
    )


def _limits(
    values: Float[ndarray, " time"],
    mean: Float[ndarray, " step"],
    lower: Float[ndarray, " step"] | None,
    upper: Float[ndarray, " step"] | None,
) -> tuple[float, float]:
    # The record's own range, and up to its width again on each side: more would flatten what is known.
    low, high = span_of(values) if np.isfinite(values).any() else span_of(mean)
    width = high - low
    reach = span_of(values, *(end for end in (mean, lower, upper) if end is not None))
    return max(reach[0], low - width), min(reach[1], high + width)


def _leaves(ends: list[Float[ndarray, " step"]], low: float, high: float) -> bool:
    # NaN is where there is no interval
    return any(bool(np.any((end < low) | (end > high))) for end in ends)
