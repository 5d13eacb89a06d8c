"""Identify the lecture's driven damped oscillator from a noisy record of positions (row S10)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pendula.errors import ArgumentError, did_you_mean
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.figures import png
from pendula.figures.identification import identification_figure
from pendula.nn import IntegratorCell
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.shapes import Float, ndarray
from pendula.systems import Oscillator, citation
from pendula.training import Identification, Identified, identify

__all__ = ["OSCILLATOR_IDENTIFICATION", "OscillatorIdentification", "run"]

PRECISIONS = {"float64": torch.float64, "float32": torch.float32}

NAMES = {"gamma": "gamma", "omega": "drive_frequency", "drive": "drive"}
"""The lecture's γ, Ω̃ and F̃ (its η is 2γ), and what the system calls them."""

GUESS = Oscillator(gamma=0.1, drive=1.0)
"""Where every search starts; the drive's frequency is tried from one end of its range to the other."""

RANGES = {
    "gamma": (0.05, 0.5),
    "drive_frequency": (0.2, 2.0),
    "drive": (0.5, 2.0),
    "x0": (-1.0, 1.0),
    "v0": (-1.0, 1.0),
}
"""From where the random parameter sets are drawn, evenly."""

TARGETS = {"error": 0.01, "median": 0.01, "worst": 0.05}


@dataclass(frozen=True, kw_only=True, slots=True)
class OscillatorIdentification:
    """Settings of `oscillator-identification`.

    Attributes:
        samples: Positions in the record.
        duration: Length of the record, in s.
        noise: Standard deviation of the noise, as a share of that of the positions.
        sets: Random parameter sets that are identified besides the lecture's; 0 for none.
        precision: float64 or float32, of the cell; the lecture's set is identified in both.
        seed: Of the noise and of the random sets.
    """

    samples: int = 2000
    duration: float = 20.0
    noise: float = 0.02
    sets: int = 20
    precision: str = "float64"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            ArgumentError: If a setting is out of range.
        """
        if self.precision not in PRECISIONS:
            raise ArgumentError(
                f"`precision` must be float64 or float32: got {self.precision}."
                + did_you_mean(str(self.precision), PRECISIONS, listed=True)
            )
        for name, least in (("samples", 100), ("sets", 0)):
            if getattr(self, name) < least:
                raise ArgumentError(f"`{name}` must be at least {least}: got {getattr(self, name)}.")
        if not 0 < self.duration < float("inf"):
            raise ArgumentError(f"`duration` must be positive: expected a finite time, got {self.duration}.")
        if not 0 <= self.noise < 1:
            raise ArgumentError(f"`noise` must be a share: expected 0 up to 1, got {self.noise}.")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trial:
    """One record, and what was found in it.

    Attributes:
        truth: The system that made it.
        positions: The record, in m.
        found: What was identified.
    """

    truth: Oscillator
    positions: Float[ndarray, " time"]
    found: Identified

    @property
    def parameters(self) -> dict[str, float]:
        """What was found, by the lecture's name; the sign of a frequency has no effect on the drive."""
        found = {name: self.found.parameters[own] for name, own in NAMES.items()}
        return {**found, "omega": abs(found["omega"])}

    @property
    def errors(self) -> dict[str, float]:
        """The error of each parameter as a share of its true value, by the lecture's name."""
        return {name: abs(value / getattr(self.truth, NAMES[name]) - 1.0) for name, value in self.parameters.items()}

    @property
    def expected_errors(self) -> dict[str, float]:
        """The standard error of each parameter as a share of its true value, by the lecture's name."""
        return {name: self.found.standard_errors[own] / abs(getattr(self.truth, own)) for name, own in NAMES.items()}


def run(settings: OscillatorIdentification, progress: Progress) -> ExperimentResult:  # noqa: ARG001 # nothing is trained
    """Identify the lecture's oscillator in both precisions, and oscillators with random parameters.

    Args:
        settings: The settings.
        progress: Not used: there are no epochs.

    Returns:
        Relative errors beside the standard errors that least squares expects, and a figure.
    """
    lecture = {precision: trial(Oscillator(), settings, precision, settings.seed) for precision in PRECISIONS}
    truths = random_oscillators(settings.sets, settings.seed)
    others = [
        trial(truth, settings, settings.precision, settings.seed + 1 + index) for index, truth in enumerate(truths)
    ]
    main = lecture[settings.precision]
    figure = png(_figure(main, others, settings))
    results = _results(lecture, others, settings)
    return ExperimentResult(
        results=results,
        content=_content(results, figure, settings),
        figures={"oscillator-identification": figure},
    )


