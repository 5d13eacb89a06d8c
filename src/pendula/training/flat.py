"""All weights in one vector, which the native core updates in one pass."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from pendula.errors import ArgumentError
from pendula.nn.kernels.native import core

__all__ = ["BITS", "FlatDescent"]

BITS = {torch.float32: 32, torch.float64: 64}


class FlatDescent(ABC):
    """A method of descent, with the gradient's norm and its clipping in the same pass.

    The parameters become views of one vector, and so do their gradients at each step. Whatever puts other memory in
    their place — a backward pass, a conversion to another precision — is noticed at the next step and brought back.

    Args:
        parameters: The parameters by name, on the CPU and of one floating-point type; those that require no gradient
            are left out.
        learning_rate: Step size.
        weight_decay: Pull of the weights towards zero.
        clip_norm: Longest gradient that is not shortened; None shortens none.

    Attributes:
        learning_rate: Step size; it may change between two steps.
        momenta: Momentum of the step and of the next one, for a method that takes some; they may change too.
        steps: How many were taken.
        weights: All parameters, one after the other.
        gradients: Their gradients.
        moments: What the method remembers of each of them, one vector for each name in `keys`.

    Raises:
        ArgumentError: If the parameters are not on the CPU, or of several types.
    """

    keys: ClassVar[tuple[str, ...]]
    """Names of the moments."""

    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        *,
        learning_rate: float,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        self._named = {name: parameter for name, parameter in parameters if parameter.requires_grad}
        self.learning_rate = learning_rate
        self.momenta = (0.0, 0.0)
        self.weight_decay = weight_decay
        self.clip_norm = math.inf if clip_norm is None else clip_norm
        self.steps = 0
        self._core: Any = core
        sizes = [parameter.numel() for parameter in self._named.values()]
        self.moments = tuple(torch.zeros(sum(sizes)) for _ in self.keys)
        self._lay_out()

    def zero_grad(self) -> None:
        """Forget the gradient.

        A backward pass then hands its own over, and a step copies it: less to read and write than adding it to zeros.
        """
        for parameter in self._named.values():
            parameter.grad = None

    def step(self) -> float:
        """Take a step against the gradient.

        Returns:
            The gradient's norm before it was shortened.
        """
        self.gather()
        self.steps += 1
        return self._update()

    @abstractmethod
    def _update(self) -> float: ...

    def gather(self) -> None:
        """Bring back parameters and gradients that were given other memory.

        Raises:
            ArgumentError: If they left the CPU.
        """
        self._find()
        for parameter, gradient in self._pairs:
            if (given := parameter.grad) is not gradient:
                gradient.zero_() if given is None else gradient.copy_(given)
                parameter.grad = gradient

    def release(self) -> None:
        """Give every parameter memory of its own again, and no gradient."""
        for parameter in self._named.values():
            parameter.data, parameter.grad = parameter.detach().clone(), None

    @property
    def bits(self) -> int:
        """Of a number."""
        return BITS[self.weights.dtype]

    @property
    def addresses(self) -> tuple[int, ...]:
        """Of the weights, their gradients and the moments."""
        return tuple(held.data_ptr() for held in (self.weights, self.gradients, *self.moments))

    @property
    def offsets(self) -> dict[str, int]:
        """Where each parameter starts, by name."""
        size = self.weights.element_size()
        starts = [(place - self._places[0]) // size for place in self._places]
        return dict(zip(self._named, starts, strict=True))

    def tensors(self) -> dict[str, Tensor]:
        """Copy the moments, by parameter and name, such as `head.weight/velocity`.

        Returns:
            Tensors as the method of the same name in torch holds them.
        """
        copies = [self._parts(moment.clone()) for moment in self.moments]
        return {
            f"{name}/{key}": value
            for name, *values in zip(self._named, *copies, strict=True)
            for key, value in zip(self.keys, values, strict=True)
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put copied moments back.

        Args:
            tensors: What `tensors` gave, here or for the method in torch; none for zeros.

        Raises:
            KeyError: If a parameter's tensor is missing, or a tensor belongs to no parameter.
            ValueError: If a tensor has another shape.
        """
        expected = {f"{name}/{key}" for name in self._named for key in self.keys} if tensors else set()
        if expected ^ tensors.keys():
            raise KeyError(", ".join(sorted(expected ^ tensors.keys())))
        for key, moment in zip(self.keys, self.moments, strict=True):
            moment.zero_()
            for name, part in zip(self._named, self._parts(moment), strict=True):
                if (tensor := tensors.get(f"{name}/{key}", part)).shape != part.shape:
                    raise ValueError(f"{name}/{key} must have shape {tuple(part.shape)}: got {tuple(tensor.shape)}")
                part.copy_(tensor)

    def _find(self) -> None:
        # A conversion of the network gives new memory to parameters and gradients at once.
        if [parameter.data_ptr() for parameter in self._named.values()] != self._places:
            self._lay_out()

    def _lay_out(self) -> None:
        given = list(self._named.values())
        kinds = {(parameter.device.type, parameter.dtype) for parameter in given}
        if len(kinds) != 1 or not kinds <= {("cpu", dtype) for dtype in BITS}:
            raise ArgumentError(
                "`parameters` must lie on the CPU and be float32 or float64, all of them: got "
                f"{', '.join(sorted(f'{dtype} on {device}' for device, dtype in kinds)) or 'none'}. Convert them all, "
                "or use what torch.optim has."
            )
        self.weights = torch.cat([parameter.detach().flatten() for parameter in given])
        self.gradients = torch.zeros_like(self.weights)
        self.moments = tuple(moment.to(self.weights.dtype) for moment in self.moments)
        for parameter, part in zip(given, self._parts(self.weights), strict=True):
            parameter.data = part
        self._places = [parameter.data_ptr() for parameter in given]
        self._pairs = list(zip(given, self._parts(self.gradients), strict=True))

    def _parts(self, vector: Tensor) -> list[Tensor]:
        sizes = [parameter.numel() for parameter in self._named.values()]
        parts = torch.split(vector, sizes)
        return [part.view(parameter.shape) for part, parameter in zip(parts, self._named.values(), strict=True)]
