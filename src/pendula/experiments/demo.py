"""The demo: three centuries of sunspots, and the last third of a century forecast without having seen it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import Quantity, draw_forecast, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.forecasting import evaluate_fit, fit_record, forecast_dataset
from pendula.report import ReportFigure, verdict_of
from pendula.report.fit_report import fit_report
from pendula.runs import Fit, Recipe
from pendula.series import load_dataset, record
from pendula.training import Training

__all__ = ["DEMO", "Demo", "run"]

FIRST_TEST_YEAR = 1976
COVERAGE = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """Settings of `demo`.

    Attributes:
        epochs: How often the training part is gone through, at most.
        seed: Of weights and batches.
    """

    epochs: int = 100
    seed: int = 0


def run(settings: Demo, progress: Progress) -> ExperimentResult:
    """Fit the yearly sunspot numbers up to 1975, forecast the years after, and score beside the baselines.

    Args:
        settings: The settings.
        progress: Gives a listener for the training.

    Returns:
        Scores, the report of the fit with its forecast, and the fit.
    """
    rows = record(load_dataset("sunspots"))
    made = fit_record(rows, _recipe(settings), listener=progress("gru"))
    steps = len(made.split.test)
    future = forecast_dataset(made, steps, coverage=COVERAGE, start=FIRST_TEST_YEAR)
    evaluated = evaluate_fit(made)
    figure = _figure(made, future)
    page = fit_report(made, evaluated)
    return ExperimentResult(
        results=_results(made, future),
        content=replace(page, title="Sunspots, learned up to 1975", figures=[figure, *page.figures]),
        figures={figure.name: figure.png, **page.images},
        fits={"network": made},
        forecasts={"forecast": future},
    )


def _recipe(settings: Demo) -> Recipe:
    # The defaults but for the transform: counts vary the more the higher they are, their square roots vary evenly.
    return Recipe(
        training=Training(epochs=settings.epochs),
        window=46,
        transform="sqrt",
        test_from=FIRST_TEST_YEAR,
        seed=settings.seed,
    )


def _results(made: Fit, future: xr.Dataset) -> dict[str, Any]:
    name = made.record.names[0]
    truth = made.record.values[made.validation_stop :, 0]
    lower, upper = future[f"{name}_lower"].values, future[f"{name}_upper"].values
    known = np.isfinite(lower)
    return {
        "experiment": "demo",
        "seed": made.recipe.seed,
        "trained_to": FIRST_TEST_YEAR - 1,
        "scored": [FIRST_TEST_YEAR, int(made.record.time[-1])],
        "best_epoch": made.best_epoch,
        "seconds": made.seconds,
        **made.scores,
        "interval": {
            "coverage": COVERAGE,
            "years": int(known.sum()),
            "covered": float(((truth >= lower) & (truth <= upper))[known].mean()) if known.any() else None,
        },
        "verdict": verdict_of(made.scores, made.record),
    }


def _figure(made: Fit, future: xr.Dataset) -> ReportFigure:
    name, unit = made.record.names[0], made.record.units[0]
    with style():
        figure = new_figure(width=7.5, height=3.4)
        draw_forecast(
            made.record.time[: made.validation_stop],
            np.ascontiguousarray(made.record.values[: made.validation_stop, 0]),
            future=future["time"].values,
            mean=future[name].values,
            lower=future[f"{name}_lower"].values,
            upper=future[f"{name}_upper"].values,
            truth=np.ascontiguousarray(made.record.values[made.validation_stop :, 0]),
            coverage=COVERAGE,
            quantity=Quantity(name=name, unit=unit),
            clock=Quantity(name="year"),
            title=f"Forecast from {FIRST_TEST_YEAR}, and what followed",
            axes=figure.add_subplot(),
        )
        image = png(figure)
    return ReportFigure(
        caption=f"A free run from {FIRST_TEST_YEAR} on, trained on the years before alone, and what followed.",
        alt="The sunspot numbers before the forecast, the forecast with its interval, and the measured numbers.",
        png=image,
        name="forecast-from-1976",
    )


DEMO = Experiment(
    name="demo",
    summary="Three centuries of sunspots: learned up to 1975, scored on what followed.",
    settings=Demo,
    run=run,
)
