"""How each of the four ways learns a series or a long-memory problem."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pendula.experiments.long_memory_choices import LongMemoryRun, usual_choice
from pendula.experiments.reservoir_answers import answer_with_reservoir
from pendula.forecasting import compare_recipes
from pendula.nn import Initialization, Network
from pendula.optim import HessianFreeSettings
from pendula.runs import Recipe
from pendula.series.record import Record
from pendula.tasks import long_memory
from pendula.training import Event, Listener, Training, TrainingFinished, train_online

__all__ = ["WAYS", "Learned", "learn_memory", "learn_series"]

LSTM, NEWTON, RESERVOIR, NESTEROV = "lstm, adam", "rnn, hessian-free", "esn, ridge", "rnn, nesterov"
WAYS = (LSTM, NEWTON, RESERVOIR, NESTEROV)
WINDOW, TEST, VALIDATION = 50, 100, 200
"""Rows of the window, and of the last two parts of each record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What a way to learn came to on a task.

    Attributes:
        error: Of the free run over the test part, in standard deviations, or None if it diverged; or the share of wrong
            answers.
        one_step: Error of the next value, in standard deviations; None for a long-memory problem.
        seconds: Training time.
        sequence_gradients: Work of training, in gradients of one window or sequence.
    """

    error: float | None
    one_step: float | None
    seconds: float
    sequence_gradients: float


def learn_series(
    rows: Record, *, effort: float, seed: int, listen: Callable[[str], Listener]
) -> tuple[dict[str, Learned], dict[str, float | None]]:
    """Learn a record in all four ways, and score them on the same rows.

    Args:
        rows: The record.
        effort: Factor of all budgets.
        seed: Of weights and batches.
        listen: Gives a listener for each way.

    Returns:
        What each way came to, and the free-run errors of the baselines.
    """
    work: dict[str, float] = {}

    def hear(way: str) -> Listener:
        listener = listen(way)

        def heard(event: Event) -> None:
            if isinstance(event, TrainingFinished):
                work[way] = event.sequence_gradients
            listener(event)

        return heard

    recipes = {way: _recipe(way, len(rows), effort=effort, seed=seed) for way in WAYS}
    comparison = compare_recipes(rows, recipes, listeners={way: hear(way) for way in WAYS})
    scores = comparison.evaluated.to_dict()
    made = {
        way: Learned(
            error=scores["models"][way]["free_run_nrmse"],
            one_step=scores["models"][way]["nrmse"],
            seconds=comparison.fits[way].seconds,
            sequence_gradients=work.get(way, 0.0),
        )
        for way in WAYS
    }
    return made, {name: score["free_run_nrmse"] for name, score in scores["baselines"].items()}


def learn_memory(
    problem: str, length: int, way: str, *, work: float, tested: int, seed: int, listener: Listener
) -> Learned:
    """Learn a long-memory problem.

    Args:
        problem: Its name; it asks once, after the last step.
        length: T.
        way: One of `WAYS`.
        work: Most sequence-gradients of the training; so much is about exceeded by the last steps.
        tested: Fresh sequences that are answered at the end.
        seed: Of weights and sequences.
        listener: Hears the training.

    Returns:
        Share of wrong answers, time and work.
    """
    if way == RESERVOIR:
        answered = answer_with_reservoir(long_memory(problem, length), tested=tested, seed=seed)
        return Learned(error=answered.wrong_fraction, one_step=None, seconds=answered.seconds, sequence_gradients=0.0)
    cell, method = way.split(", ")
    settings: Any = {"cell": cell, "method": method}
    run = LongMemoryRun(problem=problem, length=length, **settings)
    task = long_memory(problem, length)
    choice = usual_choice(task, run)
    online = replace(choice.online, tested=tested, work=work, seconds=None)
    trained = train_online(task, choice.network, choice.training, online, seed=seed, listener=listener)
    last = trained.history[-1]
    return Learned(
        error=trained.wrong_fraction,
        one_step=None,
        seconds=last.seconds,
        sequence_gradients=last.sequence_gradients,
    )


def _recipe(way: str, count: int, *, effort: float, seed: int) -> Recipe:
    network, training = {
        LSTM: (Network(cell="lstm", hidden_size=32), _gradient("adam", 5e-3, effort)),
        NESTEROV: (_simple(), _gradient("nesterov", 1e-2, effort)),
        NEWTON: (
            _simple(),
            Training(
                method="hessian-free",
                epochs=max(1, round(25 * effort)),
                loss="every",
                washout=WINDOW // 2,
                hessian_free=HessianFreeSettings(gradient_size=1000, curvature_size=250, iterations=40),
                patience=None,
            ),
        ),
        RESERVOIR: (Network(cell="esn"), Training()),
    }[way]
    return Recipe(
        network=network,
        training=training,
        window=WINDOW,
        test=TEST / count,
        validation=VALIDATION / (count - TEST),
        seed=seed,
    )


def _simple() -> Network:
    return Network(cell="rnn", hidden_size=64, initialization=Initialization(kind="sparse", input_scale=0.1))


def _gradient(method: Any, rate: float, effort: float) -> Training:
    return Training(
        method=method,
        learning_rate=rate,
        epochs=max(1, round(40 * effort)),
        steps_per_epoch=50,
        loss="every",
        washout=WINDOW // 2,
        momentum=0.98,
        patience=None,
    )
