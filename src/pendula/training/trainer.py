"""A training run between two epochs: weights, history, the best so far."""

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import torch

from pendula.errors import ArgumentError, RunError
from pendula.nn import Forecaster
from pendula.series.windows import Windows
from pendula.training.checkpoint import Checkpoint, write_checkpoint
from pendula.training.descent import Descent
from pendula.training.engine import Engine, ForeignDescent, MakeForeign, make_descent
from pendula.training.events import EpochFinished, EpochRecord, Listener, Outcome, TrainingFinished
from pendula.training.hessian_free_descent import HessianFreeDescent
from pendula.training.method import method_for
from pendula.training.native_descent import NativeDescent
from pendula.training.optimizer import Optimizer, make_optimizer
from pendula.training.settings import Training
from pendula.training.trained import Trained
from pendula.training.validation import Validation

__all__ = ["Errors", "Trainer"]


Errors: TypeAlias = tuple[float | None, float | None]
"""One-step and free-run error on the validation part."""


class Trainer:
    """The moving parts of a training run, between two epochs.

    Args:
        forecaster: The network; it is trained in place.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        validation: Windows to select the best epoch by, or None.
        listener: Hears the events.
        engine: What takes the steps; the native core wherever it can when left out.
        threads: How many a step of the native core is spread over; those of torch when left out.
        foreign: Makes what runs the epochs where another tool trains, as the settings' engine says.

    Attributes:
        engine: What takes the steps.
        epoch: The last one that is done.
        history: One record for each epoch.
        outcome: Why training ended, or that it has not.

    Raises:
        ArgumentError: If the method makes no sense for the cell, or the native core is asked for and cannot.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        windows: Windows,
        settings: Training,
        *,
        window: int,
        seed: int,
        validation: Validation | None,
        listener: Listener,
        engine: Engine | None = None,
        threads: int | None = None,
        foreign: MakeForeign | None = None,
    ) -> None:
        method_for(forecaster.network, settings)
        self.forecaster = forecaster.to(usable_device(settings), getattr(torch, settings.precision))
        self.settings = settings
        self._windows = len(windows)
        self.validation = validation
        self.listener = listener
        self.optimizer: Optimizer | HessianFreeDescent | ForeignDescent
        self.descent: Descent | NativeDescent | HessianFreeDescent | ForeignDescent
        if settings.engine == "keras":
            self.optimizer = self.descent = _made(foreign, settings)(
                forecaster, windows, settings, window=window, seed=seed, listener=listener
            )
        elif settings.method == "hessian-free":
            self.optimizer = self.descent = HessianFreeDescent(forecaster, windows, settings, window=window, seed=seed)
        else:
            self.optimizer = optimizer = make_optimizer(forecaster, settings)
            self.descent = make_descent(
                forecaster,
                optimizer,
                windows,
                settings,
                window=window,
                seed=seed,
                listener=listener,
                engine=engine,
                threads=threads,
            )
        self.engine: Engine = "native" if isinstance(self.descent, NativeDescent) else "autograd"
        if settings.engine == "keras":
            self.engine = "keras"
        self.epoch = 0
        self.history: list[EpochRecord] = []
        self.best_epoch, self.best_error = 0, math.inf
        self.best = _copy(forecaster.state_dict())
        self.outcome = Outcome.UNFINISHED
        self._earlier_seconds, self._began = 0.0, time.monotonic()
        self._own_seconds: float | None = None
        self._written = -math.inf
        self._kept = self._state()

    @property
    def last_loss(self) -> float | None:
        """Mean loss of the last epoch, if there was one."""
        return self.history[-1].train_loss if self.history else None

    @property
    def seconds(self) -> float:
        """Training time up to now, over all sittings, in seconds."""
        since = time.monotonic() - self._began if self._own_seconds is None else self._own_seconds
        return self._earlier_seconds + since

    @property
    def sequence_gradients(self) -> float:
        """Work up to now, in gradients of one window."""
        if isinstance(self.descent, HessianFreeDescent):
            return self.descent.sequence_gradients
        steps = self.settings.steps_per_epoch
        return float(self.epoch * (self._windows if steps is None else steps * self.settings.batch_size))

    def spend(self, seconds: float) -> None:
        """Count time that this network alone took; the time that passes is then not its own.

        Args:
            seconds: How long.
        """
        self._own_seconds = (self._own_seconds or 0.0) + seconds

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
        if self.validation is None:
            return None, None
        # Free runs cost many small steps; they are worth it where they decide.
        run = self.validation.free_run_error(self.forecaster) if self.settings.select_by == "free_run" else None
        return self.validation.one_step_error(self.forecaster), run

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

    def finish(self) -> Trained:
        """Put the best weights into the network.

        Returns:
            What training came to.
        """
        self.forecaster.load_state_dict(self.best)
        self.optimizer.release()
        trained = Trained(
            forecaster=self.forecaster.cpu().eval(),
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
                seconds=trained.seconds,
                sequence_gradients=self.sequence_gradients,
            )
        )
        return trained

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
            self.forecaster.load_state_dict(checkpoint.model)
            self.optimizer.restore(checkpoint.optimizer)
        except (RuntimeError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split()).rstrip(" .")
            raise RunError(f"The checkpoint must belong to this network: {reason}. Start the run anew.") from error
        self.epoch, self.history = checkpoint.epoch, list(checkpoint.history)
        self.best_epoch, self.best_error, self.best = checkpoint.best_epoch, checkpoint.best_error, checkpoint.best
        self._earlier_seconds, self._began = checkpoint.seconds, time.monotonic()
        self._own_seconds = None
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
            self.best = _copy(self.forecaster.state_dict())
        return is_better

    def _outcome(self) -> Outcome:
        if self.epoch >= self.settings.epochs:
            return Outcome.COMPLETED
        patience = self.settings.patience
        waits = self.validation is not None and self.settings.select_by != "last_epoch" and patience is not None
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
            model=_copy(self.forecaster.state_dict()),
            best=self.best,
            optimizer=self.optimizer.tensors(),
        )


def _made(foreign: MakeForeign | None, settings: Training) -> MakeForeign:
    if foreign is None:
        raise ArgumentError(
            f"`engine` must be pendula where no other tool is handed over: got {settings.engine}. Call `pendula.fit`, "
            "which has them all."
        )
    return foreign


def usable_device(settings: Training) -> torch.device:
    """Find the device to train on.

    Args:
        settings: How to train.

    Returns:
        The device.

    Raises:
        ArgumentError: If there is no such device here.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ArgumentError("`device` must be there: expected a GPU that torch can use, got none. Train on the cpu.")
    return torch.device(settings.device)


def _copy(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}
