"""One epoch of gradient descent."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from pendula.errors import DivergedError
from pendula.nn import Forecaster, ForecasterState, detach
from pendula.series.windows import Windows
from pendula.training.batches import Batch, shuffled, streamed
from pendula.training.events import Listener, Progressed
from pendula.training.objective import Objective
from pendula.training.randomness import epoch_generator, seeded
from pendula.training.settings import Training

__all__ = ["Descent"]

PROGRESS_SECONDS = 2.0
"""Least time between two looks at the loss within an epoch."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Descent:
    """All that an epoch of training needs.

    Attributes:
        forecaster: The network; it is trained in place.
        optimizer: Of its parameters.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        listener: Hears the progress.
    """

    forecaster: Forecaster
    optimizer: torch.optim.Optimizer
    windows: Windows
    settings: Training
    window: int
    seed: int
    listener: Listener

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float]:
        """Go through the training part once.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if the first step diverges.

        Returns:
            Mean loss over the samples, and the largest gradient norm.

        Raises:
            DivergedError: If the loss or a weight leaves the finite numbers.
        """
        generator = epoch_generator(self.seed, epoch)
        self.forecaster.train()
        with seeded(self.seed, epoch):
            return self._descend(epoch, self._objective(epoch, generator), self._batches(generator), last_loss)

    def _descend(
        self, epoch: int, objective: Objective, batches: Iterator[Batch], last_loss: float | None
    ) -> tuple[float, float]:
        # Losses are read only now and then, so that nothing waits for them.
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
                self._check_finite(epoch, losses, last_loss)
                self._tell_progress(epoch, step / steps, losses[-1])
                heard = time.monotonic()
        self._check_finite(epoch, losses, last_loss)
        self._check_weights(epoch, losses)
        mean = torch.stack(losses).double() @ torch.tensor(weights, dtype=torch.float64, device=losses[0].device)
        return float(mean) / sum(weights), float(torch.stack(norms).max())

    def _step(self, loss: torch.Tensor) -> torch.Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip_norm is None:
            gradients = [parameter.grad for parameter in self.forecaster.parameters() if parameter.grad is not None]
            norm = torch.nn.utils.get_total_norm(gradients)
        else:
            norm = torch.nn.utils.clip_grad_norm_(self.forecaster.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        return norm

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

    def _check_finite(self, epoch: int, losses: list[torch.Tensor], last_loss: float | None) -> None:
        values = torch.stack(losses)
        if bool(torch.isfinite(values[-1])) and bool(torch.isfinite(values).all()):
            return
        step = int((~torch.isfinite(values)).to(torch.int64).argmax())
        last = float(values[step - 1]) if step else last_loss
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
