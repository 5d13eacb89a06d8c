"""A next-generation reservoir that is fed its own predictions, as a map of the values that it remembers."""

from dataclasses import dataclass

import torch

from pendula.dynamics.driven import DrivenNet, hold_input
from pendula.dynamics.shift_register import ShiftRegister
from pendula.dynamics.state_map import Directions, Jacobians, StateMap, States
from pendula.nn import PolynomialMember
from pendula.nn.next_generation import products
from pendula.shapes import Float, SeriesTensor, Tensor

__all__ = ["PolynomialDynamics"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PolynomialDynamics:
    """The state space of a next-generation reservoir: the values of its memory, the oldest first, in float64.

    Attributes:
        member: The reservoir with its readout.
        channels: Channels of the series.
    """

    member: PolynomialMember
    channels: int

    @property
    def net(self) -> DrivenNet:
        """What remembers."""
        return ShiftRegister(memory=self.member.reservoir.memory, channels=self.channels)

    @property
    def window(self) -> int:
        """Known values in a state."""
        return self.member.reservoir.memory

    @property
    def leads(self) -> int:
        """Values that one application of the closed loop goes on by."""
        return 1

    @property
    def pace(self) -> float:
        """Steps of time that one application of the closed loop goes on by."""
        return 1.0

    @property
    def size(self) -> int:
        """Components of a state."""
        return self.window * self.channels

    def inputs(self, series: SeriesTensor) -> Float[Tensor, "time input"]:
        """Show a series as the memory sees it.

        Args:
            series: Scaled values.

        Returns:
            The values.
        """
        return series.to(torch.float64)

    def driven(self, value: Float[Tensor, " channel"]) -> StateMap:
        """Hold the series constant.

        Args:
            value: Its scaled value in each channel.

        Returns:
            The map of what is remembered.
        """
        return hold_input(self.net, value)

    def teach(self, series: SeriesTensor) -> tuple[Float[Tensor, "time hidden"], States]:
        """Show a series, and note all that is remembered of it.

        Args:
            series: Scaled values, at least as many as the memory holds.

        Returns:
            The states after each value; and those that hold known values alone, from the first on.
        """
        states = torch.from_numpy(self.member.states(series.to(torch.float64).numpy()[None])[0])
        return states, states[self.window - 1 :]

    def closed_loop(self) -> StateMap:
        """Feed the predictions back.

        Returns:
            The map of what is remembered, with derivatives in closed form.
        """
        return StateMap(size=self.size, step=self._step, linearize=self._linearize, push=self._push)

    def values(self, states: States) -> Float[Tensor, "batch lead channel"]:
        """Read the series off states of the closed loop.

        Args:
            states: The states.

        Returns:
            The newest value of each, scaled.
        """
        return states[:, None, -self.channels :]

    def _step(self, states: States) -> States:
        features, _ = self._monomials(states, None)
        return torch.cat([states[:, self.channels :], self._read(features, constant=True)], dim=1)

    def _push(self, states: States, directions: Directions) -> tuple[States, Directions]:
        features, moved = self._monomials(states, directions)
        assert moved is not None
        after = torch.cat([states[:, self.channels :], self._read(features, constant=True)], dim=1)
        newest = self._read(moved.transpose(1, 2), constant=False).transpose(1, 2)
        return after, torch.cat([directions[:, self.channels :], newest], dim=1)

    def _linearize(self, states: States) -> Jacobians:
        every = torch.eye(self.size, dtype=states.dtype).expand(len(states), -1, -1)
        return self._push(states, every)[1]

    def _read(self, features: Tensor, *, constant: bool) -> Tensor:
        read = features @ self.member.readout
        return read + self.member.constant if constant else read

    def _monomials(self, states: States, directions: Directions | None) -> tuple[Tensor, Tensor | None]:
        # d(x m) = dx m + x dm, from one degree to the next
        seen = self._seen()
        features = [states[:, seen]]
        moved = None if directions is None else [directions[:, seen]]
        for pair in products(len(seen), self.member.reservoir.degree):
            one, lower = map(torch.from_numpy, pair)
            known = torch.cat(features, dim=1)
            if moved is not None:
                before = torch.cat(moved, dim=1)
                moved.append(before[:, one] * known[:, lower, None] + known[:, one, None] * before[:, lower])
            features.append(known[:, one] * known[:, lower])
        return torch.cat(features, dim=1), None if moved is None else torch.cat(moved, dim=1)

    def _seen(self) -> Tensor:
        # Places of the values in the order of `polynomial_features`: the newest first.
        reservoir = self.member.reservoir
        newest_first = reservoir.memory - 1 - torch.arange(0, reservoir.memory, reservoir.stride)
        return (newest_first[:, None] * self.channels + torch.arange(self.channels)).flatten()
