"""The network that tells targets from inputs: a readout of every step, beside a linear filter."""

import torch
from torch import Tensor, nn

from pendula.errors import ArgumentError
from pendula.nn.initial_state import InitialState, resting_state
from pendula.nn.initialization import initialize
from pendula.nn.linear_path import LinearPath
from pendula.nn.network import CELLS, Network
from pendula.nn.readout import Readout
from pendula.nn.weight_memory import require_weights
from pendula.shapes import BatchTensor, Float, Int

__all__ = ["CausalFilter", "draw_filter"]


class CausalFilter(nn.Module):
    r"""Tell the outputs of every step from the inputs up to it.

    With u_t the scaled inputs and h_t the state of the recurrent stack,

    $h_t = \mathrm{cell}(u_t, h_{t-1})$, $\hat y_t = b + \sum_k A_k u_{t-k} + s\,(V h_t + c)$,

    where the sum is there if the network has a linear path. The stack works in the precision of its weights, the linear
    path in float64.

    Args:
        network: Cell, sizes, and the length of the linear path; what is added to a forecaster is left out.
        inputs: Channels that it is shown.
        outputs: How many outputs it has.
        washout: Steps at the start of a window that training does not score.
        initial_state: h before the first input: zeros; rest, what the stack settles to while the inputs stand still at
            zero, which is what the linear path takes the inputs before the first to be; or learned, a parameter.

    Attributes:
        readout: The recurrent stack and its head, which reads every step.
        linear: The linear path, or None.
        output_scale: s, the size of what the head tells, in scaled units; set from the training part.

    Examples:
        >>> told = draw_filter(Network(cell="gru", hidden_size=8, linear_lags=3), 2, 1, seed=0)(torch.zeros(4, 9, 2))
        >>> told.shape  # batch, time, output
        torch.Size([4, 9, 1])
    """

    output_scale: Float[Tensor, " output"]

    def __init__(
        self,
        network: Network,
        inputs: int,
        outputs: int,
        *,
        washout: int = 0,
        initial_state: InitialState = "zeros",
    ) -> None:
        super().__init__()
        self.network, self.inputs, self.outputs, self.initial_state = network, inputs, outputs, initial_state
        stack = CELLS[network.cell](inputs, network.hidden_size, num_layers=network.num_layers, batch_first=True)
        head = nn.Linear(network.hidden_size, outputs)
        self.readout = Readout(stack, head, scored="every", washout=washout, learned_start=initial_state == "learned")
        self.linear = LinearPath(inputs, network.linear_lags, outputs) if network.linear_lags else None
        self.register_buffer("output_scale", torch.ones(outputs))
        if self.linear is not None:
            # Training starts from what the linear path says.
            nn.init.zeros_(self.readout.head.weight)
            nn.init.zeros_(self.readout.head.bias)

    def forward(
        self, inputs: BatchTensor, lengths: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch time output"]:
        """Tell the outputs of every step, from the initial state.

        Args:
            inputs: Scaled inputs.
            lengths: Steps of each sequence; all if left out. What stands after them is not looked at for them.

        Returns:
            Scaled outputs in float64; those after the end of a sequence mean nothing.
        """
        head = self.readout.head
        start = resting_state(self.readout.recurrent) if self.initial_state == "rest" else None
        states = self.readout(inputs.to(head.weight.dtype), lengths, start=start).hidden[-1]
        told = (_mapped(states, head.weight) + head.bias.double()) * self.output_scale
        return told if self.linear is None else told + filtered(self.linear, inputs.double())


def draw_filter(
    network: Network,
    inputs: int,
    outputs: int,
    *,
    seed: int,
    washout: int = 0,
    initial_state: InitialState = "zeros",
) -> CausalFilter:
    """Draw a fresh filter.

    Args:
        network: Cell, sizes, how the weights start, and the length of the linear path.
        inputs: Channels that it is shown.
        outputs: How many outputs it has.
        seed: Of the weights; the global random state is left alone.
        washout: Steps at the start of a window that training does not score.
        initial_state: State before the first input: zeros, rest or learned.

    Returns:
        A filter in float32, on the CPU. With a linear path its head starts at zero: before training the path speaks
        alone.

    Raises:
        ArgumentError: If the cell is not one that is trained.
        TooLargeError: If its weights do not fit in memory, as training holds them.
    """
    if network.cell not in CELLS:
        raise ArgumentError(
            f"`cell` must be one that is trained: expected {', '.join(CELLS)}, got {network.cell}. Choose one of them."
        )
    require_weights(network, inputs)
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would seed the accelerators too, and those are not put back.
        torch.default_generator.manual_seed(seed)
        drawn = CausalFilter(network, inputs, outputs, washout=washout, initial_state=initial_state)
        # A head that starts at zero stays there.
        head = drawn.readout.head if drawn.linear is None else None
        initialize(drawn.readout.recurrent, head, network.initialization, generator=torch.default_generator)
    return drawn


def filtered(path: LinearPath, inputs: BatchTensor) -> Float[Tensor, "batch time output"]:
    """Run a linear path over sequences that nothing came before.

    Args:
        path: The path.
        inputs: Scaled inputs.

    Returns:
        What it says at every step, in float64.
    """
    shown, told = inputs.double(), path.bias.expand(*inputs.shape[:2], -1).clone()
    by_lag = path.weight.reshape(path.lags, inputs.shape[2], -1)
    for lag in range(min(path.lags, inputs.shape[1])):
        told[:, lag:] += _mapped(shown[:, : inputs.shape[1] - lag], by_lag[lag].T)
    return told


def _mapped(values: Tensor, weight: Float[Tensor, "output channel"]) -> Float[Tensor, "batch time output"]:
    # In float64 and in one order, which no matrix product promises: bits do not depend on how many rows there are.
    channels = values.double().movedim(-1, 0)
    told = channels.new_zeros(*values.shape[:-1], len(weight))
    for channel, coefficients in zip(channels, weight.double().unbind(-1), strict=True):
        told = told + channel[..., None] * coefficients
    return told
