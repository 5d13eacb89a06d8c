"""Controls in forecasts: which networks take them, and those of the rows to come."""

from dataclasses import replace

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.forecasting.starting import times_from
from pendula.nn import CELLS
from pendula.runs import Fit, Recipe
from pendula.series.alike import assemble_alike, check_alike, check_dates
from pendula.series.axis import TimeAxis
from pendula.series.columns import column_names
from pendula.series.intervals import INTERVAL, with_intervals
from pendula.series.record import Record
from pendula.shapes import ControlSeries, Float, ndarray

__all__ = [
    "check_bridges",
    "check_controls",
    "completed",
    "controls_from",
    "handed_in",
    "of_last_trajectory",
    "plan_of",
    "steps_of",
]


def check_controls(rows: Record, recipe: Recipe) -> None:
    """Make sure that a network can be told controls.

    Args:
        rows: The record.
        recipe: Every choice.

    Raises:
        ArgumentError: If the record has controls, and something in the recipe takes none; or if times are irregular,
            and it does not tell them.
    """
    if recipe.irregular and (rows.controls is None or INTERVAL not in rows.controls.names):
        raise ArgumentError(
            f"`irregular` must go with a record that tells the time from row to row: expected a control `{INTERVAL}`, "
            "got none. Make it with `pendula.series.controls.as_steps`."
        )
    if rows.controls is None:
        return
    network = recipe.network
    named = ", ".join(rows.controls.names)
    if network.cell not in CELLS:
        raise ArgumentError(
            f"`cell` must take controls where there are some: expected {', '.join(CELLS)}, got {network.cell} and "
            f"{named}. Choose one of them, or leave `controls` out."
        )
    for name, expected, actual in (
        ("leads", 1, network.leads),
        ("engine", "pendula", recipe.training.engine),
    ):
        if actual != expected:
            raise ArgumentError(
                f"`{name}` must be {expected} under controls: got {actual} and {named}. Leave one of them out."
            )


def check_bridges(recipe: Recipe) -> None:
    """Make sure that a network can be shown what is missing.

    Args:
        recipe: Every choice.

    Raises:
        ArgumentError: If windows are to reach over missing values, and something in the recipe cannot do so.
    """
    if recipe.missing == "gap":
        return
    network, training = recipe.network, recipe.training
    for name, expected, actual in (
        ("cell", tuple(CELLS), network.cell),
        ("head", ("point",), network.head),
        ("leads", (1,), network.leads),
        ("engine", ("pendula",), training.engine),
        ("loss", ("last",), training.loss),
        ("cut", ("rows",), recipe.cut),
    ):
        if actual not in expected:
            raise ArgumentError(
                f"`{name}` must be {' or '.join(map(str, expected))} where missing values are shown: got {actual} and "
                f"missing {recipe.missing}. Leave one of them out."
            )


def plan_of(fit: Fit, series: xr.Dataset | None) -> Record | None:
    """Read the controls that are planned.

    Args:
        fit: The fit.
        series: Its controls along `time`, of one trajectory; other variables are not looked at.

    Returns:
        A record of them; None where there is no series.

    Raises:
        ArgumentError: If there is a series and the fit has no controls.
        DataError: If a control is missing, there are no times or the time step is another than the fit's.
        UnitsError: If a control has another unit.
    """
    controls = fit.model.controls
    if series is None:
        return None
    if controls is None:
        raise ArgumentError(
            "`controls` must be left out for a fit that has none: got a series. Fit it with `controls`, or ask for "
            "`steps` alone."
        )
    series = with_intervals(series) if fit.recipe.irregular else series
    names, axis = column_names(series, controls.names, argument="controls"), fit.model.axis
    try:
        plan = assemble_alike(series, names, axis=axis)
        _check_times(series, plan, axis)
        check_alike(plan, units=controls.units, axis=axis)
    except DataError as error:
        raise DataError(str(error).replace("`series`", "`controls`")) from error
    if fit.recipe.irregular:
        _check_begins_with(fit, plan)
    return plan


def of_last_trajectory(fit: Fit, series: xr.Dataset) -> xr.Dataset:
    """Take the rows of a plan that are those of the trajectory which is forecast.

    Args:
        fit: The fit.
        series: Controls along `time`, perhaps of several trajectories.

    Returns:
        Those of the last trajectory of the record; all of them where none are told apart.

    Raises:
        DataError: If there are none of it, or several for a record that is one trajectory.
    """
    if "trajectory" not in series.variables:
        return series
    named, known = series["trajectory"].values.astype(str), fit.record.trajectory
    own = named == (named[0] if known is None else str(known[-1]))
    if not own.any() or (known is None and not own.all()):
        wanted = "one alone" if known is None else f"{known[-1]}, the last one of the record"
        raise DataError(
            f"`controls` must be of the trajectory that is forecast: expected {wanted}, got "
            f"{', '.join(dict.fromkeys(named.tolist()))}. Hand in its rows."
        )
    return series.isel(time=np.flatnonzero(own)).drop_vars("trajectory")


