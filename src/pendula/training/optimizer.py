"""The optimizer: how it is made, and its state as named tensors."""

from typing import TypeAlias

import torch
from torch import Tensor

from pendula.nn import Forecaster
from pendula.nn.kernels.native import core
from pendula.training.flat_adam import BITS, FlatAdam
from pendula.training.settings import Training

__all__ = ["Optimizer", "TorchAdam", "make_optimizer"]


class TorchAdam:
    """Torch's own Adam or AdamW over separate parameters.

    Args:
        forecaster: The network, on its device.
        settings: How to train.
    """

    def __init__(self, forecaster: Forecaster, settings: Training) -> None:
        kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
        self._forecaster = forecaster
        self._clip_norm = settings.clip_norm
        # Fused: one pass over each parameter. For small networks it takes a fifth of the time of many small operations.
        self._adam = kind(
            forecaster.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        # A recorded step reads the step size from the device, where each replay finds the schedule's latest.
        device = forecaster.output_scale.device
        self._rate = torch.zeros((), device=device) if device.type == "cuda" else None
        self.learning_rate = settings.learning_rate

    @property
    def learning_rate(self) -> float:
        """Step size; it may change between two steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._learning_rate = rate
        if self._rate is not None:
            self._rate.fill_(rate)
        for group in self._adam.param_groups:
            group["lr"] = rate if self._rate is None else self._rate

    @property
    def addresses(self) -> tuple[int, ...]:
        """Of the weights and their moments."""
        states = [self._adam.state.get(parameter, {}).values() for parameter in self._forecaster.parameters()]
        return tuple(
            held.data_ptr()
            for held in (*self._forecaster.state_dict().values(), *(moment for state in states for moment in state))
        )

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._adam.zero_grad(set_to_none=True)

    def step(self) -> Tensor:
        """Take a step against the gradient.

        Returns:
            The gradient's norm before it was shortened.
        """
        for group in self._adam.param_groups if self._rate is not None else ():
            # Asked for outside of a recording, torch would warn that it costs time.
            group["capturable"] = torch.cuda.is_current_stream_capturing()
        parameters = list(self._forecaster.parameters())
        if self._clip_norm is None:
            norm = torch.nn.utils.get_total_norm([held.grad for held in parameters if held.grad is not None])
        else:
            norm = torch.nn.utils.clip_grad_norm_(parameters, self._clip_norm)
        self._adam.step()
        return norm

    def tensors(self) -> dict[str, Tensor]:
        """Copy the state.

        Returns:
            Moments and step counts by parameter and name.
        """
        return {
            f"{name}/{key}": value.detach().clone()
            for name, parameter in self._forecaster.named_parameters()
            for key, value in self._adam.state.get(parameter, {}).items()
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put a copied state back.

        Args:
            tensors: What `tensors` gave.

        Raises:
            KeyError: If a tensor belongs to no parameter.
        """
        parameters = dict(self._forecaster.named_parameters())
        self._adam.state.clear()
        for path, tensor in tensors.items():
            name, key = path.rsplit("/", 1)
            parameter = parameters[name]
            self._adam.state[parameter][key] = tensor.clone().to(parameter.device)

    def release(self) -> None:
        """Let go of the gradients' memory."""
        self._adam.zero_grad(set_to_none=True)


Optimizer: TypeAlias = FlatAdam | TorchAdam


def make_optimizer(forecaster: Forecaster, settings: Training) -> Optimizer:
    """Make the optimizer that the settings name.

    Args:
        forecaster: The network, on its device.
        settings: How to train.

    Returns:
        An optimizer of its parameters: the native core's on the CPU, torch's where there is no such core.
    """
    kinds = {(held.device.type, held.dtype) for held in forecaster.parameters() if held.requires_grad}
    if core is None or len(kinds) != 1 or not kinds <= {("cpu", dtype) for dtype in BITS}:
        return TorchAdam(forecaster, settings)
    return FlatAdam(
        forecaster.named_parameters(),
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        decoupled=settings.optimizer == "adamw",
        clip_norm=settings.clip_norm,
    )
