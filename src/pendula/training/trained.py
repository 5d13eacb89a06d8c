"""What training came to."""

from dataclasses import dataclass
from typing import Literal

from pendula.errors import DivergedError
from pendula.nn import AnyForecaster
from pendula.training.engine import Engine
from pendula.training.events import EpochRecord, Outcome

__all__ = ["Course", "Trained"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """How a training went.

    Attributes:
        history: One record for each epoch, epoch 0 first; none where there were no epochs.
        best_epoch: The epoch whose weights were kept.
        outcome: Why training ended.
        seconds: Training time, over all sittings.
        engine: What took the steps: native, autograd or keras; or the method that solved the problem in another way.
        failure: What was wrong, if a member of an ensemble diverged; `train` raises it.
    """

    history: tuple[EpochRecord, ...]
    best_epoch: int
    outcome: Outcome
    seconds: float
    engine: Engine | Literal["ridge", "gauss-newton"]
    failure: DivergedError | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained(Course):
    """What the training of a forecaster came to.

    Attributes:
        forecaster: The network with the weights that were kept, without dropout.
    """

    forecaster: AnyForecaster
