"""Structural damping: a step is dear where it changes the hidden states, not only where it changes the weights."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from torch import Tensor

from pendula.errors import ArgumentError, did_you_mean

__all__ = ["Distance", "StructuralDamping"]

Distance: TypeAlias = Literal["squared", "cross_entropy"]
SATURATED = 1e-6
"""Least 1 − h² that a state is counted with: in float32, tanh rounds to 1 beyond."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StructuralDamping:
    r"""The penalty $\lambda\mu \sum_t D(h_t(\theta), h_t(\theta + v))$, to second order in the step v.

    Attributes:
        weight: μ, relative to the damping λ of the weights; 0 switches it off.
        distance: D between states before and after: half their squared distance, with D'' = 1; or the cross-entropy
            of (1 + h)/2, which matches tanh, with D'' = 1/(1 − h²).

    References:
        J. Martens and I. Sutskever, "Learning recurrent neural networks with Hessian-free optimization", ICML 2011,
        section 3.2.

    Examples:
        >>> import torch
        >>> StructuralDamping(distance="cross_entropy").curve(torch.tensor([0.0, 0.5]), torch.ones(2))
        tensor([1.0000, 1.3333])
    """

    weight: float = 1 / 30
    distance: Distance = "squared"

    def __post_init__(self) -> None:
        if isinstance(self.weight, bool) or not isinstance(self.weight, float | int) or not 0 <= self.weight < 1e6:
            raise ArgumentError(
                f"`weight` must not be negative: expected a number from 0 on, got {self.weight}. 0 switches it off."
            )
        if self.distance not in get_args(Distance):
            raise ArgumentError(
                f"`distance` must be known: expected one of {', '.join(get_args(Distance))}, got {self.distance}."
                + did_you_mean(str(self.distance), get_args(Distance), listed=True)
            )

    def curve(self, hidden: Tensor, moved: Tensor) -> Tensor:
        """Multiply by D''.

        Args:
            hidden: States h.
            moved: How they move.

        Returns:
            D'' times that.
        """
        return moved if self.distance == "squared" else moved / (1 - hidden.square()).clamp_min(SATURATED)

    def root(self, hidden: Tensor, signs: Tensor) -> Tensor:
        """Multiply by the root of D''.

        Args:
            hidden: States h.
            signs: A vector.

        Returns:
            √D'' times that.
        """
        return signs if self.distance == "squared" else signs / (1 - hidden.square()).clamp_min(SATURATED).sqrt()
