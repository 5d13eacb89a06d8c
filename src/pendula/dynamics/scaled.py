"""Numbers with an exponent of their own: what shrinks or grows over thousands of steps leaves float64 otherwise."""

import math
from typing import NamedTuple

import numpy as np
import torch

from pendula.shapes import Float, Int, Tensor

__all__ = ["Scaled", "scaled", "shifted", "zeros"]

_NOTHING = -(2**40)
"""Exponent of 0, below every other."""


class Scaled(NamedTuple):
    """Values times powers of two, one power for each sequence: scaling by it rounds nothing.

    Attributes:
        values: Below 1 in magnitude, and not all below 1/2 unless all are 0.
        exponents: Of two.
    """

    values: Float[Tensor, "batch ..."]
    exponents: Int[Tensor, " batch"]

    @property
    def log_scale(self) -> Float[Tensor, " batch"]:
        """Natural logarithms of the powers of two."""
        return math.log(2) * self.exponents.double()

    def plus(self, other: "Scaled") -> "Scaled":
        """Add.

        Args:
            other: Values of the same shape.

        Returns:
            The sum.
        """
        largest = torch.maximum(self.exponents, other.exponents)
        both = [shifted(each.values, each.exponents - largest) for each in (self, other)]
        return scaled(both[0] + both[1], largest)

    def log_norm(self) -> Float[Tensor, " batch"]:
        """Take the logarithm of the norm.

        Returns:
            Natural logarithms, one for each sequence; minus infinity for 0.
        """
        norms: Tensor = torch.linalg.vector_norm(self.values.flatten(1), dim=1)
        return norms.log() + self.log_scale


def scaled(values: Float[Tensor, "batch ..."], exponents: Int[Tensor, " batch"] | int = 0) -> Scaled:
    """Give each sequence the exponent that brings its values below 1.

    Args:
        values: Any finite numbers.
        exponents: Powers of two that they are to be multiplied by.

    Returns:
        The scaled values.

    Examples:
        >>> scaled(torch.tensor([[3.0, 0.5]], dtype=torch.float64)).exponents  # 3 = 0.75 × 2²
        tensor([2])
    """
    largest = values.abs().flatten(1).amax(dim=1)
    shifts = torch.frexp(largest).exponent.to(torch.int64)
    moved = torch.where(largest > 0, shifts + exponents, _NOTHING)
    return Scaled(shifted(values, -shifts), moved)


def zeros(like: Float[Tensor, "batch ..."]) -> Scaled:
    """Make scaled zeros.

    Args:
        like: Of this shape.

    Returns:
        Zeros.
    """
    return scaled(torch.zeros_like(like))


def shifted(values: Float[Tensor, "batch ..."], exponents: Int[Tensor, " batch"]) -> Float[Tensor, "batch ..."]:
    """Multiply by powers of two, to the last bit.

    Args:
        values: In float64.
        exponents: One for each sequence.

    Returns:
        The products; 0 where they are below float64.
    """
    # torch.ldexp takes the power in float32. Beyond 2200 powers of two nothing is left of any float64.
    powers = exponents.clamp(-2200, 2200).reshape(-1, *[1] * (values.dim() - 1))
    return torch.from_numpy(np.asarray(np.ldexp(values.numpy(), powers.to(torch.int32).numpy())))
