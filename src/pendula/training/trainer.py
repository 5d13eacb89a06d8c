"""A training run between two epochs: weights, history, the best so far."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import torch
from torch import nn

from pendula.errors import InterruptedRunError, RunError
from pendula.training.checkpoint import CHECKPOINT_FILE, Checkpoint, read_matching, write_checkpoint
from pendula.training.descending import Descends, Remembers
from pendula.training.engine import Engine
from pendula.training.events import EpochFinished, EpochRecord, Listener, Outcome, TrainingFinished
from pendula.training.settings import Training
from pendula.training.stopwatch import Stopwatch
from pendula.training.trained import Course

__all__ = ["Errors", "Measure", "Trainer"]


Errors: TypeAlias = tuple[float | None, float | None]
"""One-step and free-run error on the validation part."""
Measure: TypeAlias = Callable[[], Errors]
"""Measures the network as it is now."""


class Trainer:
    """The moving parts of a training run, between two epochs.

    Args:
        network: The network; it is trained in place.
        descent: Runs the epochs.
        optimizer: Moves the weights.
        settings: How to train.
        windows: How many windows the training part has.
        measure: Measures the network's errors on the validation part, by which the best epoch is selected; None without
            one.
        listener: Hears the events.
        engine: What takes the steps.

    Attributes:
        epoch: The last one that is done.
        history: One record for each epoch.
        outcome: Why training ended, or that it has not.
        stopwatch: Its time.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        descent: Descends,
        optimizer: Remembers,
        settings: Training,
        windows: int,
        measure: Measure | None,
        listener: Listener,
        engine: Engine,
    ) -> None:
        self.network = network
        self.descent, self.optimizer, self.settings = descent, optimizer, settings
        self.measure, self.listener, self.engine = measure, listener, engine
        self._windows = windows
        self.epoch = 0
        self.history: list[EpochRecord] = []
        self.best_epoch, self.best_error = 0, math.inf
        self.best = _copy(network.state_dict())
        self.outcome = Outcome.UNFINISHED
        self.stopwatch = Stopwatch()
        self._written = -math.inf
        self._kept = self._state()

    @property
    def last_loss(self) -> float | None:
        """Mean loss of the last epoch, if there was one."""
        return self.history[-1].train_loss if self.history else None

    @property
    def seconds(self) -> float:
        """Training time up to now, over all sittings, in seconds."""
        return self.stopwatch.seconds

    @property
    def sequence_gradients(self) -> float:
        """Work up to now, in gradients of one window."""
        steps = self.settings.steps_per_epoch
        return float(self.epoch * (self._windows if steps is None else steps * self.settings.batch_size))

    def carry_through(self, checkpoint: Path | None, *, resume: bool, fingerprint: str) -> None:
        """Train to the end, from the last checkpoint on if there is one; an interrupt leaves one.

        Args:
            checkpoint: Folder for checkpoints, or None.
            resume: Go on from the checkpoint in that folder, if there is one.
            fingerprint: Of data and settings.

        Raises:
            InterruptedRunError: If the user interrupts; the last whole epoch is in the checkpoint.
        """
        if resume and checkpoint is not None and (checkpoint / CHECKPOINT_FILE).is_file():
            self.restore(read_matching(checkpoint, fingerprint))
        try:
            self.run(checkpoint, fingerprint)
        except KeyboardInterrupt as interrupt:
            last = self.snapshot(fingerprint)
            if checkpoint is not None:
                write_checkpoint(last, checkpoint)
            kept = f"the checkpoint of epoch {last.epoch} is kept" if checkpoint else "no checkpoint was asked for"
            raise InterruptedRunError(f"Training was interrupted after epoch {last.epoch}; {kept}.") from interrupt

    def run(self, checkpoint: Path | None, fingerprint: str) -> None:
        """Train epoch after epoch, until they are done or the validation error no longer falls.

        Args:
            checkpoint: Folder for checkpoints, or None.
            fingerprint: Of data and settings.
        """
        if not self.history:
            self.begin(self.validate())
        while self.is_unfinished():
            self.conclude(self.descent.run(self.epoch + 1, last_loss=self.last_loss), self.validate())
            self.save(checkpoint, fingerprint)

    def begin(self, errors: Errors) -> None:
        """Record the network before training.

        Args:
            errors: What `validate` gave.
        """
        self._record(train_loss=None, gradient_norm=None, errors=errors)

    def is_unfinished(self) -> bool:
        """Find out whether another epoch is to come.

        Returns:
            Whether the outcome is still open.
        """
        self.outcome = self._outcome()
        return self.outcome is Outcome.UNFINISHED

    def validate(self) -> Errors:
        """Measure the network's errors on the validation part.

        Returns:
            The one-step error, and the free-run error where it decides; None where there is nothing to measure.
        """
        return (None, None) if self.measure is None else self.measure()

    def conclude(self, losses: tuple[float, float | None], errors: Errors) -> None:
        """Record an epoch.

        Args:
            losses: Its mean loss and largest gradient norm, where that is known.
            errors: What `validate` gave after it.
        """
        self.epoch += 1
        self._record(train_loss=losses[0], gradient_norm=losses[1], errors=errors)

    def save(self, checkpoint: Path | None, fingerprint: str) -> None:
        """Write a checkpoint, if the last one was some time ago.

        Args:
            checkpoint: Folder for checkpoints, or None.
            fingerprint: Of data and settings.
        """
        if checkpoint is not None and time.monotonic() - self._written >= self.settings.checkpoint_seconds:
            write_checkpoint(self.snapshot(fingerprint), checkpoint)
            self._written = time.monotonic()

    def finish(self) -> Course:
        """Put the best weights into the network.

        Returns:
            How training went.
        """
        self.network.load_state_dict(self.best)
        self.optimizer.release()
        self.network.cpu().eval()
        course = Course(
            history=tuple(self.history),
            best_epoch=self.best_epoch,
            outcome=self.outcome,
            seconds=self.seconds,
            engine=self.engine,
        )
        self.listener(
            TrainingFinished(
                outcome=self.outcome,
                best_epoch=self.best_epoch,
                seconds=course.seconds,
                sequence_gradients=self.sequence_gradients,
            )
        )
        return course

    def snapshot(self, fingerprint: str) -> Checkpoint:
        """Give the state after the last whole epoch.

        Args:
            fingerprint: Of data and settings.

        Returns:
            A checkpoint.
        """
        return replace(self._kept, fingerprint=fingerprint)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to the state of a checkpoint.

        Args:
            checkpoint: Of the same network and settings.

        Raises:
            RunError: If it belongs to another network.
        """
        try:
            self.network.load_state_dict(checkpoint.model)
            self.optimizer.restore(checkpoint.optimizer)
        except (RuntimeError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split()).rstrip(" .")
            raise RunError(f"The checkpoint must belong to this network: {reason}. Start the run anew.") from error
        self.epoch, self.history = checkpoint.epoch, list(checkpoint.history)
        self.best_epoch, self.best_error, self.best = checkpoint.best_epoch, checkpoint.best_error, checkpoint.best
        self.stopwatch = Stopwatch(earlier=checkpoint.seconds)
        self._kept = self._state()

    def _record(self, *, train_loss: float | None, gradient_norm: float | None, errors: Errors) -> None:
        one_step, run = errors
        record = EpochRecord(
            epoch=self.epoch,
            train_loss=train_loss,
            validation_one_step=one_step,
            validation_free_run=run,
            learning_rate=self.optimizer.learning_rate,
            gradient_norm=gradient_norm,
            horizon=self.settings.horizon_in(self.epoch),
            teacher_forcing=self.settings.teacher_forcing_in(max(1, self.epoch)),
        )
        self.history.append(record)
        is_best = self._keep_best(record)
        # One assignment: an interrupt finds the epoch before or this one, never half of each.
        self._kept = self._state()
        self.listener(EpochFinished(record=record, epochs=self.settings.epochs, is_best=is_best, seconds=self.seconds))

    def _keep_best(self, record: EpochRecord) -> bool:
        error = record.validation_free_run if self.settings.select_by == "free_run" else record.validation_one_step
        is_better = error is None or self.settings.select_by == "last_epoch" or error < self.best_error
        if is_better:
            self.best_epoch, self.best_error = record.epoch, math.inf if error is None else error
            self.best = _copy(self.network.state_dict())
        return is_better

    def _outcome(self) -> Outcome:
        if self.epoch >= self.settings.epochs:
            return Outcome.COMPLETED
        patience = self.settings.patience
        waits = self.measure is not None and self.settings.select_by != "last_epoch" and patience is not None
        if waits and self.epoch - self.best_epoch >= (patience or 0):
            return Outcome.STOPPED_EARLY
        return Outcome.UNFINISHED

    def _state(self) -> Checkpoint:
        return Checkpoint(
            epoch=self.epoch,
            best_epoch=self.best_epoch,
            best_error=self.best_error,
            seconds=self.seconds,
            history=tuple(self.history),
            fingerprint="",
            model=_copy(self.network.state_dict()),
            best=self.best,
            optimizer=self.optimizer.tensors(),
        )


def _copy(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}
