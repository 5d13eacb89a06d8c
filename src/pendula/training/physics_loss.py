"""The physics-informed loss: how far a trajectory is from solving a differential equation."""

import torch

from pendula.errors import ShapeError
from pendula.nn import IntegratorCell
from pendula.shapes import BatchTensor, Float, Tensor

__all__ = ["physics_loss", "physics_residuals"]


def physics_residuals(
    cell: IntegratorCell,
    states: BatchTensor,
    *,
    start: float | Float[Tensor, " batch"] = 0.0,
    force: BatchTensor | None = None,
) -> Float[Tensor, "batch step component"]:
    r"""Compute the defect of each step of a trajectory, $(h_{t+1} - \mathrm{step}(h_t))/\Delta t$.

    The trajectory may come from any network; it is zero where the network does what the equation does. What the cell
    can learn receives gradients too.

    Args:
        cell: The equation, with the interval between samples.
        states: Every component of the state at every sample, each in its unit. Those that are not measured may be
            outputs of the network that only this residual constrains.
        start: Time of the first sample, in units of time.
        force: What is added to the rates during each step; nothing when left out.

    Returns:
        The defects, each in the unit of its component per unit of time.

    Raises:
        ShapeError: If there is no step in `states`.

    References:
        M. Raissi, P. Perdikaris and G. E. Karniadakis, *Physics-informed neural networks*, Journal of Computational
        Physics 378, 686 (2019), section 3.2 (discrete-time models).

    Examples:
        >>> from pendula.nn import unroll
        >>> cell = IntegratorCell("lorenz63", dt=0.01)
        >>> solution = unroll(cell, torch.ones(1, 3, dtype=torch.float64), 5)
        >>> physics_residuals(cell, solution).abs().max().item()
        0.0
    """
    if states.shape[1] < 2:
        raise ShapeError(f"`states` must hold a step: expected 2 samples or more, got {states.shape[1]}.")
    steps = states.shape[1] - 1
    times = (_column(start) + cell.dt * _counted(steps, states)).to(states.dtype).expand(states.shape[0], steps)
    moved: Tensor = cell(states[:, :-1], times, force)
    return (states[:, 1:] - moved) / cell.dt


def physics_loss(
    cell: IntegratorCell,
    states: BatchTensor,
    *,
    start: float | Float[Tensor, " batch"] = 0.0,
    force: BatchTensor | None = None,
) -> Float[Tensor, ""]:
    """Average the squared defects of a trajectory, to be added to the loss of any network.

    Args:
        cell: The equation, with the interval between samples.
        states: Every component of the state at every sample, each in its unit.
        start: Time of the first sample, in units of time.
        force: What is added to the rates during each step; nothing when left out.

    Returns:
        The mean of the squares of `physics_residuals`.

    Examples:
        >>> at_rest = torch.zeros(1, 3, 2, dtype=torch.float64)
        >>> physics_loss(IntegratorCell("oscillator", dt=0.001, method="euler"), at_rest).item()  # ½ (F cos Ωt)²
        0.5000
    """
    return physics_residuals(cell, states, start=start, force=force).square().mean()


def _column(start: float | Tensor) -> float | Tensor:
    return start[:, None] if isinstance(start, Tensor) else start


def _counted(steps: int, like: Tensor) -> Float[Tensor, "1 step"]:
    return torch.arange(steps, dtype=torch.float64, device=like.device)[None]
