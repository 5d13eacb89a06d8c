"""How fast: the same work by several contenders, and the ratios of two of them over many shapes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.errors import ArgumentError
from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing
from pendula.figures.style import Stroke, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_seconds", "draw_speedups"]

_CONTENDERS = {
    "pendula": Stroke(color="#0072B2"),
    "pendula, in epochs": Stroke(color="#56B4E9"),
    "torch": Stroke(color="#D55E00"),
    "jax": Stroke(color="#009E73"),
    "keras": Stroke(color="#CC79A7"),
}


def draw_seconds(
    seconds: Mapping[str, Mapping[str, float]],
    *,
    bound: Mapping[str, float] | None = None,
    title: str = "A step of training",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how long the same work takes, a group of bars for each kind of work and a bar for each contender.

    Args:
        seconds: By kind of work and contender, in s.
        bound: By kind of work, the time at the machine's rate of matrix products, in s; drawn as a line.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes, which begin at 0 and count in ms.

    Raises:
        ArgumentError: If there is nothing to draw.

    Examples:
        >>> axes = draw_seconds({"LSTM": {"pendula": 0.002, "torch": 0.006}})
        >>> [text.get_text() for text in axes.texts]
        ['2.00', '6.00']
    """
    contenders = list(dict.fromkeys(name for row in seconds.values() for name in row))
    if not contenders:
        raise ArgumentError(
            "`seconds` must hold a time: expected kinds of work with contenders, got none. Measure first."
        )
    with drawing(axes) as panel:
        for index, name in enumerate(contenders):
            _draw_bars(panel, [row.get(name) for row in seconds.values()], name, index=index, of=len(contenders))
        ends = [place + side for place in range(len(seconds)) for side in (-0.45, 0.45, 0.45)]
        if bound:
            # A line for each kind, and a gap behind it.
            times = [1e3 * bound.get(kind, np.nan) * gap for kind in seconds for gap in (1.0, 1.0, np.nan)]
            panel.plot(times, ends, color="#000000", linewidth=1.0, label="at the rate of GEMM")
        panel.set_yticks(range(len(seconds)), [plain(shorten(kind)) for kind in seconds])
        panel.tick_params(axis="y", length=0)
        panel.set_ylim(len(seconds) - 0.5, -0.5)  # the first row on top
        panel.set_xlim(0.0, 1.15e3 * max(value for row in seconds.values() for value in row.values()))
        panel.set_xlabel("time (ms)")
        panel.set_title(plain(title))
        draw_legend(panel)
        return panel


def _draw_bars(axes: "matplotlib.axes.Axes", seconds: list[float | None], name: str, *, index: int, of: int) -> None:
    height = 0.84 / of
    color = _CONTENDERS.get(name.lower(), strokes([name])[name]).color
    places = [place - 0.42 + (index + 0.5) * height for place in range(len(seconds))]
    known = [(place, 1e3 * value) for place, value in zip(places, seconds, strict=True) if value is not None]
    ys, widths = [place for place, _ in known], [width for _, width in known]
    axes.barh(ys, widths, height=0.9 * height, color=color, label=plain(shorten(name)))
    for y, width in known:
        text = f"{width:#.3g}".rstrip(".")
        axes.annotate(text, (width, y), (2, 0), textcoords="offset points", va="center", fontsize=7)


def draw_speedups(
    ratios: Mapping[str, Float[ndarray, " shape"]],
    *,
    against: str = "torch",
    title: str = "Over all shapes",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how many times faster something is, a row for each kind of work and a dot for each shape.

    Args:
        ratios: By kind of work; the color is that of the cell whose name the kind begins with.
        against: Who takes so many times longer.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes, logarithmic, with a line where both are equally fast, and a stroke at each median,
        which is written at the right.

    Raises:
        ArgumentError: If there is nothing to draw.

    Examples:
        >>> axes = draw_speedups({"lstm": np.array([0.5, 2.0, 4.0])})
        >>> axes.get_xscale(), axes.texts[0].get_text()
        ('log', '2.0')
    """
    rows = {kind: values[np.isfinite(values) & (values > 0)] for kind, values in ratios.items()}
    if not any(len(values) for values in rows.values()):
        raise ArgumentError("`ratios` must hold a positive number: expected ratios by kind, got none. Measure first.")
    colors = strokes(kind.split()[0] for kind in rows)
    generator = np.random.default_rng(0)
    with drawing(axes) as panel:
        panel.set_xscale("log")
        panel.axvline(1.0, color="#595959", linewidth=1.0, linestyle=(0, (5, 2)), zorder=1)
        for place, (kind, values) in enumerate(rows.items()):
            color = colors[kind.split()[0]].color
            heights = place + generator.uniform(-0.28, 0.28, len(values))
            panel.plot(values, heights, ".", color=color, markersize=3.5, alpha=0.45, markeredgewidth=0, zorder=2)
            if len(values):
                _draw_median(panel, float(np.median(values)), place)
        _scale(panel, np.concatenate([*rows.values()]))
        panel.set_yticks(range(len(rows)), [plain(shorten(kind)) for kind in rows])
        panel.tick_params(axis="y", length=0)
        panel.set_ylim(len(rows) - 0.4, -0.6)  # the first row on top
        panel.set_xlabel(plain(f"times faster than {against}"))
        panel.set_title(plain(title))
        return panel


def _draw_median(axes: "matplotlib.axes.Axes", median: float, place: int) -> None:
    axes.plot([median, median], [place - 0.36, place + 0.36], color="#000000", linewidth=1.6, zorder=3)
    where = axes.get_yaxis_transform()
    axes.text(0.995, place, f"{median:.1f}", transform=where, ha="right", va="center", fontsize=7.5)


def _scale(axes: "matplotlib.axes.Axes", values: Float[ndarray, " value"]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = min(0.8, float(values.min()) / 1.2), max(1.25, float(values.max()) * 1.2)
    high *= (high / low) ** 0.1  # where the medians are written
    axes.set_xlim(low, high)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
