"""What was identified from a record: the trajectory in it, and how far the parameters are from the truth."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing, new_figure
from pendula.figures.style import CLOCK, TRUTH, VALUE, Quantity, plain, style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

__all__ = ["draw_identified", "draw_relative_errors", "identification_figure"]

_FOUND = "#0072B2"
_EXPECTED = "#D55E00"


def draw_identified(
    time: Float[ndarray, " time"],
    found: Float[ndarray, " time"],
    *,
    truth: Float[ndarray, " time"] | None = None,
    measured: Float[ndarray, " time"] | None = None,
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
    title: str = "Found in the record",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw a component of an identified trajectory, over what was measured and over the truth, where there are such.

    Args:
        time: Of the samples.
        found: The component of the trajectory.
        truth: The true values.
        measured: The record.
        quantity: Name and unit of the component.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> axes = draw_identified(np.arange(3.0), np.zeros(3), truth=np.zeros(3))
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['truth', 'found']
    """
    with drawing(axes) as panel:
        if measured is not None:
            panel.plot(time, measured, ".", color="#B8B8B8", markersize=2, label="measured")
        if truth is not None:
            panel.plot(time, truth, color=TRUTH.color, linewidth=2.4, alpha=0.5, label="truth")
        panel.plot(time, found, color=_FOUND, linewidth=1.0, label="found")
        panel.set_title(plain(title))
        panel.set_xlabel(clock.label)
        panel.set_ylabel(quantity.label)
        draw_legend(panel)
        return panel


def draw_relative_errors(
    errors: Mapping[str, Float[ndarray, " trial"]],
    *,
    expected: Mapping[str, Float[ndarray, " trial"]] | None = None,
    title: str = "Errors of the parameters",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw the relative error of each parameter in each trial, the first trial as a diamond.

    Args:
        errors: Shares of the true value, by parameter.
        expected: Standard errors as shares, by parameter: their median is drawn as a bar.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes, logarithmic upwards.

    Examples:
        >>> axes = draw_relative_errors({"gamma": np.array([0.01, 0.02])})
        >>> [label.get_text() for label in axes.get_xticklabels()]
        ['gamma']
    """
    with drawing(axes) as panel:
        for place, (name, shares) in enumerate(errors.items()):
            percent = 100 * np.maximum(shares, 1e-6)
            spread = np.linspace(-0.22, 0.22, len(shares) - 1) if len(shares) > 2 else np.zeros(max(0, len(shares) - 1))
            panel.plot(place + spread, percent[1:], ".", color=_FOUND, label="" if place else "random sets")
            panel.plot(
                place, percent[0], "D", color="#000000", markersize=5, label="" if place else "the lecture's set"
            )
            if expected is not None:
                bar = 100 * float(np.median(expected[name]))
                label = "" if place else "standard error, median"
                panel.plot([place - 0.3, place + 0.3], [bar, bar], color=_EXPECTED, linewidth=1.4, label=label)
        panel.axhline(1.0, color="#808080", linestyle=(0, (5, 2)), linewidth=0.8)
        panel.set_yscale("log")
        panel.set_xlim(-0.5, len(errors) - 0.5)
        panel.set_xticks(range(len(errors)), [plain(name) for name in errors])
        panel.set_ylabel("relative error (%)")
        panel.set_title(plain(title))
        draw_legend(panel)
        return panel


def identification_figure(
    time: Float[ndarray, " time"],
    positions: Float[ndarray, " time"],
    *,
    states: Float[ndarray, "time 2"],
    truth: Float[ndarray, "time 2"],
    errors: Mapping[str, Float[ndarray, " trial"]],
    expected: Mapping[str, Float[ndarray, " trial"]],
) -> "matplotlib.figure.Figure":
    """Draw an identified oscillator: the record, the hidden velocity, the errors of the parameters.

    Args:
        time: Of the samples, in s.
        positions: What was measured, in m.
        states: Position (m) and velocity (m/s) found.
        truth: Position (m) and velocity (m/s) that made the record.
        errors: Relative errors by parameter, those of this record first.
        expected: Relative standard errors by parameter.

    Returns:
        The figure.

    Examples:
        >>> flat = np.zeros((3, 2))
        >>> shares = {"gamma": np.array([0.01])}
        >>> figure = identification_figure(
        ...     np.arange(3.0), flat[:, 0], states=flat, truth=flat, errors=shares, expected=shares)
        >>> len(figure.axes)
        3
    """
    clock = Quantity(name="t", unit="s")
    with style():
        figure = new_figure(width=11.0, height=3.4)
        left, middle, right = (figure.add_subplot(1, 3, place) for place in (1, 2, 3))
        draw_identified(
            time,
            states[:, 0],
            measured=positions,
            quantity=Quantity(name="x", unit="m"),
            clock=clock,
            title="The position, measured and found",
            axes=left,
        )
        draw_identified(
            time,
            states[:, 1],
            truth=truth[:, 1],
            quantity=Quantity(name="v", unit="m/s"),
            clock=clock,
            title="The velocity, never measured",
            axes=middle,
        )
        draw_relative_errors(errors, expected=expected, axes=right)
        return figure
