"""Nesterov's accelerated gradient over all weights at once."""

from typing import ClassVar

import torch

from pendula.training.flat import FlatDescent

__all__ = ["FlatNesterov"]


class FlatNesterov(FlatDescent):
    """Nesterov's accelerated gradient, as `pendula.optim.Nesterov` has it.

    Args:
        parameters: The parameters by name, on the CPU and of one floating-point type; those that require no gradient
            are left out.
        learning_rate: Step size.
        weight_decay: Pull of the weights towards zero.
        clip_norm: Longest gradient that is not shortened; None shortens none.

    References:
        I. Sutskever, J. Martens, G. Dahl and G. Hinton, ICML 2013, equations 3 and 4.
    """

    keys: ClassVar[tuple[str, ...]] = ("velocity",)

    def _update(self) -> float:
        norm: float = self._core.nesterov_step(
            self.bits,
            self.weights.numel(),
            *self.addresses,
            self.learning_rate,
            *self.momenta,
            self.weight_decay,
            self.clip_norm,
            torch.get_num_threads(),
        )
        return norm
