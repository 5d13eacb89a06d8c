"""Levenberg's and Marquardt's rule for the damping."""

import math

__all__ = ["LEAST", "adapted", "reduction_ratio"]

RAISE, LOWER = 3 / 2, 2 / 3
POOR, GOOD = 1 / 4, 3 / 4
LEAST, MOST = 1e-12, 1e12


def reduction_ratio(before: float, after: float, predicted: float) -> float:
    """Compare how far the objective fell with how far the quadratic model said it would.

    Args:
        before: The objective.
        after: The objective after the step.
        predicted: The model's change, negative.

    Returns:
        ρ: 1 where the model is right; −∞ where the step is not one downhill, or left the finite numbers.

    Examples:
        >>> reduction_ratio(1.0, 0.5, -1.0)
        0.5
    """
    if not (predicted < 0 and math.isfinite(after)):
        return -math.inf
    return (after - before) / predicted


def adapted(damping: float, ratio: float) -> float:
    """Raise the damping where the quadratic model promised too much, lower it where it can be trusted.

    Args:
        damping: λ.
        ratio: ρ, what the objective fell by in units of what the model promised.

    Returns:
        3/2 λ below ρ = 1/4, 2/3 λ above ρ = 3/4, λ between; within 1e-12 and 1e12.

    References:
        J. Martens, "Deep learning via Hessian-free optimization", ICML 2010, section 4.1.

    Examples:
        >>> adapted(0.1, 0.1), adapted(0.1, 0.5)
        (0.15..., 0.1)
    """
    factor = RAISE if ratio < POOR else LOWER if ratio > GOOD else 1.0
    return min(max(damping * factor, LEAST), MOST)
