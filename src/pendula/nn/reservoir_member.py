"""What every kind of reservoir offers the forecaster that it is a member of."""

from abc import abstractmethod

import numpy as np
import torch
from torch import nn

from pendula.nn.next_generation import NextGeneration
from pendula.nn.reservoir import Reservoir
from pendula.shapes import BatchSeries, Float, Tensor, ndarray

__all__ = ["ReservoirMember", "States"]

States = Float[ndarray, "batch state"]
"""All that a reservoir remembers of each series."""


class ReservoirMember(nn.Module):
    r"""A reservoir with a linear readout of its features: $\hat x_{t+1} = V^\top \varphi_t + c$.

    Everything is held in float64, and nothing is learned by gradients.

    Args:
        features: How many features the readout sees.
        channels: Channels of the series.

    Attributes:
        reservoir: What the reservoir is like.
        readout: V.
        constant: c.
        penalty: Ridge penalty that V and c were found with, in scaled units squared.
    """

    reservoir: Reservoir | NextGeneration
    penalty: Float[Tensor, ""]

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.readout = _fixed(features, channels)
        self.constant = _fixed(channels)
        self.register_buffer("penalty", torch.zeros((), dtype=torch.float64))

    def put_readout(self, readout: Float[ndarray, "feature channel"], constant: Float[ndarray, " channel"]) -> None:
        """Put numbers into the readout.

        Args:
            readout: V.
            constant: c.
        """
        self.readout.copy_(torch.from_numpy(readout))
        self.constant.copy_(torch.from_numpy(constant))

    @abstractmethod
    def states(self, series: BatchSeries, first: States | None = None) -> Float[ndarray, "batch time state"]:
        """Show values to the reservoir.

        Args:
            series: Scaled values.
            first: States before them; those of a reservoir that has seen nothing when left out.

        Returns:
            The states after each of them.
        """

    @abstractmethod
    def features(
        self, states: Float[ndarray, "batch time state"], series: BatchSeries
    ) -> Float[ndarray, "batch time feature"]:
        """Lay out what the readout sees.

        Args:
            states: After each step.
            series: Scaled values at each step.

        Returns:
            The features at each step.
        """

    @abstractmethod
    def run(
        self, states: States, values: Float[ndarray, "batch channel"], steps: int
    ) -> Float[ndarray, "batch step channel"]:
        """Close the loop.

        Args:
            states: At the last known step of each start.
            values: The last known values.
            steps: How many steps to run.

        Returns:
            The next values, scaled; one that leaves the finite numbers goes on as infinities and NaN.
        """

    def predict(
        self, states: Float[ndarray, "batch time state"], series: BatchSeries
    ) -> Float[ndarray, "batch time channel"]:
        """Read out what follows each step.

        Args:
            states: After each step.
            series: Scaled values at each step.

        Returns:
            The next values, scaled.
        """
        return np.asarray(self.features(states, series) @ self.readout.numpy() + self.constant.numpy())


def _fixed(*shape: int) -> nn.Parameter:
    # Learned, but not by gradients.
    return nn.Parameter(torch.zeros(shape, dtype=torch.float64), requires_grad=False)
