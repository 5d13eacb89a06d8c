"""The network that forecasts: a recurrent stack, a linear head, and what is added to them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pendula.errors import ArgumentError
from pendula.nn.initialization import initialize
from pendula.nn.linear_path import LinearPath
from pendula.nn.mixture import Mixture
from pendula.nn.network import CELLS, Network
from pendula.nn.recurrent import RecurrentState
from pendula.nn.spread import Spread
from pendula.nn.weight_memory import require_weights
from pendula.shapes import Float, ShownTensor

__all__ = ["Forecaster", "ForecasterState", "build", "detach", "seen_channels"]


class ForecasterState(NamedTuple):
    """All that a forecaster remembers between two steps.

    Attributes:
        hidden: State of the recurrent stack.
        last: The last value seen, [batch, 1, channel]; None before the first.
        past: The values that the linear path still needs; None without a linear path.
    """

    hidden: RecurrentState | None
    last: Tensor | None
    past: Tensor | None


class Forecaster(nn.Module):
    r"""Predict the next values of a series from all values up to now.

    With x_t the scaled series, h_t the state of the recurrent stack and Δx_t = x_t − x_(t−1),

    $h_t = \mathrm{cell}\big((x_t, \Delta x_t / d), h_{t-1}\big)$,
    $\hat x_{t+k} = x_t + \sum_j A_{kj} x_{t-j} + s\,(V_k h_t + c_k)$,

    where x_t is there if the network is residual, Δx_t if it sees increments, and the sum if it has a linear path. The
    map from state and input to state and output is one step of a dynamical system: a free run feeds the output back.

    The recurrent stack works in the precision of its weights, all that is added to it in that of the series: a float64
    series keeps its digits in x_t and in the linear path while the stack runs at the speed of float32.

    With a likelihood head this prediction is the mean of a distribution, whose form the state tells, too.

    With controls a series has columns beside its channels: in row t the controls u_(t+1), which drive the step to the
    row that is predicted. They are read, by the stack and by the linear path, and never predicted:
    $h_t = \mathrm{cell}\big((x_t, \Delta x_t / d, u_{t+1}), h_{t-1}\big)$.

    Args:
        network: The architecture.
        channels: Channels that are predicted: the first columns of the series.
        controls: Columns after them that are known for the future, too.

    Attributes:
        output_scale: s, the size of what the head predicts, in scaled units; set from the training part.
        increment_scale: d, the size of an increment, in scaled units; set from the training part.

    Examples:
        >>> forecaster = build(Network(cell="gru", hidden_size=8), 1, seed=0)
        >>> predictions, state = forecaster(torch.ones(2, 5, 1))
        >>> predictions.shape  # batch, time, lead, channel
        torch.Size([2, 5, 1, 1])
        >>> bool((predictions == 1).all())  # an untrained residual network says: the same as now
        True
    """

    output_scale: Float[Tensor, "lead channel"]
    increment_scale: Float[Tensor, " channel"]

    def __init__(self, network: Network, channels: int, controls: int = 0) -> None:
        super().__init__()
        self.network = network
        self.channels = channels
        self.controls = controls
        outputs = network.leads * channels
        self.recurrent = CELLS[network.cell](
            seen_channels(network, channels, controls),
            network.hidden_size,
            num_layers=network.num_layers,
            dropout=network.dropout,
            batch_first=True,
        )
        self.head = nn.Linear(network.hidden_size, outputs)
        self.linear = LinearPath(channels + controls, network.linear_lags, outputs) if network.linear_lags else None
        self.register_buffer("output_scale", torch.ones(network.leads, channels))
        self.register_buffer("increment_scale", torch.ones(channels))
        if network.residual or network.linear_lags:
            # Training starts from what is added to the network: persistence, or the linear autoregression.
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)
        self.spread = None if network.head == "point" else Spread(network.hidden_size, channels, network.mixed)

    def forward(
        self, series: ShownTensor, state: ForecasterState | None = None
    ) -> tuple[Float[Tensor, "batch time lead channel"], ForecasterState]:
        """Predict, at every step, the values that follow it.

        Args:
            series: Scaled values, with controls if there are any.
            state: What was seen before them; nothing when left out.

        Returns:
            The predictions of the next `leads` values after each step, scaled, and the state after the last step.
        """
        predictions, state, _ = self._advance(series, state)
        return predictions, state

    def distribute(
        self, series: ShownTensor, state: ForecasterState | None = None, *, since: int = 0
    ) -> tuple[Mixture, ForecasterState]:
        """Tell, at some steps, the distribution of the value that follows it.

        Args:
            series: Scaled values, with controls if there are any.
            state: What was seen before them; nothing when left out.
            since: The first step that is asked for.

        Returns:
            The distributions [batch, time, ...] of the next values, scaled, and the state after the last step.

        Raises:
            ArgumentError: If the network has no likelihood head.

        Examples:
            >>> forecaster = build(Network(hidden_size=4, head="gaussian"), 1)
            >>> mixture, _ = forecaster.distribute(torch.ones(2, 5, 1), since=3)
            >>> mixture.mean.shape, mixture.covariance()[0, 0]  # an untrained network: the same as now, give or take 1
            (torch.Size([2, 2, 1]), tensor([[1.]], grad_fn=<SelectBackward0>))
        """
        if self.spread is None:
            raise ArgumentError(
                "`head` must tell a distribution: expected gaussian or mixture, got point. Train a network with "
                "`--head gaussian`."
            )
        predictions, state, output = self._advance(series, state)
        return self.spread(output[:, since:], predictions[:, since:, 0], self.output_scale[0]), state

    def _advance(self, series: ShownTensor, state: ForecasterState | None) -> tuple[Tensor, ForecasterState, Tensor]:
        state = state or ForecasterState(None, None, None)
        features, known = self._features(series, state.last).to(self.head.weight.dtype), self.told(series)
        output, hidden = self.recurrent(features, state.hidden)
        shape = (*series.shape[:2], self.network.leads, self.channels)
        predictions = (self.head(output).reshape(shape) * self.output_scale).to(series.dtype)
        past = None
        if self.linear is not None:
            linear, past = self.linear(series, self.linear.empty(series) if state.past is None else state.past)
            predictions = predictions + linear.reshape(shape)
        if self.network.residual:
            predictions = predictions + known[:, :, None, :]
        return predictions, ForecasterState(hidden, known[:, -1:], past), output

    def told(self, series: ShownTensor) -> Float[Tensor, "batch time channel"]:
        """Take the channels that are predicted out of a series.

        Args:
            series: Scaled values, with controls if there are any.

        Returns:
            Its first columns; all of them where there are no controls.
        """
        return series[..., : self.channels] if self.controls else series

    def taken_apart(
        self, series: ShownTensor
    ) -> tuple[Float[Tensor, "batch time feature"], Float[Tensor, "batch time lead channel"]]:
        """Tell what the recurrent stack sees from what is added to its head, for series without a past.

        Args:
            series: Scaled values.

        Returns:
            The stack's input, in the precision of its weights; and the predictions of a head that says zero.
        """
        shape = (*series.shape[:2], self.network.leads, self.channels)
        added = series.new_zeros(shape)
        if self.linear is not None:
            added = added + self.linear(series, self.linear.empty(series))[0].reshape(shape)
        if self.network.residual:
            added = added + self.told(series)[:, :, None, :]
        return self._features(series, None).to(self.head.weight.dtype), added

    def _features(self, series: ShownTensor, last: Tensor | None) -> Tensor:
        if not self.network.increments:
            return series
        known, controls = self.told(series), series[..., self.channels :]
        # The increment of the very first value is unknown; it is shown as 0.
        before = torch.cat([known[:, :1] if last is None else last, known[:, :-1]], dim=1)
        return torch.cat([known, (known - before) / self.increment_scale, controls], dim=-1)


def seen_channels(network: Network, channels: int, controls: int = 0) -> int:
    """Count the channels that a forecaster's recurrent stack sees.

    Args:
        network: The architecture.
        channels: Channels that are predicted.
        controls: Columns after them that are known for the future, too.

    Returns:
        Their number: values, their increments if it sees them, and controls.

    Examples:
        >>> seen_channels(Network(increments=True), 2, 1)
        5
    """
    return channels * (2 if network.increments else 1) + controls


def build(network: Network, channels: int, controls: int = 0, *, seed: int = 0) -> Forecaster:
    """Draw a fresh forecaster.

    Args:
        network: The architecture.
        channels: Channels that are predicted.
        controls: Columns after them that are known for the future, too.
        seed: Of the weights; the global random state is left alone.

    Returns:
        A forecaster in float32, on the CPU.

    Raises:
        ArgumentError: If there is no channel.
        TooLargeError: If its weights do not fit in memory, as training holds them.
    """
    if channels < 1:
        raise ArgumentError(f"`channels` must be positive: expected 1 or more, got {channels}. Name a target.")
    require_weights(network, seen_channels(network, channels, controls))
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would seed the accelerators too, and those are not put back.
        torch.default_generator.manual_seed(seed)
        forecaster = Forecaster(network, channels, controls)
        # A head that starts at zero stays there.
        head = None if network.residual or network.linear_lags else forecaster.head
        initialize(forecaster.recurrent, head, network.initialization, generator=torch.default_generator)
        if forecaster.spread is not None:
            forecaster.spread.start(torch.default_generator)
    return forecaster


def detach(state: ForecasterState) -> ForecasterState:
    """Cut a state off from the graph that made it.

    Args:
        state: The state.

    Returns:
        The same values, through which no gradient flows.
    """
    hidden = state.hidden
    if isinstance(hidden, tuple):
        hidden = (hidden[0].detach(), hidden[1].detach())
    elif hidden is not None:
        hidden = hidden.detach()
    return ForecasterState(
        hidden,
        None if state.last is None else state.last.detach(),
        None if state.past is None else state.past.detach(),
    )
