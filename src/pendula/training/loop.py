"""The training loop."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from pendula.errors import DivergedError, InterruptedRunError, RunError
from pendula.nn import Forecaster, ForecasterState, detach
from pendula.series.windows import Windows
from pendula.training.batches import Batch, shuffled, streamed
from pendula.training.checkpoint import CHECKPOINT_FILE, Checkpoint, read_checkpoint, write_checkpoint
from pendula.training.events import (
    EpochFinished,
    EpochRecord,
    Listener,
    Outcome,
    Progressed,
    TrainingFinished,
    silent,
)
from pendula.training.objective import Objective, check_objective
from pendula.training.randomness import epoch_generator, seeded
from pendula.training.settings import Training
from pendula.training.validation import Validation

__all__ = ["Trained", "Trainer", "train"]

PROGRESS_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What training came to.

    Attributes:
        forecaster: The network with the weights that were kept, without dropout.
        history: One record for each epoch, epoch 0 first.
        best_epoch: The epoch whose weights were kept.
        outcome: Why training ended.
        seconds: Training time, over all sittings.
    """

    forecaster: Forecaster
    history: tuple[EpochRecord, ...]
    best_epoch: int
    outcome: Outcome
    seconds: float


def train(
    forecaster: Forecaster,
    windows: Windows,
    settings: Training,
    *,
    window: int,
    seed: int = 0,
    validation: Validation | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    fingerprint: str = "",
    listener: Listener = silent,
) -> Trained:
    """Train a forecaster.

    All randomness of an epoch depends on the seed and the epoch alone, so that a run that was killed and resumed ends
    with the same bits as one that was not.

    Args:
        forecaster: The network; it is trained in place.
        windows: Windows of the training part: `window` steps of input and the values after them, scaled.
        settings: How to train.
        window: Steps of input.
        seed: Of order, noise, dropout and forcing.
        validation: Windows to select the best epoch by; without them the last epoch is kept.
        checkpoint: Folder for checkpoints; None keeps none.
        resume: Go on from the checkpoint in that folder, if there is one.
        fingerprint: Of data and settings; a checkpoint with another one is refused.
        listener: Hears the events.

    Returns:
        The trained network and its history.

    Raises:
        DivergedError: If the loss or a weight leaves the finite numbers.
        InterruptedRunError: If the user interrupts; the last whole epoch is in the checkpoint.
        RunError: If the checkpoint belongs to other data or settings.
    """
    check_objective(window=window, washout=settings.washout, horizon=settings.horizon, leads=forecaster.network.leads)
    trainer = Trainer(forecaster, windows, settings, window=window, seed=seed, validation=validation, listener=listener)
    if resume and checkpoint is not None and (checkpoint / CHECKPOINT_FILE).is_file():
        trainer.restore(_matching(read_checkpoint(checkpoint), fingerprint, checkpoint))
    try:
        trainer.run(checkpoint, fingerprint)
    except KeyboardInterrupt as interrupt:
        last = trainer.snapshot(fingerprint)
        if checkpoint is not None:
            write_checkpoint(last, checkpoint)
        kept = f"the checkpoint of epoch {last.epoch} is kept" if checkpoint else "no checkpoint was asked for"
        raise InterruptedRunError(f"Training was interrupted after epoch {last.epoch}; {kept}.") from interrupt
    return trainer.finish()


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
    ) -> None:
        self.forecaster = forecaster.to(getattr(torch, settings.precision))
        self.windows = windows
        self.settings = settings
        self.window = window
        self.seed = seed
        self.validation = validation
        self.listener = listener
        self.optimizer = _optimizer(forecaster, settings)
        self.epoch = 0
        self.history: list[EpochRecord] = []
        self.best_epoch, self.best_error = 0, math.inf
        self.best = _copy(forecaster.state_dict())
        self.outcome = Outcome.UNFINISHED
        self._earlier_seconds, self._began = 0.0, time.monotonic()
        self._kept = self._state()

    @property
    def seconds(self) -> float:
        """Training time up to now, over all sittings, in seconds."""
        return self._earlier_seconds + time.monotonic() - self._began

    def run(self, checkpoint: Path | None, fingerprint: str) -> None:
        """Train epoch after epoch, until they are done or the validation error no longer falls.

        Args:
            checkpoint: Folder for checkpoints, or None.
            fingerprint: Of data and settings.
        """
        if not self.history:
            self._conclude(train_loss=None, gradient_norm=None)
        written = -math.inf
        while (outcome := self._outcome()) is Outcome.UNFINISHED:
            self._train_epoch(self.epoch + 1)
            if checkpoint is not None and time.monotonic() - written >= self.settings.checkpoint_seconds:
                write_checkpoint(self.snapshot(fingerprint), checkpoint)
                written = time.monotonic()
        self.outcome = outcome

    def finish(self) -> Trained:
        """Put the best weights into the network.

        Returns:
            What training came to.
        """
        self.forecaster.load_state_dict(self.best)
        trained = Trained(
            forecaster=self.forecaster.eval(),
            history=tuple(self.history),
            best_epoch=self.best_epoch,
            outcome=self.outcome,
            seconds=self.seconds,
        )
        self.listener(TrainingFinished(outcome=self.outcome, best_epoch=self.best_epoch, seconds=trained.seconds))
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
            self._restore_optimizer(checkpoint.optimizer)
        except (RuntimeError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split()).rstrip(" .")
            raise RunError(f"The checkpoint must belong to this network: {reason}. Start the run anew.") from error
        self.epoch, self.history = checkpoint.epoch, list(checkpoint.history)
        self.best_epoch, self.best_error, self.best = checkpoint.best_epoch, checkpoint.best_error, checkpoint.best
        self._earlier_seconds, self._began = checkpoint.seconds, time.monotonic()
        self._kept = self._state()

    def _train_epoch(self, epoch: int) -> None:
        generator = epoch_generator(self.seed, epoch)
        objective = self._objective(epoch, generator)
        self.forecaster.train()
        with seeded(self.seed, epoch):
            train_loss, gradient_norm = self._descend(epoch, objective, self._batches(generator))
        self.epoch = epoch
        self._conclude(train_loss=train_loss, gradient_norm=gradient_norm)

    def _descend(self, epoch: int, objective: Objective, batches: Iterator[Batch]) -> tuple[float, float]:
        """Take the steps of an epoch; losses are read only now and then, so that nothing waits for them.

        Returns:
            Mean loss over the samples, and the largest gradient norm.
        """
        losses, norms, weights = [], [], []
        state: ForecasterState | None = None
        steps = self._steps()
        heard = time.monotonic()
        for step, batch in enumerate(batches):
            self._set_learning_rate(epoch, step / steps)
            pieces = batch.pieces.to(self.forecaster.output_scale.device)
            loss, state = objective(self.forecaster, pieces, state if batch.carries_on else None)
            state = detach(state)
            norms.append(self._step(loss))
            losses.append(loss.detach())
            weights.append(len(batch.pieces))
            if time.monotonic() - heard > PROGRESS_SECONDS:
                self._check_finite(epoch, losses)
                self._tell_progress(epoch, step / steps, losses[-1])
                heard = time.monotonic()
        self._check_finite(epoch, losses)
        self._check_weights(epoch, losses)
        mean = torch.stack(losses).double() @ torch.tensor(weights, dtype=torch.float64, device=losses[0].device)
        return float(mean) / sum(weights), float(torch.stack(norms).max())

    def _step(self, loss: torch.Tensor) -> torch.Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        limit = math.inf if self.settings.clip_norm is None else self.settings.clip_norm
        norm = torch.nn.utils.clip_grad_norm_(self.forecaster.parameters(), limit)
        self.optimizer.step()
        return norm

    def _conclude(self, *, train_loss: float | None, gradient_norm: float | None) -> None:
        one_step, run = self._validate()
        record = EpochRecord(
            epoch=self.epoch,
            train_loss=train_loss,
            validation_one_step=one_step,
            validation_free_run=run,
            learning_rate=self.optimizer.param_groups[0]["lr"],
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

    def _validate(self) -> tuple[float | None, float | None]:
        if self.validation is None:
            return None, None
        # Free runs cost many small steps; they are worth it where they decide.
        run = self.validation.free_run_error(self.forecaster) if self.settings.select_by == "free_run" else None
        return self.validation.one_step_error(self.forecaster), run

    def _outcome(self) -> Outcome:
        if self.epoch >= self.settings.epochs:
            return Outcome.COMPLETED
        patience = self.settings.patience
        waits = self.validation is not None and self.settings.select_by != "last_epoch" and patience is not None
        if waits and self.epoch - self.best_epoch >= (patience or 0):
            return Outcome.STOPPED_EARLY
        return Outcome.UNFINISHED

    def _objective(self, epoch: int, generator: torch.Generator) -> Objective:
        return Objective(
            window=self.window,
            loss=self.settings.loss,
            washout=self.settings.washout,
            horizon=self.settings.horizon_in(epoch),
            teacher_forcing=self.settings.teacher_forcing_in(epoch),
            input_noise=self.settings.input_noise,
            generator=generator,
        )

    def _batches(self, generator: torch.Generator) -> Iterator[Batch]:
        if self.settings.carry_state:
            return streamed(
                self.windows.values,
                self.windows.segments,
                window=self.window,
                batch_size=self.settings.batch_size,
                generator=generator,
            )
        return shuffled(
            self.windows, self.settings.batch_size, generator=generator, steps=self.settings.steps_per_epoch
        )

    def _steps(self) -> int:
        if self.settings.carry_state:
            rows = int((self.windows.segments[:, 1] - self.windows.segments[:, 0]).sum())
            return max(1, rows // (self.settings.batch_size * self.window))
        return self.settings.steps_per_epoch or math.ceil(len(self.windows) / self.settings.batch_size)

    def _set_learning_rate(self, epoch: int, share: float) -> None:
        progress = (epoch - 1 + min(share, 1.0)) / self.settings.epochs
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate_at(progress)

    def _check_finite(self, epoch: int, losses: list[torch.Tensor]) -> None:
        values = torch.stack(losses)
        if bool(torch.isfinite(values[-1])) and bool(torch.isfinite(values).all()):
            return
        step = int((~torch.isfinite(values)).to(torch.int64).argmax())
        last = (
            float(values[step - 1])
            if step
            else next((record.train_loss for record in reversed(self.history) if record.train_loss is not None), None)
        )
        finite = "none was finite" if last is None else f"last finite value {last:.3g}"
        raise DivergedError(
            f"Training diverged at step {step + 1} of epoch {epoch}: the loss became {float(values[step])} ({finite}). "
            "Lower `learning_rate`, or clip the gradient with `clip_norm`."
        )

    def _check_weights(self, epoch: int, losses: list[torch.Tensor]) -> None:
        # A gradient can overflow while the loss is finite; after an epoch's last step no loss would tell.
        if all(bool(torch.isfinite(parameter).all()) for parameter in self.forecaster.parameters()):
            return
        raise DivergedError(
            f"Training diverged at the end of epoch {epoch}: a weight became infinite or nan "
            f"(last finite loss {float(losses[-1]):.3g}). Lower `learning_rate`, or clip the gradient with `clip_norm`."
        )

    def _tell_progress(self, epoch: int, share: float, loss: torch.Tensor) -> None:
        self.listener(Progressed(epoch=epoch, epochs=self.settings.epochs, share=share, loss=float(loss)))

    def _state(self) -> Checkpoint:
        moments = {
            f"{name}/{key}": value.detach().clone()
            for name, parameter in self.forecaster.named_parameters()
            for key, value in self.optimizer.state.get(parameter, {}).items()
        }
        return Checkpoint(
            epoch=self.epoch,
            best_epoch=self.best_epoch,
            best_error=self.best_error,
            seconds=self.seconds,
            history=tuple(self.history),
            fingerprint="",
            model=_copy(self.forecaster.state_dict()),
            best=self.best,
            optimizer=moments,
        )

    def _restore_optimizer(self, tensors: dict[str, torch.Tensor]) -> None:
        parameters = dict(self.forecaster.named_parameters())
        self.optimizer.state.clear()
        for path, tensor in tensors.items():
            name, key = path.rsplit("/", 1)
            parameter = parameters[name]
            device = "cpu" if key == "step" else parameter.device
            self.optimizer.state[parameter][key] = tensor.clone().to(device)


def _optimizer(forecaster: Forecaster, settings: Training) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(forecaster.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)


def _copy(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _matching(checkpoint: Checkpoint, fingerprint: str, folder: Path) -> Checkpoint:
    if checkpoint.fingerprint != fingerprint:
        raise RunError(
            f"`{folder}` must belong to the same data and settings: its checkpoint has others. "
            "Resume with the run's own settings, or start a new run."
        )
    return checkpoint
