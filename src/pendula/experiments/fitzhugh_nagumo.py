"""One step of the FitzHugh–Nagumo equations, fast and slow at once, learned from sequences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import Quantity, png
from pendula.figures.canvas import new_figure
from pendula.figures.curves import draw_predictions
from pendula.figures.style import style
from pendula.forecasting import fit_record
from pendula.nn import Forecaster, Network
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.runs import Fit, Recipe
from pendula.series import record
from pendula.shapes import BatchSeries
from pendula.systems import FitzHughNagumo, citation
from pendula.training import Training

__all__ = ["FITZHUGH_NAGUMO", "FitzHughNagumoRun", "run", "sequences"]

DURATION, SAMPLES = 400.0, 1000
TRAIN, VALIDATION, TEST = 128, 128, 1024
TARGET = 2.4e-3
SUBSTEPS = 8
"""Steps of Runge and Kutta from one sample to the next, enough for an error below 1e-5."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FitzHughNagumoRun:
    """Settings of `fitzhugh-nagumo`.

    Attributes:
        cell: rnn, gru or lstm.
        hidden_size: Units of the recurrent layer.
        window: Steps of a piece to learn from, all of which are scored.
        epochs: How often the validation part is looked at.
        steps: Steps between two looks.
        learning_rate: Step size of Adam at the start.
        seed: Of initial values, weights and order.
    """

    cell: str = "gru"
    hidden_size: int = 16
    window: int = 100
    epochs: int = 40
    steps: int = 150
    learning_rate: float = 1e-2
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        for name, least in (("hidden_size", 1), ("window", 2), ("epochs", 1), ("steps", 1)):
            if getattr(self, name) < least:
                raise ArgumentError(f"`{name}` must be at least {least}: got {getattr(self, name)}. Raise it.")


def run(settings: FitzHughNagumoRun, progress: Progress) -> ExperimentResult:
    """Learn the next value from 128 sequences, and test on 1024 others.

    Args:
        settings: The settings.
        progress: Gives the listener of the training.

    Returns:
        The root mean square error of one step ahead, beside persistence, and a figure.
    """
    made = sequences(TRAIN + VALIDATION + TEST, seed=settings.seed)
    known, test = made[: TRAIN + VALIDATION], made[TRAIN + VALIDATION :]
    fit = fit_record(
        record(_dataset(known), ("v", "w")), _recipe(settings), score=False, listener=progress(settings.cell)
    )
    told = one_step(fit, test[:, :-1])
    results = _results(fit, test[:, 1:], told, test[:, :-1])
    figure = _figure(test[:, 1:], told)
    return ExperimentResult(
        results=results,
        content=_content(results, figure, settings),
        figures={"fitzhugh-nagumo": figure},
        fits={settings.cell: fit},
    )


def sequences(count: int, *, seed: int) -> BatchSeries:
    """Integrate the equations from random initial values.

    Args:
        count: How many sequences.
        seed: Of the initial values: v from −1 to 1, evenly, and w = 0.

    Returns:
        v and w at 1000 times, from 0 to 400.

    References:
        T. K. Rusch et al., "Long expressive memory for sequence modeling", ICLR 2022, section 5.
    """
    flow = FitzHughNagumo(a=0.7, b=0.8, tau=50.0, current=0.5)
    starts = np.random.default_rng(seed).uniform(-1.0, 1.0, size=count)
    width = DURATION / (SAMPLES - 1) / SUBSTEPS
    state = np.stack([starts, np.zeros(count)])
    made = [state]
    for step in range((SAMPLES - 1) * SUBSTEPS):
        state = _advance(flow, state, width)
        if (step + 1) % SUBSTEPS == 0:
            made.append(state)
    return np.ascontiguousarray(np.stack(made).transpose(2, 0, 1))


