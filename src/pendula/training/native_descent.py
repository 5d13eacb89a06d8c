"""Gradient descent in the native core: no Python between the steps of a call."""

from typing import Any

import torch

from pendula.nn import Forecaster
from pendula.nn.kernels.native import core
from pendula.nn.kernels.problem import CELLS
from pendula.series.windows import Windows
from pendula.training.events import Listener
from pendula.training.flat import BITS, FlatDescent
from pendula.training.flat_adam import FlatAdam
from pendula.training.native_epoch import NativeEpoch, Pace
from pendula.training.obstacles import first_scored
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["NativeDescent"]


class NativeDescent:
    """All that an epoch of training needs.

    Args:
        forecaster: The network, which `why_not_native` has nothing against; it is trained in place.
        optimizer: Of its parameters.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.
        listener: Hears the progress.
        threads: How many one step is spread over; those of torch when left out.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        optimizer: FlatDescent,
        windows: Windows,
        settings: Training,
        *,
        window: int,
        seed: int,
        listener: Listener,
        threads: int | None = None,
    ) -> None:
        self.forecaster = forecaster
        self.optimizer = optimizer
        self.windows = windows
        self.settings = settings
        self.window = window
        self.seed = seed
        self.listener = listener
        self.threads = threads
        self._pace = Pace()
        linear = forecaster.linear
        self._linear = () if linear is None else (linear.weight.t().contiguous(), linear.bias.contiguous())

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
            self.windows,
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
        self._describe_network(learner)
        self._describe_weights(learner)
        self._describe_learning(learner)
        return learner

    def _describe_network(self, learner: Any) -> None:
        forecaster, network, stack = self.forecaster, self.forecaster.network, self.forecaster.recurrent
        learner.cell = CELLS[stack.mode.lower()]
        learner.input_size, learner.hidden_size = stack.input_size, stack.hidden_size
        learner.num_layers = stack.num_layers
        learner.channels, learner.controls = forecaster.channels, forecaster.controls
        learner.leads, learner.lags = network.leads, network.linear_lags
        learner.increments, learner.residual = network.increments, network.residual
        learner.output_scale = forecaster.output_scale.data_ptr()
        learner.increment_scale = forecaster.increment_scale.data_ptr()
        if self._linear:
            learner.linear_weight, learner.linear_bias = (part.data_ptr() for part in self._linear)

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

    def _describe_learning(self, learner: Any) -> None:
        values = self.windows.values
        learner.batch_size, learner.window = self.settings.batch_size, self.window
        learner.threads = self.threads or torch.get_num_threads()
        learner.first_scored = first_scored(self.forecaster, self.settings, self.window)
        learner.series, learner.series_bits = values.data_ptr(), BITS[values.dtype]
        learner.series_row, learner.series_column = values.stride()
        learner.noise_scale = self.settings.input_noise


def _names(num_layers: int) -> list[str]:
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "leak")
    return [f"recurrent.{part}_l{layer}" for layer in range(num_layers) for part in parts] + [
        "head.weight",
        "head.bias",
    ]
