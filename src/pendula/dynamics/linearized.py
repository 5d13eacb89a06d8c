"""A recurrent layer linearized along the path that some sequences take through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from pendula.dynamics.slopes import Slopes, slopes_of
from pendula.errors import ArgumentError, ShapeError
from pendula.nn.kernels import recurrent
from pendula.nn.kernels.problem import CELLS, LEAKY, LSTM
from pendula.nn.reservoir_weights import ReservoirWeights
from pendula.shapes import BatchTensor, Float

__all__ = ["LinearizedLayer", "Recurrence", "State", "identity_rows", "linearize", "step_jacobians"]

Recurrence: TypeAlias = nn.RNNBase | ReservoirWeights
"""What can be linearized: an RNN, GRU or LSTM of Pendula or torch, or a reservoir."""
State: TypeAlias = Tensor | tuple[Tensor, Tensor]
"""First states [layer, batch, hidden]; for the LSTM the pair of h and c."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearizedLayer:
    """A layer as the linear map that carries errors back through it, step by step.

    The state of a step is what it hands on to the next one: h, and for the LSTM h and c together.

    Attributes:
        slopes: Derivatives of each step, unit by unit.
        w_ih: From the input to the gates.
        w_hh: From the state to the gates.
        inputs: At each step.
        before: h before each step.
    """

    slopes: Slopes
    w_ih: Float[Tensor, "gates input"]
    w_hh: Float[Tensor, "gates hidden"]
    inputs: BatchTensor
    before: Float[Tensor, "batch time hidden"]

    @property
    def parts(self) -> int:
        """Parts of the state: 2 for the LSTM, 1 for other cells."""
        return self.slopes.past_gates.shape[2]

    def pull_back(
        self, steps: int | slice, errors: Float[Tensor, "*batch row part hidden"]
    ) -> tuple[Float[Tensor, "*batch row part hidden"], Float[Tensor, "*batch row gates"]]:
        """Carry errors from behind a step to before it: multiply by the transposed Jacobian.

        Args:
            steps: The step, or all of a range at once, each with errors of its own.
            errors: Derivatives of something by the state after the step; several rows at once, as those of a matrix.

        Returns:
            Derivatives by the state before the step, and by the state's part of the gates.
        """
        gates = _through(errors, self.slopes.by_state[:, steps]).flatten(-2)
        past = _through(errors, self.slopes.past_gates[:, steps])
        past[..., 0, :] += gates @ self.w_hh  # h reaches the gates; c does not
        return past, gates

    def to_input(
        self, step: int, errors: Float[Tensor, "batch row part hidden"]
    ) -> tuple[Float[Tensor, "batch row input"], Float[Tensor, "batch row gates"]]:
        """Carry errors from behind a step to its input.

        Args:
            step: The step.
            errors: Derivatives by the state after it.

        Returns:
            Derivatives by the input, and by the input's part of the gates.
        """
        gates = _through(errors, self.slopes.by_input[:, step]).flatten(-2)
        return gates @ self.w_ih, gates


def linearize(layer: Recurrence, inputs: BatchTensor, *, state: State | None = None) -> list[LinearizedLayer]:
    """Linearize a stack of recurrent layers along the path of some sequences, in float64.

    Args:
        layer: An RNN, GRU or LSTM of Pendula or torch, or a reservoir; dropout is left out.
        inputs: Sequences; batch comes first, whatever the layer's `batch_first` says.
        state: First states; zeros if left out.

    Returns:
        One linearized layer for each of the stack, the lowest first.

    Raises:
        ArgumentError: If the layer is bidirectional or has a projection.
        ShapeError: If the sequences do not fit the layer.

    Examples:
        >>> (rnn,) = linearize(nn.RNN(1, 4), torch.zeros(2, 7, 1))
        >>> rnn.slopes.by_state.shape  # batch, time, part, gate, hidden
        torch.Size([2, 7, 1, 1, 4])
    """
    stack = _reservoir(layer) if isinstance(layer, ReservoirWeights) else _stack(layer)
    channels = stack.weights[0][0].shape[1]
    if inputs.dim() != 3 or inputs.shape[1] == 0 or inputs.shape[2] != channels:
        raise ShapeError(
            f"`inputs` must fit the layer: expected shape (batch, 1 or more, {channels}), "
            f"got ({', '.join(map(str, inputs.shape))}). Check its axes."
        )
    rows, made = inputs.detach().double().cpu(), []
    with torch.no_grad():
        for weights, first in zip(stack.weights, _first_states(stack, rows, state), strict=True):
            linearized, rows = _linearize(stack.cell, rows, first, weights)
            made.append(linearized)
    return made


