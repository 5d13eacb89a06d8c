"""Free runs with split-conformal intervals, measured on the validation part."""

import numpy as np
import xarray as xr

from pendula.errors import DivergedError
from pendula.forecasting.starting import in_units, times_from
from pendula.nn import INTEGRATOR, NEXT_GENERATION, RESERVOIR
from pendula.runs import Calibration, Fit
from pendula.shapes import BatchControls, BatchSeries, Float, Series, ndarray

__all__ = ["run_future"]


def run_future(
    fit: Fit, context: BatchSeries, *, row: int, steps: int, controls: BatchControls | None, coverage: float
) -> xr.Dataset:
    """Run a fit freely, and put around it intervals that are as wide as such runs were wrong.

    Args:
        fit: The fit.
        context: The known past, of one start.
        row: The first row to forecast.
        steps: How many steps to run.
        controls: Those of the rows of `context` and of the steps after them; None for a fit that has none.
        coverage: Probability with which the truth is to lie in the interval.

    Returns:
        As `forecast`, along the times of the record's axis.

    Raises:
        DivergedError: If the free run leaves the finite numbers.
    """
    first = row - fit.model.window
    values = fit.model.run(context, steps=steps, start=fit.record.time[first : first + 1], controls=controls)[0]
    if not np.isfinite(values).all():
        step = int(np.argmin(np.isfinite(values).all(axis=1))) + 1
        raise DivergedError(f"The free run diverged at step {step} of {steps}. Forecast fewer steps, or {_advice(fit)}")
    lower, upper = _interval(fit, values, coverage)
    spread = fit.model.spread(context, steps=steps, controls=controls)
    bands = {"": values, "_lower": lower, "_upper": upper, **({} if spread is None else {"_spread": spread[0]})}
    future = in_units(fit, bands, times=times_from(fit, row, steps)).assign_attrs(
        coverage=coverage,
        interval="conformal",
        calibration_origins=0 if fit.calibration is None else fit.calibration.origins,
        calibrated_steps=int(np.isfinite(lower).all(axis=1).sum()),
    )
    return future.assign_coords(effective_origins=("time", _effective_origins(fit, steps)))


def _advice(fit: Fit) -> str:
    if fit.recipe.network.cell == RESERVOIR:
        return (
            "take a reservoir that is stable in free run: lower `spectral_radius` or `input_scaling`, raise the ridge "
            "penalty with `linear_penalty`, or leave the reservoir's settings out to have them chosen."
        )
    if fit.recipe.network.cell == NEXT_GENERATION:
        return (
            "take a polynomial that is stable in free run: lower `degree` or `delays`, raise the ridge penalty with "
            "`linear_penalty`, or leave the polynomial's settings out to have them chosen."
        )
    if fit.recipe.network.cell == INTEGRATOR:
        return "look at the parameters that were found: the equation leaves the finite numbers with them."
    return "train for free runs: raise `horizon`, and choose `select_by` free_run."


def _effective_origins(fit: Fit, steps: int) -> Float[ndarray, " step"]:
    worth = np.zeros(steps)
    if fit.calibration is not None:
        known = fit.calibration.up_to(steps).effective.min(axis=1)
        worth[: len(known)] = known.round(1)
    return worth


def _interval(fit: Fit, values: Series, coverage: float) -> tuple[Series, Series]:
    # The half widths are those of the network's scale, where the errors were measured.
    none = Calibration(errors=np.empty((0, 0, values.shape[1])))
    half = (fit.calibration or none).half_width(coverage, len(values))
    scaled = fit.model.scaler.transform(values)
    return fit.model.scaler.inverse(scaled - half), fit.model.scaler.inverse(scaled + half)
