"""Errors of free runs on rows that the weights never saw, from which intervals are made."""

from collections.abc import Iterator, Sequence

import numpy as np

from pendula.errors import DataError
from pendula.forecasting.preparation import MOST_RUN_STEPS
from pendula.forecasting.rolling import RollingErrors, roll
from pendula.runs import Calibration, Model
from pendula.series.scaling import Scaler
from pendula.series.split import Part
from pendula.shapes import Float, ndarray

__all__ = ["calibrate", "calibrate_across", "scaled_errors"]

CALIBRATION_ORIGINS = 200
"""Intervals are calibrated from at most so many origins in one part."""
FEW_ORIGINS = 20
"""Where values are missing here and there, runs are shortened until they start from so many origins."""
MOST_ROWS = 20_000
"""Errors one step ahead are kept of at most so many rows of a part."""


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
    return calibrate_across([(model, part)], model.scaler)


def calibrate_across(folds: Sequence[tuple[Model, Part]], scaler: Scaler) -> Calibration | None:
    """Measure free runs of several models, each on rows that it has not seen.

    Args:
        folds: Models, and the part of a record that each has not seen.
        scaler: Of the network whose intervals are calibrated.

    Returns:
        The errors by lead time, for as many as all parts have; None where gaps leave no stretch that is long enough.
    """
    measured = [found for model, part in folds if (found := _measure(model, part, scaler)) is not None]
    if not measured:
        return None
    leads = min(errors.shape[1] for errors, _ in measured)
    return Calibration(
        errors=np.concatenate([errors[:, :leads] for errors, _ in measured]),
        one_step=np.concatenate([errors for _, errors in measured]),
    )


def _measure(
    model: Model, part: Part, scaler: Scaler
) -> tuple[Float[ndarray, "origin lead channel"], Float[ndarray, "row channel"]] | None:
    for leads in _reaches(len(part)):
        try:
            runs = roll({"": model}, part, window=model.window, leads=leads, most_origins=CALIBRATION_ORIGINS)
        except DataError:  # gaps leave no stretch that long
            continue
        if part.parent.bridged and leads > 1 and len(runs.origins) < FEW_ORIGINS:
            continue  # stretches of known values are short: rather fewer steps with an interval
        rows = roll({"": model}, part, window=model.window, leads=1, most_origins=MOST_ROWS)
        return scaled_errors(runs, "", scaler), scaled_errors(rows, "", scaler)[:, 0]
    return None


def _reaches(rows: int) -> Iterator[int]:
    # Half the part; where gaps leave no stretch that long, an eighth, and less and less.
    yield max(1, min(rows // 2, MOST_RUN_STEPS))
    leads = max(1, min(rows // 8, MOST_RUN_STEPS))
    while leads > 1:
        yield leads
        leads //= 2
    yield 1


def scaled_errors(rolled: RollingErrors, name: str, scaler: Scaler) -> Float[ndarray, "origin lead channel"]:
    """Give errors on the scale of a network, forecast less truth.

    Args:
        rolled: Errors in physical units.
        name: The predictor.
        scaler: Of the network.

    Returns:
        The errors; infinite where a run diverged.
    """
    finite = np.isfinite(rolled.errors[name])
    forecast = scaler.transform(np.where(finite, rolled.forecast(name), rolled.truth))
    return np.where(finite, forecast - scaler.transform(rolled.truth), np.inf)
