"""What an error cost: ways to learn side by side, over several tasks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pendula.figures.canvas import drawing, new_figure
from pendula.figures.style import plain, strokes, style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["cost_sheet", "draw_costs"]

LEAST_ERROR = 1e-4
"""What is drawn for a smaller error, so that a perfect one has a place on the logarithmic axis."""
MOST_ERROR = 1e2
"""What is drawn for a larger error, or for one that is no number: a run that diverged."""
MARKERS = "osD^vPX*"

Costs = Mapping[str, Mapping[str, tuple[float, float | None]]]
"""Cost and error by way to learn and task; no error where a run diverged."""


def draw_costs(
    costs: Costs,
    *,
    cost: str = "time (s)",
    title: str = "Error against cost",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the error of each way to learn on each task against what it cost, on logarithmic axes.

    Args:
        costs: Cost and error, by way to learn and task.
        cost: Name and unit of the cost.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes: a color for each way to learn, a marker for each task. A way without cost stands at the left margin,
        before a line, over the word none.

    Examples:
        >>> axes = draw_costs({"ridge": {"sine": (0.5, 0.1)}, "adam": {"sine": (20.0, 0.2)}})
        >>> [line.get_xdata().tolist() for line in axes.lines]
        [[0.5], [20.0]]
    """
    tasks = list(dict.fromkeys(task for points in costs.values() for task in points))
    positive = [paid for points in costs.values() for paid, _ in points.values() if paid > 0]
    least = min(positive, default=1.0) / 3
    with drawing(axes) as panel:
        for (name, points), stroke in zip(costs.items(), strokes(costs).values(), strict=True):
            for task, (paid, error) in points.items():
                panel.plot(
                    [max(paid, least)],
                    [_drawn(error)],
                    color=stroke.color,
                    marker=MARKERS[tasks.index(task) % len(MARKERS)],
                    linestyle="none",
                    markersize=5.5,
                    markeredgecolor="white",
                    markeredgewidth=0.4,
                    label=plain(name),
                )
        panel.set_xscale("log")
        panel.set_yscale("log")
        if any(paid <= 0 for points in costs.values() for paid, _ in points.values()):
            _mark_none(panel, least)
        panel.set_xlabel(cost)
        panel.set_ylabel("error")
        panel.set_title(plain(title))
    return panel


def cost_sheet(seconds: Costs, work: Costs) -> "matplotlib.figure.Figure":
    """Draw errors against seconds and against sequence-gradients, side by side.

    Args:
        seconds: Time and error, by way to learn and task.
        work: Sequence-gradients and error.

    Returns:
        The figure, with one legend for the ways to learn and one for the tasks.
    """
    with style():
        figure = new_figure(width=8.6, height=4.2)
        left, right = figure.subplots(1, 2, sharey=True)
        draw_costs(seconds, title="Error against time", axes=left)
        draw_costs(work, cost="sequence-gradients", title="Error against work", axes=right)
        right.set_ylabel("")
        _legends(figure, seconds)
    return figure


def _mark_none(panel: "matplotlib.axes.Axes", place: float) -> None:
    panel.axvline(1.7 * place, color="0.8", linewidth=0.8, zorder=0)
    panel.annotate(
        "none", (0.0, 0.0), xycoords="axes fraction", xytext=(4, 4), textcoords="offset points",
        fontsize="small", color="0.35",
    )  # fmt: skip


def _legends(figure: "matplotlib.figure.Figure", costs: Costs) -> None:
    from matplotlib.lines import Line2D

    tasks = list(dict.fromkeys(task for points in costs.values() for task in points))
    ways = [
        Line2D([], [], color=stroke.color, marker="o", linestyle="none", label=plain(name))
        for name, stroke in strokes(costs).items()
    ]
    shapes = [
        Line2D([], [], color="#595959", marker=MARKERS[place % len(MARKERS)], linestyle="none", label=plain(task))
        for place, task in enumerate(tasks)
    ]
    figure.legend(handles=[*ways, *shapes], loc="outside lower center", ncols=5, frameon=False)


def _drawn(error: float | None) -> float:
    if error is None or not error <= MOST_ERROR:
        return MOST_ERROR
    return max(error, LEAST_ERROR)