def completed(fit: Fit, plan: Record | None) -> Fit:
    """Take controls that a record lacks from a plan that has them.

    Args:
        fit: The fit.
        plan: The planned controls; those of rows that the record has count where it lacks them.

    Returns:
        The fit with a record that lacks less; the same one where nothing is gained.
    """
    record, known = fit.record, fit.record.controls
    if plan is None or known is None or not np.isnan(known.values).any():
        return fit
    values, begin = known.values.copy(), int(record.blocks[-1, 0])
    own = values[begin:]  # a plan is one of the last trajectory
    told = np.full_like(own, np.nan)
    _lay_over(told, plan.values, _clock(fit, plan.time), _clock(fit, record.time[begin:]), slack=_slack(fit))
    own[:] = np.where(np.isnan(own), told, own)
    return replace(fit, record=replace(record, controls=known.with_values(values)).with_values(record.values))


def handed_in(fit: Fit) -> tuple[str, ...]:
    """Name the controls that a series for a fit has to have.

    Args:
        fit: The fit.

    Returns:
        Their names, without the time from row to row, which is made of the times.
    """
    controls = () if fit.model.controls is None else fit.model.controls.names
    return tuple(name for name in controls if not (fit.recipe.irregular and name == INTERVAL))


def steps_of(fit: Fit, plan: Record, row: int) -> int:
    """Count the steps that a plan reaches beyond a row.

    Args:
        fit: The fit.
        plan: The planned controls.
        row: The first row to forecast.

    Returns:
        How many rows of the plan are not before it.

    Raises:
        DataError: If there is none.
    """
    first = times_from(fit, row, 1)
    steps = int((_clock(fit, plan.time) > _clock(fit, first) - _slack(fit)).sum())
    if not steps:
        raise DataError(
            f"`controls` must reach beyond the known rows: expected them from {_shown(first[0])} on, got the last at "
            f"{_shown(plan.time[-1])}. Plan the steps to forecast."
        )
    return steps


def controls_from(fit: Fit, plan: Record | None, row: int, steps: int, *, rows: int) -> ControlSeries | None:
    """Put together the controls that a forecast needs: those of its window, and those of its steps.

    Where a plan has a row of the forecast, that counts; elsewhere the record's own does, as far as it reaches.

    Args:
        fit: The fit.
        plan: The planned controls; those of rows before the forecast are not looked at.
        row: The first row to forecast.
        steps: How many steps.
        rows: How many rows before it are known.

    Returns:
        The controls of these rows and of the steps after them; None for a fit that has none.

    Raises:
        DataError: If those of a step are missing.
    """
    known = fit.record.controls
    if known is None:
        return None
    ahead = np.full((steps, len(known.names)), np.nan)
    own = known.values[row : row + steps]
    ahead[: len(own)] = own
    times = times_from(fit, row, steps)
    if plan is not None:
        _lay_over(ahead, plan.values, _clock(fit, plan.time), _clock(fit, times), slack=_slack(fit))
    missing = np.isnan(ahead).any(axis=1)
    if missing.any():
        step, first, last = int(missing.argmax()), _shown(times[0]), _shown(times[-1])
        raise DataError(
            f"`controls` must be known for every step of a forecast: expected {', '.join(known.names)} from {first} to "
            f"{last}, got none at {_shown(times[step])}, step {step + 1} of {steps}. "
            + (_ADVICE[fit.recipe.irregular] if plan is None else "Complete them, or forecast fewer steps.")
        )
    return np.concatenate([known.values[np.maximum(np.arange(row - rows, row), 0)], ahead])


_ADVICE = {
    False: "Hand in a series or a file of them.",
    True: "Hand in a series or a file of the times to come.",
}


def _check_begins_with(fit: Fit, plan: Record) -> None:
    # Where rows are the steps, they are told apart by their number, and the plan has to count as the record does.
    rows = fit.record.slice(int(fit.record.blocks[-1, 0]), len(fit.record))
    assert rows.controls is not None
    known, planned = (held.values[1:, held.index(INTERVAL)] for held in (rows.controls, plan))
    if len(planned) < len(known) or not np.allclose(planned[: len(known)], known, rtol=1e-6, atol=0):
        last = "" if rows.moments is None else f", or times after {_shown(rows.moments[-1])} alone"
        raise DataError(
            f"`controls` must begin with the rows of the record where times are irregular: expected its {len(rows)} "
            f"rows, and those to come after them{last}, got others. Write the record and the plan into one file."
        )


def _check_times(series: xr.Dataset, plan: Record, axis: TimeAxis) -> None:
    # Files and data sets without times have their rows counted.
    counted = "time" not in series.variables or not series["time"].attrs
    if counted and axis.step != 1 and np.array_equal(plan.time, np.arange(len(plan))):
        raise DataError(
            f"`controls` must have the times that they are planned for: expected a step of {axis.step_text}, got rows "
            "that are counted from 0. Add the column of times, or name it with `--time`."
        )


def _lay_over(
    ahead: Float[ndarray, "step control"],
    planned: Float[ndarray, "row control"],
    own: Float[ndarray, " row"],
    times: Float[ndarray, " step"],
    *,
    slack: float,
) -> None:
    place = np.minimum(np.searchsorted(own, times - slack), len(own) - 1)
    found = np.abs(own[place] - times) <= slack
    ahead[found] = planned[place[found]]


def _clock(fit: Fit, times: ndarray) -> ndarray:
    axis = fit.model.axis
    check_dates(times, dates=axis.kind == "datetime", argument="controls")
    return axis.elapsed(times)


def _slack(fit: Fit) -> float:
    # Times that were rounded in a file are met; dates of calendar steps are exact.
    return 1.0 if fit.model.axis.is_calendar else 0.01 * fit.model.axis.clock[0]


def _shown(moment: object) -> str:
    return f"{moment:.10g}" if isinstance(moment, float) else str(moment)
