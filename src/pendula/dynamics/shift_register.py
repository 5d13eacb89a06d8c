"""A memory of the last values themselves, as a dynamical system with an input."""

from dataclasses import dataclass

import torch

from pendula.dynamics.state_map import Directions, InputDirections, Jacobians, States
from pendula.shapes import Float, Tensor

__all__ = ["ShiftRegister"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftRegister:
    """The last values of a series, the oldest first: a linear net that forgets everything after as many steps.

    Attributes:
        memory: How many values it holds.
        channels: Numbers in each.

    Examples:
        >>> held = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
        >>> ShiftRegister(memory=3, channels=1).advance(held, torch.tensor([[4.0]], dtype=torch.float64))
        tensor([[2., 3., 4.]], dtype=torch.float64)
    """

    memory: int
    channels: int

    @property
    def size(self) -> int:
        """Components of the state."""
        return self.memory * self.channels

    @property
    def input_size(self) -> int:
        """Components of the input."""
        return self.channels

    def advance(self, states: States, inputs: Float[Tensor, "batch input"]) -> States:
        """Take one step.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            The next states.
        """
        return torch.cat([states[:, self.channels :], inputs], dim=1)

    def push(
        self, states: States, inputs: Float[Tensor, "batch input"], moved: Directions, driven: InputDirections | None
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
        newest = moved.new_zeros(len(moved), self.channels, moved.shape[2]) if driven is None else driven
        return self.advance(states, inputs), torch.cat([moved[:, self.channels :], newest], dim=1)

    def jacobians(
        self, states: States, inputs: Float[Tensor, "batch input"]
    ) -> tuple[Jacobians, Float[Tensor, "batch state input"]]:
        """Compute the derivatives of a step by the state and by the input.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            Both Jacobians at each state.
        """
        one = torch.eye(self.size, dtype=states.dtype)
        none = torch.zeros(self.channels, self.size, dtype=states.dtype)
        by_state, by_input = torch.cat([one[self.channels :], none]), one[:, -self.channels :]
        return by_state.expand(len(states), -1, -1), by_input.expand(len(inputs), -1, -1)

    def curvature(self, state: Float[Tensor, " state"], radius: float, *, input_gain: float = 0.0) -> float:
        """Bound the second derivative of a step, which is linear.

        Args:
            state: The center.
            radius: Of the ball.
            input_gain: Norm of the derivative of the input by what is varied.

        Returns:
            0.
        """
        del state, radius, input_gain
        return 0.0
