"""The verb `forecast`: future values with intervals, in the units of the record."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from pendula.errors import ArgumentError
from pendula.filtering import tell
from pendula.forecasting.conformal import run_future
from pendula.forecasting.controls import completed, controls_from, handed_in, of_last_trajectory, plan_of, steps_of
from pendula.forecasting.drawing import NOTHING, draw_from_nothing, draw_future
from pendula.forecasting.extrapolation import beyond_training
from pendula.forecasting.joining import behind_record
from pendula.forecasting.predictors import contexts_of
from pendula.forecasting.starting import start_row
from pendula.runs import AnyFit, Fit, PairedFit
from pendula.series.axis import TimeValue
from pendula.series.containers import Data, packed, unpacked
from pendula.series.intervals import ROW

__all__ = ["few_runs", "forecast", "forecast_dataset"]

MOST_STEPS = 10_000_000
"""Longer forecasts are taken for a slip of the keyboard: at a tenth of a millisecond a step this takes 17 minutes."""


def forecast(
    fit: AnyFit,
    steps: int | None = None,
    *,
    inputs: Data | None = None,
    controls: Data | None = None,
    coverage: float = 0.9,
    start: TimeValue | str | None = None,
    samples: int | None = None,
    seed: int = 0,
    keep_samples: bool = False,
) -> xr.Dataset | xr.DataArray | pd.DataFrame:
    """Run a fit freely into the future.

    Intervals are split-conformal: they are as wide as free runs on the validation part were wrong at each lead time.
    These runs overlap, and `effective_origins` says how many independent ones they are worth; the fewer, the wider are
    the intervals, and a warning says where they are too few. Beyond the reach of the calibration the interval is NaN.
    On request they are quantiles of an ensemble that is drawn from the network's likelihood head: each run feeds back
    its draws. These are as right as the network is; the attribute `interval` says which they are.

    Args:
        fit: The fit.
        steps: How many steps to forecast; with `controls`, as far as they reach when left out.
        inputs: Only for a fit that tells targets from inputs, in place of `steps`: a series of them, from which the
            targets are told row by row; see `pendula.filtering.tell`.
        controls: Only for a fit under controls: a series of those that are planned, of which the rows from the first
            forecast value on count; of several trajectories the last one of the record. Where it has no row, those of
            the record are taken, as far as they reach. Where times are irregular, it begins with the record's rows or
            after the last of them, and its times are those of the forecast.
        coverage: Probability with which the truth is to lie in the interval, between 0 and 1.
        start: Time of the first forecast value, or its row, counted from 0, where times are irregular; after the
            record's end when left out. Values before it are known, values from it on are not looked at. With samples
            also "nothing": trajectories that no record precedes.
        samples: How many runs to draw; none when left out.
        seed: Of the draws; the same seed gives the same bits.
        keep_samples: Whether to give the runs themselves, too; data sets can hold them.

    Returns:
        For each target `x` the variables `x`, `x_lower` and `x_upper` along `time`, with units, and `x_spread`, the
        standard deviation of the members' runs, where there are several; the coordinate `effective_origins`, 0 beyond
        the calibration; the attributes `coverage`, `interval`, and either `calibration_origins` and `calibrated_steps`
        or `samples` and `seed`. With samples `x` is their mean; those kept are `x_samples`, along `sample` and `time`.
        Where planned controls, or inputs, leave the range of the training part by more than a tenth of it, the
        attribute `outside` says so, and a warning. Where times are irregular and no controls are handed in, the times
        of the record's rows are not known, and `time` counts rows, by the name `row` in other containers and files.
        If the record was a DataArray, one of `x` with the limits as coordinates; if it was a DataFrame, one with the
        same kind of index, headers and units.

    Raises:
        ArgumentError: If `steps`, `coverage`, `start` or `samples` breaks its rule.
        DataError: If a gap lies within the window before the start, or controls of a step are missing.
        DivergedError: If a free run leaves the finite numbers.
        UnitsError: If a control has another unit than in the record.

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
    if isinstance(fit, PairedFit):
        if inputs is None or any(given is not None for given in (steps, start, samples, controls)):
            raise ArgumentError(
                f"`inputs` must be given alone to a fit that tells {', '.join(fit.recipe.target)} from "
                f"{', '.join(fit.recipe.inputs)}: expected a series of inputs, got none, or other arguments, too. "
                "Its targets last as long as its inputs."
            )
        told = tell(fit, inputs)
        _warn(told.attrs.get("outside", ""))
        return packed(told, unpacked(inputs, continues=True)[1])
    if inputs is not None:
        raise ArgumentError("`inputs` must be left out for a fit that forecasts: got a series. Ask for `steps`.")
    driving = handed_in(fit)
    if steps is None and controls is None and driving:
        raise ArgumentError(
            f"`controls` must be given: expected {', '.join(driving)} for the steps to come, got none. The forecast "
            "depends on them."
        )
    if steps is None and controls is None:
        raise ArgumentError("`steps` must be given: expected how many steps to forecast, got none. Ask for one.")
    if keep_samples and fit.container.kind != "dataset":
        raise ArgumentError(
            f"`keep_samples` must be off for a record that was handed in as {_CONTAINERS[fit.container.kind]}, which "
            "holds no samples beside the forecast. Hand in a Dataset."
        )
    future = forecast_dataset(
        fit,
        steps,
        controls=None if controls is None else unpacked(controls, continues=True)[0],
        coverage=coverage,
        start=start,
        samples=samples,
        seed=seed,
        keep_samples=keep_samples,
    )
    _warn(few_runs(future), future.attrs.get("outside", ""))
    # A data set keeps the dimension that it came with.
    counted = fit.recipe.irregular and controls is None and fit.container.kind != "dataset"
    return packed(future, replace(fit.container, time=ROW, dtype="", counted=False) if counted else fit.container)