def trial(truth: Oscillator, settings: OscillatorIdentification, precision: str, seed: int) -> Trial:
    """Make a record of positions with noise, and identify what made it.

    Args:
        truth: The system, whose closed-form solution is the record.
        settings: Of the experiment.
        precision: Of the cell.
        seed: Of the noise.

    Returns:
        The record and what was found. The search knows the natural frequency and nothing else.
    """
    dt = settings.duration / settings.samples
    exact = truth.exact(dt * np.arange(settings.samples))[:, 0]
    noise = np.random.default_rng(seed).normal(size=settings.samples)
    positions = exact + settings.noise * exact.std() * noise
    cell = IntegratorCell(GUESS, dt=dt, learn=NAMES.values(), dtype=PRECISIONS[precision])
    starts = [{"drive_frequency": float(frequency)} for frequency in _frequencies(settings.duration)]
    segment = max(2, settings.samples // 40)
    found = identify(
        cell, positions[:, None], observed=["x"], starts=starts, settings=Identification(segment=segment, trial=8)
    )
    return Trial(truth=truth, positions=positions, found=found)


def _frequencies(duration: float) -> Float[ndarray, " start"]:
    # Spectral lines of a record of length T are 2π/T wide to either side: one start falls well within the right one.
    low, high = RANGES["drive_frequency"]
    return np.linspace(low, high, 1 + math.ceil((high - low) * duration / math.pi))


def random_oscillators(count: int, seed: int) -> list[Oscillator]:
    """Draw oscillators.

    Args:
        count: How many.
        seed: Of the draws.

    Returns:
        Oscillators with parameters and initial states drawn evenly from `RANGES`.

    Examples:
        >>> [each.omega0 for each in random_oscillators(2, 0)]
        [1.0, 1.0]
    """
    generator = np.random.default_rng([seed, 1])
    return [
        Oscillator(**{name: float(generator.uniform(*ends)) for name, ends in RANGES.items()}) for _ in range(count)
    ]


def _results(lecture: Mapping[str, Trial], others: list[Trial], settings: OscillatorIdentification) -> dict[str, Any]:
    main = lecture[settings.precision]
    results: dict[str, Any] = {
        "experiment": "oscillator-identification",
        "seed": settings.seed,
        "precision": settings.precision,
        "samples": settings.samples,
        "duration": settings.duration,
        "noise": settings.noise,
        "observed": ["x"],
        "parameters": main.parameters,
        "eta": 2 * main.found.parameters["gamma"],
        "initial_state": dict(zip(("x", "v"), main.found.initial.tolist(), strict=True)),
        "relative_error": main.errors,
        "relative_standard_error": main.expected_errors,
        "noise_found": float(main.found.noise[0]),
        "by_precision": {name: {"relative_error": each.errors} for name, each in lecture.items()},
    }
    if others:
        table = np.array([list(each.errors.values()) for each in others])
        results["random_sets"] = {
            "count": len(others),
            "median_error": float(np.median(table)),
            "worst_error": float(table.max()),
            "median": dict(zip(NAMES, np.median(table, axis=0).tolist(), strict=True)),
            "worst": dict(zip(NAMES, table.max(axis=0).tolist(), strict=True)),
        }
    return {**results, "verdict": _verdict(results), "notes": _notes()}


def _verdict(results: Mapping[str, Any]) -> list[str]:
    worst = max(results["relative_error"], key=results["relative_error"].get)
    error, bar = results["relative_error"][worst], results["relative_standard_error"][worst]
    first = (
        f"From {results['samples']} positions with {100 * results['noise']:g} % noise, all parameters are found within "
        f"{100 * error:.2g} %; the least certain, {worst}, has a standard error of {100 * bar:.2g} %."
    )
    sentences = [first]
    if error > TARGETS["error"]:
        sentences.append(f"That misses the aim of {100 * TARGETS['error']:g} %.")
    if "random_sets" in results:
        sets = results["random_sets"]
        sentences.append(
            f"Over {sets['count']} random parameter sets the median error is {100 * sets['median_error']:.2g} %, the "
            f"largest {100 * sets['worst_error']:.2g} %."
        )
        if sets["median_error"] > TARGETS["median"] or sets["worst_error"] > TARGETS["worst"]:
            sentences.append(f"The aim was {100 * TARGETS['median']:g} % and {100 * TARGETS['worst']:g} %.")
    return sentences


def _notes() -> list[str]:
    known = (
        "The natural frequency is known, as in the lecture's dimensionless equation; damping, drive, its frequency and "
        "the initial state are not, and no velocity is ever seen. The lecture's η is 2·gamma."
    )
    made = (
        "The record is the closed-form solution, the cell is a Runge–Kutta step: what is found is not made by itself."
    )
    return [known, made]


def _figure(main: Trial, others: list[Trial], settings: OscillatorIdentification) -> Any:
    times = settings.duration / settings.samples * np.arange(settings.samples)
    return identification_figure(
        times,
        main.positions,
        states=main.found.states,
        truth=main.truth.exact(times),
        errors={name: np.array([each.errors[name] for each in [main, *others]]) for name in NAMES},
        expected={name: np.array([each.expected_errors[name] for each in [main, *others]]) for name in NAMES},
    )


def _content(results: Mapping[str, Any], figure: bytes, settings: OscillatorIdentification) -> ReportContent:
    return ReportContent(
        title="oscillator-identification",
        verdict=results["verdict"],
        notes=results["notes"],
        results={name: f"{value:.6g}" for name, value in results["parameters"].items()},
        figures=[
            ReportFigure(
                caption="The record and the trajectory found in it, the velocity that was never seen, and the errors "
                "of the lecture's parameters and of random ones, beside the standard errors of least squares.",
                alt="Three panels: noisy positions with the fitted curve, the hidden velocity found and true, and the "
                "relative errors of each parameter on a logarithmic axis.",
                png=figure,
            )
        ],
        references=[Reference(name="oscillator", citation=citation("oscillator"), equation=Oscillator.equation)],
        seed=settings.seed,
    )


OSCILLATOR_IDENTIFICATION = Experiment(
    name="oscillator-identification",
    summary="Damping, drive and its frequency of the driven oscillator, from noisy positions alone.",
    settings=OscillatorIdentification,
    run=run,
)
