"""A stack with dropout between its layers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pendula.nn.kernels.compiling import left_alone
from pendula.nn.kernels.function import run
from pendula.nn.kernels.problem import Stack

__all__ = ["run_with_dropout"]


@left_alone
def run_with_dropout(
    stack: Stack,
    probability: float,
    lengths: Tensor | None,
    sequences: Tensor,
    h: Tensor | None,
    c: Tensor | None,
    parameters: Sequence[Tensor],
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Run a stack in the compiled core layer by layer, and drop units in between, as training does.

    Args:
        stack: The layers.
        probability: To drop a unit at a step.
        lengths: Steps of each sequence; all if left out.
        sequences: Sequences.
        h: First states; zeros if left out.
        c: First cell states of an LSTM.
        parameters: Weights, layer by layer.

    Returns:
        States after every step, after the last, and cell states.

    Raises:
        ShapeError: If the tensors do not fit together.
        ArgumentError: If types or lengths do not fit.
    """
    one = stack._replace(num_layers=1, every_step=True)
    each = len(parameters) // stack.num_layers
    states, cells = [], []
    for layer in range(stack.num_layers):
        if layer:
            sequences = torch.dropout(sequences, probability, train=True)
        weights = parameters[layer * each : (layer + 1) * each]
        first_h, first_c = (None if first is None else first[layer : layer + 1] for first in (h, c))
        output, h_n, c_n = run(one, lengths, sequences, first_h, first_c, weights)
        assert output is not None
        sequences = output
        states.append(h_n)
        cells += [] if c_n is None else [c_n]
    return sequences, torch.cat(states), torch.cat(cells) if cells else None
