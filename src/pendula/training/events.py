"""What training tells while it works: a stream of events."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

__all__ = [
    "EpochFinished",
    "EpochRecord",
    "Event",
    "Listener",
    "Outcome",
    "Progressed",
    "ReservoirTried",
    "TrainingFinished",
    "silent",
]


class Outcome(Enum):
    """Why training ended; the value is the message."""

    COMPLETED = "All epochs were done."
    CLOSED_FORM = "The readout was solved for in one pass over the rows."
    IDENTIFIED = "The equation was fitted to the training part by least squares."
    STOPPED_EARLY = "The validation error no longer fell."
    SOLVED = "The problem is solved."
    ADOPTED = "The network was trained elsewhere."
    DIVERGED = "The loss or a weight left the finite numbers."
    UNFINISHED = "Training is not finished."


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochRecord:
    """One line of the history. Epoch 0 is the network before training.

    Attributes:
        epoch: Counted from 1; 0 is the network before training.
        train_loss: Mean loss over the samples of the epoch, in units of `output_scale` squared; None before training.
            With a likelihood head both errors one step ahead are deviations (here squared) that the likelihood stands
            for.
        validation_one_step: Root mean square error of the next value on the validation part, in scaled units.
        validation_free_run: Root mean square error of free runs within the validation part, in scaled units.
        learning_rate: In the last step of the epoch.
        gradient_norm: Largest gradient norm of the epoch, before clipping; None before training, and where
            another tool trains.
        horizon: Free-run steps that were scored.
        teacher_forcing: Probability that such a step was fed the true value.
    """

    epoch: int
    train_loss: float | None
    validation_one_step: float | None
    validation_free_run: float | None
    learning_rate: float
    gradient_norm: float | None
    horizon: int
    teacher_forcing: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Progressed:
    """Some seconds of an epoch have passed.

    Attributes:
        epoch: Counted from 1.
        epochs: How many there are at most.
        share: Share of the epoch that is done.
        loss: The last step's loss.
    """

    epoch: int
    epochs: int
    share: float
    loss: float


@dataclass(frozen=True, kw_only=True, slots=True)
class EpochFinished:
    """An epoch is done.

    Attributes:
        record: What it came to.
        epochs: How many there are at most.
        is_best: Whether its weights are the best so far.
        seconds: Training time up to now.
    """

    record: EpochRecord
    epochs: int
    is_best: bool
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservoirTried:
    """A reservoir was tried by free runs within the training part.

    Attributes:
        number: Of the trial, counted from 1.
        count: How many there are.
        error: The smallest error so far, in standard deviations of the training part.
    """

    number: int
    count: int
    error: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingFinished:
    """Training is over.

    Attributes:
        outcome: Why.
        best_epoch: The epoch whose weights are kept.
        seconds: Training time.
        sequence_gradients: Work of training, in gradients of one sequence or window.
    """

    outcome: Outcome
    best_epoch: int
    seconds: float
    sequence_gradients: float = 0.0


Event: TypeAlias = Progressed | EpochFinished | ReservoirTried | TrainingFinished
Listener: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """Hear an event and do nothing.

    Args:
        event: The event.
    """
    del event
