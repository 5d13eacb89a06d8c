r"""A forecaster that is fed its own predictions, as one map of its whole state.

A state is one row: the state of the recurrent stack, then the known values of the series, newest first, as many as the
next step looks at. One application of the map feeds a block of as many values as the network predicts at once, one in
most networks.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pendula.dynamics.driven import DrivenNet, Inputs, as_net, hold_input, is_bounded
from pendula.dynamics.layer_stack import reservoir_stack
from pendula.dynamics.state_map import Directions, Jacobians, StateMap, States
from pendula.nn import (
    EchoMember,
    EnsembleForecaster,
    Forecaster,
    ForecasterState,
    ReservoirForecaster,
    ReservoirWeights,
)
from pendula.shapes import Float, SeriesTensor, Tensor, ndarray

__all__ = ["ForecasterDynamics"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ForecasterDynamics:
    """The state space of a forecaster, in float64.

    Attributes:
        net: Its recurrent stack.
        channels: Channels of the series.
        leads: Values that one application of the closed loop goes on by.
        window: Known values in a state of the closed loop.
        features: Takes known values, the current one first, to the input of the stack.
        head: From the stack's output and the known values to the predictions, one below the other: a matrix each,
            and a constant.
    """

    net: DrivenNet
    channels: int
    leads: int
    window: int
    top: slice
    features: Float[Tensor, "input known"]
    head: tuple[Tensor, Tensor, Tensor]

    @classmethod
    def of(cls, forecaster: Forecaster | EnsembleForecaster | ReservoirForecaster) -> "ForecasterDynamics":
        """Take a forecaster's weights as they are.

        Args:
            forecaster: The network. Of an ensemble the first member is taken: the members run freely each by
                itself, and their median is no dynamical system.

        Returns:
            Its state space.

        Examples:
            >>> from pendula.nn import Network, build
            >>> ForecasterDynamics.of(build(Network(cell="gru", hidden_size=8, linear_lags=3), 1)).closed_loop().size
            11
        """
        if isinstance(forecaster, EnsembleForecaster):
            return cls.of(forecaster.each()[0])
        if isinstance(forecaster, ReservoirForecaster):
            best = forecaster.each()[0]
            assert isinstance(best, EchoMember)  # polynomials are `PolynomialDynamics`
            readout, constant = best.readout.detach().numpy(), best.constant.detach().numpy()
            return cls.of_reservoir(best.weights, readout, constant, direct=best.reservoir.direct)
        network, channels = forecaster.network, forecaster.channels
        net, top = _recurrence(forecaster)
        older = max(1 if network.increments else 0, network.linear_lags - 1, 0)
        return cls(
            net=net,
            channels=channels,
            leads=network.leads,
            window=network.leads + older,
            top=top,
            features=_features(forecaster),
            head=_head(forecaster, window=network.leads + older),
        )

    @classmethod
    def of_reservoir(
        cls,
        weights: ReservoirWeights,
        readout: Float[ndarray, "feature channel"],
        constant: Float[ndarray, " channel"],
        *,
        direct: bool,
    ) -> "ForecasterDynamics":
        """Take a reservoir with a readout, x' = V [h; x] + c.

        Args:
            weights: The reservoir.
            readout: V, the coefficients of the states and then those of the values.
            constant: c.
            direct: Whether the readout sees the values beside the states.

        Returns:
            Its state space.

        Examples:
            >>> import numpy as np
            >>> from pendula.nn import Reservoir, draw_reservoir
            >>> weights = draw_reservoir(Reservoir(), units=20, inputs=1, seed=0)
            >>> ForecasterDynamics.of_reservoir(weights, np.zeros((20, 1)), np.zeros(1), direct=False).size
            21
        """
        stack, channels = reservoir_stack(weights), len(constant)
        matrix = torch.from_numpy(np.array(readout.T, np.float64))
        seen = matrix[:, stack.size :] if direct else matrix.new_zeros(channels, channels)
        return cls(
            net=stack,
            channels=channels,
            leads=1,
            window=1,
            top=stack.top,
            features=torch.eye(channels, dtype=torch.float64),
            head=(matrix[:, : stack.size], seen, torch.from_numpy(np.array(constant, np.float64))),
        )

    @property
    def pace(self) -> float:
        """Steps of time that one application of the closed loop goes on by."""
        return float(self.leads)

    @property
    def size(self) -> int:
        """Components of a state of the closed loop."""
        return self.net.size + self.window * self.channels

    def driven(self, value: Float[Tensor, " channel"]) -> StateMap:
        """Hold the series constant.

        Args:
            value: Its scaled value in each channel; increments are zero.

        Returns:
            The map of the recurrent stack's state.
        """
        return hold_input(self.net, self._inputs(value.to(torch.float64).repeat(2)[None])[0])

    def inputs(self, series: SeriesTensor) -> Float[Tensor, "time input"]:
        """Show a series as the recurrent stack sees it.

        Args:
            series: Scaled values.

        Returns:
            The stack's input at each of them.
        """
        before = torch.cat([series[:1], series[:-1]])
        return self._inputs(torch.cat([series, before], dim=1).to(torch.float64))

    def closed_loop(self) -> StateMap:
        """Feed the predictions back.

        Returns:
            The map of the whole state; one application goes on by `leads` steps of time.
        """
        return StateMap(
            size=self.size,
            step=self._step,
            linearize=self._linearize,
            push=self._push,
            curvature=self._curvature if self.leads == 1 and is_bounded(self.net) else None,
        )

    def values(self, states: States) -> Float[Tensor, "batch lead channel"]:
        """Read the series off states of the closed loop.

        Args:
            states: The states.

        Returns:
            The block of values each of them is about to feed, oldest first, scaled.
        """
        block = states[:, self.net.size : self.net.size + self.leads * self.channels]
        return block.reshape(len(states), self.leads, self.channels).flip(1)

    def teach(self, series: SeriesTensor) -> tuple[Float[Tensor, "time hidden"], States]:
        """Show a series to the forecaster, and note all states it passes.

        Args:
            series: Scaled values, at least as many as a state holds.

        Returns:
            The recurrent stack's state after each value from the first on; and the states of the closed loop that
            predict what follows a value, from the first with enough known values on.
        """
        inputs = self.inputs(series)
        state = torch.zeros(1, self.net.size, dtype=torch.float64)
        passed = []
        for row in inputs:
            state = self.net.advance(state, row[None])
            passed.append(state)
        hidden = torch.cat(passed)
        # A state of the closed loop holds the stack before the block that it is about to feed.
        first = self.window
        known = series.to(torch.float64).unfold(0, self.window, 1).flip(-1).transpose(1, 2).flatten(1)
        before = torch.cat([torch.zeros_like(hidden[:1]), hidden])[first - self.leads : len(series) - self.leads + 1]
        return hidden, torch.cat([before, known], dim=1)

    def encode(self, state: ForecasterState, block: Float[Tensor, "batch lead channel"]) -> States:
        """Write a forecaster's own state as states of the closed loop.

        Args:
            state: What it remembers, after at least one value.
            block: The values it is about to be fed, oldest first.

        Returns:
            The states.
        """
        known = [block.flip(1)]
        older = self.window - self.leads
        if older:
            last = block.new_zeros(len(block), 1, self.channels) if state.last is None else state.last
            known.append((last if state.past is None or older == 1 else state.past).flip(1)[:, :older])
        parts = state.hidden if isinstance(state.hidden, tuple) else (state.hidden,)
        rows = torch.stack([part for part in parts if part is not None], dim=1)  # layer, part, batch, hidden
        hidden = rows.permute(2, 0, 1, 3).flatten(1)
        return torch.cat([hidden, torch.cat(known, dim=1).flatten(1)], dim=1).to(torch.float64)

    def _inputs(self, known: Float[Tensor, "batch known"]) -> Inputs:
        return known[:, : self.features.shape[1]] @ self.features.T

    def _fed(self, block: int) -> slice:
        # The known values, newest first, that are seen when the value number `block` of the block is fed.
        start = self.net.size + (self.leads - 1 - block) * self.channels
        return slice(start, start + self.features.shape[1])

    def _close(self, hidden: Tensor, known: Tensor, *, constant: bool) -> Tensor:
        # The same linear map takes states to states, rows in columns, and directions to directions.
        through, direct, offset = self.head
        predictions = through @ hidden[:, self.top] + direct @ known
        if constant:
            predictions = predictions + offset[:, None]
        kept = known[:, : (self.window - self.leads) * self.channels]
        return torch.cat([hidden, predictions, kept], dim=1)

    def _step(self, states: States) -> States:
        hidden, known = states[:, : self.net.size], states[:, self.net.size :]
        for block in range(self.leads):
            hidden = self.net.advance(hidden, states[:, self._fed(block)] @ self.features.T)
        return self._close(hidden[..., None], known[..., None], constant=True)[..., 0]

    def _push(self, states: States, directions: Directions) -> tuple[States, Directions]:
        hidden, moved = states[:, : self.net.size], directions[:, : self.net.size]
        for block in range(self.leads):
            fed = self._fed(block)
            hidden, moved = self.net.push(
                hidden, states[:, fed] @ self.features.T, moved, self.features @ directions[:, fed]
            )
        after = self._close(hidden[..., None], states[:, self.net.size :, None], constant=True)[..., 0]
        return after, self._close(moved, directions[:, self.net.size :], constant=False)

    def _linearize(self, states: States) -> Jacobians:
        hidden, rows = states[:, : self.net.size], len(states)
        by_known = states.new_zeros(rows, self.net.size, self.window * self.channels)
        by_hidden: Tensor | None = None
        for block in range(self.leads):
            fed = self._fed(block)
            inputs = states[:, fed] @ self.features.T
            by_state, by_input = self.net.jacobians(hidden, inputs)
            by_hidden = by_state if by_hidden is None else by_state @ by_hidden
            by_known = by_state @ by_known if block else by_known
            by_known[:, :, fed.start - self.net.size : fed.stop - self.net.size] += by_input @ self.features
            hidden = self.net.advance(hidden, inputs) if block + 1 < self.leads else hidden
        assert by_hidden is not None
        known = torch.eye(self.window * self.channels, dtype=states.dtype).expand(rows, -1, -1)
        nothing = known.new_zeros(rows, self.window * self.channels, self.net.size)
        moved = torch.cat([by_hidden, by_known], dim=2)
        return self._close(moved, torch.cat([nothing, known], dim=2), constant=False)

    def _curvature(self, state: Float[Tensor, " state"], radius: float) -> float:
        # Only the stack is not linear; the predictions are a linear function of its output.
        gain = float(torch.linalg.matrix_norm(self.features, ord=2))
        through = float(torch.linalg.matrix_norm(self.head[0], ord=2))
        bent = self.net.curvature(state[: self.net.size], radius, input_gain=gain)
        return bent * math.hypot(1.0, through)


def _recurrence(forecaster: Forecaster) -> tuple[DrivenNet, slice]:
    recurrent: nn.Module = forecaster.recurrent
    net = as_net(recurrent)
    return net, net.top  # type: ignore[attr-defined]


def _features(forecaster: Forecaster) -> Tensor:
    one = torch.eye(forecaster.channels, dtype=torch.float64)
    if not forecaster.network.increments:
        return one
    rate = torch.diag(1 / forecaster.increment_scale.detach().to("cpu", torch.float64))
    return torch.cat([torch.cat([one, torch.zeros_like(one)], dim=1), torch.cat([rate, -rate], dim=1)])


def _head(forecaster: Forecaster, *, window: int) -> tuple[Tensor, Tensor, Tensor]:
    network, channels = forecaster.network, forecaster.channels
    scale = forecaster.output_scale.detach().to("cpu", torch.float64).reshape(-1)
    weight, bias = (
        tensor.detach().to("cpu", torch.float64) for tensor in (forecaster.head.weight, forecaster.head.bias)
    )
    through, offset = scale[:, None] * weight, scale * bias
    direct = torch.zeros(network.leads, channels, window * channels, dtype=torch.float64)
    if network.residual:
        direct[:, :, :channels] += torch.eye(channels, dtype=torch.float64)
    if forecaster.linear is not None:
        path = forecaster.linear
        direct[:, :, : network.linear_lags * channels] += (
            path.weight.detach().cpu().T.reshape(network.leads, channels, -1)
        )
        offset = offset + path.bias.detach().cpu()
    # A state holds the newest value first: lead k of the block stands k from its end.
    turned = torch.arange(network.leads * channels).reshape(network.leads, channels).flip(0).reshape(-1)
    return through[turned], direct.reshape(-1, window * channels)[turned], offset[turned]
