"""What networks and trainings the long-memory problems usually take."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pendula.nn import Initialization, Network
from pendula.optim import HessianFreeSettings
from pendula.tasks import LongMemory
from pendula.training import OnlineSettings, Training, method_for

if TYPE_CHECKING:
    from pendula.experiments.long_memory import LongMemoryRun

__all__ = ["Choice", "usual_choice"]


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


_SIMPLE: dict[str, Any] = {"hidden_size": 100, "initialization": "sparse", "batch_size": 100, "steps_per_epoch": 500}
_GATED: dict[str, Any] = {"hidden_size": 32, "initialization": "chrono", "batch_size": 8, "steps_per_epoch": 100}
_NETWORKS = {"rnn": _SIMPLE, "gru": _GATED, "lstm": _GATED}
_METHODS: dict[str, dict[str, Any]] = {
    "adam": {"learning_rate": 1e-3, "epochs": 100},
    "adamw": {"learning_rate": 1e-3, "epochs": 100},
    "nesterov": {"learning_rate": 1e-3, "momentum": 0.98, "epochs": 100},
    "hessian-free": {"epochs": 500, "gradient_sequences": 2000, "curvature_sequences": 300},
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
    "gradient_sequences": 2000,
    "curvature_sequences": 300,
}


def usual_choice(problem: LongMemory, settings: "LongMemoryRun") -> Choice:
    """Fill in what was left out.

    Args:
        problem: The problem.
        settings: What was chosen.

    Returns:
        All that a training takes.

    Raises:
        ArgumentError: If what was chosen does not go together.
    """
    usual = (
        _OTHERS
        | _NETWORKS.get(settings.cell, _SIMPLE)
        | _METHODS.get(settings.method, {"epochs": 100})
        | _PAIRS.get((settings.cell, settings.method), {})
    )
    value = {name: usual[name] if (given := getattr(settings, name)) is None else given for name in usual}
    is_newton = settings.method == "hessian-free"
    network = Network(
        cell=settings.cell,
        hidden_size=value["hidden_size"],
        initialization=Initialization(
            kind=value["initialization"],
            input_scale=value["input_scale"],
            radius=value["radius"],
            longest=problem.length,
        ),
    )
    training = Training(
        method=settings.method,
        epochs=value["epochs"],
        steps_per_epoch=None if is_newton else value["steps_per_epoch"],
        batch_size=value["batch_size"],
        learning_rate=value["learning_rate"],
        momentum=value["momentum"],
        clip_norm=value["clip_norm"],
        schedule="constant",
        hessian_free=HessianFreeSettings(
            gradient_size=value["gradient_sequences"], curvature_size=value["curvature_sequences"]
        ),
    )
    method_for(network, training)
    online = OnlineSettings(
        # Gated cells start with biases that centering would shift.
        centered=settings.cell == "rnn",
        wanted=settings.wanted,
        seconds=60 * settings.minutes,
    )
    return Choice(network=network, training=training, online=online)
