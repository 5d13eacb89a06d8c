"""A next-generation reservoir, which remembers values themselves, with its readout."""

import numpy as np

from pendula.nn.next_generation import NextGeneration, polynomial_features, run_polynomial
from pendula.nn.reservoir_member import ReservoirMember, States
from pendula.shapes import BatchSeries, Float, ndarray

__all__ = ["PolynomialMember"]


class PolynomialMember(ReservoirMember):
    """A next-generation reservoir and its readout: the next value is a polynomial of the last ones.

    Its state is the values of its memory, the oldest first. Before the first value it takes the series for constant.

    Args:
        reservoir: What the reservoir is like.
        channels: Channels of the series.

    Attributes:
        readout: Coefficients of the monomials, in the order of `polynomial_features`.
    """

    reservoir: NextGeneration

    def __init__(self, reservoir: NextGeneration, channels: int) -> None:
        super().__init__(reservoir.features(channels), channels)
        self.reservoir = reservoir

    def states(self, series: BatchSeries, first: States | None = None) -> Float[ndarray, "batch time state"]:
        """Remember values.

        Args:
            series: Scaled values.
            first: What was remembered before them; the first of them, again and again, when left out.

        Returns:
            The values of the memory after each of them.
        """
        memory, (batch, time, channels) = self.reservoir.memory, series.shape
        past = np.repeat(series[:, :1], memory, axis=1) if first is None else first.reshape(batch, memory, channels)
        joined = np.concatenate([past[:, 1:], series], axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(joined, memory, axis=1)  # batch, time, channel, memory
        return np.array(windows.swapaxes(2, 3).reshape(batch, time, memory * channels))

    def features(
        self, states: Float[ndarray, "batch time state"], series: BatchSeries
    ) -> Float[ndarray, "batch time feature"]:
        """Lay out what the readout sees.

        Args:
            states: After each step.
            series: Scaled values at each step, which the states hold, too.

        Returns:
            The monomials at each step.
        """
        batch, time, channels = series.shape
        remembered = states.reshape(batch * time, self.reservoir.memory, channels)
        return polynomial_features(self.reservoir, remembered).reshape(batch, time, -1)

    def run(
        self, states: States, values: Float[ndarray, "batch channel"], steps: int
    ) -> Float[ndarray, "batch step channel"]:
        """Close the loop.

        Args:
            states: At the last known step of each start.
            values: The last known values, which the states hold, too.
            steps: How many steps to run.

        Returns:
            The next values, scaled; one that leaves the finite numbers goes on as infinities and NaN.
        """
        readout, constant = self.readout.numpy(), self.constant.numpy()
        context = states.reshape(len(states), self.reservoir.memory, values.shape[1])
        return run_polynomial(self.reservoir, readout, constant, context=context, steps=steps, limit=None)
