"""One epoch of gradient descent, step by step through torch's autograd."""

import math
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import torch

from pendula.nn import Forecaster, ForecasterState, detach
from pendula.series.windows import Windows
from pendula.training.batches import Batch, shuffled, streamed
from pendula.training.events import Listener
from pendula.training.objective import Objective
from pendula.training.optimizer import Optimizer
from pendula.training.randomness import epoch_generator, seeded
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["Descent"]


@dataclass(frozen=True, slots=True, eq=False)
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
    optimizer: Optimizer
    windows: Windows
    settings: Training
    _: KW_ONLY
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
        watch = Watch(epoch, self.settings.epochs, last_loss=last_loss, listener=self.listener)
        self.forecaster.train()
        with seeded(self.seed, epoch):
            return self._descend(epoch, self._objective(epoch, generator), self._batches(generator), watch)

    def _descend(self, epoch: int, objective: Objective, batches: Iterator[Batch], watch: Watch) -> tuple[float, float]:
        # Losses are read only now and then, so that nothing waits for them.
        losses: list[torch.Tensor] = []
        norms: list[float | torch.Tensor] = []
        weights: list[int] = []
        state: ForecasterState | None = None
        steps = self._steps()
        for step, batch in enumerate(batches):
            self.optimizer.learning_rate = self.settings.learning_rate_in(epoch, step / steps)
            pieces = batch.pieces.to(self.forecaster.output_scale.device)
            loss, state = objective(self.forecaster, pieces, state if batch.carries_on else None)
            state = detach(state)
            norms.append(self._step(loss))
            losses.append(loss.detach())
            weights.append(len(batch.pieces))
            if watch.is_due():
                watch.check_losses(torch.stack(losses))
                watch.tell(step / steps, float(losses[-1]))
        watch.check_losses(torch.stack(losses))
        watch.check_weights(self.forecaster.parameters(), float(losses[-1]))
        mean = torch.stack(losses).double() @ torch.tensor(weights, dtype=torch.float64, device=losses[0].device)
        return float(mean) / sum(weights), _largest(norms)

    def _step(self, loss: torch.Tensor) -> float | torch.Tensor:
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return self.optimizer.step()

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


def _largest(norms: list[float | torch.Tensor]) -> float:
    tensors = [norm for norm in norms if isinstance(norm, torch.Tensor)]
    # One transfer from the device for all of them.
    return float(torch.stack(tensors).max()) if tensors else max(map(float, norms))
