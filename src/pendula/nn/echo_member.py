"""A reservoir of units that is drawn and never trained, with its readout."""

import numpy as np
import torch
from torch import Tensor

from pendula.nn.reservoir import Reservoir
from pendula.nn.reservoir_member import ReservoirMember, States
from pendula.nn.reservoir_states import drive_reservoir, run_reservoir
from pendula.nn.reservoir_weights import Recurrent, ReservoirWeights
from pendula.shapes import BatchSeries, Float, ndarray

__all__ = ["EchoMember"]


class EchoMember(ReservoirMember):
    r"""A reservoir of units and its readout: $\hat x_{t+1} = V^\top [h_t; x_t] + c$.

    W is stored by rows, as the weights of the units that each unit listens to and their numbers.

    Args:
        reservoir: What the reservoir is like.
        units: How many units it has.
        channels: Channels of the series.

    Attributes:
        recurrent: The weights in W that are not 0.
        links: Numbers of the units they belong to.
        input: U.
        bias: b.
        readout: V, the coefficients of the states and then, with direct links, those of the values.
    """

    reservoir: Reservoir
    recurrent: Float[Tensor, "unit link"]
    links: Float[Tensor, "unit link"]
    input: Float[Tensor, "unit channel"]
    bias: Float[Tensor, " unit"]

    def __init__(self, reservoir: Reservoir, units: int, channels: int) -> None:
        super().__init__(units + channels if reservoir.direct else units, channels)
        self.reservoir = reservoir
        links = reservoir.links(units)
        shapes = {"recurrent": (units, links), "links": (units, links), "input": (units, channels), "bias": (units,)}
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    @property
    def weights(self) -> ReservoirWeights:
        """The reservoir in numbers; W is a sparse matrix unless each unit listens to all."""
        values, links = self.recurrent.numpy(), self.links.numpy().astype(np.int64)
        units, width = values.shape
        recurrent: Recurrent = values
        if width < units:
            from scipy.sparse import csr_array

            recurrent = csr_array((values.ravel(), links.ravel(), np.arange(units + 1) * width), shape=(units, units))
        return ReservoirWeights(
            recurrent=recurrent,
            input=self.input.numpy(),
            bias=self.bias.numpy(),
            leak=float(self.reservoir.leak),
        )

    def put(self, weights: ReservoirWeights) -> None:
        """Put the numbers of a reservoir in.

        Args:
            weights: The reservoir, drawn by this member's settings.
        """
        recurrent, links = _rows(weights.recurrent, width=self.recurrent.shape[1])
        held = (self.recurrent, self.links, self.input, self.bias)
        for tensor, array in zip(held, (recurrent, links, weights.input, weights.bias), strict=True):
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(array, np.float64)))

    def states(self, series: BatchSeries, first: States | None = None) -> Float[ndarray, "batch time unit"]:
        """Show values to the reservoir.

        Args:
            series: Scaled values.
            first: States before them; zeros when left out.

        Returns:
            The states after each of them.
        """
        return drive_reservoir(self.weights, series, first=first)

    def features(
        self, states: Float[ndarray, "batch time unit"], series: BatchSeries
    ) -> Float[ndarray, "batch time feature"]:
        """Lay out what the readout sees.

        Args:
            states: After each step.
            series: Scaled values at each step.

        Returns:
            The states, and the values beside them with direct links.
        """
        return np.concatenate([states, series], axis=2) if self.reservoir.direct else states

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
        readout, constant = self.readout.numpy(), self.constant.numpy()
        return run_reservoir(self.weights, readout, constant, states=states, values=values, steps=steps, limit=None)


def _rows(recurrent: Recurrent, *, width: int) -> tuple[ndarray, ndarray]:
    # The same number of links in each row; a unit that listens to none, at the head of a delay line, gets one of 0.
    units = recurrent.shape[0]
    if width == units:
        dense = recurrent if isinstance(recurrent, ndarray) else recurrent.toarray()
        return dense, np.tile(np.arange(units), (units, 1))
    held = np.arange(width) < np.diff(recurrent.indptr)[:, None]
    values, links = np.zeros((units, width)), np.zeros((units, width))
    values[held], links[held] = recurrent.data, recurrent.indices
    return values, links
