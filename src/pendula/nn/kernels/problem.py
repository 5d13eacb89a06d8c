"""What a stack of recurrent layers is asked to do, in numbers, and the check that its tensors fit together."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from pendula.errors import ArgumentError, ShapeError, did_you_mean

__all__ = ["BITS", "CELLS", "LEAKY", "LSTM", "Problem", "Stack", "absent", "check_lengths", "examine", "stack_of"]

CELLS = {"rnn_tanh": 0, "rnn_relu": 1, "lstm": 2, "gru": 3, "leaky": 4}
"""The cells by name, as the compiled core numbers them."""
LSTM, LEAKY = CELLS["lstm"], CELLS["leaky"]
GATES = (1, 1, 4, 3, 1)
BITS = {torch.float32: 32, torch.float64: 64}


class Stack(NamedTuple):
    """A stack of recurrent layers of one kind, and how sequences pass through it.

    Attributes:
        cell: Number of the cell.
        num_layers: Layers.
        batch_first: Whether the axes of input and output are batch, time, channel; otherwise time, batch, channel.
        every_step: Whether the last layer's states after every step are asked for, beside those after the last.
    """

    cell: int
    num_layers: int
    batch_first: bool
    every_step: bool


class Problem(NamedTuple):
    """Sizes of what a stack is given.

    Attributes:
        input_size: Channels of the input.
        hidden_size: Units of a layer.
        batch: Sequences.
        time: Steps.
    """

    input_size: int
    hidden_size: int
    batch: int
    time: int


def stack_of(cell: str, num_layers: int, *, batch_first: bool = True, every_step: bool = True) -> Stack:
    """Describe a stack by the name of its cell.

    Args:
        cell: Name of the cell.
        num_layers: Layers.
        batch_first: Whether the axes of input and output are batch, time, channel.
        every_step: Whether the states after every step are asked for.

    Returns:
        The stack.

    Raises:
        ArgumentError: If there is no such cell, or no layer.

    Examples:
        >>> stack_of("gru", 2)
        Stack(cell=3, num_layers=2, batch_first=True, every_step=True)
    """
    if cell not in CELLS:
        raise ArgumentError(
            f"`cell` must be a known cell: expected one of {', '.join(CELLS)}, got {cell}."
            + did_you_mean(cell, CELLS, listed=True)
        )
    if num_layers < 1:
        raise ArgumentError(f"`num_layers` must be positive: expected 1 or more, got {num_layers}. Stack one at least.")
    return Stack(CELLS[cell], num_layers, batch_first, every_step)


def absent(stack: Stack, results: Sequence[Tensor]) -> list[Tensor]:
    """Find the results that a stack does not give.

    Args:
        stack: The stack.
        results: States after every step, after the last, and cell states.

    Returns:
        Those that are but place holders.
    """
    return [*([] if stack.every_step else results[:1]), *([] if stack.cell == LSTM else results[2:3])]


def examine(
    stack: Stack,
    sequences: Tensor,
    h: Tensor | None,
    c: Tensor | None,
    lengths: Tensor | None,
    parameters: Sequence[Tensor],
) -> Problem:
    """Check that tensors fit together.

    Args:
        stack: What they pass through.
        sequences: Sequences.
        h: First states [layer, batch, hidden]; zeros if left out.
        c: First cell states of an LSTM.
        lengths: Steps of each sequence, [batch].
        parameters: Layer by layer w_ih, w_hh; b_ih, b_hh if there are biases; the leak of the leaky cell.

    Returns:
        Their sizes.

    Raises:
        ShapeError: If axes do not fit.
        ArgumentError: If their types do not fit, or there are too few parameters.
    """
    each, rest = divmod(len(parameters), stack.num_layers)
    usual = (3, 5) if stack.cell == LEAKY else (2, 4)
    if rest or each not in usual:
        raise ArgumentError(
            f"`parameters` must hold every layer's weights: expected {usual[0]} or {usual[1]} tensors for each of "
            f"{stack.num_layers} layers, got {len(parameters)}. Give w_ih, w_hh, and b_ih and b_hh if there are biases."
        )
    if sequences.dim() != 3:
        _refuse("sequences", "have three axes", ("batch", "time", "channel"), sequences)
    batch, time, channels = (
        sequences.shape if stack.batch_first else (sequences.shape[1], sequences.shape[0], sequences.shape[2])
    )
    if time == 0:
        _refuse("sequences", "hold one step at least", ("batch", "1 or more", "channel"), sequences)
    problem = _check_parameters(stack, each, parameters, batch, time)
    if channels != problem.input_size:
        _refuse("sequences", "have the stack's channels", ("batch", "time", problem.input_size), sequences)
    state = (stack.num_layers, batch, problem.hidden_size)
    for name, tensor in (("h", h), ("c", c)):
        if tensor is not None and tensor.shape != state:
            _refuse(name, "hold a state of each layer and sequence", state, tensor)
    _check_types(sequences, (h, c, *parameters))
    if lengths is not None:
        _check_lengths_fit(lengths, batch)
    return problem


def check_lengths(lengths: Tensor, batch: int, time: int) -> None:
    """Check the lengths of sequences, their values among them.

    Args:
        lengths: Steps of each sequence.
        batch: Sequences.
        time: Steps that there are.

    Raises:
        ShapeError: If there is not one for each sequence.
        ArgumentError: If they are no whole numbers, negative or beyond the last step.
    """
    _check_lengths_fit(lengths, batch)
    if batch == 0:
        return
    least, most = (int(bound) for bound in torch.aminmax(lengths))
    if least < 0 or most > time:
        raise ArgumentError(
            f"`lengths` must lie within the steps: expected 0 to {time}, got {least} to {most}. "
            "Pad the sequences, or shorten the lengths."
        )


def _check_lengths_fit(lengths: Tensor, batch: int) -> None:
    if lengths.shape != (batch,):
        _refuse("lengths", "hold a number for each sequence", (batch,), lengths)
    if lengths.dtype is not torch.int64:
        raise ArgumentError(
            f"`lengths` must hold whole numbers: expected torch.int64, got {lengths.dtype}. Use lengths.long()."
        )


def _check_parameters(stack: Stack, each: int, parameters: Sequence[Tensor], batch: int, time: int) -> Problem:
    if parameters[0].dim() != 2 or parameters[1].dim() != 2:
        _refuse("parameters", "start with two matrices", ("gates·hidden", "input"), parameters[0])
    input_size, hidden_size = parameters[0].shape[1], parameters[1].shape[1]
    width = GATES[stack.cell] * hidden_size
    biases = [(width,), (width,)] if each > 3 else []
    leak = [(hidden_size,)] if each % 2 else []
    expected: list[tuple[int, ...]] = [(width, input_size), (width, hidden_size), *biases, *leak]
    if stack.num_layers > 1:
        expected += [(width, hidden_size), (width, hidden_size), *biases, *leak] * (stack.num_layers - 1)
    for index, (parameter, shape) in enumerate(zip(parameters, expected, strict=True)):
        if parameter.shape != shape:
            _refuse(f"parameters[{index}]", "fit the other parameters", shape, parameter)
    return Problem(input_size, hidden_size, batch, time)


def _check_types(sequences: Tensor, others: Sequence[Tensor | None]) -> None:
    dtype = sequences.dtype
    if dtype not in BITS:
        raise ArgumentError(f"`sequences` must hold float32 or float64: got {dtype}. Convert them, and the weights.")
    for other in others:
        if other is not None and other.dtype is not dtype:
            raise ArgumentError(
                f"`sequences` must have the type of the weights and states: expected {other.dtype}, got {dtype}. "
                f"Convert it with sequences.to({other.dtype})."
            )


def _refuse(name: str, rule: str, expected: tuple[int | str, ...], tensor: Tensor) -> None:
    shape = ", ".join(map(str, expected))
    raise ShapeError(
        f"`{name}` must {rule}: expected shape ({shape}), got ({', '.join(map(str, tensor.shape))}). Check its axes."
    )
