"""Preconditioned conjugate gradients, stopped and kept as Hessian-free optimization wants them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from pendula.errors import ArgumentError, ShapeError
from pendula.shapes import Float, Tensor

__all__ = ["Iterate", "conjugate_gradient"]

Flat: TypeAlias = Float[Tensor, " parameter"]
GROWTH = 1.3
"""Iterates 1, 1.3, 1.3², … are kept: the first to reach each power."""


@dataclass(frozen=True, slots=True, eq=False)
class Iterate:
    """One step of conjugate gradients.

    Attributes:
        step: Counted from 1.
        at: x.
        value: q(x) = ½ xᵀ B x − bᵀ x.
    """

    step: int
    at: Flat
    value: float


def conjugate_gradient(
    product: Callable[[Flat], Flat],
    b: Flat,
    *,
    start: Tensor | None = None,
    preconditioner: Tensor | None = None,
    most: int = 300,
    tolerance: float = 5e-4,
) -> list[Iterate]:
    r"""Minimize $q(x) = \frac{1}{2} x^\top B x - b^\top x$ until q hardly falls any more.

    It ends at step i once the relative progress over the last k = max(10, i/10) steps is small,
    $(q(x_i) - q(x_{i-k}))/q(x_i) < k\,\epsilon$ with $q(x_i) < 0$; after `most` steps; or where the curvature along the
    search direction is not positive, as rounding makes it near the solution.

    Args:
        product: x ↦ B x, symmetric and positive definite.
        b: The right-hand side.
        start: x₀; zero if left out. One that goes beyond the lowest point in its direction is shortened to there, so
            that q(x₀) is never positive.
        preconditioner: A diagonal, positive; ones if left out.
        most: Steps.
        tolerance: ε; 0 goes on until the residual vanishes.

    Returns:
        Some iterates, ever farther apart, the last one always among them; none if b is zero, and the start too.

    Raises:
        ArgumentError: If `most` is below 1, `tolerance` negative, or the preconditioner not positive.
        ShapeError: If the vectors are not of one length.

    References:
        J. Martens, "Deep learning via Hessian-free optimization", ICML 2010, sections 4.4 and 4.6.

    Examples:
        >>> b = torch.tensor([2.0, 8.0], dtype=torch.float64)
        >>> stiffness = torch.tensor([1.0, 2.0], dtype=torch.float64)
        >>> conjugate_gradient(lambda x: stiffness * x, b, tolerance=0.0)[-1].at
        tensor([2., 4.], dtype=torch.float64)
    """
    _check(b, start, preconditioner, most=most, tolerance=tolerance)
    x, residual = (torch.zeros_like(b), b.clone()) if start is None else _begin(product, b, start)
    descent = residual if preconditioner is None else residual / preconditioner
    direction, along = descent.clone(), torch.dot(residual, descent)
    # q(x) = −½ (b + r)ᵀ x, with the residual r = b − B x
    values, kept, mark = [-0.5 * float(torch.dot(b + residual, x))], [], 1.0
    for step in range(1, most + 1):
        curved = product(direction)
        curvature = torch.dot(direction, curved)
        if not (along > 0 and curvature > 0):
            break
        length = along / curvature
        x = x + length * direction
        residual = residual - length * curved
        values.append(-0.5 * float(torch.dot(b + residual, x)))
        if step >= mark:
            kept.append(Iterate(step, x, values[-1]))
            while mark <= step:
                mark *= GROWTH
        if _stalls(values, tolerance):
            break
        descent = residual if preconditioner is None else residual / preconditioner
        before, along = along, torch.dot(residual, descent)
        direction = descent + (along / before) * direction
    last = len(values) - 1
    return kept if last == 0 or kept[-1].step == last else [*kept, Iterate(last, x, values[-1])]


def _begin(product: Callable[[Flat], Flat], b: Flat, start: Flat) -> tuple[Flat, Flat]:
    curved = product(start)
    slope, curvature = float(torch.dot(b, start)), float(torch.dot(start, curved))
    share = min(max(slope / curvature, 0.0), 1.0) if curvature > 0 else 0.0
    return share * start, b - share * curved


def _stalls(values: list[float], tolerance: float) -> bool:
    step = len(values) - 1
    window = max(10, step // 10)
    if step <= window or values[-1] >= 0:
        return False
    return (values[-1] - values[-1 - window]) / values[-1] < window * tolerance


def _check(b: Flat, start: Tensor | None, preconditioner: Tensor | None, *, most: int, tolerance: float) -> None:
    for name, vector in (("start", start), ("preconditioner", preconditioner)):
        if vector is not None and vector.shape != b.shape:
            raise ShapeError(
                f"`{name}` must be as long as the right-hand side: expected {len(b)} elements, got {len(vector)}. "
                "Check the order of the parameters."
            )
    if preconditioner is not None and not bool((preconditioner > 0).all()):
        raise ArgumentError(
            f"`preconditioner` must be positive: got {float(preconditioner.min())} among its elements. Add to them."
        )
    if most < 1:
        raise ArgumentError(f"`most` must be positive: expected 1 step or more, got {most}. Allow one at least.")
    if not tolerance >= 0:
        raise ArgumentError(f"`tolerance` must not be negative: expected 0 or more, got {tolerance}. 0 stops late.")
