"""Gradient descent in the native core: no Python between the steps of a call."""

from typing import Any

import torch

from pendula.nn.kernels.native import core
from pendula.training.events import Listener
from pendula.training.flat import FlatDescent
from pendula.training.flat_adam import FlatAdam
from pendula.training.native_epoch import NativeEpoch, Pace
from pendula.training.native_task import NativeTask
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["NativeDescent"]


class NativeDescent:
    """All that an epoch of training needs.

    Args:
        task: The network, which is trained in place, and what it learns.
        optimizer: Of its parameters.
        settings: How to train.
        seed: Of all randomness.
        listener: Hears the progress.
        threads: How many one step is spread over; those of torch when left out.
    """

    def __init__(
        self,
        task: NativeTask,
        optimizer: FlatDescent,
        settings: Training,
        *,
        seed: int,
        listener: Listener,
        threads: int | None = None,
    ) -> None:
        self.task = task
        self.optimizer = optimizer
        self.settings = settings
        self.seed = seed
        self.listener = listener
        self.threads = threads
        self._pace = Pace()

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
        begun = self.begin(epoch, last_loss=last_loss)
        while not begun.is_done:
            begun.advance()
            begun.tell()
        return begun.finish()

    def begin(self, epoch: int, *, last_loss: float | None = None) -> NativeEpoch:
        """Prepare an epoch.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if the first step diverges.

        Returns:
            The epoch, of which no step is taken yet.
        """
        watch = Watch(epoch, self.settings.epochs, last_loss=last_loss, listener=self.listener)
        return NativeEpoch(
            self._learner(),
            self.optimizer,
            self.task,
            self.settings,
            seed=self.seed,
            epoch=epoch,
            watch=watch,
            pace=self._pace,
        )

    def _learner(self) -> Any:
        self.optimizer.gather()
        native: Any = core
        learner = native.Learner()
        self.task.describe(learner)
        self._describe_weights(learner)
        learner.batch_size, learner.noise_scale = self.settings.batch_size, self.settings.input_noise
        learner.threads = self.threads or torch.get_num_threads()
        return learner

    def _describe_weights(self, learner: Any) -> None:
        optimizer = self.optimizer
        learner.size = optimizer.weights.numel()
        learner.weights, learner.gradients = optimizer.weights.data_ptr(), optimizer.gradients.data_ptr()
        learner.first_moments, *second = (moment.data_ptr() for moment in optimizer.moments)
        learner.offsets = [optimizer.offsets.get(name, -1) for name in _names(learner.num_layers)]
        learner.weight_decay, learner.clip_norm = optimizer.weight_decay, optimizer.clip_norm
        if isinstance(optimizer, FlatAdam):
            (learner.second_moments,) = second
            learner.beta1, learner.beta2 = optimizer.betas
            learner.epsilon, learner.decoupled = optimizer.epsilon, optimizer.decoupled


def _names(num_layers: int) -> list[str]:
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "leak")
    return [f"recurrent.{part}_l{layer}" for layer in range(num_layers) for part in parts] + [
        "head.weight",
        "head.bias",
        "spread.linear.weight",
        "spread.linear.bias",
    ]
