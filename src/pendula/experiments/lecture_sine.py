"""The lecture's first experiment: three recurrent networks learn a noisy sine (rows S1 to S6)."""

from dataclasses import dataclass
from typing import Any

from pendula.errors import ArgumentError, did_you_mean
from pendula.experiments.base import Experiment, ExperimentResult, Progress, Protocol
from pendula.experiments.curves import sine_figure
from pendula.experiments.protocol import check_protocol, lecture_recipe, protocol_notes
from pendula.forecasting import Comparison, compare_recipes
from pendula.nn import Cell, Network
from pendula.report import ReportContent, ReportFigure, verdict_of
from pendula.runs import Recipe
from pendula.series import record
from pendula.systems import simulate
from pendula.training import Training

__all__ = ["LECTURE_SINE", "LectureSine", "run"]

CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
SIGNALS = ("sine", "cosine", "combined", "damped")


@dataclass(frozen=True, kw_only=True, slots=True)
class LectureSine:
    """Settings of `lecture-sine`.

    Attributes:
        protocol: leak-free, or the lecture's own splits, scaling and training.
        signal: sine, cosine, combined or damped.
        noise: Standard deviation of the Gaussian noise.
        points: Samples on [0, 10π].
        window: Steps of known past that a network sees.
        epochs: The protocol's own number when 0.
        seed: Of weights and batches.
        noise_seed: Of the noise, drawn as the lecture draws it.
    """

    protocol: Protocol = "leak-free"
    signal: str = "sine"
    noise: float = 0.05
    points: int = 1000
    window: int = 50
    epochs: int = 0
    seed: int = 42
    noise_seed: int = 42


def run(settings: LectureSine, progress: Progress) -> ExperimentResult:
    """Fit the simple RNN, the LSTM and the GRU, and score them beside the baselines.

    Args:
        settings: The settings.
        progress: Gives a listener for each training.

    Returns:
        Scores, the nine-panel figure, and the fits.

    Raises:
        ArgumentError: If the protocol or the signal is unknown.
    """
    check_protocol(settings.protocol)
    if settings.signal not in SIGNALS:
        raise ArgumentError(
            f"`signal` must be one of the lecture's: got {settings.signal}." + did_you_mean(settings.signal, SIGNALS)
        )
    series = simulate(
        settings.signal,
        parameters={"points": settings.points},
        noise=settings.noise,
        noise_generator="mt19937",
        seed=settings.noise_seed,
    )
    rows = record(series)
    recipes: dict[str, Recipe] = {cell: _recipe(cell, settings) for cell in CELLS}
    comparison = compare_recipes(rows, recipes, listeners={cell: progress(cell) for cell in CELLS})
    held_out = "test" if settings.protocol == "lecture" else "validation"
    figure = sine_figure(comparison, held_out=held_out, noise_floor=settings.noise or None)
    return ExperimentResult(
        results=_results(comparison, settings),
        content=_content(comparison, settings, figure),
        figures={"lecture-sine": figure},
        fits=comparison.fits,
    )


def _recipe(cell: Cell, settings: LectureSine) -> Recipe:
    if settings.protocol == "lecture":
        return lecture_recipe(cell, epochs=settings.epochs or 100, window=settings.window, seed=settings.seed)
    # Inputs get twice the noise of the measurement, on the network's scale: of what was tried against overfitting
    # (weight decay, fewer units, a linear path) it brought the networks below the linear autoregression, on five
    # draws of the noise. The multi-step loss costs a little one step ahead and quarters the error of the free run.
    return Recipe(
        network=Network(cell=cell, hidden_size=32, residual=cell == "rnn", increments=False),
        training=Training(
            epochs=settings.epochs or 150,
            learning_rate=5e-3 if cell == "lstm" else 3e-3,
            input_noise=0.15,
            horizon=20,
            patience=None,
        ),
        window=settings.window,
        validation=0.15,
        baseline_lags=settings.window,
        seed=settings.seed,
    )


def _results(comparison: Comparison, settings: LectureSine) -> dict[str, Any]:
    first = next(iter(comparison.fits.values()))
    scores = comparison.evaluated.to_dict()
    return {
        "experiment": "lecture-sine",
        "protocol": settings.protocol,
        "signal": settings.signal,
        "seed": settings.seed,
        "noise_seed": settings.noise_seed,
        "windows": len(first.record) - settings.window,
        "train": first.train_stop - settings.window,
        "validation": first.validation_stop - first.train_stop,
        "test": len(first.record) - first.validation_stop,
        "noise_floor_mse": settings.noise**2,
        **scores,
        "verdict": verdict_of(scores, first.record),
        "notes": protocol_notes(settings.protocol),
    }


def _content(comparison: Comparison, settings: LectureSine, figure: bytes) -> ReportContent:
    scores = comparison.evaluated.to_dict()
    first = next(iter(comparison.fits.values()))
    return ReportContent(
        title=f"lecture-sine, {settings.protocol} protocol",
        verdict=verdict_of(scores, first.record),
        notes=protocol_notes(settings.protocol),
        settings={
            "network": f"{first.model.forecaster.network.num_layers} × "
            f"{first.model.forecaster.network.hidden_size} hidden units",
            "epochs": first.recipe.training.epochs,
        },
        scores=scores,
        figures=[
            ReportFigure(
                caption="Series and split, one-step errors and scores; learning curves; predictions on the test part.",
                alt="Nine panels: the noisy signal with its split, error histograms, a comparison of scores, the "
                "learning curves of three networks, and their one-step predictions and free runs on the test part.",
                png=figure,
            )
        ],
        seed=settings.seed,
    )


LECTURE_SINE = Experiment(
    name="lecture-sine",
    summary="A simple RNN, an LSTM and a GRU learn a noisy sine, beside persistence and linear autoregression.",
    settings=LectureSine,
    run=run,
)
