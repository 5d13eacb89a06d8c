"""The figure of watched gradients: how far back the training reached, epoch by epoch."""

import math

import numpy as np

from pendula.dynamics import EXPLODING, VANISHING, FlowRecord
from pendula.figures import draw_gradient_flow
from pendula.figures.style import Stroke
from pendula.report.numbers import format_number
from pendula.report.page import ReportFigure
from pendula.report.sheets import draw_sheet
from pendula.runs import Fit

__all__ = ["gradient_facts", "gradient_figure"]

MOST_LAYERS = 3
"""Panels are drawn of the first so many layers."""


def gradient_figure(fit: Fit) -> ReportFigure | None:
    """Draw the norm of the gradient by lag, a panel for each layer and a curve for each watched epoch.

    Args:
        fit: The fit.

    Returns:
        An image named gradients; None where gradients were not watched.
    """
    layers = sorted({record.layer for record in fit.gradients})[:MOST_LAYERS]
    if not layers:
        return None
    epochs = sorted({record.epoch for record in fit.gradients})
    lines = {_name(epoch): Stroke(color=_shade(k, len(epochs))) for k, epoch in enumerate(epochs)}
    return draw_sheet(
        "gradients",
        len(layers),
        beside=True,
        draw=lambda number, axes: draw_gradient_flow(
            {
                _name(record.epoch): np.array([math.nan if each is None else each for each in record.log_norms])
                for record in fit.gradients
                if record.layer == layers[number]
            },
            bounds=(VANISHING, EXPLODING),
            lines=lines,
            title=f"Layer {layers[number]}" if len(layers) > 1 else "Gradient by lag",
            axes=axes,
        ),
        caption=(
            "The norm of the derivative of the last step's loss by the states so many steps before it, relative to the "
            "last step; geometric means over windows of the training part. A gradient that falls below the lower "
            f"dotted line within the window is called vanishing. {_last_words(fit.gradients)}"
        ),
        alt="Norms of the gradient by the number of steps back, one curve for each watched epoch.",
    )


def gradient_facts(records: tuple[FlowRecord, ...]) -> list[dict[str, object]]:
    """Give the rates and classes of watched gradients as plain values.

    Args:
        records: The records.

    Returns:
        A table for each epoch and layer.
    """
    names = ("epoch", "layer", "flow", "rate", "uncertainty", "gradient_norm")
    return [{name: getattr(record, name) for name in names} for record in records]


def _last_words(records: tuple[FlowRecord, ...]) -> str:
    last = [record for record in records if record.epoch == records[-1].epoch]
    words = [
        f"layer {record.layer}: {record.flow}"
        + ("" if record.rate is None else f", a factor of {format_number(math.exp(record.rate), digits=3)} a step")
        for record in last
    ]
    return f"After epoch {last[0].epoch}, {'; '.join(words)}."


def _name(epoch: int) -> str:
    return f"epoch {epoch}"


def _shade(index: int, count: int) -> str:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps["viridis_r"](0.12 + 0.88 * index / max(1, count - 1)))
