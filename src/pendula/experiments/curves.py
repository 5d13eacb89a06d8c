"""What the figures of several fits are drawn from, and the one that two experiments share."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pendula.figures import PredictorCurves, Quantity, lecture_sine_figure, png
from pendula.forecasting import Comparison
from pendula.nn import Forecaster
from pendula.runs import Fit

__all__ = ["loss_curves", "predictor_curves", "sine_figure"]


def loss_curves(fit: Fit, *, held_out: str = "validation") -> dict[str, Sequence[float | None]]:
    """Give the squared errors of each epoch on the scale of the network.

    Args:
        fit: The fit.
        held_out: Name of the part that the network was watched on.

    Returns:
        The training loss and the held-out one-step error of epochs 1, 2, …
    """
    forecaster = fit.model.forecaster
    scale = float(forecaster.output_scale.square().mean()) if isinstance(forecaster, Forecaster) else 1.0
    records = [record for record in fit.history if record.epoch > 0]
    curves: dict[str, Sequence[float | None]] = {
        "train": [None if record.train_loss is None else record.train_loss * scale for record in records]
    }
    errors = [record.validation_one_step for record in records]
    if any(error is not None for error in errors):
        curves[held_out] = [None if error is None else error**2 for error in errors]
    return curves


def predictor_curves(
    comparison: Comparison, *, held_out: str = "validation"
) -> tuple[dict[str, PredictorCurves], dict[str, PredictorCurves]]:
    """Lay out the predictions of all predictors over the whole test part.

    Args:
        comparison: Fits of one channel, and their scores.
        held_out: Name of the part that the networks were watched on.

    Returns:
        What the networks give to a figure, and what the baselines give.
    """
    evaluation = comparison.evaluated.evaluation
    part = evaluation.part
    position = evaluation.rows - part.start

    def whole(rows: Float[ndarray, "row channel"]) -> Float[ndarray, " test"]:
        column = np.full(len(part), np.nan)
        column[position] = rows[:, 0]
        return column

    curves = {
        name: PredictorCurves(
            one_step=whole(evaluation.one_step[name]),
            free_run=whole(evaluation.free_run[name]),
            losses=loss_curves(comparison.fits[name], held_out=held_out) if name in comparison.fits else {},
            best_epoch=(comparison.fits[name].best_epoch or None) if name in comparison.fits else None,
        )
        for name in evaluation.scores
    }
    networks = {name: curve for name, curve in curves.items() if name in comparison.fits}
    return networks, {name: curve for name, curve in curves.items() if name not in comparison.fits}


def sine_figure(comparison: Comparison, *, held_out: str = "validation", noise_floor: float | None = None) -> bytes:
    """Draw series and split, errors and scores, and each network's learning curve and predictions.

    Args:
        comparison: Fits of one channel, and their scores.
        held_out: Name of the part that the networks were watched on.
        noise_floor: Standard deviation of the noise; None for none.

    Returns:
        A PNG file.
    """
    made = next(iter(comparison.fits.values()))
    networks, baselines = predictor_curves(comparison, held_out=held_out)
    return png(
        lecture_sine_figure(
            made.record.time,
            np.ascontiguousarray(made.record.values[:, 0]),
            parts=made.split.ranges,
            networks=networks,
            baselines=baselines,
            scores=comparison.evaluated.to_dict(),
            quantity=Quantity(name=made.record.names[0], unit=made.record.units[0]),
            clock=Quantity(name=made.record.axis.name, unit=made.record.axis.units),
            noise_floor=noise_floor,
        )
    )
