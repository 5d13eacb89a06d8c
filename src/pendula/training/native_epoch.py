"""An epoch in the native core, in pieces of about a second."""

import math
from typing import Any

import torch
from torch import Tensor

from pendula.errors import DivergedError
from pendula.nn.kernels.native import core
from pendula.training.batches import drawn
from pendula.training.flat import FlatDescent
from pendula.training.flat_nesterov import FlatNesterov
from pendula.training.native_task import NativeTask
from pendula.training.randomness import epoch_generator
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["NativeEpoch", "Pace"]

CALL_SECONDS = 1.0
"""A call of the core takes about so long, so that it can be interrupted and progress be told."""
DRAWN_BYTES = 2**24
"""A call is handed at most so many draws, but for those of its first step."""


class Pace:
    """How many steps a call of the core takes, found out from call to call.

    Attributes:
        steps: Of the next call.
    """

    def __init__(self) -> None:
        self.steps = 1

    def learn(self, taken: int, seconds: float) -> None:
        """Take in how long a call was.

        Args:
            taken: Steps that it took.
            seconds: How long they were.
        """
        self.steps = max(1, int(taken * CALL_SECONDS / max(seconds, 1e-6)))


class NativeEpoch:
    """One network's epoch, which is run in pieces.

    Args:
        learner: The network and how it learns, as the core takes it.
        optimizer: Of its parameters.
        task: What it learns.
        settings: How to train.
        seed: Of all randomness.
        epoch: Counted from 1.
        watch: Over the epoch.
        pace: How many steps are taken at once.

    Attributes:
        failure: What was wrong with the last steps, if anything.
        seconds: That its steps took.
    """

    def __init__(
        self,
        learner: Any,
        optimizer: FlatDescent,
        task: NativeTask,
        settings: Training,
        *,
        seed: int,
        epoch: int,
        watch: Watch,
        pace: Pace,
    ) -> None:
        self._learner = learner
        self._optimizer = optimizer
        self._task, self._windows = task, task.windows
        self._settings = settings
        self._watch = watch
        self._pace = pace
        self.failure: DivergedError | None = None
        self.seconds = 0.0
        self._generator = epoch_generator(seed, epoch)
        order = drawn(task.windows, settings.batch_size, generator=self._generator, steps=settings.steps_per_epoch)
        self._starts = task.windows.starts(order)
        self._steps = math.ceil(len(order) / settings.batch_size)
        rates = [settings.learning_rate_in(epoch, step / self._steps) for step in range(self._steps)]
        self._rates = torch.tensor(rates, dtype=torch.float64)
        momenta = [settings.momenta_in(epoch, step, steps=self._steps)[0] for step in range(self._steps + 1)]
        self._momenta = torch.tensor(momenta, dtype=torch.float64)
        self._losses, self._norms = torch.empty_like(self._rates), torch.empty_like(self._rates)
        self._done = 0
        self._forcing = settings.teacher_forcing_in(epoch)
        learner.run = settings.horizon_in(epoch) - 1
        self._noise, self._forced = torch.empty(0), torch.empty(0)

    @property
    def is_done(self) -> bool:
        """Whether no step is left, or none can be taken any more."""
        return self._done == self._steps or self.failure is not None

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return self._done / self._steps

    def advance(self) -> None:
        """Take steps for about a second. Other threads can go on meanwhile."""
        native: Any = core
        self._prepare()
        native.descend(self._optimizer.bits, self._learner)
        self._take_in()

    def tell(self) -> None:
        """Tell how far the epoch is, if it is time to."""
        if not self.is_done and self._watch.is_due():
            self._watch.tell(self.share, self._task.shown(float(self._losses[self._done - 1])))

    def finish(self) -> tuple[float, float]:
        """Sum the epoch up.

        Returns:
            Mean loss over the samples, and the largest gradient norm.

        Raises:
            DivergedError: If the loss or a weight left the finite numbers.
        """
        if self.failure is not None:
            raise self.failure
        self._watch.check_weights([self._optimizer.weights], float(self._losses[-1]))
        size = self._settings.batch_size
        weights = torch.full_like(self._losses, size)
        weights[-1] = len(self._starts) - (self._steps - 1) * size
        return self._task.shown(float(self._losses @ weights) / len(self._starts)), float(self._norms.max())

    def _drawn_steps(self) -> int:
        values, of_a_window = self._windows.values, 0
        if self._settings.input_noise:
            of_a_window += self._learner.window * values.shape[1] * values.element_size()
        if self._forcing:
            of_a_window += self._learner.run
        return max(1, DRAWN_BYTES // (self._learner.batch_size * of_a_window)) if of_a_window else self._steps

    def _draw(self, windows: int) -> None:
        # Batch by batch, as the descent through autograd draws.
        learner, values = self._learner, self._windows.values
        noise = windows if self._settings.input_noise else 0
        forced = windows if self._forcing and learner.run else 0
        self._noise = torch.empty(noise, learner.window, values.shape[1], dtype=values.dtype)
        self._forced = torch.empty(forced, learner.run, dtype=torch.bool)
        for first in range(0, windows, learner.batch_size):
            batch = slice(first, min(first + learner.batch_size, windows))
            if noise:
                self._noise[batch].normal_(generator=self._generator)
            if forced:
                self._forced[batch] = self._draw_forced(batch.stop - batch.start)
        learner.noise = self._noise.data_ptr() if noise else 0
        learner.forced = self._forced.data_ptr() if forced else 0

    def _draw_forced(self, windows: int) -> Tensor:
        draws = [torch.rand(windows, generator=self._generator) for _ in range(self._learner.run)]
        return torch.stack(draws, dim=1) < self._forcing

    def _prepare(self) -> None:
        learner, size = self._learner, self._settings.batch_size
        learner.steps = min(self._pace.steps, self._steps - self._done, self._drawn_steps())
        first = self._done * size
        starts = self._starts[first : first + learner.steps * size]
        learner.windows, learner.starts = len(starts), starts.data_ptr()
        learner.learning_rates = self._rates[self._done :].data_ptr()
        if isinstance(self._optimizer, FlatNesterov):
            learner.momenta = self._momenta[self._done :].data_ptr()
        learner.losses, learner.norms = self._losses[self._done :].data_ptr(), self._norms[self._done :].data_ptr()
        self._draw(len(starts))
        learner.taken = self._optimizer.steps

    def _take_in(self) -> None:
        taken, seconds = self._learner.done, self._learner.seconds
        self._pace.learn(taken, seconds)
        optimizer = self._optimizer
        self._done += taken
        self.seconds += seconds
        optimizer.steps += taken
        optimizer.learning_rate = float(self._rates[self._done - 1])
        optimizer.momenta = (float(self._momenta[self._done - 1]), float(self._momenta[self._done]))
        try:
            self._watch.check_losses(self._losses[: self._done])
        except DivergedError as failure:
            self.failure = failure
