"""A recurrent layer linearized along the path that some sequences take through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from pendula.dynamics.cells import STEPS, LayerWeights, Part, Step
from pendula.dynamics.layer_stack import LayerStack, reservoir_stack, stack_of
from pendula.errors import ShapeError
from pendula.nn.reservoir_weights import ReservoirWeights
from pendula.shapes import BatchTensor, Float

__all__ = ["LinearizedLayer", "Recurrence", "State", "identity_rows", "linearize", "step_jacobians"]

Recurrence: TypeAlias = nn.RNNBase | ReservoirWeights
"""What can be linearized: an RNN, GRU or LSTM of Pendula or torch, or a reservoir."""
State: TypeAlias = Tensor | tuple[Tensor, Tensor]
"""First states [layer, batch, hidden]; for the LSTM the pair of h and c."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LinearizedLayer:
    """A layer as the linear map that carries errors back through it, step by step.

    The state of a step is what it hands on to the next one: h, and for the LSTM h and c together. The gates are the sum
    of a part from the input and one from the state; what follows acts on each unit by itself, so that its derivatives
    are numbers and not matrices.

    Attributes:
        weights: Of the layer.
        inputs: At each step.
        before: h before each step.
        by_input: Derivatives of the state after a step by the input's part of the gates.
        by_state: By the state's part of the gates; the same but for the GRU, whose reset gate acts on it.
        past_gates: By the state before, past the gates: parts after the step, parts before it.
        h_by_c: ∂h/∂c of the LSTM within a step; None for other cells.
    """

    weights: LayerWeights
    inputs: BatchTensor
    before: Float[Tensor, "batch time hidden"]
    by_input: Float[Tensor, "batch time part gate hidden"]
    by_state: Float[Tensor, "batch time part gate hidden"]
    past_gates: Float[Tensor, "batch time part part hidden"]
    h_by_c: Float[Tensor, "batch time hidden"] | None

    @property
    def parts(self) -> int:
        """Parts of the state: 2 for the LSTM, 1 for other cells."""
        return self.past_gates.shape[2]

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
        gates = _through(errors, self.by_state[:, steps]).flatten(-2)
        past = _through(errors, self.past_gates[:, steps])
        past[..., 0, :] += gates @ self.weights.hidden  # h reaches the gates; c does not
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
        gates = _through(errors, self.by_input[:, step]).flatten(-2)
        return gates @ self.weights.input, gates


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
        >>> rnn.by_state.shape  # batch, time, part, gate, hidden
        torch.Size([2, 7, 1, 1, 4])
    """
    stack = _stack(layer)
    channels = stack.input_size
    if inputs.dim() != 3 or inputs.shape[1] == 0 or inputs.shape[2] != channels:
        raise ShapeError(
            f"`inputs` must fit the layer: expected shape (batch, 1 or more, {channels}), "
            f"got ({', '.join(map(str, inputs.shape))}). Check its axes."
        )
    rows, made = inputs.detach().double().cpu(), []
    with torch.no_grad():
        for weights, first in zip(stack.layers, _first_states(stack, rows, state), strict=True):
            linearized, rows = _layer(stack.kind, weights, rows, first)
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


def _layer(
    kind: str, weights: LayerWeights, rows: BatchTensor, first: tuple[Part, ...]
) -> tuple[LinearizedLayer, Float[Tensor, "batch time hidden"]]:
    steps: list[Step] = []
    before, state = [], first
    for x in rows.unbind(dim=1):
        before.append(state[0])
        steps.append(STEPS[kind](weights, x, state))
        state = steps[-1].after
    within = [step.h_by_c for step in steps if step.h_by_c is not None]
    made = LinearizedLayer(
        weights=weights,
        inputs=rows,
        before=torch.stack(before, dim=1),
        by_input=_along([step.driven for step in steps], first[0]),
        by_state=_along([step.recurrent for step in steps], first[0]),
        past_gates=_along([step.carry for step in steps], first[0]),
        h_by_c=torch.stack(within, dim=1) if within else None,
    )
    return made, torch.stack([step.after[0] for step in steps], dim=1)


def _along(
    steps: Sequence[tuple[tuple[Part | None, ...], ...]], like: Part
) -> Float[Tensor, "batch time part gate hidden"]:
    zero = torch.zeros_like(like)
    known = [[torch.stack([zero if a is None else a for a in part]) for part in step] for step in steps]
    return torch.stack([torch.stack(parts) for parts in known]).permute(3, 0, 1, 2, 4)


def _stack(layer: Recurrence) -> LayerStack:
    stack = reservoir_stack(layer) if isinstance(layer, ReservoirWeights) else stack_of(layer)
    assert stack is not None
    return stack


def _first_states(stack: LayerStack, rows: Tensor, state: State | None) -> list[tuple[Part, ...]]:
    shape = (len(stack.layers), len(rows), stack.layers[0].hidden_size)
    given = state if isinstance(state, tuple) else () if state is None else (state,)
    for each in given:
        if each.shape != shape:
            raise ShapeError(
                f"`state` must hold a state of each layer and sequence: expected shape {shape}, "
                f"got {tuple(each.shape)}. Check its axes."
            )
    parts = [each.detach().double().cpu() for each in given] or [rows.new_zeros(shape)] * stack.parts
    return list(zip(*parts, strict=True))
