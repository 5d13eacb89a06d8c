"""Epochs of Hessian-free optimization: one step each, on windows drawn from the training part."""

import torch
from torch import Tensor

from pendula.errors import ArgumentError
from pendula.nn import Forecaster, Readout
from pendula.optim import SQUARED_ERROR, HessianFree, Sample
from pendula.series.windows import Windows
from pendula.shapes import BatchTensor
from pendula.training.obstacles import first_scored
from pendula.training.randomness import derived_seed, epoch_generator
from pendula.training.settings import Training

__all__ = ["HessianFreeDescent"]


class HessianFreeDescent:
    """Hessian-free optimization of a forecaster: both what runs the epochs and what keeps their state.

    The recurrent stack and its head are a readout, trained towards what the last value and the linear path leave over.

    Args:
        forecaster: The network; it is trained in place.
        windows: Windows of the training part.
        settings: How to train.
        window: Steps of input.
        seed: Of all randomness.

    Attributes:
        learning_rate: 0: there is none.

    Raises:
        ArgumentError: If the network drops units while it is trained.
    """

    def __init__(self, forecaster: Forecaster, windows: Windows, settings: Training, *, window: int, seed: int) -> None:
        if forecaster.network.dropout:
            raise ArgumentError(
                "`dropout` must be 0 with method hessian-free, whose steps all see one network: "
                f"got {forecaster.network.dropout}. Leave it out, or choose adam."
            )
        self._forecaster, self._windows, self._settings = forecaster, windows, settings
        self._window, self._seed = window, seed
        self._first = first_scored(forecaster, settings, window)
        readout = Readout(forecaster.recurrent, forecaster.head, scored="every", washout=self._first)
        self._optimizer = HessianFree(readout, SQUARED_ERROR, settings.hessian_free, seed=derived_seed(seed, 0) % 2**31)
        self.learning_rate = 0.0

    def run(self, epoch: int, *, last_loss: float | None = None) -> tuple[float, float]:
        """Take one step.

        Args:
            epoch: Counted from 1.
            last_loss: Loss of the epoch before, to be named if this one diverges.

        Returns:
            Mean loss before the step, and the gradient's norm.

        Raises:
            DivergedError: If the loss or its gradient is not finite.
        """
        del last_loss  # the optimizer names the losses itself
        generator = epoch_generator(self._seed, epoch)
        order = torch.randperm(len(self._windows), generator=generator)[: self._settings.hessian_free.gradient_size]
        pieces = self._windows.gather(order)
        inputs = pieces[:, : self._window]
        if noise := self._settings.input_noise:
            known = self._forecaster.told(inputs)
            known = known + noise * torch.randn(known.shape, generator=generator, dtype=inputs.dtype)
            inputs = torch.cat([known, inputs[..., known.shape[2] :]], dim=-1)  # controls are known as they are
        step = self._optimizer.step(self._sample(inputs, pieces))
        return step.before, step.gradient_norm

    @property
    def sequence_gradients(self) -> float:
        """Work up to now, in gradients of one window."""
        return self._optimizer.sequence_gradients

    def tensors(self) -> dict[str, Tensor]:
        """Copy the state.

        Returns:
            The damping, the last solution and the counts.
        """
        return self._optimizer.state_dict()

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put a copied state back.

        Args:
            tensors: What `tensors` gave.

        Raises:
            KeyError: If a tensor is missing.
            ShapeError: If it belongs to another network.
        """
        self._optimizer.load_state_dict(tensors)

    def _sample(self, inputs: BatchTensor, pieces: Tensor) -> Sample:
        forecaster, leads = self._forecaster, self._forecaster.network.leads
        features, added = forecaster.taken_apart(inputs)
        told = forecaster.told(pieces)[:, 1 : self._window + leads]
        targets = told.unfold(1, leads, 1).transpose(2, 3)  # batch, time, lead, channel
        # (prediction − target) / s = V h + c − (target − added) / s
        left = (targets - added) / forecaster.output_scale
        return Sample(features, left[:, self._first :].flatten(2).to(features.dtype))

    def release(self) -> None:
        """There is nothing to let go of."""
