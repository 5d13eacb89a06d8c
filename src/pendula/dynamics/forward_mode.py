"""Derivatives along many directions at once, of functions that torch can differentiate forward."""

import warnings
from collections.abc import Callable

import torch

from pendula.shapes import Float, Tensor

__all__ = ["push_forward", "push_identity"]


def push_forward(
    function: Callable[..., Tensor],
    at: tuple[Tensor, ...],
    along: tuple[Float[Tensor, "batch _ direction"], ...],
) -> tuple[Tensor, Tensor]:
    """Evaluate a function and push directions through it.

    Args:
        function: Takes batches of rows to a batch of rows.
        at: Its arguments.
        along: Directions of each argument, along the last axis.

    Returns:
        The value, and the pushed directions.

    Examples:
        >>> push_forward(lambda x: x**2, (torch.tensor([[3.0]]),), (torch.ones(1, 1, 1),))
        (tensor([[9.]]), tensor([[[6.]]]))
    """
    at, along = tuple(each.contiguous() for each in at), tuple(each.contiguous() for each in along)

    def one(directions: tuple[Tensor, ...]) -> Tensor:
        pushed: Tensor = torch.func.jvp(function, at, directions)[1]
        return pushed

    with warnings.catch_warnings(), torch.no_grad():
        # torch's own, when a process first goes forward
        warnings.filterwarnings("ignore", message="`torch.jit.script`", category=DeprecationWarning)
        value, pushed = function(*at), torch.func.vmap(one, in_dims=2, out_dims=2)(along)
    return value, pushed


def push_identity(
    push: Callable[..., tuple[Tensor, Tensor]],
    states: Float[Tensor, "batch state"],
    inputs: Float[Tensor, "batch input"],
) -> tuple[Float[Tensor, "batch state state"], Float[Tensor, "batch state input"]]:
    """Compute the derivatives of a step by the state and by the input, by pushing every unit vector through it.

    Args:
        push: Takes states, inputs and directions of both to the next states and the pushed directions.
        states: The states.
        inputs: The input of each.

    Returns:
        Both Jacobians at each state.

    Examples:
        >>> def push(states, inputs, moved, driven):  # h' = 2 h + 3 x
        ...     return 2 * states + 3 * inputs, 2 * moved + 3 * driven
        >>> push_identity(push, torch.ones(1, 1), torch.ones(1, 1))
        (tensor([[[2.]]]), tensor([[[3.]]]))
    """
    size = states.shape[1]
    joined = torch.eye(size + inputs.shape[1], dtype=states.dtype).expand(len(states), -1, -1)
    _, pushed = push(states, inputs, joined[:, :size], joined[:, size:])
    return pushed[:, :, :size], pushed[:, :, size:]
