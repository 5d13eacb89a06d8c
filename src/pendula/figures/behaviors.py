"""What random networks do when left to themselves: a map over gain and size, and the exponent along it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing, new_figure
from pendula.figures.style import plain, style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["Example", "behaviors_figure", "draw_behavior_map", "draw_exponents", "draw_units"]

COLORS = ("#F2F2F2", "#56B4E9", "#009E73", "#E69F00", "#B03A2E")
"""From the simplest behavior to the richest: pale gray, sky blue, green, orange, dark red."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Example:
    """A stretch of a network's run.

    Attributes:
        states: Of a few units.
        note: Size and gain of the network.
        first: The step of the first state.

    Examples:
        >>> Example(states=np.zeros((5, 2)), note="N = 32, g = 1").first
        0
    """

    states: Float[ndarray, "time unit"]
    note: str
    first: int = 0


def draw_behavior_map(
    gains: Float[ndarray, " gain"],
    sizes: Sequence[int],
    *,
    shares: Float[ndarray, "behavior size gain"],
    names: Sequence[str],
    title: str = "What random networks do",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw a map of behaviors: in each cell, the shares of the networks that do this or that, one above the other.

    Args:
        gains: In ascending order, evenly spaced.
        sizes: Numbers of units, a row each.
        shares: Of the networks of each size at each gain, by behavior; they add up to 1.
        names: Of the behaviors, from the simplest to the richest.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> shares = np.array([[[1.0, 0.5]], [[0.0, 0.5]]])
        >>> axes = draw_behavior_map(np.array([0.5, 1.5]), [8], shares=shares, names=["silence", "chaos"])
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['silence', 'chaos']
    """
    with drawing(axes) as panel:
        width = float(gains[1] - gains[0]) if len(gains) > 1 else 1.0
        for row in range(len(sizes)):
            bottom = np.full(len(gains), row - 0.45)
            for index, name in enumerate(names):
                height = 0.9 * shares[index, row]
                label = "" if row else plain(name)
                panel.bar(gains, height, width, bottom, color=COLORS[index], linewidth=0, label=label)
                bottom = bottom + height
        panel.axvline(1.0, color="#000000", linestyle=(0, (5, 2)), linewidth=0.8)
        panel.set_xlim(float(gains[0]) - width / 2, float(gains[-1]) + width / 2)
        panel.set_ylim(-0.55, len(sizes) - 0.45)
        panel.set_yticks(range(len(sizes)), [str(size) for size in sizes])
        panel.set_xlabel("gain g")
        panel.set_ylabel("units N")
        panel.set_title(plain(title))
        panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=len(names), handlelength=1.0)
        return panel


def draw_exponents(
    gains: Float[ndarray, " gain"],
    exponents: Float[ndarray, "draw gain"],
    *,
    mean_field: Float[ndarray, " gain"],
    marks: Mapping[str, float],
    title: str = "Largest Lyapunov exponent",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the largest exponent of several networks against the gain, beside that of an infinitely large one.

    Args:
        gains: In ascending order.
        exponents: Per step, a row for each network.
        mean_field: That of an infinitely large network.
        marks: Gains to mark, by what they are.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> gains = np.array([0.5, 1.5])
        >>> axes = draw_exponents(gains, np.log(gains)[None], mean_field=np.log(gains), marks={"onset": 1.0})
        >>> len(axes.lines)
        4
    """
    with drawing(axes) as panel:
        panel.axhline(0.0, color="#808080", linewidth=0.6)
        for row, values in enumerate(exponents):
            panel.plot(gains, values, color="#0072B2", linewidth=0.9, alpha=0.7, label="" if row else "networks")
        panel.plot(gains, mean_field, color="#000000", linestyle=(0, (5, 2)), linewidth=1.0, label="infinitely large")
        for (name, gain), dashes in zip(marks.items(), ("-", (0, (3, 1, 1, 1)), (0, (1, 1))), strict=False):
            panel.axvline(gain, color="#B03A2E", linestyle=dashes, linewidth=1.0, label=plain(f"{name}: {gain:.3f}"))
        panel.set_xlim(float(gains[0]), float(gains[-1]))
        panel.set_xlabel("gain g")
        panel.set_ylabel("exponent per step")
        panel.set_title(plain(title))
        draw_legend(panel)
        return panel


def draw_units(
    states: Float[ndarray, "time unit"],
    *,
    color: str = "#0072B2",
    title: str = "",
    note: str = "",
    first: int = 0,
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw a few units of a network against the step.

    Args:
        states: Of the units.
        color: Of the curves.
        title: Above the panel.
        note: Beside the axis of steps.
        first: The step of the first state.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> len(draw_units(np.zeros((5, 3))).lines)
        3
    """
    with drawing(axes) as panel:
        for column in range(states.shape[1]):
            panel.plot(
                first + np.arange(len(states)), states[:, column], color=color, linewidth=0.9, alpha=1.0 - 0.25 * column
            )
        panel.set_ylim(-1.05, 1.05)
        panel.set_xlabel("step" + (f"   ({plain(note)})" if note else ""))
        panel.set_ylabel("h")
        panel.set_title(plain(title))
        return panel


def behaviors_figure(
    gains: Float[ndarray, " gain"],
    sizes: Sequence[int],
    *,
    shares: Float[ndarray, "behavior size gain"],
    names: Sequence[str],
    examples: Mapping[int, "Example"],
    exponents: Float[ndarray, "draw gain"],
    mean_field: Float[ndarray, " gain"],
    marks: Mapping[str, float],
) -> "matplotlib.figure.Figure":
    """Draw the behaviors of random networks: examples above; below the map, and the exponent of the largest networks.

    Args:
        gains: In ascending order, evenly spaced.
        sizes: Numbers of units.
        shares: Of the networks of each size at each gain, by behavior.
        names: Of the behaviors.
        examples: Networks that show a behavior, by its index into `names`.
        exponents: Of the largest networks, a row each.
        mean_field: That of an infinitely large network.
        marks: Gains to mark beside the exponents.

    Returns:
        The figure.

    Examples:
        >>> gains = np.array([0.5, 1.5])
        >>> figure = behaviors_figure(
        ...     gains, [8], shares=np.ones((1, 1, 2)), names=["silence"],
        ...     examples={0: Example(states=np.zeros((5, 2)), note="g = 0.5")}, exponents=np.log(gains)[None],
        ...     mean_field=np.log(gains), marks={})
        >>> len(figure.axes)
        3
    """
    with style():
        figure = new_figure(width=11.0, height=6.6)
        rows = figure.add_gridspec(2, 1, height_ratios=(1.0, 2.2))
        top, bottom = rows[0].subgridspec(1, max(1, len(examples))), rows[1].subgridspec(1, 2, width_ratios=(1.35, 1.0))
        for column, (index, shown) in enumerate(examples.items()):
            color = COLORS[index] if index else "#595959"  # silence is pale on the map
            panel, name = figure.add_subplot(top[column]), names[index]
            draw_units(shown.states, color=color, title=name, note=shown.note, first=shown.first, axes=panel)
        draw_behavior_map(gains, sizes, shares=shares, names=names, axes=figure.add_subplot(bottom[0]))
        largest = f"Largest Lyapunov exponent, {sizes[-1]} units"
        draw_exponents(
            gains, exponents, mean_field=mean_field, marks=marks, title=largest, axes=figure.add_subplot(bottom[1])
        )
        return figure
