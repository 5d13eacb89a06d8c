"""The long-memory problems: does a network learn what lies a hundred steps back, and at what cost (row S16)?"""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from pendula.errors import ArgumentError
from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.long_memory_choices import Choice, usual_choice
from pendula.figures import draw_wrong_answers, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.nn import Cell
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.report.numbers import format_number
from pendula.tasks import LongMemory, long_memory
from pendula.training import Method, OnlineTrained, train_online

__all__ = ["LONG_MEMORY", "LongMemoryRun", "run"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LongMemoryRun:
    """Settings of `long-memory`. What is left out takes a usual value of the method and cell.

    Attributes:
        problem: addition, multiplication, xor, temporal-order, temporal-order-3, permutation, memory-5 or memory-20;
            with -1997 at its end as Hochreiter and Schmidhuber have it.
        length: T, in steps.
        method: adam, adamw, nesterov or hessian-free.
        cell: rnn, gru or lstm.
        hidden_size: Units.
        initialization: torch, sparse, orthogonal, identity, forget-bias or chrono.
        input_scale: Standard deviation of the input weights, where the initialization sets them.
        radius: Spectral radius, where the initialization sets one.
        learning_rate: Step size.
        momentum: Limit of the momentum of nesterov.
        clip_norm: Longest gradient that is not shortened.
        batch_size: Sequences of a step.
        epochs: Looks at the network; with hessian-free steps, most of them.
        steps_per_epoch: Steps between two looks.
        gradient_sequences: Of a step of hessian-free.
        curvature_sequences: Of a step of hessian-free, for the curvature.
        minutes: Longest time of a seed.
        wanted: Share of wrong answers below which the problem is solved.
        seeds: How many networks are trained, one after the other.
        seed: Of the first one's weights and sequences; the others take the next numbers.
    """

    problem: str = "addition"
    length: int = 100
    method: Method = "nesterov"
    cell: Cell = "rnn"
    hidden_size: int | None = None
    initialization: str | None = None
    input_scale: float | None = None
    radius: float | None = None
    learning_rate: float | None = None
    momentum: float | None = None
    clip_norm: float | None = None
    batch_size: int | None = None
    epochs: int | None = None
    steps_per_epoch: int | None = None
    gradient_sequences: int | None = None
    curvature_sequences: int | None = None
    minutes: float = 30.0
    wanted: float = 0.01
    seeds: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ArgumentError(f"`seeds` must be positive: expected 1 or more, got {self.seeds}. Count it up.")
        if self.minutes <= 0:
            raise ArgumentError(f"`minutes` must be positive: expected a time, got {self.minutes}. Lengthen it.")


def run(settings: LongMemoryRun, progress: Progress) -> ExperimentResult:
    """Train networks on fresh sequences until they answer almost all of 10 000 others rightly, or time is over.

    Args:
        settings: The settings.
        progress: Gives a listener for each training.

    Returns:
        Share of wrong answers, seconds and sequence-gradients of each seed, and a figure of the way there.

    Raises:
        ArgumentError: If a setting breaks a rule.
    """
    problem = long_memory(settings.problem, settings.length)
    choice = usual_choice(problem, settings)
    seeds = range(settings.seed, settings.seed + settings.seeds)
    made = {seed: _train(problem, choice, seed, progress) for seed in seeds}
    results = _results(settings, choice, made)
    figure = _figure(settings, made)
    return ExperimentResult(
        results=results, content=_content(settings, choice, results, figure), figures={"long-memory": figure}
    )


def _train(problem: LongMemory, choice: Choice, seed: int, progress: Progress) -> OnlineTrained:
    return train_online(
        problem, choice.network, choice.training, choice.online, seed=seed, listener=progress(f"seed {seed}")
    )


def _results(settings: LongMemoryRun, choice: Choice, made: dict[int, OnlineTrained]) -> dict[str, Any]:
    ends = [trained.history[-1] for trained in made.values()]
    results: dict[str, Any] = {
        "experiment": "long-memory",
        "problem": settings.problem,
        "length": settings.length,
        "method": settings.method,
        "cell": settings.cell,
        "seeds": list(made),
        "wrong_fraction": [trained.wrong_fraction for trained in made.values()],
        "solved": [trained.solved for trained in made.values()],
        "seconds": [end.seconds for end in ends],
        "sequence_gradients": [end.sequence_gradients for end in ends],
        "chosen": {"network": asdict(choice.network), "online": asdict(choice.online)}
        | {"training": asdict(choice.training)},
        "histories": {str(seed): [asdict(record) for record in trained.history] for seed, trained in made.items()},
    }
    return results | {"verdict": _verdict(results)}


def _verdict(results: dict[str, Any]) -> list[str]:
    solved, count = sum(results["solved"]), len(results["solved"])
    wrong, seconds = median(results["wrong_fraction"]), median(results["seconds"])
    work = median(results["sequence_gradients"])
    named = f"{results['problem']} over {results['length']} steps"
    outcome = f"solved {named} with {solved} of {count} seeds" if solved else f"did not solve {named}"
    sentence = (
        f"{results['cell'].upper()} and {results['method']} {outcome}: in the median {100 * wrong:.2g} % of fresh "
        f"sequences were answered wrongly, after {format_number(work, digits=3)} sequence-gradients and "
        f"{format_number(seconds, digits=3)} s."
    )
    return [sentence]


def _figure(settings: LongMemoryRun, made: dict[int, OnlineTrained]) -> bytes:
    curves = {
        f"seed {seed}": [(record.sequence_gradients, record.wrong_fraction) for record in trained.history]
        for seed, trained in made.items()
    }
    with style():
        figure = new_figure(width=6.0, height=3.4)
        draw_wrong_answers(
            curves,
            wanted=settings.wanted,
            title=f"{settings.problem}, T = {settings.length}: {settings.cell}, {settings.method}",
            axes=figure.add_subplot(),
        )
        return png(figure)


_NOTE = (
    "Each sequence is seen once; the share of wrong answers is that of other fresh sequences. One sequence-gradient is "
    "the work of a forward and a backward pass over one sequence."
)


def _content(settings: LongMemoryRun, choice: Choice, results: dict[str, Any], figure: bytes) -> ReportContent:
    network, training = choice.network, choice.training
    return ReportContent(
        title=f"Long memory: {settings.problem}, T = {settings.length}",
        verdict=results["verdict"],
        notes=[_NOTE],
        settings={
            "Cell": f"{network.cell}, {network.hidden_size} units",
            "Initial weights": network.initialization.kind,
            "Method": settings.method,
            **({} if settings.method == "hessian-free" else {"Batch": training.batch_size}),
            **({} if settings.method == "hessian-free" else {"Learning rate": training.learning_rate}),
        },
        figures=[
            ReportFigure(
                caption="Share of wrong answers against the work of training.",
                alt="Share of wrongly answered sequences against sequence-gradients, one curve for each seed, with the "
                "share below which the problem is solved.",
                png=figure,
                name="long-memory",
            )
        ],
        references=[
            Reference(
                name="Problems",
                citation="S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735, section 5; "
                "J. Martens and I. Sutskever, ICML 2011, section 6.",
            )
        ],
        seed=settings.seed,
    )


LONG_MEMORY = Experiment(
    name="long-memory",
    summary="Sequences whose answer lies far in the past: what a way to learn solves, and at what cost.",
    settings=LongMemoryRun,
    run=run,
)
