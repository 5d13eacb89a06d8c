"""Pulses of a detector: which particle, and when it came."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import Quantity, draw_onset
from pendula.filtering import LabelsEvaluated, evaluate_labels, tell
from pendula.forecasting import fit
from pendula.nn import Network
from pendula.report import Reference, ReportContent, ReportFigure, labels_figures
from pendula.report.sheets import draw_sheet
from pendula.runs import PairedFit
from pendula.shapes import Float, Int, ndarray
from pendula.systems import PULSE_KINDS, Pulses, draw_pulses
from pendula.training import Training

__all__ = ["WAVEFORMS", "Waveforms", "run"]

WANTED = {"accuracy": 0.99, "onset": 1.0}
"""What was asked for at a signal-to-noise ratio of 5: the share told right, and the error of onsets in samples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waveforms:
    """Settings of `waveforms`.

    Attributes:
        records: Records to learn from, a seventh of which chooses the epoch.
        tests: Records of the test at each signal-to-noise ratio, drawn for it alone.
        signal_to_noise: Height of the peak of a single pulse over the rms of the noise of one sample, in the test.
        highest: Records to learn from have heights from that one up to this one.
        hidden_size: Units of the GRU that tells the kinds; the one that tells onsets has two thirds.
        epochs: How often the kinds are gone through; onsets a third as often.
        look_ahead: Samples after an onset that are seen before it is told.
        seed: Of records, weights and order.
    """

    records: int = 4500
    tests: int = 1500
    signal_to_noise: float = 5.0
    highest: float = 15.0
    hidden_size: int = 24
    epochs: int = 40
    look_ahead: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("records", 60), ("tests", 3), ("hidden_size", 2), ("epochs", 1), ("look_ahead", 0)):
            if getattr(self, name) < least:
                raise ArgumentError(f"`{name}` must be {least} or more: got {getattr(self, name)}. Raise it.")
        if self.look_ahead > 20:
            raise ArgumentError(
                f"`look_ahead` must leave a pulse in its record: expected at most 20, got {self.look_ahead}. Lower it."
            )
        _ = Pulses(signal_to_noise=self.signal_to_noise, highest=self.highest)  # whose rules are checked with it


