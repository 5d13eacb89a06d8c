"""The same stacks as a plain loop of torch's operations: slow, differentiable any number of times, on every device."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from pendula.nn.kernels.problem import CELLS, LEAKY, LSTM, Stack, examine

__all__ = ["reference"]

States: TypeAlias = tuple[Tensor, Tensor | None]
Step: TypeAlias = Callable[[Tensor, Tensor, States, Tensor | None], States]
"""From the input's and the state's part of the gates, the state before and the leak to the state after."""


def reference(
    stack: Stack,
    sequences: Tensor,
    h: Tensor | None,
    c: Tensor | None,
    lengths: Tensor | None,
    parameters: Sequence[Tensor],
) -> tuple[Tensor | None, Tensor, Tensor | None]:
    """Run a stack over a batch of sequences, step by step.

    Args:
        stack: The layers.
        sequences: Sequences.
        h: First states [layer, batch, hidden]; zeros if left out.
        c: First cell states of an LSTM.
        lengths: Steps of each sequence; all if left out.
        parameters: Layer by layer w_ih, w_hh; b_ih, b_hh if there are biases; the leak of the leaky cell.

    Returns:
        States of the last layer after every step, if asked for, zero where a sequence has ended; states of all layers
        after their last step; cell states of an LSTM.

    Raises:
        ShapeError: If the tensors do not fit together.
        ArgumentError: If their types do not.

    Examples:
        >>> from pendula.nn.kernels.problem import stack_of
        >>> decay = [torch.zeros(1, 1), torch.zeros(1, 1), torch.tensor([0.5])]  # h' = h / 2
        >>> reference(stack_of("leaky", 1), torch.zeros(1, 3, 1), torch.ones(1, 1, 1), None, None, decay)[0][0, :, 0]
        tensor([0.5000, 0.2500, 0.1250])
    """
    problem = examine(stack, sequences, h, c, lengths, parameters)
    rows = sequences if stack.batch_first else sequences.transpose(0, 1)
    if lengths is not None:
        # What lies beyond a sequence's end may be anything; it must not reach the gradients either.
        within = torch.arange(problem.time, device=rows.device) < lengths[:, None]
        rows = torch.where(within[:, :, None], rows, 0)
    zeros = rows.new_zeros(stack.num_layers, problem.batch, problem.hidden_size)
    first_h, first_c = zeros if h is None else h, zeros if c is None else c
    each = len(parameters) // stack.num_layers
    last = []
    for layer in range(stack.num_layers):
        weights = parameters[layer * each : (layer + 1) * each]
        start = (first_h[layer], first_c[layer] if stack.cell == LSTM else None)
        rows, end = _layer(stack.cell, rows, start, lengths, weights)
        last.append(end)
    if lengths is not None:
        rows = torch.where(within[:, :, None], rows, 0)
    output = rows if stack.batch_first else rows.transpose(0, 1)
    cells = [cell for _, cell in last if cell is not None]
    return (
        output if stack.every_step else None,
        torch.stack([state for state, _ in last]),
        torch.stack(cells) if cells else None,
    )


def _layer(
    cell: int, rows: Tensor, state: States, lengths: Tensor | None, weights: Sequence[Tensor]
) -> tuple[Tensor, States]:
    leak = weights[-1] if cell == LEAKY else None
    b_ih, b_hh = weights[2:4] if len(weights) > 3 else (None, None)
    from_input = torch.nn.functional.linear(rows, weights[0], b_ih)
    states = []
    for t in range(rows.shape[1]):
        from_state = torch.nn.functional.linear(state[0], weights[1], b_hh)
        after = STEPS[cell](from_input[:, t], from_state, state, leak)
        state = after if lengths is None else _where(t < lengths[:, None], after, state)
        states.append(state[0])
    return torch.stack(states, dim=1), state


def _where(within: Tensor, after: States, before: States) -> States:
    h = torch.where(within, after[0], before[0])
    return h, None if after[1] is None or before[1] is None else torch.where(within, after[1], before[1])


def _tanh_step(from_input: Tensor, from_state: Tensor, _state: States, _leak: Tensor | None) -> States:
    return torch.tanh(from_input + from_state), None


def _relu_step(from_input: Tensor, from_state: Tensor, _state: States, _leak: Tensor | None) -> States:
    return torch.relu(from_input + from_state), None


def _lstm_step(from_input: Tensor, from_state: Tensor, state: States, _leak: Tensor | None) -> States:
    i, f, g, o = (from_input + from_state).chunk(4, dim=-1)
    assert state[1] is not None
    c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def _gru_step(from_input: Tensor, from_state: Tensor, state: States, _leak: Tensor | None) -> States:
    r_x, z_x, n_x = from_input.chunk(3, dim=-1)
    r_h, z_h, n_h = from_state.chunk(3, dim=-1)
    z = torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h)
    return n + z * (state[0] - n), None


def _leaky_step(from_input: Tensor, from_state: Tensor, state: States, leak: Tensor | None) -> States:
    assert leak is not None
    return (1 - leak) * state[0] + leak * torch.tanh(from_input + from_state), None


STEPS: dict[int, Step] = {
    CELLS["rnn_tanh"]: _tanh_step,
    CELLS["rnn_relu"]: _relu_step,
    LSTM: _lstm_step,
    CELLS["gru"]: _gru_step,
    LEAKY: _leaky_step,
}