def step_jacobians(linearized: LinearizedLayer) -> Float[Tensor, "batch time state state"]:
    """Write the Jacobian of every step out: ∂s(t)/∂s(t−1), s = h, or (h, c) for the LSTM.

    Args:
        linearized: The layer.

    Returns:
        A matrix for each sequence and step: states after it, states before it.

    Examples:
        >>> layer = nn.RNN(1, 2, bias=False)
        >>> matrix = step_jacobians(linearize(layer, torch.zeros(1, 1, 1))[0])[0, 0]
        >>> bool(torch.equal(matrix, layer.weight_hh_l0.double()))  # at rest the Jacobian is W
        True
    """
    batch, time, hidden = linearized.before.shape
    rows = identity_rows(linearized).expand(batch, time, -1, -1, -1)
    matrices, _ = linearized.pull_back(slice(None), rows)
    return matrices.reshape(batch, time, linearized.parts * hidden, -1)


def identity_rows(linearized: LinearizedLayer) -> Float[Tensor, "row part hidden"]:
    """Give the unit vectors of a layer's state, as errors to carry back.

    Args:
        linearized: The layer.

    Returns:
        As many rows as the state has numbers.
    """
    size = linearized.parts * linearized.before.shape[-1]
    return torch.eye(size, dtype=torch.float64).reshape(size, linearized.parts, -1)


def _through(errors: Tensor, slopes: Tensor) -> Tensor:
    # Sum over the parts of the state: [.., row, part, hidden] × [.., part, gate, hidden] → [.., row, gate, hidden].
    return (errors[..., :, None, :] * slopes[..., None, :, :, :]).sum(dim=-3)


def _linearize(
    cell: str, rows: Tensor, first: tuple[Tensor, Tensor], weights: Sequence[Tensor]
) -> tuple[LinearizedLayer, Tensor]:
    h, c = first
    number = CELLS[cell]
    state = (h[None], c[None]) if number == LSTM else h[None]
    output, _, _ = recurrent(cell, rows, state, weights)
    assert output is not None
    before = torch.cat([h[:, None], output[:, :-1]], dim=1)
    b_ih, b_hh = weights[2:4] if len(weights) > 3 else (None, None)
    slopes = slopes_of(
        number,
        nn.functional.linear(rows, weights[0], b_ih),
        nn.functional.linear(before, weights[1], b_hh),
        before,
        first_c=c,
        leak=weights[-1] if number == LEAKY else None,
    )
    return LinearizedLayer(slopes, weights[0], weights[1], rows, before), output


class _Stack(NamedTuple):
    """A stack in numbers.

    Attributes:
        cell: Name of the cell.
        weights: Layer by layer, as `pendula.nn.kernels.recurrent` takes them; in float64.
    """

    cell: str
    weights: list[list[Tensor]]


def _stack(layer: nn.RNNBase) -> _Stack:
    if layer.bidirectional or layer.proj_size:
        raise ArgumentError(
            "`layer` must be causal, without a projection: expected an RNN, GRU or LSTM, got "
            f"{'a bidirectional one' if layer.bidirectional else 'one with proj_size'}. Leave that argument out."
        )
    weights = [[weight.detach().double().cpu() for weight in weights] for weights in layer.all_weights]
    return _Stack(layer.mode.lower(), weights)


def _reservoir(reservoir: ReservoirWeights) -> _Stack:
    dense = reservoir.recurrent
    dense = dense if isinstance(dense, np.ndarray) else dense.toarray()
    arrays = (
        reservoir.input,
        dense,
        reservoir.bias,
        np.zeros(reservoir.units),
        np.full(reservoir.units, reservoir.leak),
    )
    return _Stack("leaky", [[torch.from_numpy(np.asarray(each, np.float64)) for each in arrays]])


def _first_states(stack: _Stack, rows: Tensor, state: State | None) -> list[tuple[Tensor, Tensor]]:
    h, c = state if isinstance(state, tuple) else (state, None)
    shape = (len(stack.weights), len(rows), stack.weights[0][1].shape[1])
    for each in (h, c):
        if each is not None and each.shape != shape:
            raise ShapeError(
                f"`state` must hold a state of each layer and sequence: expected shape {shape}, "
                f"got {tuple(each.shape)}. Check its axes."
            )
    zero = rows.new_zeros(shape)
    first_h, first_c = (zero if each is None else each.detach().double().cpu() for each in (h, c))
    return list(zip(first_h, first_c, strict=True))
