"""The network of reservoirs that forecasts: nothing in them is trained but a linear readout of each."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from pendula.nn.echo_member import EchoMember
from pendula.nn.network import Network
from pendula.nn.next_generation import NextGeneration
from pendula.nn.polynomial_member import PolynomialMember
from pendula.nn.reservoir import Reservoir
from pendula.nn.reservoir_states import departures
from pendula.nn.reservoir_weights import draw_reservoir
from pendula.shapes import BatchSeries, BatchTensor, Float, Int, Series, ndarray

__all__ = ["Member", "ReservoirForecaster", "ReservoirState", "draw_member", "middle_run"]

Member: TypeAlias = EchoMember | PolynomialMember
"""A reservoir with its readout: of units, or of polynomials."""


class ReservoirState(NamedTuple):
    """All that a network of reservoirs remembers between two steps.

    Attributes:
        hidden: State of each member's reservoir.
    """

    hidden: tuple[Float[Tensor, "batch state"], ...]


class ReservoirForecaster(nn.Module):
    r"""Predict the next value of a series by reservoirs, all of which see the same values.

    One step ahead, the prediction is the median of the members' predictions. In a free run each member feeds its own
    predictions back, and the forecast is the median of the members' runs: one that goes astray does not take the others
    along. A member whose run leaves the finite numbers, or the limit, is unstable from there on and no longer counted;
    where less than half of them are left, the forecast is infinite.

    It is a causal map from series and state to predictions and state, as a `Forecaster` is, and computes in float64.

    Args:
        network: The architecture, of the cell esn or ngrc.
        channels: Channels of the series.
        reservoirs: What the reservoir of each member is like, all of one kind.

    Attributes:
        members: The reservoirs with their readouts.
        limit: Largest modulus of a value in a free run that is taken for one, in scaled units.

    Examples:
        >>> network = Network(cell="esn", hidden_size=20, reservoir=Reservoir())
        >>> forecaster = ReservoirForecaster(network, 1, [network.reservoir])
        >>> predictions, state = forecaster(torch.ones(2, 5, 1))
        >>> predictions.shape  # batch, time, lead, channel
        torch.Size([2, 5, 1, 1])
    """

    limit: Float[Tensor, ""]

    def __init__(self, network: Network, channels: int, reservoirs: Sequence[Reservoir | NextGeneration]) -> None:
        super().__init__()
        self.network, self.channels, self.reservoirs = network, channels, tuple(reservoirs)
        self.members = nn.ModuleList(_hollow(reservoir, network.hidden_size, channels) for reservoir in reservoirs)
        self.register_buffer("limit", torch.tensor(torch.finfo(torch.float64).max, dtype=torch.float64))

    def forward(
        self, series: BatchTensor, state: ReservoirState | None = None
    ) -> tuple[Float[Tensor, "batch time lead channel"], ReservoirState]:
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
        return middle[:, :, None], ReservoirState(tuple(hidden))

    def free_run(self, context: BatchTensor, steps: int) -> Float[Tensor, "batch step channel"]:
        """Warm the members up on known values and let each run on by itself.

        Args:
            context: The known past of each start, scaled.
            steps: How many steps to run.

        Returns:
            The median of their runs, scaled; infinite where less than half of them are stable.
        """
        runs = [run.numpy() for run in self.member_runs(context, steps)]
        return torch.from_numpy(self._middle(runs)).to(context.dtype)

    def member_runs(self, context: BatchTensor, steps: int) -> list[Float[Tensor, "batch step channel"]]:
        """Warm the members up on known values, and give the run of each.

        Args:
            context: The known past of each start, scaled.
            steps: How many steps to run.

        Returns:
            Their runs in float64, scaled.
        """
        values = _doubles(context)
        runs = [member.run(member.states(values)[:, -1], values[:, -1], steps) for member in self.each()]
        return [torch.from_numpy(run) for run in runs]

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

    def each(self) -> list[Member]:
        """List the members.

        Returns:
            The members, the best first.
        """
        return [member for member in self.members if isinstance(member, EchoMember | PolynomialMember)]

    def _middle(self, runs: Sequence[BatchSeries]) -> BatchSeries:
        return middle_run(runs, limit=float(self.limit))


def draw_member(reservoir: Reservoir | NextGeneration, *, units: int, channels: int, seed: int) -> Member:
    """Make a reservoir whose readout has not been learned yet.

    Args:
        reservoir: What it is like.
        units: How many units it has; a next-generation reservoir has none.
        channels: Channels of the series.
        seed: Of its matrices; a next-generation reservoir has none.

    Returns:
        The reservoir; it predicts 0.

    Examples:
        >>> draw_member(NextGeneration(), units=0, channels=3, seed=0).readout.shape
        torch.Size([27, 3])
    """
    member = _hollow(reservoir, units, channels)
    if isinstance(member, EchoMember):
        member.put(draw_reservoir(member.reservoir, units=units, inputs=channels, seed=seed))
    return member


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


def _hollow(reservoir: Reservoir | NextGeneration, units: int, channels: int) -> Member:
    if isinstance(reservoir, NextGeneration):
        return PolynomialMember(reservoir, channels)
    return EchoMember(reservoir, units, channels)


def _doubles(series: BatchTensor) -> BatchSeries:
    return np.asarray(series.detach().numpy(), np.float64)