def run(settings: Waveforms, progress: Progress) -> ExperimentResult:
    """Learn to tell kinds and onsets of pulses, and test both on records of one height.

    Args:
        settings: The settings.
        progress: Gives the listeners of the trainings of kinds and of onsets.

    Returns:
        Accuracy and errors of onsets, at the signal-to-noise ratio asked for and at others; figures and a page.
    """
    pulses = Pulses(signal_to_noise=settings.signal_to_noise, highest=settings.highest)
    learned = draw_pulses(pulses, settings.records, generator=np.random.default_rng([settings.seed, 0]))
    kinds = fit(
        learned, "kind", inputs="signal", task="classify", model=Network(hidden_size=settings.hidden_size),
        training=_training(settings.epochs), test=0, validation=1 / 7, seed=settings.seed, listener=progress("kinds"),
    )  # fmt: skip
    onsets = fit(
        _late(learned, settings.look_ahead), "begun", inputs="signal", task="regimes", by="trajectory",
        model=Network(hidden_size=max(2, 2 * settings.hidden_size // 3)), window=pulses.samples, washout=0,
        training=_training(max(1, settings.epochs // 3)), test=0, validation=1 / 7, seed=settings.seed,
        listener=progress("onsets"),
    )  # fmt: skip
    tests = {
        ratio: draw_pulses(
            replace(pulses, signal_to_noise=ratio, highest=ratio),
            settings.tests,
            generator=np.random.default_rng([settings.seed, 1, index]),
        )
        for index, ratio in enumerate((settings.signal_to_noise, *_others(settings.signal_to_noise)))
    }
    told = {ratio: _onsets(onsets, test, settings.look_ahead) for ratio, test in tests.items()}
    scored = {ratio: evaluate_labels(kinds, test) for ratio, test in tests.items()}
    return _result(settings, kinds, onsets, tests, scored, told)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Onsets:
    true: Int[ndarray, " record"]
    told: Int[ndarray, " record"]  # −1 where none was

    @property
    def errors(self) -> Float[ndarray, " record"]:
        """Samples between the told and the true onset; as many as there are to the record's end where none was told."""
        return np.where(self.told < 0, 96.0, self.told - self.true)

    def to_dict(self) -> dict[str, float]:
        errors = np.abs(self.errors)
        return {
            "median_error": float(np.median(errors)),
            "within_one_sample": float(np.mean(errors <= 1)),
            "missed": int((self.told < 0).sum()),
        }


def _training(epochs: int) -> Training:
    return Training(epochs=epochs, learning_rate=0.01, batch_size=64, patience=None)


def _others(ratio: float) -> tuple[float, ...]:
    return tuple(other for other in (3.0, 4.0, 7.0, 10.0) if other != ratio)


def _late(records: xr.Dataset, samples: int) -> xr.Dataset:
    # A network that is to tell an onset so much later has seen as many samples of the pulse.
    begun = _rows(records, "begun")
    late = np.zeros_like(begun)
    late[:, samples:] = begun[:, : begun.shape[1] - samples]
    return records.assign(begun=("time", late.ravel()))


def _onsets(fitted: PairedFit, records: xr.Dataset, look_ahead: int) -> _Onsets:
    told = _rows(tell(fitted, records), "begun") > 0
    return _Onsets(
        true=_rows(records, "begun").argmax(axis=1),
        told=np.where(told.any(axis=1), np.maximum(told.argmax(axis=1) - look_ahead, 0), -1),
    )


def _rows(records: xr.Dataset, name: str) -> ndarray:
    count = len(np.unique(records["trajectory"].values))
    return np.asarray(records[name].values.reshape(count, -1))


def _result(
    settings: Waveforms,
    kinds: PairedFit,
    onsets: PairedFit,
    tests: dict[float, xr.Dataset],
    scored: dict[float, LabelsEvaluated],
    told: dict[float, _Onsets],
) -> ExperimentResult:
    ratio = settings.signal_to_noise
    scores, found = scored[ratio].to_dict(), told[ratio].to_dict()
    accuracy = scores["models"]["network"]["accuracy"]
    by_ratio = _by_ratio(scored, told)
    verdict = _verdict(settings, scores, found)
    figures = [_pulses(tests[ratio], told[ratio], ratio), *labels_figures(kinds, scored[ratio])]
    content = _content(settings, by_ratio, scores, figures, verdict)
    results: dict[str, Any] = {
        "experiment": "waveforms",
        "seed": settings.seed,
        "signal_to_noise": ratio,
        "signal_to_noise_is": "peak of a single pulse over the rms of the noise of one sample",
        "accuracy": accuracy,
        "linear_accuracy": scores["baselines"]["linear"]["accuracy"],
        "confusion": scores["models"]["network"]["confusion"],
        "classes": scores["classes"],
        "median_onset_error": found["median_error"],
        "onsets_within_one_sample": found["within_one_sample"],
        "by_signal_to_noise": by_ratio,
        "seconds": {"kinds": kinds.seconds, "onsets": onsets.seconds},
        "fulfilled": accuracy >= WANTED["accuracy"] and found["median_error"] <= WANTED["onset"],
        "verdict": verdict,
    }
    return ExperimentResult(
        results=results, content=content, figures=content.images, paired_fits={"kinds": kinds, "onsets": onsets}
    )


def _by_ratio(scored: dict[float, LabelsEvaluated], told: dict[float, _Onsets]) -> dict[str, dict[str, Any]]:
    every = {ratio: scored[ratio].to_dict() for ratio in sorted(scored)}
    return {
        f"{ratio:g}": {
            "accuracy": scores["models"]["network"]["accuracy"],
            "linear_accuracy": scores["baselines"]["linear"]["accuracy"],
            **told[ratio].to_dict(),
        }
        for ratio, scores in every.items()
    }


def _content(
    settings: Waveforms,
    by_ratio: dict[str, dict[str, Any]],
    scores: dict[str, Any],
    figures: list[ReportFigure],
    verdict: list[str],
) -> ReportContent:
    ratio = settings.signal_to_noise
    return ReportContent(
        title="Which particle, and when it came",
        verdict=verdict,
        notes=[
            (
                f"Signal-to-noise {ratio:g}: the peak of a single pulse is {ratio:g} times the rms of the noise of one "
                "sample. A pile-up is two fast pulses of that height."
            ),
            f"An onset is told {settings.look_ahead} samples after it, from the samples up to then.",
            f"Test records were drawn for the test alone, {settings.tests} at each ratio.",
        ],
        results={f"Signal-to-noise {name}": _words(row) for name, row in by_ratio.items()},
        scores=scores,
        figures=figures,
        references=(
            Reference(
                name="Pulses",
                equation="g(t) ∝ exp(−t/τ_decay) − exp(−t/τ_rise)",
                citation="G. F. Knoll, Radiation Detection and Measurement, 4th ed. (2010), chapter 17",
            ),
        ),
        seed=settings.seed,
    )


def _verdict(settings: Waveforms, scores: dict[str, Any], found: dict[str, float]) -> list[str]:
    own, linear = (row["accuracy"] for row in (scores["models"]["network"], scores["baselines"]["linear"]))
    kind = (
        f"At a signal-to-noise ratio of {settings.signal_to_noise:g} the kind of {100 * own:.2f} % of "
        f"{settings.tests} pulses is told right, by a linear classifier of mean, spread and last value that of "
        f"{100 * linear:.2f} %."
    )
    onset = (
        f"The median error of their onsets is {found['median_error']:g} samples; "
        f"{100 * found['within_one_sample']:.1f} % are told within one sample."
    )
    return [kind, onset]


def _words(row: dict[str, float]) -> str:
    return (
        f"{100 * row['accuracy']:.2f} % told right (linear {100 * row['linear_accuracy']:.2f} %), median error of "
        f"onsets {row['median_error']:g} samples"
    )


def _pulses(records: xr.Dataset, told: _Onsets, ratio: float) -> ReportFigure:
    signals = _rows(records, "signal")
    kinds = _rows(records, "kind")[:, 0]
    time = np.arange(signals.shape[1])
    return draw_sheet(
        "pulses",
        len(PULSE_KINDS),
        height=1.9,
        draw=lambda number, axes: draw_onset(
            time,
            signals[number],
            true=int(told.true[number]),
            told=int(told.told[number]) if told.told[number] >= 0 else None,
            quantity=Quantity(name="signal", unit="rms"),
            clock=Quantity(name="time", unit="samples"),
            title=str(kinds[number]),
            axes=axes,
        ),
        caption=f"The first test record of each kind at a signal-to-noise ratio of {ratio:g}, in units of the noise's "
        "rms.",
        alt="A fast pulse, a slow one and two that pile up, in noise, with true and told onsets.",
    )


WAVEFORMS = Experiment(
    name="waveforms",
    summary="Detector pulses in noise: fast, slow or piled up, and when they began.",
    settings=Waveforms,
    run=run,
)
