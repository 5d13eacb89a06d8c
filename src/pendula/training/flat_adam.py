"""Adam over all weights at once."""

from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import Tensor, nn

from pendula.training.flat import FlatDescent

__all__ = ["FlatAdam"]


class FlatAdam(FlatDescent):
    """Adam, or AdamW, as torch.optim has them.

    Args:
        parameters: The parameters by name, on the CPU and of one floating-point type; those that require no gradient
            are left out.
        learning_rate: Step size.
        weight_decay: Pull of the weights towards zero.
        decoupled: AdamW: the weight decay does not pass through the gradient.
        clip_norm: Longest gradient that is not shortened; None shortens none.

    References:
        D. P. Kingma and J. Ba, ICLR 2015, algorithm 1. AdamW: I. Loshchilov and F. Hutter, ICLR 2019, algorithm 2.
    """

    keys: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq")
    betas = (0.9, 0.999)
    epsilon = 1e-8

    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        *,
        learning_rate: float,
        weight_decay: float = 0.0,
        decoupled: bool = False,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate=learning_rate, weight_decay=weight_decay, clip_norm=clip_norm)
        self.decoupled = decoupled

    def tensors(self) -> dict[str, Tensor]:
        """Copy the moments and the number of steps, by parameter and name, such as `head.weight/exp_avg`.

        Returns:
            Tensors as torch.optim's Adam holds them; none before the first step.
        """
        if self.steps == 0:
            return {}
        steps = torch.full((len(self._named),), float(self.steps)).unbind()
        return {f"{name}/step": taken for name, taken in zip(self._named, steps, strict=True)} | super().tensors()

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put copied moments back.

        Args:
            tensors: What `tensors` gave, here or for torch.optim's Adam.

        Raises:
            KeyError: If a parameter's tensor is missing, or a tensor belongs to no parameter.
            ValueError: If a tensor has another shape, or the parameters have taken different numbers of steps.
        """
        counts = {path: tensor for path, tensor in tensors.items() if path.endswith("/step")}
        expected = {f"{name}/step" for name in self._named} if tensors else set()
        if expected ^ counts.keys():
            raise KeyError(", ".join(sorted(expected ^ counts.keys())))
        steps = {int(tensor) for tensor in counts.values()} or {0}
        if len(steps) > 1:
            raise ValueError(f"all parameters must have taken the same number of steps: got {sorted(steps)}")
        super().restore({path: tensor for path, tensor in tensors.items() if path not in counts})
        (self.steps,) = steps

    def _update(self) -> float:
        norm: float = self._core.adam_step(
            self.bits,
            self.weights.numel(),
            *self.addresses,
            self.learning_rate,
            self.steps,
            *self.betas,
            self.epsilon,
            self.weight_decay,
            self.decoupled,
            self.clip_norm,
            torch.get_num_threads(),
        )
        return norm
