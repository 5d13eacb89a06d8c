"""The optimizer: how it is made, and its state as named tensors."""

from typing import TypeAlias

import torch
from torch import Tensor, nn

from pendula.nn.kernels.native import core
from pendula.optim import Nesterov
from pendula.training.flat import BITS, FlatDescent
from pendula.training.flat_adam import FlatAdam
from pendula.training.flat_nesterov import FlatNesterov
from pendula.training.settings import Training

__all__ = ["Optimizer", "TorchDescent", "make_optimizer"]


class TorchDescent:
    """The method over separate parameters, on any device: torch's own Adam or AdamW, or Nesterov's gradient.

    Args:
        network: What is trained, on its device.
        settings: How to train.
    """

    def __init__(self, network: nn.Module, settings: Training) -> None:
        self._network = network
        self._clip_norm = settings.clip_norm
        self._descent = _torch_descent(network, settings)
        # A recorded step reads the step size from the device, where each replay finds the schedule's latest.
        device = next(network.parameters()).device
        is_recorded = device.type == "cuda"
        self._rate = torch.zeros((), device=device) if is_recorded else None
        self._pushes = (torch.zeros((), device=device), torch.zeros((), device=device)) if is_recorded else None
        self.learning_rate = settings.learning_rate
        self.momenta = (0.0, 0.0)

    @property
    def learning_rate(self) -> float:
        """Step size; it may change between two steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._learning_rate = rate
        if self._rate is not None:
            self._rate.fill_(rate)
        for group in self._descent.param_groups:
            group["lr"] = rate if self._rate is None else self._rate

    @property
    def momenta(self) -> tuple[float, float]:
        """Momentum of the step and of the next one; Adam takes none."""
        return self._momenta

    @momenta.setter
    def momenta(self, momenta: tuple[float, float]) -> None:
        self._momenta = momenta
        if not isinstance(self._descent, Nesterov):
            return
        for held, momentum in zip(self._pushes or (), momenta, strict=False):
            held.fill_(momentum)
        for group in self._descent.param_groups:
            group["momentum"], group["next_momentum"] = self._pushes or momenta

    @property
    def addresses(self) -> tuple[int, ...]:
        """Of the weights and their moments."""
        states = [self._descent.state.get(parameter, {}).values() for parameter in self._network.parameters()]
        return tuple(
            held.data_ptr()
            for held in (*self._network.state_dict().values(), *(moment for state in states for moment in state))
        )

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._descent.zero_grad(set_to_none=True)

    def step(self) -> Tensor:
        """Take a step against the gradient.

        Returns:
            The gradient's norm before it was shortened.
        """
        for group in self._descent.param_groups if self._rate is not None else ():
            # Asked for outside of a recording, torch would warn that it costs time.
            group["capturable"] = torch.cuda.is_current_stream_capturing()
        parameters = list(self._network.parameters())
        if self._clip_norm is None:
            norm = torch.nn.utils.get_total_norm([held.grad for held in parameters if held.grad is not None])
        else:
            norm = torch.nn.utils.clip_grad_norm_(parameters, self._clip_norm)
        self._descent.step()
        return norm

    def tensors(self) -> dict[str, Tensor]:
        """Copy the state.

        Returns:
            Moments and step counts by parameter and name.
        """
        return {
            f"{name}/{key}": value.detach().clone()
            for name, parameter in self._network.named_parameters()
            for key, value in self._descent.state.get(parameter, {}).items()
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put a copied state back.

        Args:
            tensors: What `tensors` gave.

        Raises:
            KeyError: If a tensor belongs to no parameter.
        """
        parameters = dict(self._network.named_parameters())
        self._descent.state.clear()
        for path, tensor in tensors.items():
            name, key = path.rsplit("/", 1)
            parameter = parameters[name]
            self._descent.state[parameter][key] = tensor.clone().to(parameter.device)

    def release(self) -> None:
        """Let go of the gradients' memory."""
        self._descent.zero_grad(set_to_none=True)


def _torch_descent(network: nn.Module, settings: Training) -> torch.optim.Optimizer:
    parameters, rate, decay = network.parameters(), settings.learning_rate, settings.weight_decay
    if settings.method == "nesterov":
        return Nesterov(parameters, rate, weight_decay=decay)
    # Fused: one pass over each parameter. For small networks it takes a fifth of the time of many small operations.
    kind = torch.optim.AdamW if settings.method == "adamw" else torch.optim.Adam
    return kind(parameters, rate, weight_decay=decay, fused=True)


Optimizer: TypeAlias = FlatDescent | TorchDescent


def make_optimizer(network: nn.Module, settings: Training) -> Optimizer:
    """Make the optimizer that the settings name.

    Args:
        network: What is trained, on its device.
        settings: How to train.

    Returns:
        An optimizer of its parameters: the native core's on the CPU, torch's where there is no such core.
    """
    kinds = {(held.device.type, held.dtype) for held in network.parameters() if held.requires_grad}
    if core is None or len(kinds) != 1 or not kinds <= {("cpu", dtype) for dtype in BITS}:
        return TorchDescent(network, settings)
    named = network.named_parameters()
    rate, decay, longest = settings.learning_rate, settings.weight_decay, settings.clip_norm
    if settings.method == "nesterov":
        return FlatNesterov(named, learning_rate=rate, weight_decay=decay, clip_norm=longest)
    return FlatAdam(
        named, learning_rate=rate, weight_decay=decay, clip_norm=longest, decoupled=settings.method == "adamw"
    )
