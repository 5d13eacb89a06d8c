"""A whole figure: two networks and what one of them generates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jaxtyping import Float, Shaped
from numpy import ndarray

from pendula.figures.canvas import new_figure
from pendula.figures.curves import draw_free_runs
from pendula.figures.histogram import draw_error_histogram
from pendula.figures.losses import draw_losses
from pendula.figures.style import CLOCK, VALUE, Quantity, style
from pendula.figures.summary import draw_summary

if TYPE_CHECKING:
    import matplotlib.figure

__all__ = ["lecture_keras_figure"]


def lecture_keras_figure(
    time: Shaped[ndarray, " time"],
    truth: Float[ndarray, " time"],
    *,
    losses: Mapping[str, Mapping[str, Sequence[float | None]]],
    errors: Mapping[str, Float[ndarray, " error"]],
    runs: Mapping[str, Float[ndarray, " time"]],
    summary: Mapping[str, str],
    quantity: Quantity = VALUE,
    clock: Quantity = CLOCK,
) -> "matplotlib.figure.Figure":
    """Draw learning curves and one-step errors above, a long free run and a summary below.

    Args:
        time: Of what is generated.
        truth: The record there.
        losses: The losses of each network by part, one an epoch.
        errors: One-step errors of each predictor, of as many held-out rows.
        runs: What each predictor generates.
        summary: Names and values for the panel of text.
        quantity: Name and unit of the values.
        clock: Name and unit of the time.

    Returns:
        The figure.

    Examples:
        >>> import numpy as np
        >>> time = np.arange(8.0)
        >>> figure = lecture_keras_figure(
        ...     time, np.sin(time), losses={"A": {"train": [1.0, 0.1]}, "B": {"train": [1.0, 0.2]}},
        ...     errors={"A": np.linspace(-1, 1, 9)}, runs={"B": np.cos(time)}, summary={"steps": "8"})
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['A: learning curves', 'B: learning curves', 'One-step errors', 'Free run', 'Summary']
    """
    with style():
        figure = new_figure(width=11.0, height=6.2)
        rows = figure.add_gridspec(2, 1)
        above, below = (rows[row].subgridspec(1, len(losses) + 1) for row in range(2))
        for column, (name, curves) in enumerate(losses.items()):
            draw_losses(
                curves, quantity=Quantity(name="loss"), title=f"{name}: learning curves",
                axes=figure.add_subplot(above[column]),
            )  # fmt: skip
        error = Quantity(name=f"error of {quantity.name}", unit=quantity.unit)
        draw_error_histogram(errors, quantity=error, axes=figure.add_subplot(above[-1]))
        draw_free_runs(time, truth, runs=runs, quantity=quantity, clock=clock, axes=figure.add_subplot(below[:-1]))
        draw_summary(summary, axes=figure.add_subplot(below[-1]))
        return figure
