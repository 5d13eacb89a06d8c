"""The echo state network that forecasts: reservoirs that are never trained, each with a linear readout of its own."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pendula.nn.network import Network
from pendula.nn.reservoir import Reservoir
from pendula.nn.reservoir_states import departures, drive_reservoir, run_reservoir
from pendula.nn.reservoir_weights import Recurrent, ReservoirWeights
from pendula.shapes import BatchSeries, BatchTensor, Float, Int, Series, ndarray

__all__ = ["EchoState", "EchoStateForecaster", "EchoStateMember"]


class EchoState(NamedTuple):
    """All that an echo state network remembers between two steps.

    Attributes:
        hidden: State of each member's reservoir.
    """

    hidden: tuple[Float[Tensor, "batch unit"], ...]


class EchoStateMember(nn.Module):
    r"""A reservoir and its readout: $\hat x_{t+1} = V^\top [h_t; x_t] + c$.

    Everything is held in float64. W is stored by rows, as the weights of the units that each unit listens to and their
    numbers.

    Args:
        reservoir: What the reservoir is like.
        units: How many units it has.
        channels: Channels of the series.

    Attributes:
        recurrent: The weights in W that are not 0.
        links: Numbers of the units they belong to.
        input: U.
        bias: b.
        readout: V, the coefficients of the states and then those of the values.
        constant: c.
        penalty: Ridge penalty that V and c were found with, in scaled units squared.
    """

    recurrent: Float[Tensor, "unit link"]
    links: Float[Tensor, "unit link"]
    input: Float[Tensor, "unit channel"]
    bias: Float[Tensor, " unit"]
    penalty: Float[Tensor, ""]

    def __init__(self, reservoir: Reservoir, units: int, channels: int) -> None:
        super().__init__()
        self.reservoir = reservoir
        links = (reservoir.connections or units) if reservoir.topology == "random" else 1
        shapes = {"recurrent": (units, links), "links": (units, links), "input": (units, channels), "bias": (units,)}
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("penalty", torch.zeros((), dtype=torch.float64))
        features = units + channels if reservoir.direct else units
        self.readout = _fixed(features, channels)
        self.constant = _fixed(channels)

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

    def put(
        self,
        weights: ReservoirWeights,
        readout: Float[ndarray, "feature channel"],
        constant: Float[ndarray, " channel"],
    ) -> None:
        """Put numbers in.

        Args:
            weights: The reservoir, drawn by this member's settings.
            readout: V.
            constant: c.
        """
        recurrent, links = _rows(weights.recurrent, width=self.recurrent.shape[1])
        numbers = (recurrent, links, weights.input, weights.bias, readout, constant)
        for held, array in zip(self._tensors(), numbers, strict=True):
            held.copy_(torch.from_numpy(np.ascontiguousarray(array, np.float64)))

    def states(
        self, series: BatchSeries, first: Float[ndarray, "batch unit"] | None = None
    ) -> Float[ndarray, "batch time unit"]:
        """Show values to the reservoir.

        Args:
            series: Scaled values.
            first: States before them; zeros when left out.

        Returns:
            The states after each of them.
        """
        return drive_reservoir(self.weights, series, first=first)

    def predict(
        self, states: Float[ndarray, "batch time unit"], series: BatchSeries
    ) -> Float[ndarray, "batch time channel"]:
        """Read out what follows each step.

        Args:
            states: After each step.
            series: Scaled values at each step.

        Returns:
            The next values, scaled.
        """
        features = np.concatenate([states, series], axis=2) if self.reservoir.direct else states
        return np.asarray(features @ self.readout.numpy() + self.constant.numpy())

    def run(
        self, states: Float[ndarray, "batch unit"], values: Float[ndarray, "batch channel"], steps: int
    ) -> Float[ndarray, "batch step channel"]:
        """Close the loop.

        Args:
            states: At the last known step of each start.
            values: The last known values.
            steps: How many steps to run.

        Returns:
            The next values, scaled; one that leaves the finite numbers goes on as infinities and NaN.
        """
        return run_reservoir(
            self.weights,
            self.readout.numpy(),
            self.constant.numpy(),
            states=states,
            values=values,
            steps=steps,
            limit=None,
        )

    def _tensors(self) -> tuple[Tensor, ...]:
        return self.recurrent, self.links, self.input, self.bias, self.readout, self.constant


class EchoStateForecaster(nn.Module):
    r"""Predict the next value of a series by echo state networks, all of which see the same values.

    One step ahead, the prediction is the median of the members' predictions. In a free run each member feeds its own
    predictions back, and the forecast is the median of the members' runs: one that goes astray does not take the others
    along. A member whose run leaves the finite numbers, or the limit, is unstable from there on and no longer counted;
    where less than half of them are left, the forecast is infinite.

    It is a causal map from series and state to predictions and state, as a `Forecaster` is, and computes in float64.

    Args:
        network: The architecture, of the cell esn.
        channels: Channels of the series.
        reservoirs: What the reservoir of each member is like.

    Attributes:
        members: The reservoirs with their readouts.
        limit: Largest modulus of a value in a free run that is taken for one, in scaled units.

    Examples:
        >>> network = Network(cell="esn", hidden_size=20, reservoir=Reservoir())
        >>> forecaster = EchoStateForecaster(network, 1, [network.reservoir])
        >>> predictions, state = forecaster(torch.ones(2, 5, 1))
        >>> predictions.shape  # batch, time, lead, channel
        torch.Size([2, 5, 1, 1])
    """

    limit: Float[Tensor, ""]

    def __init__(self, network: Network, channels: int, reservoirs: Sequence[Reservoir]) -> None:
        super().__init__()
        self.network, self.channels, self.reservoirs = network, channels, tuple(reservoirs)
        self.members = nn.ModuleList(
            EchoStateMember(reservoir, network.hidden_size, channels) for reservoir in reservoirs
        )
        self.register_buffer("limit", torch.tensor(torch.finfo(torch.float64).max, dtype=torch.float64))

    def forward(
        self, series: BatchTensor, state: EchoState | None = None
    ) -> tuple[Float[Tensor, "batch time lead channel"], EchoState]:
        """Predict, at every step, the value that follows it.

        Args:
            series: Scaled values.
            state: What was seen before them; nothing when left out.

        Returns:
            The predictions of the next value after each step, scaled, and the state after the last step.
        """
        values = _doubles(series)
        firsts = [None] * len(self.members) if state is None else [hidden.numpy() for hidden in state.hidden]
        predictions, hidden = [], []
        for member, first in zip(self.each(), firsts, strict=True):
            states = member.states(values, first)
            predictions.append(member.predict(states, values))
            hidden.append(torch.from_numpy(states[:, -1].copy()))
        middle = torch.from_numpy(np.median(predictions, axis=0)).to(series.dtype)
        return middle[:, :, None], EchoState(tuple(hidden))

    def free_run(self, context: BatchTensor, steps: int) -> Float[Tensor, "batch step channel"]:
        """Warm the members up on known values and let each run on by itself.

        Args:
            context: The known past of each start, scaled.
            steps: How many steps to run.

        Returns:
            The median of their runs, scaled; infinite where less than half of them are stable.
        """
        values = _doubles(context)
        runs = [member.run(member.states(values)[:, -1], values[:, -1], steps) for member in self.each()]
        return torch.from_numpy(self._middle(runs)).to(context.dtype)

    def free_runs_along(
        self, series: Series, origins: Int[ndarray, " origin"], steps: int
    ) -> Float[ndarray, "origin step channel"]:
        """Follow one series, and let the members run freely from several of its rows.

        Args:
            series: Scaled values without a gap.
            origins: Rows of the first forecast values, from 1 on.
            steps: How many steps to run.

        Returns:
            The median of the members' runs from each row, as if the series had ended before it.
        """
        known = series[None, : int(origins.max())]
        runs = [member.run(member.states(known)[0, origins - 1], series[origins - 1], steps) for member in self.each()]
        return self._middle(runs)

    def each(self) -> list[EchoStateMember]:
        """List the members.

        Returns:
            The members, the best first.
        """
        return [member for member in self.members if isinstance(member, EchoStateMember)]

    def _middle(self, runs: Sequence[BatchSeries]) -> BatchSeries:
        return middle_run(runs, limit=float(self.limit))


def middle_run(runs: Sequence[BatchSeries], *, limit: float) -> BatchSeries:
    """Take the median of several free runs, without those that have become unstable.

    Args:
        runs: Runs of each member from the same starts.
        limit: Largest modulus of a value that is taken for one.

    Returns:
        The median of the runs that have stayed within the limit so far; infinite where they are less than half.

    Examples:
        >>> steady, lost = np.ones((1, 3, 1)), np.array([[[2.0], [80.0], [2.0]]])
        >>> middle_run([steady, 3 * steady, lost], limit=10.0)[0, :, 0]
        array([2., 2., 2.])
        >>> middle_run([steady, lost, lost], limit=10.0)[0, :, 0]
        array([ 2., inf, inf])
    """
    stacked = np.stack(runs)
    left = np.stack([departures(run, limit=limit) for run in runs])
    gone = np.arange(stacked.shape[2]) >= left[:, :, None]
    if not gone.any():
        return np.asarray(np.median(stacked, axis=0))
    lost = 2 * gone.sum(axis=0) > len(runs)
    held = np.where(lost[None, :, :, None], np.inf, np.where(gone[..., None], np.nan, stacked))
    return np.asarray(np.nanmedian(held, axis=0))


def _fixed(*shape: int) -> nn.Parameter:
    # Learned, but not by gradients.
    return nn.Parameter(torch.zeros(shape, dtype=torch.float64), requires_grad=False)


def _doubles(series: BatchTensor) -> BatchSeries:
    return np.asarray(series.detach().numpy(), np.float64)


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
