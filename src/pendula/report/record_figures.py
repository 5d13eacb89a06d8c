"""The figures of a record: its parts, and what is to come after its end."""

import numpy as np
import xarray as xr

from pendula.errors import DataError, DivergedError
from pendula.figures import draw_forecast, draw_series
from pendula.forecasting import forecast_dataset
from pendula.report.coordinates import clock_of, drawn_times, quantities
from pendula.report.facts import watched_part
from pendula.report.page import ReportFigure
from pendula.report.sheets import MOST_CHANNELS, draw_sheet, left_out
from pendula.runs import Fit
from pendula.series.record import Record

__all__ = ["end_forecast", "forecast_figure", "record_figure"]

COVERAGE = 0.9
"""Of the interval that is drawn."""

MOST_STEPS = 500
"""A forecast is drawn over at most so many steps."""


def record_figure(fit: Fit) -> ReportFigure:
    """Draw a fit's record with its three parts.

    Args:
        fit: The fit.

    Returns:
        An image named record.
    """
    record, parts = fit.record, fit.split.ranges
    time, clock = drawn_times(record)
    panels = _panels(record)
    names = [held.names[channel] for held, channel in panels]

    def draw(number: int, axes: object) -> object:
        held, channel = panels[number]
        return draw_series(
            time,
            held.values[:, channel],
            quantities=[quantities(held)[channel]],
            clock=clock,
            parts=parts,
            title="Record and its parts" if number == 0 else "",
            axes=axes,  # type: ignore[arg-type]
        )

    return draw_sheet(
        "record",
        len(panels),
        height=2.6,
        draw=draw,
        caption=f"The record in its own units{_controls_last(record)}. {_uses(fit)}{left_out(len(record.names))}",
        alt=f"{', '.join(names)} against {clock.name}; shaded: {', '.join(parts)}.",
    )


def _panels(record: Record) -> list[tuple[Record, int]]:
    held = [record] if record.controls is None else [record, record.controls]
    return [(each, channel) for each in held for channel in range(min(len(each.names), MOST_CHANNELS))]


def _controls_last(record: Record) -> str:
    if record.controls is None:
        return ""
    return f", below what is forecast the {', '.join(record.controls.names[:MOST_CHANNELS])}, which is told"


def forecast_figure(fit: Fit) -> tuple[ReportFigure | None, str]:
    """Draw the forecast beyond the record's end, as far as its intervals reach.

    Args:
        fit: The fit.

    Returns:
        An image named forecast, and an empty text; or None, and a sentence that says why there is none.
    """
    future, reason = end_forecast(fit)
    return (None if future is None else _draw_forecast(fit, future)), reason


def end_forecast(fit: Fit) -> tuple[xr.Dataset | None, str]:
    """Forecast what comes after the record's end, as far as the calibration reaches.

    Args:
        fit: The fit.

    Returns:
        The forecast with its interval, and an empty text; or None, and a sentence that says why there is none.
    """
    if fit.model.controls is not None:
        named = ", ".join(fit.model.controls.names)
        return None, f"There is no forecast: it depends on the {named} to come. `pendula forecast` takes a plan of it."
    calibration = fit.calibration
    steps = min(MOST_STEPS, fit.model.window if calibration is None else calibration.leads)
    try:
        future = forecast_dataset(fit, steps, coverage=COVERAGE)
    except DataError:
        return None, "There is no forecast: the record has a gap within the window before its end."
    except DivergedError:
        return None, f"There is no forecast: the free run beyond the record's end diverged within {steps} steps."
    future["time"].attrs["name"] = fit.record.axis.name  # files keep the name of the record's own column
    return future, ""


def _uses(fit: Fit) -> str:
    ranges, watched = fit.split.ranges, watched_part(fit)
    uses = ["The network learned from the training part"]
    if "validation" in ranges:
        chose = watched == "validation" and bool(fit.history) and fit.recipe.training.select_by != "last_epoch"
        done = ["chose the epoch"] * chose + ["measured the intervals"] * (
            fit.calibration is not None and not fit.recipe.folds
        )
        uses += [f"the validation part {' and '.join(done) or 'chose nothing'}"]
    if "test" in ranges:
        uses += [f"the test part was {'scored in every epoch' if watched == 'test' else 'not looked at'}"]
    return "; ".join(uses) + "."


def _draw_forecast(fit: Fit, future: xr.Dataset) -> ReportFigure:
    record = fit.record
    rows = slice(int(record.blocks[-1, 0]), len(record))
    # The weights of the times are the same for every channel; the band ends where calibration does.
    calibrated, origins = int(future.attrs["calibrated_steps"]), int(future.attrs["calibration_origins"])

    def draw(channel: int, axes: object) -> object:
        name = record.names[channel]
        ends = {end: np.asarray(future[f"{name}_{end}"].values) if calibrated else None for end in ("lower", "upper")}
        return draw_forecast(
            record.time[rows],
            record.values[rows, channel],
            future=np.asarray(future["time"].values),
            mean=np.asarray(future[name].values),
            lower=ends["lower"],
            upper=ends["upper"],
            coverage=COVERAGE,
            quantity=quantities(record)[channel],
            clock=clock_of(record),
            title=f"Forecast of {future.sizes['time']} steps",
            axes=axes,  # type: ignore[arg-type]
        )

    return draw_sheet(
        "forecast",
        min(len(record.names), MOST_CHANNELS),
        draw=draw,
        caption="The end of the record, and what the network expects after it."
        f"{_band(calibrated, origins, place=fit.recipe.calibrated_on)}"
        f"{left_out(len(record.names))}",
        alt=f"The end of {', '.join(record.names)} and a forecast"
        f"{' with its interval' if calibrated else ', without an interval'}.",
    )


def _band(calibrated: int, origins: int, *, place: str) -> str:
    if not calibrated:
        return f" There is no interval: {origins} origins in {place} are too few for {COVERAGE:.0%}."
    return (
        f" The band is as wide as free runs from {origins} origins in {place} were wrong in {COVERAGE:.0%} "
        f"of cases, at each of the first {calibrated} steps on its own."
    )
