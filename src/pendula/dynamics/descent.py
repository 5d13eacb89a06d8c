r"""Downhill in the speed $q(h) = \frac12 \lVert F(h) - h \rVert^2$, and Newton's method, for many starts at once."""

from typing import NamedTuple

import torch

from pendula.dynamics.state_map import StateMap, States
from pendula.shapes import Bool, Float, Tensor

__all__ = ["Polished", "descend", "polish"]


class Polished(NamedTuple):
    """Where Newton's method arrived.

    Attributes:
        states: The states.
        residuals: Largest component of F(h) − h at each.
        converged: Whether that is within the tolerance.
    """

    states: States
    residuals: Float[Tensor, " batch"]
    converged: Bool[Tensor, " batch"]


def descend(of: StateMap, starts: States, *, steps: int) -> States:
    r"""Go downhill in the speed, from every start, by the method of Levenberg and Marquardt.

    A step solves $(A^T A + \mu\,\mathrm{diag}) \delta = -A^T (F(h) - h)$ with $A = F'(h) - 1$, and is taken if it
    lowers the speed; μ falls after a success and grows after a failure, start by start.

    Args:
        of: The map.
        starts: The starts.
        steps: How many steps to take, at most.

    Returns:
        The slowest state that each start came to.

    References:
        D. Sussillo and O. Barak, "Opening the black box", Neural Computation 25 (2013) 626, section 3; D. W. Marquardt,
        Journal of the Society for Industrial and Applied Mathematics 11 (1963) 431.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> halved = as_map(lambda h: h / 2 + 1, size=1)
        >>> descend(halved, torch.tensor([[9.0]], dtype=torch.float64), steps=20)
        tensor([[2.0000]], dtype=torch.float64)
    """
    states = starts.clone()
    gaps = of.step(states) - states
    damping = torch.full((len(states),), 1e-2, dtype=states.dtype)
    active = torch.arange(len(states))
    for _ in range(steps):
        active = active[_is_worth(gaps[active], damping[active])]
        if not len(active):
            break
        trial = states[active] + _step(of, states[active], gaps[active], damping[active])
        trial_gaps = of.step(trial) - trial
        better = trial_gaps.square().sum(dim=1) < gaps[active].square().sum(dim=1)  # never true of NaN
        taken = active[better]
        states[taken], gaps[taken] = trial[better], trial_gaps[better]
        damping[active] = torch.where(better, damping[active] / 5, damping[active] * 4)
    return states


def polish(of: StateMap, states: States, *, tolerance: float, steps: int = 25) -> Polished:
    """Go on with Newton's method, and keep for each start the best state it came to.

    Args:
        of: The map.
        states: Where to start.
        tolerance: Largest component of F(h) − h that counts as zero.
        steps: How many steps to take.

    Returns:
        The states and how well they stay.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> cosine = as_map(torch.cos, size=1)
        >>> polish(cosine, torch.ones(1, 1, dtype=torch.float64), tolerance=1e-12).states  # Dottie's number
        tensor([[0.7391]], dtype=torch.float64)
    """
    best = states.clone()
    residuals = (of.step(states) - states).abs().amax(dim=1).nan_to_num(nan=torch.inf)
    moving = torch.arange(len(states))
    states = states.clone()
    for _ in range(steps):
        if not len(moving):
            break
        matrix = of.linearize(states) - torch.eye(of.size, dtype=states.dtype)
        delta, _ = torch.linalg.solve_ex(matrix, (states - of.step(states))[..., None])
        states = states + delta[..., 0]
        new = (of.step(states) - states).abs().amax(dim=1).nan_to_num(nan=torch.inf)
        better = new < residuals[moving]
        best[moving[better]], residuals[moving[better]] = states[better], new[better]
        # One step beyond the tolerance squares the error away; who gets no nearer is done.
        alive = new.isfinite() & (better | (new > tolerance)) & (new < 1e3 * (1 + residuals[moving]))
        moving, states = moving[alive], states[alive]
    return Polished(best, residuals, residuals <= tolerance)


def _is_worth(gaps: Tensor, damping: Tensor) -> Tensor:
    speed = gaps.abs().amax(dim=1)
    return (speed > 1e-11) & (damping < 1e9) & speed.isfinite()


def _step(of: StateMap, states: States, gaps: Tensor, damping: Tensor) -> States:
    matrix = of.linearize(states) - torch.eye(of.size, dtype=states.dtype)
    normal = matrix.mT @ matrix
    weight = normal.diagonal(dim1=1, dim2=2)
    weight += damping[:, None] * (weight + 1e-12)
    right = -(matrix.mT @ gaps[..., None])
    factor, failed = torch.linalg.cholesky_ex(normal)
    delta = torch.cholesky_solve(right, factor)[..., 0]
    return torch.where((failed == 0)[:, None], delta, 0.0)
