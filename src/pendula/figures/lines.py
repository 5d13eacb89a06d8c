"""Lines that tell the truth about a record: gaps stay open, peaks stay visible, nothing leaves the paper unsaid."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int, Shaped
from numpy import ndarray

from pendula.figures.style import Stroke, plain, shorten

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["break_gaps", "draw_line", "peak_rows", "span_of"]

FEW = 60
"""Up to this many samples each one is marked with a dot."""

BUCKETS = 2000
"""More stretches than a page has dots across: a longer record is drawn by the peaks of this many stretches."""


def break_gaps(
    time: Shaped[ndarray, " time"], values: Float[ndarray, " time"]
) -> tuple[Shaped[ndarray, " drawn"], Float[ndarray, " drawn"]]:
    """Put a missing sample into each hole of the time axis, so that no line bridges it.

    Args:
        time: Floats, integers or dates. A hole is a step beyond 1.5 times the median step, or a step back (the
            start of another trajectory).
        values: What was measured.

    Returns:
        Time and values with NaN in each hole.

    Examples:
        >>> time, values = break_gaps(np.array([0.0, 1.0, 5.0, 6.0]), np.ones(4))
        >>> time.tolist()
        [0.0, 1.0, 3.0, 5.0, 6.0]
        >>> values.tolist()
        [1.0, 1.0, nan, 1.0, 1.0]
    """
    steps = np.diff(time)
    still = np.zeros(1, dtype=steps.dtype)[0]
    forward = steps[steps > still]
    if forward.size == 0:
        return time, values
    holes = np.flatnonzero((steps > 1.5 * np.median(forward)) | (steps <= still)) + 1
    middles = time[holes - 1] + (time[holes] - time[holes - 1]) / 2
    return np.insert(time, holes, middles), np.insert(values, holes, np.nan)


def peak_rows(values: Float[ndarray, " time"], *, buckets: int = BUCKETS) -> Int[ndarray, " kept"]:
    """Choose the rows that show a long record as it is: the peaks of each stretch, and where it is missing.

    Args:
        values: The record.
        buckets: How many stretches to look at; a record of up to twice as many samples is kept whole.

    Returns:
        The rows to draw, ascending: the first, the lowest, the highest, the last and the first missing sample of each
        stretch.

    Examples:
        >>> peak_rows(np.array([0.0, 1.0, 9.0, 1.0, 0.0, -5.0, 0.0, 0.0]), buckets=2).tolist()
        [0, 2, 3, 4, 5, 7]
    """
    size = -(-len(values) // buckets)
    if size <= 2:
        return np.arange(len(values))
    count = -(-len(values) // size)
    padded = np.full(count * size, np.nan)
    padded[: len(values)] = values
    stretches = padded.reshape(count, size)
    missing = np.isnan(stretches)
    within = np.stack([
        np.zeros(count, dtype=np.int64),
        np.where(missing, np.inf, stretches).argmin(axis=1),
        np.where(missing, -np.inf, stretches).argmax(axis=1),
        np.full(count, size - 1),
        np.where(missing.any(axis=1), missing.argmax(axis=1), 0),
    ])
    rows: Int[ndarray, " kept"] = np.unique(within + np.arange(count) * size)
    return rows[rows < len(values)]


def draw_line(
    axes: "matplotlib.axes.Axes",
    time: Shaped[ndarray, " time"],
    *,
    values: Float[ndarray, " time"],
    stroke: Stroke,
    name: str | None = None,
    width: float = 1.2,
) -> None:
    """Draw one curve: holes stay open, single samples between holes get a dot, long records keep their peaks.

    Args:
        axes: Where to draw.
        time: The time of each sample.
        values: The samples; what is not finite is missing.
        stroke: Color and dash pattern.
        name: For the legend; None keeps the curve out of it.
        width: Of the line, in points.

    Examples:
        >>> from pendula.figures.canvas import drawing
        >>> with drawing(None) as axes:
        ...     draw_line(axes, np.arange(3.0), values=np.array([1.0, np.nan, 2.0]), stroke=Stroke(color="#000000"))
        >>> axes.lines[0].get_ydata().tolist()
        [1.0, nan, 2.0]
    """
    finite = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    time, finite = break_gaps(time, finite)
    rows = peak_rows(finite)
    time, finite = time[rows], finite[rows]
    marked = np.arange(len(finite)) if len(finite) <= FEW else _lonely_rows(finite)
    axes.plot(
        time,
        finite,
        color=stroke.color,
        linestyle=stroke.linestyle,
        linewidth=width,
        marker="." if marked.size else "",
        markersize=4,
        markevery=marked.tolist(),
        label=None if name is None else plain(shorten(name)),
    )


def span_of(*arrays: Float[ndarray, "..."]) -> tuple[float, float]:
    """Find the lowest and the highest finite value, with something between them.

    Args:
        *arrays: The values that a panel must show.

    Returns:
        Two different numbers; 0 and 1 where nothing is finite.

    Examples:
        >>> span_of(np.array([1.0, np.nan]), np.array([3.0, np.inf]))
        (1.0, 3.0)
        >>> span_of(np.array([2.0]))
        (1.0, 3.0)
    """
    finite = [array[np.isfinite(array)] for array in arrays]
    lows = [float(array.min()) for array in finite if array.size]
    highs = [float(array.max()) for array in finite if array.size]
    if not lows:
        return 0.0, 1.0
    low, high = min(lows), max(highs)
    margin = 0.5 * abs(low) or 1.0
    return (low, high) if high > low else (low - margin, high + margin)


def _lonely_rows(values: Float[ndarray, " time"]) -> Int[ndarray, " lonely"]:
    present = np.pad(np.isfinite(values), 1)
    return np.flatnonzero(present[1:-1] & ~present[:-2] & ~present[2:])
