"""Errors of free runs on the validation part, from which intervals are made."""

from dataclasses import replace

import numpy as np

from pendula.errors import DataError
from pendula.forecasting.preparation import MOST_RUN_STEPS
from pendula.forecasting.rolling import roll
from pendula.runs import Calibration, Model
from pendula.series.scaling import Scaler
from pendula.series.split import Part

__all__ = ["calibrate"]

CALIBRATION_ORIGINS = 200
"""Intervals are calibrated from at most so many origins."""


def calibrate(model: Model, part: Part) -> Calibration | None:
    """Measure free runs on the validation part, on the network's scale.

    The weights were not fitted to it, only the epoch was chosen on it. On the network's scale an interval under a
    square root does not reach below 0.

    Args:
        model: The model.
        part: The validation part.

    Returns:
        The errors by lead time; None where gaps leave no stretch that is long enough.
    """
    rows = part.parent
    scaled = replace(part, parent=replace(rows, values=model.scaler.transform(rows.values)))
    channels = len(rows.names)
    plain = replace(model, scaler=Scaler(kind="none", link="none", center=np.zeros(channels), scale=np.ones(channels)))
    for steps in (len(part) // 2, len(part) // 8, 1):
        leads = max(1, min(steps, MOST_RUN_STEPS))
        try:
            errors = roll(
                {"network": plain}, scaled, window=model.window, leads=leads, most_origins=CALIBRATION_ORIGINS
            )
        except DataError:  # gaps leave no stretch that long
            continue
        return Calibration(errors=errors.absolute("network"))
    return None
