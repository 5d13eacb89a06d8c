"""The long-memory problems: does a network learn what lies a hundred steps back, and at what cost (row S16)?"""

from dataclasses import asdict
from statistics import median
from typing import Any

from pendula.experiments.base import Experiment, ExperimentResult, Progress
from pendula.experiments.long_memory_choices import Choice, LongMemoryRun, usual_choice
from pendula.figures import draw_wrong_answers, png
from pendula.figures.canvas import new_figure
from pendula.figures.style import style
from pendula.report import Reference, ReportContent, ReportFigure
from pendula.report.numbers import format_number
from pendula.tasks import LongMemory, long_memory
from pendula.training import OnlineTrained, train_online

__all__ = ["LONG_MEMORY", "run"]


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
