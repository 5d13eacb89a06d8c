"""Any torch module with a state as a map of its state and input, differentiated by torch.func."""

import copy
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.utils import _pytree as pytree

from pendula.dynamics.forward_mode import push_forward, push_identity
from pendula.dynamics.state_map import Directions, InputDirections, Jacobians, States, check_dense
from pendula.errors import ShapeError
from pendula.shapes import Float, Tensor

__all__ = ["Inputs", "ModuleNet"]

Inputs: TypeAlias = Float[Tensor, "batch input"]


class ModuleNet:
    """Any torch module with a state, differentiated by torch.func.

    Args:
        module: Called with inputs [batch, input], unless it takes none, and a state.
        state: A state, whose tensors show how a state is made; their first axis is the batch.
        input_size: Components of the input.

    Attributes:
        size: Components of the state.
        input_size: Components of the input.
    """

    def __init__(self, module: nn.Module, *, state: Any, input_size: int) -> None:
        leaves, self._structure = pytree.tree_flatten(state)
        if not leaves or not all(isinstance(leaf, Tensor) and leaf.ndim >= 1 for leaf in leaves):
            raise ShapeError(
                "`state` must be made of tensors whose first axis is the batch: expected at least one, "
                f"got {[type(leaf).__name__ for leaf in leaves]}. Pass the state as the module takes it."
            )
        self._shapes = [leaf.shape[1:] for leaf in leaves]
        self._widths = [shape.numel() for shape in self._shapes]
        self.size = sum(self._widths)
        self.input_size = input_size
        self._module = _float64_copy(module)

    def advance(self, states: States, inputs: Inputs) -> States:
        """Take one step.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            The next states.
        """
        with torch.no_grad():
            return self._call(states, inputs)

    def push(
        self, states: States, inputs: Inputs, moved: Directions, driven: InputDirections | None
    ) -> tuple[States, Directions]:
        """Take one step, and push directions with it.

        Args:
            states: The states.
            inputs: The input of each.
            moved: Directions of the state.
            driven: Directions of the input that belong to them; None for zero.

        Returns:
            The next states, and the pushed directions.
        """
        along_input = moved.new_zeros(*inputs.shape, moved.shape[2]) if driven is None else driven
        return push_forward(self._call, (states, inputs), (moved, along_input))

    def jacobians(self, states: States, inputs: Inputs) -> tuple[Jacobians, Float[Tensor, "batch state input"]]:
        """Compute the derivatives of a step by the state and by the input.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            Both Jacobians at each state.
        """
        check_dense(len(states), self.size)
        return push_identity(self.push, states, inputs)

    def curvature(self, state: Float[Tensor, " state"], radius: float, *, input_gain: float = 0.0) -> float:
        """Know no bound of the second derivative.

        Args:
            state: The center.
            radius: Of the ball.
            input_gain: Norm of the derivative of the input by what is varied.

        Returns:
            Infinity.
        """
        del state, radius, input_gain
        return float("inf")

    def flatten(self, state: Any) -> States:
        """Write states as rows.

        Args:
            state: A state as the module takes it.

        Returns:
            One row for each of its batch.
        """
        return torch.cat([leaf.flatten(1) for leaf in pytree.tree_leaves(state)], dim=1).to(torch.float64)

    def _call(self, states: States, inputs: Inputs) -> States:
        pieces = zip(torch.split(states, self._widths, dim=1), self._shapes, strict=True)
        state = pytree.tree_unflatten([piece.reshape(len(states), *shape) for piece, shape in pieces], self._structure)
        result = self._module(inputs, state) if self.input_size else self._module(state)
        return self.flatten(self._state_of(result))

    def _state_of(self, result: Any) -> Any:
        # The next state alone, or what follows the output.
        if pytree.tree_structure(result) == self._structure:
            return result
        if isinstance(result, tuple) and len(result) == 2 and pytree.tree_structure(result[1]) == self._structure:
            return result[1]
        raise ShapeError(
            "`module` must return its next state, alone or after an output: expected the structure of `state`, "
            f"got {pytree.tree_structure(result)}. Return (output, state)."
        )


def _float64_copy(module: nn.Module) -> Callable[..., Any]:
    return copy.deepcopy(module).to("cpu", torch.float64).eval().requires_grad_(False)