def one_step(fit: Fit, series: BatchSeries) -> BatchSeries:
    """Predict the next value at every step, from the values of the sequence up to it.

    Args:
        fit: The fit.
        series: Sequences in their own units.

    Returns:
        The predictions, in their own units.
    """
    forecaster, scaler = fit.model.forecaster, fit.model.scaler
    assert isinstance(forecaster, Forecaster)
    with torch.no_grad():
        pieces = [
            forecaster(torch.from_numpy(scaler.transform(piece)))[0][:, :, 0].numpy()
            for piece in np.array_split(series, max(1, len(series) // 64))
        ]
    return scaler.inverse(np.concatenate(pieces))


def _advance(flow: FitzHughNagumo, state: np.ndarray, width: float) -> np.ndarray:
    def rates(at: np.ndarray) -> np.ndarray:
        return np.stack(flow.derivative(0.0, (at[0], at[1])))

    one = rates(state)
    two = rates(state + 0.5 * width * one)
    three = rates(state + 0.5 * width * two)
    four = rates(state + width * three)
    return np.asarray(state + width / 6 * (one + 2 * two + 2 * three + four))


def _dataset(made: BatchSeries) -> xr.Dataset:
    count, samples, _ = made.shape
    time = np.tile(np.arange(samples) * (DURATION / (SAMPLES - 1)), count)
    return xr.Dataset(
        {name: ("time", made[..., index].ravel()) for index, name in enumerate(("v", "w"))},
        coords={"time": ("time", time), "trajectory": ("time", np.repeat(np.arange(count), samples))},
    )


def _recipe(settings: FitzHughNagumoRun) -> Recipe:
    return Recipe(
        network=Network(cell=settings.cell, hidden_size=settings.hidden_size),  # type: ignore[arg-type] # it is checked
        training=Training(
            epochs=settings.epochs,
            steps_per_epoch=settings.steps,
            batch_size=64,
            learning_rate=settings.learning_rate,
            loss="every",
            patience=None,
        ),
        window=settings.window,
        test=0,
        validation=VALIDATION / (TRAIN + VALIDATION),
        by="trajectory",
        seed=settings.seed,
    )


def _results(fit: Fit, truth: BatchSeries, told: BatchSeries, last: BatchSeries) -> dict[str, Any]:
    errors = {"network": told - truth, "persistence": last - truth}
    scored = {name: float(np.sqrt(np.square(error).mean())) for name, error in errors.items()}
    by_channel = {
        name: float(np.sqrt(np.square(errors["network"][..., index]).mean())) for index, name in enumerate(("v", "w"))
    }
    results = {
        "experiment": "fitzhugh-nagumo",
        "rmse": scored["network"],
        "rmse_by_channel": by_channel,
        "persistence_rmse": scored["persistence"],
        "parameters": sum(weights.numel() for weights in fit.model.forecaster.parameters()),
        "units": fit.recipe.network.hidden_size,
        "sequences": {"train": TRAIN, "validation": VALIDATION, "test": len(truth)},
        "best_epoch": fit.best_epoch,
        "seconds": fit.seconds,
    }
    return {**results, "verdict": _verdict(results)}


def _verdict(results: Mapping[str, Any]) -> list[str]:
    first = (
        f"One step ahead on {results['sequences']['test']} test sequences, {results['units']} units have an RMSE of "
        f"{results['rmse']:.3g}; persistence has {results['persistence_rmse']:.3g}."
    )
    missed = [f"That misses the aim of {TARGET:g}."] if results["rmse"] > TARGET else []
    return [first, *missed]


def _figure(test: BatchSeries, told: BatchSeries) -> bytes:
    time = np.arange(1, SAMPLES) * (DURATION / (SAMPLES - 1))
    with style():
        figure = new_figure(width=8.4, height=5.6)
        for index, name in enumerate(("v", "w")):
            draw_predictions(
                time,
                test[0, :, index],
                predictions={"network": told[0, :, index]},
                quantity=Quantity(name=name),
                clock=Quantity(name="time"),
                title="One step ahead, first test sequence" if index == 0 else "",
                axes=figure.add_subplot(2, 1, index + 1),
            )
        return png(figure)


def _content(results: Mapping[str, Any], figure: bytes, settings: FitzHughNagumoRun) -> ReportContent:
    return ReportContent(
        title="fitzhugh-nagumo",
        verdict=results["verdict"],
        settings={"parameters": results["parameters"]},
        results={
            "RMSE by channel": ", ".join(f"{name} {error:.3g}" for name, error in results["rmse_by_channel"].items())
        },
        figures=[
            ReportFigure(
                caption="Predictions of the next value, from the values of the sequence up to each moment.",
                alt="Two panels: v and w of a sequence and their one-step predictions.",
                png=figure,
                name="fitzhugh-nagumo",
            )
        ],
        references=[
            Reference(name="FitzHugh–Nagumo", citation=citation("fitzhugh-nagumo"), equation=FitzHughNagumo.equation)
        ],
        seed=settings.seed,
    )


FITZHUGH_NAGUMO = Experiment(
    name="fitzhugh-nagumo",
    summary="The next value of an excitable cell, fast and slow at once, with 16 units.",
    settings=FitzHughNagumoRun,
    run=run,
)