def _warn(*sentences: str) -> None:
    for sentence in filter(None, sentences):
        warnings.warn(sentence, stacklevel=3)


_CONTAINERS = {"array": "a DataArray", "frame": "a DataFrame"}


def forecast_dataset(
    fit: Fit,
    steps: int | None,
    *,
    controls: xr.Dataset | None = None,
    coverage: float = 0.9,
    start: TimeValue | str | None = None,
    samples: int | None = None,
    seed: int = 0,
    keep_samples: bool = False,
) -> xr.Dataset:
    """Run a fit freely into the future, and give a data set, however its record was handed in.

    Args:
        fit: The fit.
        steps: As for `forecast`.
        controls: As for `forecast`.
        coverage: As for `forecast`.
        start: As for `forecast`.
        samples: As for `forecast`.
        seed: As for `forecast`.
        keep_samples: As for `forecast`.

    Returns:
        As `forecast` for a record that was a data set.

    Raises:
        ArgumentError: If `steps`, `coverage`, `start` or `samples` breaks its rule.
        DataError: If a gap lies within the window before the start, or controls of a step are missing.
        DivergedError: If a free run leaves the finite numbers.
        UnitsError: If a control has another unit than in the record.
    """
    controls = None if controls is None else behind_record(fit, of_last_trajectory(fit, controls))
    plan = plan_of(fit, controls)
    fit = completed(fit, plan)
    if samples is None and (keep_samples or start == NOTHING):
        given = "keep_samples" if keep_samples else "start"
        raise ArgumentError(
            f"`samples` must be given with `{given}`{'' if keep_samples else ' nothing'}: expected how many runs to "
            "draw, got none. Write samples=200."
        )
    if samples is not None and start == NOTHING:
        _check_undriven(fit)
        return draw_from_nothing(
            fit, _checked(steps), coverage=coverage, samples=samples, seed=seed, keep_samples=keep_samples
        )
    row = start_row(fit, start)
    steps = _checked(steps_of(fit, plan, row) if steps is None and plan is not None else steps)
    context = contexts_of(fit.model, fit.record.values, np.array([row]))
    told = controls_from(fit, plan, row, steps, rows=context.shape[1])
    driving = None if told is None else told[None]
    if samples is None:
        future = run_future(fit, context, row=row, steps=steps, controls=driving, coverage=coverage)
    else:
        future = draw_future(
            fit,
            context,
            row=row,
            steps=steps,
            controls=driving,
            coverage=coverage,
            samples=samples,
            seed=seed,
            keep_samples=keep_samples,
        )
    planned = None if plan is None or told is None else told[-steps:]
    if beyond := beyond_training(fit, planned, drawn=samples is not None):
        future.attrs["outside"] = beyond
    if fit.recipe.irregular:
        future = _with_moments(future, controls, first=row - int(fit.record.blocks[-1, 0]))
    return future


def _checked(steps: object) -> int:
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ArgumentError(f"`steps` must be positive: expected 1 or more, got {steps}. Ask for one step at least.")
    if steps > MOST_STEPS:
        raise ArgumentError(f"`steps` must be at most {MOST_STEPS}: got {steps}. Forecast in parts with `start`.")
    return steps


def _check_undriven(fit: Fit) -> None:
    if fit.model.controls is not None:
        raise ArgumentError(
            f"`start` must be a time under controls: expected one of the record, got {NOTHING}. What "
            f"{', '.join(fit.model.controls.names)} was before is not known; leave `start` out."
        )


def _with_moments(future: xr.Dataset, controls: xr.Dataset | None, *, first: int) -> xr.Dataset:
    # Irregular rows are the steps, and a plan has their times.
    if controls is None:
        return future.assign_coords(time=("time", future["time"].values, {"name": ROW}))
    return future.assign_coords(time=controls["time"].isel(time=slice(first, first + future.sizes["time"])))


def few_runs(future: xr.Dataset) -> str:
    """Say from which step on a conformal interval rests on too few runs to hold what it says.

    Args:
        future: What `forecast_dataset` gave.

    Returns:
        A sentence or two; an empty text where the runs are enough, or where there is no interval to doubt.
    """
    if not (reach := int(future.attrs.get("calibrated_steps", 0))):
        return ""
    # 0.9 / 0.1 is 9.000000000000002 in floating point, and its ceiling 10.
    enough = future.attrs["coverage"] / (1 - future.attrs["coverage"]) - 1e-9
    few = np.flatnonzero(future["effective_origins"].values[:reach] < enough)
    if not len(few):
        return ""
    return (
        f"The interval rests on less than {math.ceil(enough)} independent runs from step {few[0] + 1} on, and is "
        "widened beyond the largest error that was seen; it may hold less than it says. A longer validation part gives "
        "more of them; a fit with `calibration_folds` of 5 (`--set calibration_folds=5`) measures it on all known rows."
    )
