"""One epoch of gradient descent, step by step through torch's autograd."""

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import KW_ONLY, dataclass

import torch

from pendula.nn import Forecaster, ForecasterState, detach
from pendula.series.windows import Windows
from pendula.shapes import BatchTensor
from pendula.training.batches import Batch, shuffled, streamed
from pendula.training.events import Listener
from pendula.training.graphed import GraphedSteps
from pendula.training.likelihood import shown_loss
from pendula.training.objective import Draws, Objective
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
        graphs: Records the steps of full batches and replays them; None where each operation is launched by itself.
    """

    forecaster: Forecaster
    optimizer: Optimizer
    windows: Windows
    settings: Training
    _: KW_ONLY
    window: int
    seed: int
    listener: Listener
    graphs: GraphedSteps | None = None

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float]:
        """Go through the training part once.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if the first step diverges.

        Returns:
            Mean loss over the samples, of a likelihood as the squared deviation that it stands for; and the largest
            gradient norm.

        Raises:
            DivergedError: If the loss or a weight leaves the finite numbers.
        """
        generator = epoch_generator(self.seed, epoch)
        watch = Watch(epoch, self.settings.epochs, last_loss=last_loss, listener=self.listener)
        self.forecaster.train()
        with seeded(self.seed, epoch), nullcontext() if self.graphs is None else self.graphs.aside():
            return self._descend(epoch, self._objective(epoch, generator), self._batches(generator), watch)

    def _descend(self, epoch: int, objective: Objective, batches: Iterator[Batch], watch: Watch) -> tuple[float, float]:
        # Losses are read only now and then, so that nothing waits for them.
        losses: list[torch.Tensor] = []
        norms: list[float | torch.Tensor] = []
        weights: list[int] = []
        state: ForecasterState | None = None
        steps = self._steps()
        if self.graphs is not None:
            self.graphs.begin()
        for step, batch in enumerate(batches):
            self.optimizer.learning_rate = self.settings.learning_rate_in(epoch, step / steps)
            self.optimizer.momenta = self.settings.momenta_in(epoch, step, steps=steps)
            pieces = batch.pieces.to(self.forecaster.output_scale.device)
            if self.graphs is None or len(pieces) < self._full_batch():
                loss, norm, state = self._step(
                    objective, pieces, objective.draw(pieces), state if batch.carries_on else None
                )
            else:
                loss, norm = self._replay(self.graphs, objective, pieces)
            norms.append(norm)
            losses.append(loss)
            weights.append(len(batch.pieces))
            if watch.is_due():
                watch.check_losses(torch.stack(losses))
                watch.tell(step / steps, shown_loss(self.forecaster, float(losses[-1])))
        watch.check_losses(torch.stack(losses))
        watch.check_weights(self.forecaster.parameters(), float(losses[-1]))
        mean = torch.stack(losses).double() @ torch.tensor(weights, dtype=torch.float64, device=losses[0].device)
        return shown_loss(self.forecaster, float(mean) / sum(weights)), _largest(norms)

    def _step(
        self, objective: Objective, pieces: BatchTensor, draws: Draws, state: ForecasterState | None = None
    ) -> tuple[torch.Tensor, float | torch.Tensor, ForecasterState]:
        loss, end = objective(self.forecaster, pieces, state, draws=draws)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), self.optimizer.step(), detach(end)

    def _replay(
        self, graphs: GraphedSteps, objective: Objective, pieces: BatchTensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        def step(pieces: BatchTensor, draws: Draws) -> tuple[torch.Tensor, torch.Tensor]:
            loss, norm, _ = self._step(objective, pieces, draws)
            return loss, torch.as_tensor(norm)

        return graphs.take(step, pieces, objective.draw(pieces), horizon=objective.horizon)

    def _full_batch(self) -> int:
        # The last batch of an epoch may hold fewer windows.
        drawn = self.settings.steps_per_epoch is not None
        return self.settings.batch_size if drawn else min(self.settings.batch_size, len(self.windows))

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
