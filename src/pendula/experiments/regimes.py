"""Lorenz, Rössler and a periodic signal by turns: which is it now, and how soon is that known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.filtering import LabelsEvaluated, evaluate_labels
from pendula.forecasting import fit
from pendula.nn import Network
from pendula.report import Reference, ReportContent, labels_figures
from pendula.runs import Labels, PairedFit
from pendula.systems import Switching, draw_switching
from pendula.training import Listener, Training

__all__ = ["REGIME_SWITCHES", "RegimeSwitches", "run"]

WANTED = 0.97
"""The share of rows that was to be told right."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegimeSwitches:
    """Settings of `regimes`.

    Attributes:
        rows: Length of the record; its last quarter is the test.
        period: Rows of one turn, in all regimes.
        noise: Standard deviation of the noise, in that of the signal.
        hidden_size: Units of the GRU.
        epochs: Epochs of 100 batches of 32 windows.
        minimum_duration: Rows in a row for which another regime must lead before it is told.
        seed: Of record, weights and order.
    """

    rows: int = 60_000
    period: int = 25
    noise: float = 0.1
    hidden_size: int = 32
    epochs: int = 10
    minimum_duration: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hidden_size", "epochs"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"`{name}` must be positive: got {getattr(self, name)}. Choose 1 or more.")
        _ = self.switching, Labels(minimum_duration=self.minimum_duration)  # whose rules are checked with them

    @property
    def switching(self) -> Switching:
        """How the record is drawn: regimes of 10 to 30 turns."""
        return Switching(
            rows=self.rows,
            period=self.period,
            noise=self.noise,
            shortest=10 * self.period,
            longest=30 * self.period,
        )


def run(settings: RegimeSwitches, progress: Progress) -> ExperimentResult:
    """Learn to tell the regime of each row from the rows up to it.

    Args:
        settings: The settings.
        progress: Gives the listener of the training.

    Returns:
        The share of rows that is told right, and how late switches are told; figures and a page.
    """
    fitted = _fit(settings, listener=progress("gru"))
    evaluated = evaluate_labels(fitted)
    results = _results(evaluated.to_dict(), fitted, settings)
    content = _content(results["verdict"], evaluated, fitted, settings)
    return ExperimentResult(results=results, content=content, figures=content.images, paired_fits={"gru": fitted})


def _fit(settings: RegimeSwitches, *, listener: Listener) -> PairedFit:
    return fit(
        draw_switching(settings.switching, generator=np.random.default_rng(settings.seed)),
        "regime",
        task="regimes",
        model=Network(hidden_size=settings.hidden_size),
        window=6 * settings.period,
        washout=settings.period,
        labels=Labels(minimum_duration=settings.minimum_duration),
        training=Training(
            epochs=settings.epochs, steps_per_epoch=100, learning_rate=0.01, batch_size=32, patience=None
        ),
        seed=settings.seed,
        listener=listener,
    )


def _results(scores: Mapping[str, Any], fitted: PairedFit, settings: RegimeSwitches) -> dict[str, Any]:
    network, half = scores["models"]["network"], settings.period / 2
    delay = network["median_delay_rows"]
    return {
        "experiment": "regimes",
        "seed": settings.seed,
        "accuracy": network["accuracy"],
        "linear_accuracy": scores["baselines"]["linear"]["accuracy"],
        "period": settings.period,
        "median_delay": delay,
        **{name: network[name] for name in ("switches", "missed", "false_switches", "confusion")},
        "classes": scores["classes"],
        "seconds": fitted.seconds,
        "fulfilled": network["accuracy"] >= WANTED and delay is not None and delay <= half,
        "verdict": _verdict(scores, half),
    }


def _content(
    verdict: list[str], evaluated: LabelsEvaluated, fitted: PairedFit, settings: RegimeSwitches
) -> ReportContent:
    return ReportContent(
        title="Which regime is it now",
        verdict=verdict,
        notes=[
            (
                f"One turn lasts {settings.period} rows in every regime, a regime 10 to 30 turns; each has zero mean "
                f"and unit variance, and noise of {settings.noise:g}."
            ),
            (
                f"A regime is told once it has led for {settings.minimum_duration} rows, from the rows up to then; the "
                "delay counts them."
            ),
        ],
        scores=evaluated.to_dict(),
        figures=labels_figures(fitted, evaluated),
        references=(
            Reference(name="Lorenz", citation="E. N. Lorenz, Journal of the Atmospheric Sciences 20, 130 (1963)"),
            Reference(name="Rössler", citation="O. E. Rössler, Physics Letters A 57, 397 (1976)"),
        ),
        seed=settings.seed,
    )


def _verdict(scores: Mapping[str, Any], half: float) -> list[str]:
    network, linear = scores["models"]["network"], scores["baselines"]["linear"]
    delay = network["median_delay_rows"]
    late = "none is told" if delay is None else f"the median delay is {delay:g} rows, half a period {half:g}"
    return [
        (
            f"The regime of {100 * network['accuracy']:.2f} % of {scores['rows']} rows is told right, by a linear "
            f"classifier of mean, spread and last value that of {100 * linear['accuracy']:.2f} %."
        ),
        (
            f"{network['switches'] - network['missed']} of {network['switches']} switches are found: {late}; "
            f"{network['false_switches']} are told that are none."
        ),
    ]


REGIME_SWITCHES = Experiment(
    name="regimes",
    summary="Lorenz, Rössler and a periodic signal by turns, in noise: the regime of each row, and its onset.",
    settings=RegimeSwitches,
    run=run,
)
