"""Recurrent layers read out by a linear head: what learns to map sequences to targets."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor, nn

from pendula.errors import ArgumentError, did_you_mean
from pendula.nn.initial_state import LearnedState, first_states
from pendula.nn.initialization import initialize
from pendula.nn.kernels import recurrent
from pendula.nn.kernels.states import LayerState
from pendula.nn.network import CELLS, Network
from pendula.nn.recurrent import RecurrentLayer
from pendula.nn.weight_memory import require_weights
from pendula.shapes import BatchTensor, Int

__all__ = ["Readout", "ReadoutResult", "Scored", "draw_readout", "layer_weights"]

Scored: TypeAlias = Literal["last", "every"]


class ReadoutResult(NamedTuple):
    """What a readout gives.

    Attributes:
        outputs: Of the head, at the scored steps.
        hidden: States of each layer after every step.
    """

    outputs: Tensor
    hidden: tuple[Tensor, ...]


class Readout(nn.Module):
    """A recurrent stack with a linear head.

    Layer and head are held, not copied: to train a readout is to train them.

    Args:
        recurrent: The stack, `batch_first`, in one direction, without dropout or projection.
        head: From the last layer's states to the outputs.
        scored: Read the head after the last step of each sequence, or after every step.
        washout: Steps at the start that are not read with `scored="every"`.
        learned_start: Whether the first state is trained, too; else it is zero.

    Attributes:
        start: The first state that is trained, or None.

    Raises:
        ArgumentError: If the layer or the settings are of another kind.

    Examples:
        >>> from pendula.nn import RNN
        >>> readout = Readout(RNN(2, 4, batch_first=True), nn.Linear(4, 3))
        >>> readout(torch.zeros(5, 7, 2)).outputs.shape
        torch.Size([5, 3])
    """

    def __init__(
        self,
        recurrent: RecurrentLayer,
        head: nn.Linear,
        *,
        scored: Scored = "last",
        washout: int = 0,
        learned_start: bool = False,
    ) -> None:
        super().__init__()
        if scored not in get_args(Scored):
            raise ArgumentError(
                f"`scored` must be a known choice: expected one of {', '.join(get_args(Scored))}, got {scored}."
                + did_you_mean(str(scored), get_args(Scored), listed=True)
            )
        if washout < 0:
            raise ArgumentError(
                f"`washout` must not be negative: expected 0 or more, got {washout}. Count it in steps."
            )
        if washout and scored == "last":
            raise ArgumentError(
                f"`washout` must be 0 where the last step alone is scored: got {washout}. Choose scored='every'."
            )
        _check_layer(recurrent)
        self.recurrent, self.head = recurrent, head
        self.scored, self.washout = scored, washout
        self.start = LearnedState(recurrent) if learned_start else None

    @property
    def cell(self) -> str:
        """Name of the cell: rnn_tanh, rnn_relu, lstm or gru."""
        return self.recurrent.mode.lower()

    def forward(
        self, inputs: BatchTensor, lengths: Int[Tensor, " batch"] | None = None, *, start: LayerState = None
    ) -> ReadoutResult:
        """Run sequences through the layers and read the scored steps.

        Args:
            inputs: Sequences.
            lengths: Steps of each sequence; all if left out.
            start: The state before all of them, h and the LSTM's c, [layer, unit]; the learned one, or zeros, if left
                out.

        Returns:
            Outputs [batch, output] of the last steps, or [batch, time, output] of every step from the washout on; and
            the states of each layer.
        """
        hidden: list[Tensor] = []
        first = self.start() if start is None and self.start is not None else start
        for index, weights in enumerate(layer_weights(self.recurrent)):
            before = first_states(first, index, batch=len(inputs))
            states, _, _ = recurrent(self.cell, hidden[-1] if hidden else inputs, before, weights, lengths=lengths)
            assert states is not None
            hidden.append(states)
        return ReadoutResult(self.head(self.read(hidden[-1], lengths)), tuple(hidden))

    def read(self, states: Tensor, lengths: Tensor | None) -> Tensor:
        """Take the scored steps.

        Args:
            states: Of the last layer, [batch, time, hidden].
            lengths: Steps of each sequence.

        Returns:
            [batch, hidden], or [batch, time, hidden].
        """
        if self.scored == "every":
            return states[:, self.washout :]
        return states[:, -1] if lengths is None else states[torch.arange(len(states)), lengths - 1]

    def write(self, scored: Tensor, lengths: Tensor | None, into: Tensor) -> Tensor:
        """Add to the scored steps: the transpose of `read`.

        Args:
            scored: Like what `read` gives.
            lengths: Steps of each sequence.
            into: Like the states; it is changed.

        Returns:
            `into`.
        """
        if self.scored == "every":
            into[:, self.washout :] += scored
        elif lengths is None:
            into[:, -1] += scored
        else:
            into[torch.arange(len(into)), lengths - 1] += scored
        return into


def draw_readout(
    network: Network, inputs: int, outputs: int, *, seed: int, scored: Scored = "last", washout: int = 0
) -> Readout:
    """Draw a fresh readout.

    Args:
        network: Cell, sizes and how the weights start; what is added to a forecaster is left out.
        inputs: Channels that the stack sees.
        outputs: Outputs of the head.
        seed: Of the weights; the global random state is left alone.
        scored: Read the head after the last step of each sequence, or after every step.
        washout: Steps at the start that are not read with `scored="every"`.

    Returns:
        A readout in float32, on the CPU.

    Raises:
        ArgumentError: If the cell is not one that is trained.
        TooLargeError: If its weights do not fit in memory, as training holds them.

    Examples:
        >>> draw_readout(Network(cell="lstm", hidden_size=4), 2, 3, seed=0).head
        Linear(in_features=4, out_features=3, bias=True)
    """
    if network.cell not in CELLS:
        raise ArgumentError(
            f"`cell` must be one that is trained: expected {', '.join(CELLS)}, got {network.cell}. Choose one of them."
        )
    require_weights(network, inputs)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        layer = CELLS[network.cell](inputs, network.hidden_size, num_layers=network.num_layers, batch_first=True)
        head = nn.Linear(network.hidden_size, outputs)
    initialize(layer, head, network.initialization, generator=generator)
    return Readout(layer, head, scored=scored, washout=washout)


def layer_weights(recurrent: RecurrentLayer) -> Sequence[list[Tensor]]:
    """Tell the weights of a stack apart, layer by layer.

    Args:
        recurrent: The stack.

    Returns:
        w_ih, w_hh, and b_ih, b_hh if there are biases, of each layer.
    """
    weights: list[Tensor] = list(recurrent.parameters())
    each = len(weights) // recurrent.num_layers
    return [weights[at : at + each] for at in range(0, len(weights), each)]


def _check_layer(layer: RecurrentLayer) -> None:
    unusual = [
        name
        for name, usual in (("batch_first", True), ("bidirectional", False), ("proj_size", 0), ("dropout", 0))
        if getattr(layer, name) != usual
    ]
    if unusual:
        raise ArgumentError(
            f"`recurrent` must be a causal stack of whole sequences: got {unusual[0]}={getattr(layer, unusual[0])}. "
            "Use batch_first=True, and leave bidirectional, proj_size and dropout out."
        )
