"""How far to go: back over the iterates of conjugate gradients, then back along a line."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pendula.optim.conjugate_gradient import Iterate
from pendula.shapes import Float, Tensor

__all__ = ["Chosen", "Rate", "backtrack", "line_search"]

SUFFICIENT = 0.01
SHRINK = 0.8
LONGEST = 60
"""Trials after which a line search gives up, at a rate of 0.8⁵⁹ = 2e-6."""


class Chosen(NamedTuple):
    """An iterate and the objective there.

    Attributes:
        iterate: Of conjugate gradients.
        value: The objective.
    """

    iterate: Iterate
    value: float


class Rate(NamedTuple):
    """How far to go along a direction.

    Attributes:
        rate: Share of the direction; 0 if the objective falls nowhere.
        value: The objective there.
    """

    rate: float
    value: float


def backtrack(iterates: Sequence[Iterate], objective: Callable[[Float[Tensor, " parameter"]], float]) -> Chosen:
    """Go back from the last iterate as long as the objective falls.

    The last iterates fit the quadratic model better than the objective, of which it is an approximation.

    Args:
        iterates: From the first to the last, one at least.
        objective: As a function of the step; infinities and NaN count as high.

    Returns:
        The best iterate before the first that is worse, seen from the end.

    References:
        J. Martens, "Deep learning via Hessian-free optimization", ICML 2010, section 4.6.

    Examples:
        >>> import torch
        >>> steps = [Iterate(k, torch.tensor([float(k)]), 0.0) for k in (1, 2, 3)]
        >>> backtrack(steps, lambda x: float((x - 2) ** 2)).iterate.step
        2
    """
    best = Chosen(iterates[-1], _finite(objective(iterates[-1].at)))
    for iterate in reversed(iterates[:-1]):
        value = _finite(objective(iterate.at))
        if value >= best.value < math.inf:
            break
        best = Chosen(iterate, value)
    return best


def line_search(objective: Callable[[float], float], *, before: float, slope: float, full: float | None = None) -> Rate:
    """Shorten a step until the objective falls by a fair part of what its slope promises (Armijo's rule).

    Args:
        objective: As a function of the share of the step; infinities and NaN count as high.
        before: Its value at 0.
        slope: Its derivative at 0.
        full: Its value at 1, if known.

    Returns:
        The largest of 1, 0.8, 0.8², … that is good enough; 0 if none is, or if the slope is not negative.

    Examples:
        >>> line_search(lambda rate: (1 - 3 * rate) ** 2, before=1.0, slope=-6.0).rate  # best at 1/3
        0.64
    """
    if slope < 0:
        rate = 1.0
        for trial in range(LONGEST):
            value = _finite(objective(rate) if trial or full is None else full)
            if value <= before + SUFFICIENT * rate * slope:
                return Rate(rate, value)
            rate *= SHRINK
    return Rate(0.0, before)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf
