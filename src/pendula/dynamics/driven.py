"""A net with an input as a dynamical system: the stack of a layer, or any torch module with a state."""

import math
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from pendula.dynamics.layer_stack import stack_of
from pendula.dynamics.module_net import Inputs, ModuleNet
from pendula.dynamics.state_map import Directions, InputDirections, Jacobians, StateMap, States
from pendula.errors import ArgumentError, ShapeError
from pendula.shapes import Float, Tensor

__all__ = ["DrivenNet", "Inputs", "as_net", "hold_input", "is_bounded"]


@runtime_checkable
class DrivenNet(Protocol):
    """What a net with an input has to offer to be analyzed."""

    @property
    def size(self) -> int:
        """Components of the state."""

    @property
    def input_size(self) -> int:
        """Components of the input."""

    def advance(self, states: States, inputs: Inputs) -> States:
        """Take one step.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            The next states.
        """

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

    def jacobians(self, states: States, inputs: Inputs) -> tuple[Jacobians, Float[Tensor, "batch state input"]]:
        """Compute the derivatives of a step by the state and by the input.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            Both Jacobians at each state.
        """

    def curvature(self, state: Float[Tensor, " state"], radius: float, *, input_gain: float = 0.0) -> float:
        """Bound the second derivative of a step within a ball around a state.

        Args:
            state: The center.
            radius: Of the ball.
            input_gain: Norm of the derivative of the input by what is varied, if the input varies too.

        Returns:
            An upper bound of its norm; infinity if none is known.
        """


def as_net(module: nn.Module, *, state: Any = None, input_size: int | None = None) -> DrivenNet:
    """Take a recurrent module as a dynamical system, in float64 and without dropout.

    RNN, LSTM and GRU of torch and of Pendula have closed-form derivatives. Any other module is called with a batch of
    inputs [batch, input] and its state, and returns the next state, alone or after an output; torch.func
    differentiates it.

    Args:
        module: The module; it is copied, and stays as it is.
        state: A state of a module of one's own, of a batch of any size along the first axis of each tensor; tuples,
            lists and dicts of tensors are allowed.
        input_size: Components of its input; those of `module.input_size` if left out.

    Returns:
        The net.

    Raises:
        ArgumentError: If a module of one's own comes without a state or input size.

    Examples:
        >>> as_net(nn.GRU(2, 8)).size
        8
        >>> as_net(nn.LSTMCell(1, 3), state=(torch.zeros(1, 3), torch.zeros(1, 3))).size
        6
    """
    stack = stack_of(module)
    if stack is not None:
        return stack
    if state is None:
        raise ArgumentError(
            f"`state` must be given for a module of one's own: expected a state of {type(module).__name__}, got none. "
            "Pass one, zeros for example."
        )
    width = getattr(module, "input_size", None) if input_size is None else input_size
    if not isinstance(width, int):
        raise ArgumentError(
            f"`input_size` must be given for a module that does not tell it: got none from {type(module).__name__}. "
            "Count the components of its input; 0 if it takes none."
        )
    return ModuleNet(module, state=state, input_size=width)


def hold_input(net: DrivenNet, value: Float[Tensor, " input"]) -> StateMap:
    """Hold the input of a net constant: what is left is a map of its state.

    Args:
        net: The net.
        value: The input.

    Returns:
        The map h ↦ F(h, value).

    Raises:
        ShapeError: If the value does not fit the net.

    Examples:
        >>> still = hold_input(as_net(nn.RNN(1, 4)), torch.zeros(1))
        >>> still.jacobian(torch.zeros(3, 4, dtype=torch.float64)).shape
        torch.Size([3, 4, 4])
    """
    if value.shape != (net.input_size,):
        raise ShapeError(
            f"`value` must hold one number for each input: expected shape ({net.input_size},), "
            f"got {tuple(value.shape)}. Give each input its constant value."
        )
    value = value.to(torch.float64)

    def inputs(states: States) -> Inputs:
        return value.expand(len(states), -1)

    return StateMap(
        size=net.size,
        step=lambda states: net.advance(states, inputs(states)),
        linearize=lambda states: net.jacobians(states, inputs(states))[0],
        push=lambda states, directions: net.push(states, inputs(states), directions, None),
        curvature=net.curvature if is_bounded(net) else None,
    )


def is_bounded(net: DrivenNet) -> bool:
    """Tell whether a net knows a bound of its second derivative.

    Args:
        net: The net.

    Returns:
        True if fixed points of it can be proved.
    """
    return math.isfinite(net.curvature(torch.zeros(net.size, dtype=torch.float64), 0.0))
