"""The settings of the long-memory experiment, and what networks and trainings take where they are left out."""

from dataclasses import dataclass
from typing import Any

from pendula.errors import ArgumentError
from pendula.nn import SOLVED, Cell, Initialization, Network
from pendula.optim import HessianFreeSettings
from pendula.tasks import LongMemory
from pendula.training import Method, OnlineSettings, Schedule, Training, method_for

__all__ = ["Choice", "LongMemoryRun", "usual_choice"]


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
        schedule: constant, or cosine: the step size falls to zero along half a cosine.
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
    schedule: Schedule | None = None
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
        if self.cell in SOLVED:
            raise ArgumentError(
                f"`cell` must be one that is trained: expected rnn, gru or lstm, got {self.cell}. A reservoir "
                "answers by its readout alone; see `pendula experiment four-ways`."
            )
        if self.seeds < 1:
            raise ArgumentError(f"`seeds` must be positive: expected 1 or more, got {self.seeds}. Count it up.")
        if self.minutes <= 0:
            raise ArgumentError(f"`minutes` must be positive: expected a time, got {self.minutes}. Lengthen it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """All that a training takes.

    Attributes:
        network: Cell, size and initial weights.
        training: Method, budget and rates.
        online: How sequences are drawn.
    """

    network: Network
    training: Training
    online: OnlineSettings


CONJUGATE_STEPS = 60
"""Of a step of hessian-free, at most. The published 300, on 10 000 sequences with 1000 for the curvature, cost ten
times as much a step."""

_SIMPLE: dict[str, Any] = {"hidden_size": 100, "initialization": "sparse", "batch_size": 100, "steps_per_epoch": 500}
_GATED: dict[str, Any] = {"hidden_size": 32, "initialization": "chrono", "batch_size": 8, "steps_per_epoch": 100}
_NETWORKS = {"rnn": _SIMPLE, "gru": _GATED, "lstm": _GATED}
_METHODS: dict[str, dict[str, Any]] = {
    "adam": {"learning_rate": 1e-3, "epochs": 100},
    "adamw": {"learning_rate": 1e-3, "epochs": 100},
    "nesterov": {"learning_rate": 1e-3, "momentum": 0.98, "epochs": 100},
    "hessian-free": {"epochs": 500},
}
_PAIRS: dict[tuple[str, str], dict[str, Any]] = {
    ("lstm", "adam"): {"learning_rate": 1e-2, "epochs": 500},
    ("gru", "adam"): {"learning_rate": 1e-2, "epochs": 500},
}
_OTHERS: dict[str, Any] = {
    "input_scale": 0.1,
    "radius": 1.1,
    "momentum": 0.99,
    "clip_norm": 1.0,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "gradient_sequences": 3000,
    "curvature_sequences": 500,
}


def usual_choice(problem: LongMemory, settings: LongMemoryRun) -> Choice:
    """Fill in what was left out.

    Args:
        problem: The problem.
        settings: What was chosen.

    Returns:
        All that a training takes.

    Raises:
        ArgumentError: If what was chosen does not go together.
    """
    value = _values(settings)
    network = _network(problem, settings, value)
    training = _training(settings, value)
    method_for(network, training)
    online = OnlineSettings(
        # Gated cells start with biases that centering would shift.
        centered=settings.cell == "rnn",
        wanted=settings.wanted,
        seconds=60 * settings.minutes,
    )
    return Choice(network=network, training=training, online=online)


def _values(settings: LongMemoryRun) -> dict[str, Any]:
    usual = (
        _OTHERS
        | _NETWORKS.get(settings.cell, _SIMPLE)
        | _METHODS.get(settings.method, {"epochs": 100})
        | _PAIRS.get((settings.cell, settings.method), {})
    )
    return {name: usual[name] if (given := getattr(settings, name)) is None else given for name in usual}


def _network(problem: LongMemory, settings: LongMemoryRun, value: dict[str, Any]) -> Network:
    return Network(
        cell=settings.cell,
        hidden_size=value["hidden_size"],
        initialization=Initialization(
            kind=value["initialization"],
            input_scale=value["input_scale"],
            radius=value["radius"],
            longest=problem.length,
        ),
    )


def _training(settings: LongMemoryRun, value: dict[str, Any]) -> Training:
    return Training(
        method=settings.method,
        epochs=value["epochs"],
        steps_per_epoch=None if settings.method == "hessian-free" else value["steps_per_epoch"],
        batch_size=value["batch_size"],
        learning_rate=value["learning_rate"],
        momentum=value["momentum"],
        clip_norm=value["clip_norm"],
        schedule=value["schedule"],
        hessian_free=HessianFreeSettings(
            iterations=CONJUGATE_STEPS,
            gradient_size=value["gradient_sequences"],
            curvature_size=value["curvature_sequences"],
        ),
    )
