"""The lecture's second experiment: a network learns the driven damped oscillator (rows S10, S12 and S13)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, did_you_mean
from pendula.experiments.base import Experiment, ExperimentResult, Progress, Protocol
from pendula.experiments.curves import predictor_curves
from pendula.experiments.protocol import check_protocol, lecture_recipe, protocol_notes
from pendula.figures import Quantity, lecture_oscillator_figure, png
from pendula.forecasting import Comparison, compare_recipes
from pendula.nn import Cell, Network
from pendula.report import Reference, ReportContent, ReportFigure, verdict_of
from pendula.runs import Fit, Recipe
from pendula.series import record
from pendula.systems import citation, simulate
from pendula.training import Training

__all__ = ["LECTURE_OSCILLATOR", "LectureOscillator", "run"]

SYSTEMS = ("oscillator", "duffing")
CELL: Cell = "lstm"


@dataclass(frozen=True, kw_only=True, slots=True)
class LectureOscillator:
    """Settings of `lecture-oscillator`.

    Attributes:
        protocol: leak-free, or the lecture's own splits, scaling and training.
        system: oscillator, the lecture's linear one, or duffing, whose stiffness grows with the square of x.
        window: Steps of known past that the network sees.
        epochs: The protocol's own number when 0.
        seed: Of weights and batches.
    """

    protocol: Protocol = "leak-free"
    system: str = "oscillator"
    window: int = 50
    epochs: int = 0
    seed: int = 42


def run(settings: LectureOscillator, progress: Progress) -> ExperimentResult:
    """Fit an LSTM to the position alone, and run it freely over the test part.

    Args:
        settings: The settings.
        progress: Gives a listener for each training.

    Returns:
        Scores, the six-panel figure, and the fit.

    Raises:
        ArgumentError: If the protocol or the system is unknown.
    """
    check_protocol(settings.protocol)
    if settings.system not in SYSTEMS:
        raise ArgumentError(
            f"`system` must be oscillator or duffing: got {settings.system}."
            + did_you_mean(settings.system, SYSTEMS, listed=True)
        )
    series = _series(settings.system)
    comparison = compare_recipes(record(series, "x"), {CELL: _recipe(settings)}, listeners={CELL: progress(CELL)})
    figure = _figure(comparison, series, settings)
    return ExperimentResult(
        results=_results(comparison, settings),
        content=_content(comparison, settings, figure),
        figures={"lecture-oscillator": figure},
        fits=comparison.fits,
    )


def _series(system: str) -> xr.Dataset:
    if system == "oscillator":
        return simulate("oscillator", dt=0.002, duration=10.0)
    # Lightly damped, so that amplitude and with it frequency keep changing: a linear equation cannot follow.
    return simulate(
        "duffing",
        parameters={
            "delta": 0.1,
            "alpha": 1.0,
            "beta": 1.0,
            "drive": 1.0,
            "drive_frequency": 0.5,
            "x0": 2.0,
            "v0": 0.0,
        },
        dt=0.05,
        duration=200.0,
        substeps=10,
    )


def _recipe(settings: LectureOscillator) -> Recipe:
    if settings.protocol == "lecture":
        return lecture_recipe(CELL, epochs=settings.epochs or 50, window=settings.window, seed=settings.seed)
    return Recipe(
        network=Network(cell=CELL, hidden_size=32, linear_lags=settings.window),
        training=Training(
            epochs=settings.epochs or 80,
            batch_size=64,
            learning_rate=5e-3,
            horizon=50,
            steps_per_epoch=60,
            select_by="free_run",
            patience=40 if settings.system == "duffing" else 5,
        ),
        window=settings.window,
        seed=settings.seed,
    )


def _results(comparison: Comparison, settings: LectureOscillator) -> dict[str, Any]:
    made = comparison.fits[CELL]
    scores = comparison.evaluated.to_dict()
    return {
        "experiment": "lecture-oscillator",
        "protocol": settings.protocol,
        "system": settings.system,
        "seed": settings.seed,
        "windows": len(made.record) - settings.window,
        "train": made.train_stop - settings.window,
        "validation": made.validation_stop - made.train_stop,
        "test": len(made.record) - made.validation_stop,
        "best_epoch": made.best_epoch,
        **scores,
        "verdict": verdict_of(scores, made.record),
        "notes": _notes(made, settings),
    }


def _notes(made: Fit, settings: LectureOscillator) -> list[str]:
    notes = protocol_notes(settings.protocol)
    if settings.protocol == "lecture":
        return notes
    if settings.system == "oscillator":
        notes.append(
            "The equation is linear, so that a linear autoregression is all but exact here; that of the network's "
            "linear path is, too. `--system duffing` shows where it is not."
        )
    if made.best_epoch == 0:
        notes.append(
            "The epoch that was kept is 0: on the validation part the linear path alone ran better than with anything "
            "the recurrent layers learned beside it."
        )
    return notes


def _figure(comparison: Comparison, series: xr.Dataset, settings: LectureOscillator) -> bytes:
    made = comparison.fits[CELL]
    held_out = "test" if settings.protocol == "lecture" else "validation"
    networks, baselines = predictor_curves(comparison, held_out=held_out)
    states = np.column_stack([series["x"].values, series["v"].values])
    quantities = [Quantity(name=name, unit=str(series[name].attrs.get("units", ""))) for name in ("x", "v")]
    return png(
        lecture_oscillator_figure(
            made.record.time,
            states,
            parts=made.split.ranges,
            networks=networks,
            baselines=baselines,
            summary=_summary(comparison, settings),
            quantities=(quantities[0], quantities[1]),
            clock=Quantity(name="t", unit=made.record.axis.units),
        )
    )


def _summary(comparison: Comparison, settings: LectureOscillator) -> dict[str, str]:
    made = comparison.fits[CELL]
    scores = comparison.evaluated.to_dict()
    network, linear = scores["models"][CELL], scores["baselines"]["linear"]
    persistence = scores["baselines"]["persistence"]
    architecture = made.model.forecaster.network
    return {
        "protocol": settings.protocol,
        "system": settings.system,
        "samples": f"{len(made.record)}",
        "network": f"{CELL}, {architecture.num_layers} × {architecture.hidden_size}",
        "epochs, kept": f"{made.history[-1].epoch}, {made.best_epoch}",
        "one-step MSE": f"{network['mse']:.3g}",
        "  persistence": f"{persistence['mse']:.3g}",
        "  linear": f"{linear['mse']:.3g}",
        "one-step R²": f"{network['r2']:.6f}",
        "free-run NRMSE": _number(network["free_run_nrmse"]),
        "  linear ": _number(linear["free_run_nrmse"]),
        "training": f"{made.seconds:.1f} s",
    }


def _number(value: float | None) -> str:
    return "diverged" if value is None else f"{value:.3g}"


def _content(comparison: Comparison, settings: LectureOscillator, figure: bytes) -> ReportContent:
    made = comparison.fits[CELL]
    scores = comparison.evaluated.to_dict()
    return ReportContent(
        title=f"lecture-oscillator, {settings.protocol} protocol, {settings.system}",
        verdict=verdict_of(scores, made.record),
        notes=_notes(made, settings),
        settings={"step": made.record.axis.step_text, "epochs": made.recipe.training.epochs},
        results={"epochs done, epoch kept": f"{made.history[-1].epoch}, {made.best_epoch}"},
        scores=scores,
        figures=[
            ReportFigure(
                caption="Solution and split, phase space, learning curves; free runs, one-step errors, summary.",
                alt="Six panels: the solution with its split, its path in phase space, learning curves, the free run "
                "over the test part beside the baselines, one-step errors, and a summary.",
                png=figure,
            )
        ],
        references=[Reference(name=settings.system, citation=citation(settings.system))],
        seed=settings.seed,
    )


LECTURE_OSCILLATOR = Experiment(
    name="lecture-oscillator",
    summary="An LSTM learns the driven damped oscillator from positions alone, and runs freely.",
    settings=LectureOscillator,
    run=run,
)
