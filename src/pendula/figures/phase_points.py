"""Phase portraits with fixed points and the directions in which disturbances of them decay or grow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing, new_figure
from pendula.figures.dynamics import STABLE, UNSTABLE
from pendula.figures.style import TRUTH, plain, style

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["MarkedPoint", "draw_state_space"]

DOTS = 4000
"""Longer orbits are drawn as dots."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MarkedPoint:
    """A fixed point in a picture.

    Attributes:
        at: Its coordinates, two or three.
        kind: stable, saddle or unstable.
        growing: Directions in which disturbances grow, one a row.
        decaying: Directions in which they decay most slowly, one a row.
    """

    at: Float[ndarray, " axis"]
    kind: str
    growing: Float[ndarray, "direction axis"] | None = None
    decaying: Float[ndarray, "direction axis"] | None = None


def draw_state_space(
    orbits: Sequence[Float[ndarray, "_ axis"]],
    points: Sequence[MarkedPoint] = (),
    *,
    names: Sequence[str] = ("first component", "second component", "third component"),
    title: str = "State space",
    dots: bool = False,
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw orbits in two or three coordinates, and fixed points with their directions.

    Args:
        orbits: States one after the other, two or three coordinates each.
        points: The fixed points: filled where stable, open where not.
        names: Of the coordinates.
        title: Above the panel.
        dots: Whether the states are drawn as dots, as those of no single orbit.
        axes: Where to draw, three-dimensional for three coordinates; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> turn = np.linspace(0, 6, 50)
        >>> circle = np.column_stack([np.cos(turn), np.sin(turn)])
        >>> axes = draw_state_space([circle], [MarkedPoint(at=np.zeros(2), kind="unstable")])
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['unstable']
    """
    width = len(orbits[0][0]) if orbits else len(points[0].at)
    if width == 3 and axes is None:
        with style():
            deep: Any = new_figure(width=5.0, height=4.6).add_subplot(projection="3d")
            deep.set_box_aspect(None, zoom=0.82)  # labels of three axes need room
            deep.tick_params(labelsize=8)
            deep.locator_params(nbins=5)
            return draw_state_space(orbits, points, names=names, title=title, dots=dots, axes=deep)
    with drawing(axes, width=4.2, height=3.8) as panel:
        anything: Any = panel  # two-dimensional or three-dimensional
        for orbit in orbits:
            dotted = dots or len(orbit) > DOTS
            anything.plot(
                *orbit.T,
                "," if dotted else "-",
                color=TRUTH.color,
                linewidth=0.6,
                alpha=0.5,
                rasterized=dotted,
            )
        reach = 0.12 * _size([*orbits, *(point.at[None] for point in points)])
        seen: set[str] = set()
        for point in points:
            _draw_point(anything, point, reach=reach, is_new=point.kind not in seen)
            seen.add(point.kind)
        for name, axis in zip(names, "xyz"[:width], strict=False):
            getattr(anything, f"set_{axis}label")(plain(name))
        panel.set_title(plain(title))
        if seen:
            draw_legend(panel)
        return panel


def _draw_point(axes: Any, point: MarkedPoint, *, reach: float, is_new: bool) -> None:
    for directions, color in ((point.decaying, STABLE), (point.growing, UNSTABLE)):
        for direction in () if directions is None else directions:
            length = float(np.linalg.norm(direction))
            if length > 0:
                ends = np.stack([point.at - reach * direction / length, point.at + reach * direction / length])
                axes.plot(*ends.T, color=color, linewidth=1.0)
    color = STABLE if point.kind == "stable" else UNSTABLE
    marker = {"stable": "o", "saddle": "X"}.get(point.kind, "s")
    axes.plot(
        *point.at[:, None],
        marker,
        color=color,
        markerfacecolor=color if point.kind == "stable" else "white",
        markersize=6,
        zorder=5,
        label=point.kind if is_new else None,
    )


def _size(clouds: Sequence[Float[ndarray, "_ axis"]]) -> float:
    together = np.concatenate(list(clouds))
    return float(np.ptp(together, axis=0).max()) or 1.0
