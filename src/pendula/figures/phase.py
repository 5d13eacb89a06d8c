"""Phase space: one coordinate of the state against another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note
from pendula.figures.canvas import drawing
from pendula.figures.lines import span_of
from pendula.figures.style import TRUTH, Quantity, Stroke, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_phase_portrait"]

DENSE = 20_000
"""Beyond this many samples a path is stored as dots, so that .svg and .pdf stay small."""


def draw_phase_portrait(
    first: Float[ndarray, " time"],
    second: Float[ndarray, " time"],
    *,
    runs: Mapping[str, tuple[Float[ndarray, " run"], Float[ndarray, " run"]]] | None = None,
    quantities: tuple[Quantity, Quantity] = (Quantity(name="x"), Quantity(name="v")),
    title: str = "Phase space",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the path of a record in a plane of its phase space, and free runs beside it.

    Args:
        first: The horizontal coordinate; a sample that is not finite breaks the path.
        second: The vertical coordinate.
        runs: Both coordinates of each free run.
        quantities: Names and units of both coordinates.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes. The record sets the limits; a dot marks its start; runs that leave the limits are noted.

    Examples:
        >>> turn = np.linspace(0.0, 6.0, 50)
        >>> axes = draw_phase_portrait(np.cos(turn), -np.sin(turn))
        >>> axes.get_xlabel(), axes.get_ylabel(), len(axes.lines)
        ('x', 'v', 2)
    """
    limits = [_limits(first), _limits(second)]
    lines = strokes(runs or {})
    with drawing(axes, width=4.0, height=3.6) as panel:
        _draw_path(panel, first, second, stroke=TRUTH, name="record", width=1.0)
        _mark_start(panel, first, second)
        for name, run in (runs or {}).items():
            clipped = [_clip(values, limit) for values, limit in zip(run, limits, strict=True)]
            _draw_path(panel, clipped[0], clipped[1], stroke=lines[name], name=name, width=1.1)
        panel.set_xlim(*limits[0])
        panel.set_ylim(*limits[1])
        panel.set_title(plain(title))
        panel.set_xlabel(quantities[0].label)
        panel.set_ylabel(quantities[1].label)
        off = [plain(shorten(name)) for name, run in (runs or {}).items() if _leaves(run, limits)]
        draw_note(panel, f"off scale: {', '.join(off)}" if off else "")
        draw_legend(panel)
        return panel


def _limits(values: Float[ndarray, " time"]) -> tuple[float, float]:
    low, high = span_of(values)
    margin = 0.15 * (high - low)
    return low - margin, high + margin


def _clip(values: Float[ndarray, " run"], limits: tuple[float, float]) -> Float[ndarray, " run"]:
    far = 20 * (limits[1] - limits[0])
    clipped: Float[ndarray, " run"] = np.clip(values, limits[0] - far, limits[1] + far)
    return clipped


def _leaves(run: tuple[Float[ndarray, " run"], Float[ndarray, " run"]], limits: list[tuple[float, float]]) -> bool:
    return any(bool(np.any((values < low) | (values > high))) for values, (low, high) in zip(run, limits, strict=True))


def _draw_path(
    axes: "matplotlib.axes.Axes",
    first: Float[ndarray, " path"],
    second: Float[ndarray, " path"],
    *,
    stroke: Stroke,
    name: str,
    width: float,
) -> None:
    axes.plot(
        first,
        second,
        color=stroke.color,
        linestyle=stroke.linestyle,
        linewidth=width if len(first) < DENSE else 0.4,
        rasterized=len(first) >= DENSE,
        label=plain(shorten(name)),
    )


def _mark_start(axes: "matplotlib.axes.Axes", first: Float[ndarray, " time"], second: Float[ndarray, " time"]) -> None:
    known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    if known.size:
        axes.plot(first[known[:1]], second[known[:1]], "o", color=TRUTH.color, markersize=4.5, label="start")
