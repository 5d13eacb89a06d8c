"""Noise whose answer is known: are drawn futures as wide as they should be, and do their intervals hold?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.known_noise_answers import COVERAGE, Answer, score, truth_of
from pendula.figures import Quantity, draw_beside_exact, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.forecasting import fit_record
from pendula.nn import Network
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.runs import Recipe
from pendula.series.record import record
from pendula.systems import SYSTEMS, make_system, simulate
from pendula.training import Training

__all__ = ["KNOWN_NOISE", "KnownNoise", "run"]

PROCESSES = {"ar1": 1.0, "ornstein-uhlenbeck": 0.2}
"""The processes and the intervals between their samples."""
WINDOW = 20
LAGS = 4
VALIDATION = 0.15


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownNoise:
    """Settings of `known-noise`.

    Attributes:
        rows: Samples to learn from, those of the validation part among them.
        origins: Starts of the forecasts that are scored, on another run of the process. They lie as many steps apart as
            the forecasts reach, so that no two errors of one lead time share a shock: they are independent.
        leads: How many steps are forecast.
        samples: Futures drawn from each origin.
        hidden_size: Units of the GRU beside the linear path.
        epochs: Epochs of 100 batches of 256 windows.
        seed: Of weights, order and draws; the processes have seeds that follow from it.
    """

    rows: int = 400_000
    origins: int = 2000
    leads: int = 50
    samples: int = 1000
    hidden_size: int = 8
    epochs: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("rows", 1000), ("origins", 2), ("leads", 1), ("samples", 10), ("epochs", 1)):
            if getattr(self, name) < low:
                raise ArgumentError(
                    f"`{name}` must be large enough: expected {low} or more, got {getattr(self, name)}. The defaults "
                    "are those of the published figures."
                )


def run(settings: KnownNoise, progress: Progress) -> ExperimentResult:
    """Train a network with a Gaussian head on each process, and compare what it draws with the closed forms.

    Args:
        settings: The settings.
        progress: Gives the listener of each training.

    Returns:
        Variance and coverage by lead time, and log-likelihoods, beside the exact ones.
    """
    answers = {name: _answer(name, settings, progress) for name in PROCESSES}
    image = _figure(answers)
    results = _results(settings, answers)
    return ExperimentResult(results=results, content=_content(settings, results, image), figures={"known-noise": image})


def _answer(name: str, settings: KnownNoise, progress: Progress) -> Answer:
    truth = truth_of(make_system(name), dt=PROCESSES[name])
    # Each process has shocks of its own, and so have the two runs of it.
    seed = 2 * (len(PROCESSES) * settings.seed + list(PROCESSES).index(name))
    known = record(_series(name, settings.rows, seed=seed))
    recipe = Recipe(
        network=Network(cell="gru", hidden_size=settings.hidden_size, linear_lags=LAGS, head="gaussian"),
        training=Training(
            epochs=settings.epochs,
            batch_size=256,
            steps_per_epoch=100,
            learning_rate=2e-3,
            loss="every",
            washout=WINDOW // 2,
            # Epochs differ by less than a validation part can tell; the last one, at a rate of 0, is the quietest.
            select_by="last_epoch",
        ),
        window=WINDOW,
        test=0,
        validation=VALIDATION,
        seed=settings.seed,
    )
    made = fit_record(known, recipe, score=False, listener=progress(name))
    unseen = record(_series(name, WINDOW + settings.origins * settings.leads, seed=seed + 1))
    origins = WINDOW + settings.leads * np.arange(settings.origins)
    return score(
        made, truth, unseen.values, origins, leads=settings.leads, samples=settings.samples, seed=settings.seed
    )


def _series(name: str, rows: int, *, seed: int) -> Any:
    # A process starts at a draw of its stationary distribution, as it would be found.
    system = SYSTEMS[name]()
    truth = truth_of(system, dt=PROCESSES[name])
    start = truth.mean + np.sqrt(truth.variance) * np.random.default_rng([seed, 7]).normal()
    dt = PROCESSES[name]
    return simulate(name, initial=[float(start)], dt=dt, duration=dt * (rows - 0.5), seed=seed)


def _results(settings: KnownNoise, answers: dict[str, Answer]) -> dict[str, Any]:
    return {
        "experiment": "known-noise",
        "seed": settings.seed,
        "rows": settings.rows,
        "origins": settings.origins,
        "leads": settings.leads,
        "samples": settings.samples,
        "standard_error": next(iter(answers.values())).chance,
        "processes": {name: answer.to_dict() for name, answer in answers.items()},
        "variance_error": max(answer.variance_error for answer in answers.values()),
        "coverage_low": min(float(answer.coverage.min()) for answer in answers.values()),
        "coverage_high": max(float(answer.coverage.max()) for answer in answers.values()),
        "log_likelihood_error": max(answer.likelihood_error for answer in answers.values()),
        "verdict": _verdict(settings, answers),
        "notes": _NOTES,
    }


def _verdict(settings: KnownNoise, answers: dict[str, Answer]) -> list[str]:
    return [
        (
            f"{_CALLED[name]}: the variance of the forecast is at most {100 * answer.variance_error:.1f} % off at any "
            f"lead time to {settings.leads}; the 90 % intervals held {100 * answer.coverage.min():.1f} to "
            f"{100 * answer.coverage.max():.1f} % of {answer.origins} values at each lead time, the exact ones "
            f"{100 * answer.exact_coverage.min():.1f} to {100 * answer.exact_coverage.max():.1f} %; the log-likelihood "
            f"is {answer.log_likelihood:.4f} nats per step, {100 * answer.likelihood_error:.2g} % off the exact "
            f"{answer.exact_log_likelihood:.4f}."
        )
        for name, answer in answers.items()
    ]


_CALLED = {"ar1": "AR(1)", "ornstein-uhlenbeck": "Ornstein–Uhlenbeck"}
_NOTES = [
    (
        "The scored forecasts start on another run of the process, as far apart as they reach: the errors of one lead "
        "time share no shock and are independent, those of neighboring lead times are not."
    ),
    "What the exact intervals held on the same values shows what chance does to 90 %.",
]


def _figure(answers: dict[str, Answer]) -> bytes:
    with style():
        figure = new_figure(width=8.5, height=6.2)
        rows = figure.subplots(len(answers), 2)
        for (name, answer), (left, right) in zip(answers.items(), rows, strict=True):
            lead = np.arange(1.0, len(answer.variance) + 1)
            chance = 2 * answer.chance
            draw_beside_exact(
                lead,
                {"drawn": answer.variance},
                exact=answer.exact_variance,
                clock=_STEP,
                title=_CALLED[name],
                axes=left,
            ).set_ylim(0.0, 1.4 * float(answer.exact_variance.max()))
            draw_beside_exact(
                lead,
                {"drawn": 100 * answer.coverage},
                exact=100 * answer.exact_coverage,
                band=(100 * (COVERAGE - chance), 100 * (COVERAGE + chance)),
                quantity=_HELD,
                clock=_STEP,
                title=f"{_CALLED[name]}, {answer.origins} forecasts",
                axes=right,
            ).set_ylim(86.0, 95.0)
        return png(figure)


_STEP = Quantity(name="lead time", unit="steps")
_HELD = Quantity(name="values within the 90 % interval", unit="%")


def _content(settings: KnownNoise, results: dict[str, Any], image: bytes) -> ReportContent:
    return ReportContent(
        title="Noise whose answer is known",
        verdict=results["verdict"],
        notes=_NOTES,
        settings={
            "Network": f"GRU of {settings.hidden_size} units beside a linear path of {LAGS} steps, Gaussian head",
            "Epoch": f"100 batches of 256 windows of {WINDOW} steps",
        },
        figures=[
            ReportFigure(
                caption="Variance of the forecast and share of values within the 90 % interval by lead time, beside "
                "the closed forms; the band is what chance does to exact intervals.",
                alt="Left, the variance of drawn futures lies on the closed form. Right, the coverage of their "
                "intervals stays near 90 %.",
                png=image,
                name="known-noise",
            )
        ],
        references=[
            Reference(name=_CALLED[name], equation=SYSTEMS[name].equation, citation=SYSTEMS[name].reference)
            for name in PROCESSES
        ],
        seed=settings.seed,
    )


KNOWN_NOISE = Experiment(
    name="known-noise",
    summary="Futures drawn for AR(1) and Ornstein–Uhlenbeck beside the closed forms: variance, coverage, likelihood.",
    settings=KnownNoise,
    run=run,
)
