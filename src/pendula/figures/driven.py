"""A driven system: what was told of it beside the truth, and how the error grows with the size of what comes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures.annotations import draw_legend
from pendula.figures.canvas import drawing, new_figure, png
from pendula.figures.curves import draw_free_runs
from pendula.figures.style import Quantity, plain, strokes, style

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_error_by_size", "driven_figure"]

BINS = 24
"""Classes of size, each with as many samples."""


def draw_error_by_size(
    size: Float[ndarray, " time"],
    errors: Mapping[str, Float[ndarray, " time"]],
    *,
    quantity: Quantity,
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw root mean square errors against the size of what was to be told.

    Args:
        size: Of each sample, not negative.
        errors: Told less truth, by model.
        quantity: Name and unit of size and errors.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> size = np.linspace(0, 1, 240)
        >>> panel = draw_error_by_size(size, {"lstm": 0.1 * size}, quantity=Quantity(name="y", unit="mV"))
        >>> panel.get_ylabel()
        'RMS error (mV)'
    """
    order = np.argsort(size, kind="stable")
    classes = np.array_split(order, min(BINS, len(order)))
    middle = np.array([size[rows].mean() for rows in classes])
    with drawing(axes) as panel:
        for name, stroke in strokes(errors).items():
            by_size = [float(np.sqrt(np.square(errors[name][rows]).mean())) for rows in classes]
            panel.plot(middle, by_size, label=plain(name), color=stroke.color, marker="o", markersize=3)
        panel.set_yscale("log")
        panel.set_xlabel(f"size of {quantity.label}")
        panel.set_ylabel(Quantity(name="RMS error", unit=quantity.unit).label)
        panel.set_title("Error by size")
        draw_legend(panel)
        return panel


def driven_figure(
    time: Float[ndarray, " time"],
    *,
    truth: Float[ndarray, " time"],
    told: Mapping[str, Float[ndarray, " time"]],
    errors: Mapping[str, Float[ndarray, " sample"]],
    amplitude: Float[ndarray, " sample"],
) -> bytes:
    """Draw a driven system and the errors of what was told of it.

    Args:
        time: Of the samples drawn, in s.
        truth: The output, in mV.
        told: What each model told, in mV.
        errors: Told less truth on another record, by model, in mV.
        amplitude: Size of the output there, in mV.

    Returns:
        A PNG image.
    """
    output = Quantity(name="output", unit="mV")
    with style():
        figure = new_figure(width=8.4, height=6.2)
        draw_free_runs(
            time,
            truth,
            runs=told,
            quantity=output,
            clock=Quantity(name="time", unit="s"),
            title="Told from the input alone",
            axes=figure.add_subplot(2, 1, 1),
        )
        draw_error_by_size(amplitude, errors, quantity=output, axes=figure.add_subplot(2, 1, 2))
        return png(figure)
