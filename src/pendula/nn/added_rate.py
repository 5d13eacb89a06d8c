"""A small network beside known physics: it adds to the rates what the equation leaves out."""

from collections.abc import Sequence

import torch
from torch import nn

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Tensor

__all__ = ["AddedRate"]


class AddedRate(nn.Module):
    r"""Add a network of some components of a state to the rates of some components.

    For the friction of a pendulum, $\dot v = -\omega_0^2 \sin\theta + g_\phi(v)$, it reads v and writes v.

    Args:
        network: Maps what it reads to what it adds, each along the last axis.
        reads: Names of the components that it sees.
        writes: Names of the components to whose rates it adds.

    Examples:
        >>> friction = AddedRate(nn.Linear(1, 1, bias=False), reads=["v"], writes=["v"])
        >>> _ = nn.init.constant_(friction.network.weight, -0.5)
        >>> x, v = torch.tensor(1.0), torch.tensor(2.0)
        >>> friction((x, v), (v, -x), ("x", "v"))[1].item()  # -x - 0.5 v
        -2.0
    """

    def __init__(self, network: nn.Module, *, reads: Sequence[str], writes: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.reads, self.writes = tuple(reads), tuple(writes)

    def forward(
        self, state: tuple[Tensor, ...], rates: tuple[Tensor, ...], components: tuple[str, ...]
    ) -> tuple[Tensor, ...]:
        """Add to the rates.

        Args:
            state: The components of the state.
            rates: Their rates by the known physics.
            components: Their names.

        Returns:
            The rates with the network's part.
        """
        features = torch.stack([state[components.index(name)] for name in self.reads], dim=-1)
        parts = self.network(features).unbind(-1)
        added = list(rates)
        for name, part in zip(self.writes, parts, strict=True):
            added[components.index(name)] = added[components.index(name)] + part
        return tuple(added)

    def check(self, components: Sequence[str]) -> None:
        """Check that a state has the components that are read and written.

        Args:
            components: The names of the components.

        Raises:
            ArgumentError: If one is missing.
        """
        for argument, names in (("reads", self.reads), ("writes", self.writes)):
            for name in names:
                if name not in components:
                    raise ArgumentError(
                        f"`{argument}` must name components of the state: got `{name}`."
                        + did_you_mean(name, components)
                    )
