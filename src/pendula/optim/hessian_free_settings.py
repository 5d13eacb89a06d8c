"""The settings of Hessian-free optimization, in numbers."""

import math
from dataclasses import dataclass, field
from typing import TypeGuard

from pendula.errors import ArgumentError
from pendula.optim.structural_damping import StructuralDamping

__all__ = ["HessianFreeSettings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HessianFreeSettings:
    """How Hessian-free optimization finds its steps.

    The defaults are the published ones, but for the damping: 0.1 was published for losses near 1, and is taken here as
    a share of the loss, so that nothing depends on its unit.

    Attributes:
        damping: λ of the first step, as a share of the mean loss before it.
        structural: μ, and the distance of hidden states.
        iterations: Most steps of conjugate gradients for one step.
        tolerance: Relative progress of the quadratic model, for each of these steps, below which they end.
        decay: Share of the last solution that the next search starts from.
        exponent: Of the preconditioner, (diagonal + λ) to this power; 0 for none.
        gradient_size: Sequences that the loss and its gradient are computed on, at most, where training draws them.
        curvature_size: Sequences of that sample, its first ones, that the curvature is computed on, at most.
        chunk: Sequences that are run together; it decides on speed alone, and on rounding.

    References:
        J. Martens and I. Sutskever, "Learning recurrent neural networks with Hessian-free optimization", ICML 2011,
        section 5; J. Martens, ICML 2010, sections 4.4 to 4.7.

    Examples:
        >>> HessianFreeSettings(iterations=100).damping
        0.1
    """

    damping: float = 0.1
    structural: StructuralDamping = field(default_factory=StructuralDamping)
    iterations: int = 300
    tolerance: float = 5e-4
    decay: float = 0.95
    exponent: float = 0.75
    gradient_size: int = 10_000
    curvature_size: int = 1_000
    chunk: int = 128

    def __post_init__(self) -> None:
        if not (_is_number(self.damping) and 0 < self.damping < math.inf):
            raise ArgumentError(f"`damping` must be positive: expected a finite number, got {self.damping}. Try 0.1.")
        for name in ("tolerance", "decay", "exponent"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 <= value <= 1):
                raise ArgumentError(
                    f"`{name}` must lie between 0 and 1: expected a number, got {value}. Choose another."
                )
        for name in ("iterations", "gradient_size", "curvature_size", "chunk"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ArgumentError(f"`{name}` must be a whole number: expected 1 or more, got {value}. Count it up.")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float | int) and not isinstance(value, bool)
