"""All predictors side by side: one-step and free-run error together."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pendula.errors import ArgumentError
from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing
from pendula.figures.style import Quantity, plain, shorten, strokes

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_scores"]

ROUNDING = 1e-8
"""An error below this share of persistence's is rounding and nothing else: it stands at the edge, marked exact."""
MOST = 1e6
"""An error larger than persistence's by this factor is written; without persistence, larger than the smallest."""

PALENESS = 0.45
"""Share of its color that a pale mark keeps; the rest is white."""

_RMSE = Quantity(name="RMSE")
_KEYS = ("rmse", "free_run_rmse")


def draw_scores(
    scores: Mapping[str, Any],
    *,
    quantity: Quantity = _RMSE,
    untold: Collection[str] = (),
    noise_floor: float | None = None,
    title: str = "Networks and baselines",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw one-step RMSE (dots) and free-run RMSE (diamonds) of networks and baselines on a logarithmic axis.

    Args:
        scores: Has "models" and "baselines", each with the keys "rmse" and "free_run_rmse" by predictor; None or a
            number that is not finite reads as diverged.
        quantity: Name and unit of the error.
        untold: Names of baselines that are not told the controls, as the networks are: they stand pale, with a dagger.
        noise_floor: The error that no predictor can undercut; None where it is not known.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes; networks stand above the baselines, and a line marks the one-step error of persistence. What is exact
        up to rounding, as linear autoregression is on an oscillation without noise, stands at the left edge: at its
        own 1e-15 it would leave no room for the others.

    Raises:
        ArgumentError: If there is no predictor.

    Examples:
        >>> axes = draw_scores({"models": {"lstm": {"rmse": 0.1, "free_run_rmse": None}}, "baselines": {}})
        >>> axes.texts[0].get_text(), axes.get_xscale()
        ('diverged', 'log')
    """
    rows = {**scores.get("models", {}), **scores.get("baselines", {})}
    if not rows:
        raise ArgumentError("`scores` must hold a predictor: expected models or baselines, got none. Evaluate first.")
    reference = scores.get("baselines", {}).get("persistence", {}).get("rmse")
    with drawing(axes) as panel:
        panel.set_xscale("log")
        panel.plot([], [], "o", color="#404040", markersize=5, label="one step")
        panel.plot([], [], "D", color="#404040", markerfacecolor="white", markersize=5, label="free run")
        pale = set(scores.get("baselines", {})) & set(untold)
        if pale:
            panel.plot([], [], "o", color=_paled("#404040"), markersize=5, label="† not told the controls")
        _draw_rows(panel, rows, _number(reference), pale=pale)
        _draw_reference(panel, reference, "persistence", color="#E69F00")
        _draw_reference(panel, noise_floor, "noise floor", color="#808080")
        names = [plain(shorten(name, width=22)) + (" †" if name in pale else "") for name in rows]
        panel.set_yticks(range(len(rows)), names)
        panel.set_ylim(len(rows) - 0.4, -0.6)  # the first row on top
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel(quantity.label)
        panel.set_title(plain(title))
        draw_legend(panel)
        return panel


def _draw_rows(
    axes: "matplotlib.axes.Axes",
    rows: Mapping[str, Mapping[str, Any]],
    reference: float | None,
    *,
    pale: Collection[str],
) -> None:
    numbers = [value for row in rows.values() for key in _KEYS if (value := _number(row.get(key))) is not None]
    exact = ROUNDING * (reference or 0.0)
    low = min((value for value in numbers if value > exact), default=0.1)
    most = MOST * max(low, reference or 0.0)
    high = max((value for value in numbers if exact < value <= most), default=1.0)
    _scale(axes, low, high, edge=0.35 if any(value <= exact for value in numbers) else 0.12)
    lines = strokes(rows)
    for place, (name, row) in enumerate(rows.items()):
        axes.axhline(place, color="#E4E4E4", linewidth=0.6, zorder=0)
        color = _paled(lines[name].color) if name in pale else lines[name].color
        for key in _KEYS:
            if key in row:
                _draw_score(axes, row[key], place, exact=exact, most=most, key=key, color=color)


def _paled(color: str) -> str:
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (1 - PALENESS * (1 - part) for part in to_rgb(color))
    return to_hex((red, green, blue))


def _scale(axes: "matplotlib.axes.Axes", low: float, high: float, *, edge: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    first, last = float(np.log10(low)), float(np.log10(high))
    missing = max(0.0, 1.0 - (last - first)) / 2  # at least one decade is shown
    decades = last - first + 2 * missing
    axes.set_xlim(10 ** (first - missing - edge * decades), 10 ** (last + missing + 0.3 * decades))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if decades < 2.5:
        # Powers of ten alone would leave one or two numbers on the axis.
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 1.8 else (1.0, 3.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))


def _draw_score(
    axes: "matplotlib.axes.Axes", value: object, place: int, *, exact: float, most: float, key: str, color: str
) -> None:
    number = _number(value)
    marker, face, edge = ("o", color, 0.02) if key == "rmse" else ("D", "white", 0.055)
    look: Any = {"markerfacecolor": face, "markeredgecolor": color, "markersize": 5.5, "clip_on": False, "zorder": 4}
    if number is None or number > most:
        text = "diverged" if number is None else f"off scale: {number:.0e}"
        _write(axes, text, 0.99, place, side="right")
    elif number <= exact:
        axes.plot([edge], [place], marker, transform=axes.get_yaxis_transform(), **look)
        _write(axes, "exact", 0.085, place, side="left")
    else:
        axes.plot([number], [place], marker, **look)


def _write(axes: "matplotlib.axes.Axes", text: str, x: float, place: int, *, side: str) -> None:
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    where = axes.get_yaxis_transform()
    axes.text(x, place, text, transform=where, ha=side, va="center", fontsize=7, color="#404040", bbox=paper)


def _draw_reference(axes: "matplotlib.axes.Axes", value: float | None, name: str, *, color: str) -> None:
    if _number(value):
        axes.axvline(value or 0.0, color=color, linewidth=1.0, linestyle=(0, (1, 1)), zorder=1, label=name)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | np.floating) and np.isfinite(value) else None
