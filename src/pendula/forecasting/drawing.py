"""Forecasts drawn from a likelihood head: ensembles from a start in the record, or trajectories from nothing."""

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, DivergedError
from pendula.forecasting.starting import in_units, times_from
from pendula.metrics import check_probability
from pendula.runs import Fit
from pendula.shapes import BatchControls, BatchSeries, Float, ndarray

__all__ = ["NOTHING", "draw_from_nothing", "draw_future", "interval_of"]

NOTHING = "nothing"
"""The start of trajectories that no record precedes."""
TRANSIENT = 1000
"""Steps from nothing that are left out, or ten windows, if that is more: the start is to be forgotten."""
MOST_VALUES = 100_000_000
"""More drawn values than this are taken for a slip of the keyboard: they take a gigabyte."""


def draw_future(
    fit: Fit,
    context: BatchSeries,
    *,
    row: int,
    steps: int,
    controls: BatchControls | None,
    coverage: float,
    samples: int,
    seed: int,
    keep_samples: bool,
) -> xr.Dataset:
    """Draw an ensemble of free runs.

    Args:
        fit: A fit with a likelihood head.
        context: The known past, of one start.
        row: The first row to forecast.
        steps: How many steps to run.
        controls: Those of the rows of `context` and of the steps after them; None for a fit that has none.
        coverage: Probability between the two quantiles that are the interval.
        samples: How many runs to draw.
        seed: Of the draws.
        keep_samples: Whether to give the runs, too.

    Returns:
        Mean and quantiles of each channel along `time`, and on request the runs along `sample` and `time`.

    Raises:
        ArgumentError: If an argument breaks its rule, or there is no likelihood head.
        DivergedError: If a run leaves the finite numbers.
    """
    _check(fit, steps, coverage=coverage, samples=samples, seed=seed)
    runs = fit.model.draw(context, steps=steps, samples=samples, seed=seed, controls=controls)[0]
    future = _summed_up(fit, runs, times_from(fit, row, steps), coverage=coverage, keep_samples=keep_samples)
    return future.assign_attrs(samples=samples, seed=seed)


def draw_from_nothing(
    fit: Fit, steps: int, *, coverage: float, samples: int, seed: int, keep_samples: bool
) -> xr.Dataset:
    """Draw trajectories that no record precedes.

    Runs start at the center of the training part, and what they do while they forget it is left out.

    Args:
        fit: A fit with a likelihood head, and without controls.
        steps: How many steps to run.
        coverage: As for `draw_future`.
        samples: As for `draw_future`.
        seed: As for `draw_future`.
        keep_samples: As for `draw_future`.

    Returns:
        As `draw_future`.

    Raises:
        ArgumentError: If an argument breaks its rule, or there is no likelihood head.
        DivergedError: If a run leaves the finite numbers.
    """
    _check(fit, steps, coverage=coverage, samples=samples, seed=seed)
    model, axis = fit.model, fit.record.axis
    center = model.scaler.inverse(np.zeros((1, model.window, len(model.names))))
    left_out = max(TRANSIENT, 10 * model.window)
    runs = model.draw(center, steps=left_out + steps, samples=samples, seed=seed)[0, :, left_out:]
    times = axis.after(0, size=steps).values(0, steps)
    future = _summed_up(fit, runs, times, coverage=coverage, keep_samples=keep_samples)
    return future.assign_attrs(samples=samples, seed=seed)


def interval_of(
    runs: Float[ndarray, " sample *rest"], coverage: float
) -> tuple[Float[ndarray, "*rest"], Float[ndarray, "*rest"]]:
    """Find the interval between two quantiles of drawn values.

    Args:
        runs: The values.
        coverage: Probability between the quantiles.

    Returns:
        The quantiles at rank p (n + 1), between which another draw lies with just that probability.

    References:
        R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996) 361,
        definition 6.

    Examples:
        >>> interval_of(np.arange(1.0, 20.0), 0.8)
        (array(2.), array(18.))
    """
    ends = np.quantile(runs, [(1 - coverage) / 2, (1 + coverage) / 2], axis=0, method="weibull")
    return np.asarray(ends[0]), np.asarray(ends[1])


def _summed_up(
    fit: Fit, runs: Float[ndarray, "sample step channel"], times: ndarray, *, coverage: float, keep_samples: bool
) -> xr.Dataset:
    _check_finite(runs)
    lower, upper = interval_of(runs, coverage)
    future = in_units(fit, {"": runs.mean(axis=0), "_lower": lower, "_upper": upper}, times=times)
    if keep_samples:
        for channel, (name, unit) in enumerate(zip(fit.record.names, fit.record.units, strict=True)):
            attributes = {"units": unit} if unit else {}
            future[f"{name}_samples"] = (("sample", "time"), runs[:, :, channel].copy(), attributes)
    return future.assign_attrs(coverage=coverage, interval="samples")


def _check(fit: Fit, steps: int, *, coverage: float, samples: int, seed: int) -> None:
    for name, value, low in (("samples", samples, 2), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise ArgumentError(
                f"`{name}` must be a whole number: expected {low} or more, got {value}. Choose another."
            )
    check_probability("coverage", coverage)
    values = samples * steps * len(fit.record.names)
    if values > MOST_VALUES:
        raise ArgumentError(
            f"`samples` must leave room: expected at most {MOST_VALUES} values in all runs, got {values}. Draw fewer "
            "samples or steps."
        )


def _check_finite(runs: Float[ndarray, "sample step channel"]) -> None:
    lost = int((~np.isfinite(runs).all(axis=(1, 2))).sum())
    if lost:
        raise DivergedError(
            f"{lost} of {len(runs)} drawn runs left the finite numbers. Draw fewer steps, or train longer windows."
        )
