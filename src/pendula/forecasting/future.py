"""The verb `forecast`: future values with intervals, in the units of the record."""

import numpy as np
import pandas as pd
import xarray as xr

from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.nn import INTEGRATOR, RESERVOIR
from pendula.runs import Calibration, Fit
from pendula.series.axis import TimeValue, parse_time
from pendula.series.containers import packed
from pendula.series.record import Record
from pendula.shapes import Series

__all__ = ["forecast", "forecast_dataset"]

MOST_STEPS = 10_000_000
"""Longer forecasts are taken for a slip of the keyboard: at a tenth of a millisecond a step this takes 17 minutes."""


def forecast(
    fit: Fit, steps: int, *, coverage: float = 0.9, start: TimeValue | str | None = None
) -> xr.Dataset | xr.DataArray | pd.DataFrame:
    """Run a fit freely into the future.

    Intervals are split-conformal: they are as wide as free runs on the validation part were wrong at each lead time.
    Where too few of them reach that far, the interval is NaN; the attributes say how many stand behind it.

    Args:
        fit: The fit.
        steps: How many steps to forecast.
        coverage: Probability with which the truth is to lie in the interval, between 0 and 1.
        start: Time of the first forecast value; after the record's end when left out. Values before it are known,
            values from it on are not looked at.

    Returns:
        For each target `x` the variables `x`, `x_lower` and `x_upper` along `time`, with units; the attributes
        `coverage`, `calibration_origins` and `calibrated_steps`. If the record was a DataArray, one of `x` with the
        limits as coordinates; if it was a DataFrame, one with the same kind of index, headers and units.

    Raises:
        ArgumentError: If `steps`, `coverage` or `start` breaks its rule.
        DataError: If a gap lies within the window before the start.
        DivergedError: If the free run leaves the finite numbers.

    Examples:
        >>> import pendula
        >>> t = np.arange(200) * 0.1
        >>> series = xr.Dataset({"x": ("time", np.sin(t), {"units": "rad"})}, coords={"time": t})
        >>> fit = pendula.fit(series, model=pendula.nn.Network(hidden_size=4, linear_lags=4), window=10,
        ...                   training=pendula.Training(epochs=1))
        >>> future = forecast(fit, steps=3)
        >>> future.x.attrs["units"], future.time.values.round(1), bool(abs(future.x[0] - np.sin(20.0)) < 1e-3)
        ('rad', array([20. , 20.1, 20.2]), True)
    """
    return packed(forecast_dataset(fit, steps, coverage=coverage, start=start), fit.container)


def forecast_dataset(
    fit: Fit, steps: int, *, coverage: float = 0.9, start: TimeValue | str | None = None
) -> xr.Dataset:
    """Run a fit freely into the future, and give a data set, however its record was handed in.

    Args:
        fit: The fit.
        steps: As for `forecast`.
        coverage: As for `forecast`.
        start: As for `forecast`.

    Returns:
        As `forecast` for a record that was a data set.

    Raises:
        ArgumentError: If `steps`, `coverage` or `start` breaks its rule.
        DataError: If a gap lies within the window before the start.
        DivergedError: If the free run leaves the finite numbers.
    """
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ArgumentError(f"`steps` must be positive: expected 1 or more, got {steps}. Ask for one step at least.")
    if steps > MOST_STEPS:
        raise ArgumentError(f"`steps` must be at most {MOST_STEPS}: got {steps}. Forecast in parts with `start`.")
    row = len(fit.record) if start is None else _start_row(fit.record, start, window=fit.model.window)
    known = _known_before(fit.record, row)
    if known < fit.model.window:
        raise DataError(
            f"`start` must follow {fit.model.window} known values: got {known} since the last gap or the start of the "
            "trajectory. Choose another `start`, or fill the gaps with `--gaps fill`."
        )
    first = row - fit.model.window
    values = fit.model.run(fit.record.values[None, first:row], steps=steps, start=fit.record.time[first : first + 1])[0]
    if not np.isfinite(values).all():
        step = int(np.argmin(np.isfinite(values).all(axis=1))) + 1
        raise DivergedError(f"The free run diverged at step {step} of {steps}. Forecast fewer steps, or {_advice(fit)}")
    return _dataset(fit, values, row=row, coverage=coverage)


def _advice(fit: Fit) -> str:
    if fit.recipe.network.cell == RESERVOIR:
        return (
            "take a reservoir that is stable in free run: lower `spectral_radius` or `input_scaling`, raise the ridge "
            "penalty with `linear_penalty`, or leave the reservoir's settings out to have them chosen."
        )
    if fit.recipe.network.cell == INTEGRATOR:
        return "look at the parameters that were found: the equation leaves the finite numbers with them."
    return "train for free runs: raise `horizon`, and choose `select_by` free_run."


def _known_before(record: Record, row: int) -> int:
    # Rows of the segment that ends at this row or goes on through it; none after a gap.
    holding = record.segments[(record.segments[:, 0] < row) & (record.segments[:, 1] >= row)]
    return int(row - holding[0, 0]) if len(holding) else 0


def _start_row(record: Record, start: TimeValue | str, *, window: int) -> int:
    moment = parse_time(start, record.axis.kind, argument="start")
    if record.trajectory is not None:
        raise ArgumentError("`start` must be left out for a record of several trajectories. Forecast its end.")
    end = record.axis.extend(1)
    # 0.1 added up eight times is less than 0.8: a float that a user types is met within rounding.
    slack = 1e-6 * float(record.axis.step) if record.axis.kind == "float" else 0
    row = int(np.searchsorted(np.concatenate([record.time, end]) + slack, moment))
    if row < window or row > len(record):
        raise ArgumentError(
            f"`start` must lie within the record, after its first {window} values: expected "
            f"{_shown(record.time[window])} to {_shown(end[0])}, got {start}. Leave it out to forecast from "
            "the record's end."
        )
    return row


def _shown(moment: TimeValue) -> str:
    return f"{moment:.10g}" if isinstance(moment, float) else str(moment)


def _dataset(fit: Fit, values: Series, *, row: int, coverage: float) -> xr.Dataset:
    record, steps = fit.record, len(values)
    times = np.concatenate([record.time[row:], record.axis.extend(max(1, steps))])[:steps]
    lower, upper = _interval(fit, values, coverage)
    columns = {
        name + suffix: ("time", band[:, channel], {"units": unit} if unit else {})
        for channel, (name, unit) in enumerate(zip(record.names, record.units, strict=True))
        for suffix, band in (("", values), ("_lower", lower), ("_upper", upper))
    }
    return xr.Dataset(
        columns,
        coords={"time": ("time", times, {"units": record.axis.units} if record.axis.units else {})},
        attrs={
            "coverage": coverage,
            "calibration_origins": 0 if fit.calibration is None else fit.calibration.origins,
            "calibrated_steps": int(np.isfinite(lower).all(axis=1).sum()),
        },
    )


def _interval(fit: Fit, values: Series, coverage: float) -> tuple[Series, Series]:
    # The half widths are those of the network's scale, where the errors were measured.
    none = Calibration(errors=np.empty((0, 0, values.shape[1])))
    half = (fit.calibration or none).half_width(coverage, len(values))
    scaled = fit.model.scaler.transform(values)
    return fit.model.scaler.inverse(scaled - half), fit.model.scaler.inverse(scaled + half)
