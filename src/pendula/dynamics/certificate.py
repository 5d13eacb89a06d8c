r"""The Newton–Kantorovich theorem: a proof that a fixed point lies where Newton's method stopped.

For $G(h) = F(h) - h$ let $\beta = \lVert G'(h)^{-1} \rVert$, $\eta = \beta \lVert G(h) \rVert$, and let L bound
$\lVert F'' \rVert$ near h. If $\beta L \eta \le 1/2$, there is a zero of G within
$r_- = (1 - \sqrt{1 - 2 \beta L \eta}) / (\beta L)$ of h, and no other within $r_+$.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from pendula.dynamics.state_map import StateMap
from pendula.shapes import Float, Tensor

__all__ = ["Certificate", "certify"]

SAMPLES = 16
"""Directions in which a second derivative that has no known bound is measured."""

SAFETY = 10.0
"""A measured second derivative is taken this many times."""

EPSILON = 2.0**-52


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    r"""What the Newton–Kantorovich theorem says of an approximate fixed point.

    Attributes:
        holds: Whether the theorem applies: there is a fixed point within `radius`.
        basis: proved, with a bound of the second derivative; estimated, with ten times the largest one measured.
        contraction: $\beta L \eta$, which must not exceed ½.
        radius: How far the fixed point may lie from the state found, in the state's unit.
        isolation: No other fixed point lies within this distance.
    """

    holds: bool
    basis: Literal["proved", "estimated"]
    contraction: float
    radius: float
    isolation: float


def certify(
    of: StateMap, state: Float[Tensor, " state"], jacobian: Float[Tensor, "state state"] | None = None
) -> Certificate:
    """Try to prove that a map has a fixed point near a state.

    The residual is enlarged by what float64 may have rounded off a sum of as many terms as the state has components.

    Args:
        of: The map.
        state: Where Newton's method stopped.
        jacobian: Of the map there, if it is at hand.

    Returns:
        The certificate.

    References:
        L. V. Kantorovich, "On Newton's method for functional equations", Doklady AN SSSR 59 (1948) 1237; J. M. Ortega,
        "The Newton–Kantorovich theorem", American Mathematical Monthly 75 (1968) 658, theorem 1.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> root = torch.tensor([2.0**0.5], dtype=torch.float64)  # of Heron's map h ↦ (h + 2/h)/2
        >>> certify(as_map(lambda h: (h + 2 / h) / 2, size=1), root).holds
        True
    """
    matrix = of.jacobian(state[None])[0] if jacobian is None else jacobian
    residual = float(torch.linalg.vector_norm(of.step(state[None])[0] - state))
    residual += len(state) * EPSILON * (1 + float(torch.linalg.vector_norm(state)))
    smallest = torch.linalg.svdvals(matrix - torch.eye(len(state), dtype=state.dtype))[-1]
    inverse = 1 / float(smallest) if smallest > 0 else math.inf
    reach = 2 * inverse * residual
    basis: Literal["proved", "estimated"] = "estimated" if of.curvature is None else "proved"
    if not reach < 1:  # nothing is known that far off
        return Certificate(holds=False, basis=basis, contraction=math.inf, radius=math.inf, isolation=0.0)
    bend = _measured(of, state, matrix, reach) if of.curvature is None else of.curvature(state, reach)
    contraction = inverse * inverse * bend * residual
    if not contraction <= 0.5:
        return Certificate(holds=False, basis=basis, contraction=contraction, radius=math.inf, isolation=0.0)
    root = math.sqrt(1 - 2 * contraction)
    # r₋ in a form that does not cancel; r₊ within the ball in which the second derivative was bounded.
    radius = 2 * inverse * residual / (1 + root)
    far = (1 + root) / (inverse * bend) if bend > 0 else math.inf
    return Certificate(
        holds=True, basis=basis, contraction=contraction, radius=radius, isolation=_isolation(of, state, inverse, far)
    )


def _isolation(of: StateMap, state: Tensor, inverse: float, far: float) -> float:
    # Within a ball where β L r < 1, G' is invertible along every chord: no second zero. Halve until it is.
    if of.curvature is None:
        return min(far, 1.0)
    reach = min(far, 1.0)
    while reach > EPSILON and inverse * of.curvature(state, reach) * reach >= 1:
        reach /= 2
    return reach


def _measured(of: StateMap, state: Tensor, matrix: Tensor, reach: float) -> float:
    # ‖J(h + δ) − J(h)‖ / ‖δ‖ in random directions, over a distance that rounding leaves intact.
    distance = max(reach, 1e-5 * (1 + float(state.abs().max())))
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(SAMPLES, len(state), generator=generator, dtype=state.dtype)
    directions *= distance / torch.linalg.vector_norm(directions, dim=1, keepdim=True)
    turned = of.jacobian(state + directions) - matrix
    return SAFETY * float(torch.linalg.matrix_norm(turned, ord=2).max()) / distance
