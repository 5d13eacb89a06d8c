"""Four ways to learn a recurrent network, on the same data, by cost and result (row S16 of the lecture)."""

import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from pendula.errors import ArgumentError, did_you_mean
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.four_ways_learned import WAYS, Learned, learn_memory, learn_series
from pendula.figures import cost_sheet, png
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.report.numbers import format_number
from pendula.series import record
from pendula.series.record import Record
from pendula.systems import simulate
from pendula.training import Listener

__all__ = ["FOUR_WAYS", "FourWays", "run"]

SERIES = ("sine", "oscillator", "mackey-glass", "lorenz")
MEMORY = ("addition-1997", "temporal-order")
TASKS = (*SERIES, *MEMORY)


@dataclass(frozen=True, kw_only=True, slots=True)
class FourWays:
    """Settings of `four-ways`.

    Attributes:
        tasks: Which of sine, oscillator, mackey-glass, lorenz and the two long-memory problems, addition-1997 and
            temporal-order, are learned.
        points: Samples of the two chaotic systems; the sine and the oscillator have 1000.
        length: T of the long-memory problems.
        work: Most sequence-gradients of one training on a long-memory problem.
        tested: Fresh sequences that decide how many answers are wrong.
        effort: Factor of all budgets of training on series; below 1 for a quick look.
        seed: Of data, weights and batches.
    """

    tasks: tuple[str, ...] = TASKS
    points: int = 2000
    length: int = 50
    work: float = 300_000.0
    tested: int = 10_000
    effort: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [task for task in self.tasks if task not in TASKS]
        if unknown or not self.tasks:
            raise ArgumentError(
                f"`tasks` must name what is learned: expected some of {', '.join(TASKS)}, got "
                f"{', '.join(unknown) or 'none'}." + did_you_mean(unknown[0] if unknown else "", TASKS, listed=True)
            )
        for name in ("work", "effort"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ArgumentError(
                    f"`{name}` must be positive: expected a finite number, got {getattr(self, name)}. 1 is usual."
                )


def run(settings: FourWays, progress: Progress) -> ExperimentResult:
    """Learn four series and two long-memory problems in four ways each.

    Args:
        settings: The settings.
        progress: Gives a listener for each training.

    Returns:
        Error, seconds and sequence-gradients of each way on each task, one table and one figure.

    Raises:
        ArgumentError: If a setting breaks a rule.
    """
    began = time.monotonic()
    learned: dict[str, dict[str, Learned]] = {way: {} for way in WAYS}
    baselines = {}
    for task in (task for task in SERIES if task in settings.tasks):
        rows = _series(task, settings)
        made, baselines[task] = learn_series(
            rows, effort=settings.effort, seed=settings.seed, listen=partial(_listener, progress, task)
        )
        for way in WAYS:
            learned[way][task] = made[way]
    for task in (task for task in MEMORY if task in settings.tasks):
        for way in WAYS:
            listener = _listener(progress, task, way)
            learned[way][task] = learn_memory(
                task,
                settings.length,
                way,
                work=settings.work,
                tested=settings.tested,
                seed=settings.seed,
                listener=listener,
            )
    results = _results(settings, learned, baselines, time.monotonic() - began)
    figure = _figure(learned)
    return ExperimentResult(results=results, content=_content(settings, results, figure), figures={"four-ways": figure})


def _listener(progress: Progress, task: str, way: str) -> Listener:
    return progress(f"{task}, {way}")


def _series(task: str, settings: FourWays) -> Record:
    if task == "sine":
        return record(simulate("sine", noise=0.05, seed=settings.seed))
    if task == "oscillator":
        return record(simulate("oscillator", dt=0.01, duration=10.0), "x")
    # What comes before the attractor is left out.
    if task == "mackey-glass":
        series = simulate("mackey-glass", dt=1.0, duration=settings.points + 200.0)
        return record(series.isel(time=slice(200, None)))
    series = simulate("lorenz63", dt=0.02, duration=0.02 * (settings.points + 500))
    return record(series.isel(time=slice(500, None)), "x")


def _results(
    settings: FourWays,
    learned: dict[str, dict[str, Learned]],
    baselines: dict[str, dict[str, float | None]],
    seconds: float,
) -> dict[str, Any]:
    results: dict[str, Any] = {
        "experiment": "four-ways",
        "seed": settings.seed,
        "length": settings.length,
        "seconds": seconds,
        "ways": {way: {task: asdict(made) for task, made in tasks.items()} for way, tasks in learned.items()},
        "baselines": baselines,
    }
    return results | {"verdict": _verdict(results)}


def _verdict(results: dict[str, Any]) -> list[str]:
    return [_sentence(results, task) for task in next(iter(results["ways"].values()))]


def _sentence(results: dict[str, Any], task: str) -> str:
    made = {way: tasks[task] for way, tasks in results["ways"].items() if tasks[task]["error"] is not None}
    if not made:
        return f"{task}: all runs diverged."
    best = min(made, key=lambda way: made[way]["error"])
    error, seconds = (format_number(made[best][name], digits=2) for name in ("error", "seconds"))
    kind = "of the answers wrong" if task in MEMORY else "standard deviations of free-run error"
    sentence = f"{task}: {best} is best, with {error} {kind} after {seconds} s"
    baselines = {name: value for name, value in results["baselines"].get(task, {}).items() if value is not None}
    better = min(baselines, key=lambda name: baselines[name], default="")
    if not better or baselines[better] >= made[best]["error"]:
        return sentence + "."
    return (
        sentence
        + f"; the baseline {better} is better than all four, with {format_number(baselines[better], digits=2)}."
    )


def _figure(learned: dict[str, dict[str, Learned]]) -> bytes:
    def costs(name: str) -> dict[str, dict[str, tuple[float, float | None]]]:
        return {
            way: {task: (getattr(made, name), made.error) for task, made in tasks.items()}
            for way, tasks in learned.items()
        }

    return png(cost_sheet(costs("seconds"), costs("sequence_gradients")))


def _content(settings: FourWays, results: dict[str, Any], figure: bytes) -> ReportContent:
    return ReportContent(
        title="Four ways to learn a recurrent network",
        verdict=results["verdict"],
        notes=[
            _NOTE,
            f"All of it took {format_number(results['seconds'], digits=3)} s.",
        ],
        results=_table(results),
        figures=[
            ReportFigure(
                caption="Free-run error or share of wrong answers, against the time and the work of training.",
                alt="Two panels with one point for each way to learn and each task: error against seconds, and error "
                "against sequence-gradients.",
                png=figure,
                name="four-ways",
            )
        ],
        references=_REFERENCES,
        seed=settings.seed,
    )


def _table(results: dict[str, Any]) -> dict[str, object]:
    lines: dict[str, object] = {}
    for way, tasks in results["ways"].items():
        lines |= {f"{task}: {way}": _line(made) for task, made in tasks.items()}
    for task, errors in results["baselines"].items():
        lines |= {f"{task}: {name} (baseline)": _error(error) for name, error in errors.items()}
    return dict(sorted(lines.items()))


def _line(made: dict[str, Any]) -> str:
    seconds, work = (format_number(made[name], digits=3) for name in ("seconds", "sequence_gradients"))
    return f"{_error(made['error'])}, {seconds} s, {work} sequence-gradients"


def _error(error: float | None) -> str:
    return "diverged" if error is None else f"error {format_number(error, digits=3)}"


_NOTE = (
    "Errors are those of the free run over the last 100 samples, in standard deviations, and shares of wrong answers "
    "among fresh sequences. A sequence-gradient is the work of a forward and a backward pass over one window or "
    "sequence; a reservoir takes none, and stands at the left margin."
)
_REFERENCES = (
    Reference(name="LSTM", citation="S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735."),
    Reference(name="Hessian-free", citation="J. Martens and I. Sutskever, ICML 2011."),
    Reference(name="Echo state network", citation="H. Jaeger, GMD report 148 (2001)."),
    Reference(name="Sparse start, momentum", citation="I. Sutskever et al., ICML 2013."),
)

FOUR_WAYS = Experiment(
    name="four-ways",
    summary="LSTM, Hessian-free, echo state network, careful start with momentum: error, time and work on six tasks.",
    settings=FourWays,
    run=run,
)
