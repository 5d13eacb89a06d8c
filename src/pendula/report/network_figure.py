"""The drawings of the network itself: folded, unrolled, and with the gradient that flows back through it."""

import math
from dataclasses import replace

import numpy as np

from pendula.figures.network_drawing import draw_folded, draw_gradient_arrows, draw_unrolled
from pendula.figures.network_shape import NetworkShape, network_shape
from pendula.report.page import ReportFigure
from pendula.report.sheets import draw_sheet
from pendula.runs import Fit

__all__ = ["network_figures"]

STEPS = 4
"""Columns of what is unrolled."""


def network_figures(fit: Fit) -> list[ReportFigure]:
    """Draw the network of a fit from the shapes of its own weights.

    Args:
        fit: The fit.

    Returns:
        An image named network, and one named network-gradient where gradients were watched.
    """
    shape = _shape(fit)
    matrices = any(layer.recurrent for layer in shape.layers)
    drawings = (draw_folded, lambda shape, axes: draw_unrolled(shape, steps=STEPS, axes=axes))
    drawn = draw_sheet(
        "network",
        2,
        beside=True,
        height=1.1 + 0.85 * (len(shape.layers) + 2),
        draw=lambda number, axes: drawings[number](shape, axes=axes),
        caption="The network and the shapes of its matrices, folded and unrolled. Every step has the same matrices."
        f"{_driven(fit)}"
        if matrices
        else "The equation as a recurrent cell, folded and unrolled. Every step is the same, with the same parameters.",
        alt=f"Boxes for the inputs, {len(shape.layers)} recurrent layers and the outputs, joined by arrows.",
    )
    return [drawn, *_gradient(fit)]


def _shape(fit: Fit) -> NetworkShape:
    controls = fit.model.controls
    return replace(network_shape(fit.model.forecaster), controls=() if controls is None else controls.names)


def _driven(fit: Fit) -> str:
    controls = fit.model.controls
    return "" if controls is None else f" What is read at t has the {', '.join(controls.names)} of t+1 in it."


def _gradient(fit: Fit) -> list[ReportFigure]:
    records = [record for record in fit.gradients if record.epoch == fit.gradients[-1].epoch]
    shape = _shape(fit)
    if not records or len(records) != len(shape.layers):
        return []
    norms = np.array([[math.nan if each is None else each for each in record.log_norms] for record in records])
    steps = min(norms.shape[1], 2 * STEPS)
    return [
        draw_sheet(
            "network-gradient",
            1,
            height=1.1 + 0.75 * (len(shape.layers) + 2),
            draw=lambda _, axes: draw_gradient_arrows(shape, norms, steps=steps, axes=axes),
            caption=f"The gradient of the last step's error on its way back, after epoch {records[0].epoch}: norms "
            "relative to the last layer's at the last step, geometric means over windows of the training part.",
            alt="The unrolled network with arrows from the error back through the layers, thinner where it fades.",
        )
    ]
