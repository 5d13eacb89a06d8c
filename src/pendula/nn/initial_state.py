"""The state of a recurrent stack before its first input."""

from typing import Literal, TypeAlias

import torch
from torch import nn

from pendula.nn.kernels import recurrent
from pendula.nn.kernels.states import LayerState, joined, mapped, split
from pendula.nn.recurrent import RecurrentLayer

__all__ = ["InitialState", "LearnedState", "first_states", "resting_state"]

InitialState: TypeAlias = Literal["zeros", "rest", "learned"]

PAUSE = 100
"""Steps after which it is asked whether a state has settled."""
MOST_PAUSES = 40
SETTLED = 1e-6
"""What a settled state moves in a pause, of its size or of 1: the rounding of float32 over a few steps."""


class LearnedState(nn.Module):
    """A first state that is trained with its stack; it is zero before.

    Args:
        layer: The stack.

    Attributes:
        hidden: h of each layer, [layer, unit].
        cell: c of each layer of an LSTM, else None.

    Examples:
        >>> from pendula.nn import GRU
        >>> LearnedState(GRU(1, 4, num_layers=2)).hidden.shape
        torch.Size([2, 4])
    """

    def __init__(self, layer: RecurrentLayer) -> None:
        super().__init__()
        like = next(layer.parameters()).new_zeros(layer.num_layers, layer.hidden_size)
        self.hidden = nn.Parameter(like)
        self.cell = nn.Parameter(like.clone()) if layer.mode == "LSTM" else None

    def forward(self) -> LayerState:
        """Give the state.

        Returns:
            h, and with it the LSTM's c, [layer, unit].
        """
        return joined(self.hidden, self.cell)


def resting_state(layer: RecurrentLayer) -> LayerState:
    """Find what a stack settles to while its inputs stand still at zero, the mean of scaled inputs.

    It is let go from zeros until it has settled; a stack that does not within 4000 steps is left where it then is.

    Args:
        layer: The stack, `batch_first`, in one direction, without dropout or projection.

    Returns:
        h, and with it the LSTM's c, [layer, unit].

    Examples:
        >>> from pendula.nn import RNN
        >>> layer = RNN(1, 1, batch_first=True, dtype=torch.float64)
        >>> for weight, value in zip(layer.parameters(), (1.0, 0.5, 0.1, 0.0), strict=True):
        ...     _ = weight.data.fill_(value)
        >>> state = resting_state(layer)
        >>> torch.allclose(state, torch.tanh(0.5 * state + 0.1), rtol=0, atol=1e-12)
        True
    """
    weights = list(layer.parameters())
    still = weights[0].new_zeros(1, PAUSE, layer.input_size)
    state: LayerState = None
    with torch.no_grad():
        for _ in range(MOST_PAUSES):
            before = state
            _, h, c = recurrent(
                layer.mode.lower(), still, before, weights, num_layers=layer.num_layers, every_step=False
            )
            state = joined(h, c)
            if before is not None and _is_same(before, state):
                break
    return mapped(state, lambda each: each[:, 0])


def first_states(state: LayerState, layer: int, *, batch: int) -> LayerState:
    """Hand one layer's first state to all sequences of a batch.

    Args:
        state: h, and the LSTM's c, [layer, unit]; None for zeros.
        layer: Which layer.
        batch: How many sequences.

    Returns:
        The layer's state, [1, batch, unit], or None.
    """
    return mapped(state, lambda each: each[layer].expand(1, batch, -1))


def _is_same(before: LayerState, after: LayerState) -> bool:
    pairs = zip(split(before), split(after), strict=True)
    return all(
        torch.allclose(one, other, rtol=SETTLED, atol=SETTLED)
        for one, other in pairs
        if one is not None and other is not None
    )
