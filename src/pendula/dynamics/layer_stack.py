"""A stack of recurrent layers as a map of its state and input, with closed-form derivatives in batches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import nn

from pendula.dynamics.bounds import BOUNDS, Bound, state_bound
from pendula.dynamics.cells import STEPS, LayerWeights, Part, Step
from pendula.dynamics.state_map import Directions, InputDirections, Jacobians, States
from pendula.errors import ArgumentError
from pendula.nn import ReservoirWeights
from pendula.shapes import Float, Tensor

__all__ = ["LayerStack", "reservoir_stack", "stack_of"]

CHUNK = 2**18
"""Numbers of a Jacobian that are made at a time: they stay in the processor's cache."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LayerStack:
    """Layers of one kind, each of which sees the state of the one below.

    A state is one row: the layers in order, of each h and, for an LSTM, c.

    Attributes:
        kind: As in `cells.STEPS`.
        layers: The weights of each.
    """

    kind: str
    layers: tuple[LayerWeights, ...]

    @property
    def parts(self) -> int:
        """Parts of a layer's state: h, or h and c."""
        return 2 if self.kind == "lstm" else 1

    @property
    def size(self) -> int:
        """Components of the state."""
        return self.parts * sum(layer.hidden_size for layer in self.layers)

    @property
    def input_size(self) -> int:
        """Components of the input."""
        return self.layers[0].input.shape[1]

    @property
    def top(self) -> slice:
        """Where h of the last layer stands in the state."""
        stop = self.size - (self.parts - 1) * self.layers[-1].hidden_size
        return slice(stop - self.layers[-1].hidden_size, stop)

    def advance(self, states: States, inputs: Float[Tensor, "batch input"]) -> States:
        """Take one step.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            The next states.
        """
        return torch.cat([part for step in self._steps(states, inputs) for part in step.after], dim=1)

    def push(
        self, states: States, inputs: Float[Tensor, "batch input"], moved: Directions, driven: InputDirections | None
    ) -> tuple[States, Directions]:
        """Take one step, and push directions with it.

        Args:
            states: The states.
            inputs: The input of each.
            moved: Directions of the state.
            driven: Directions of the input that belong to them; None for zero.

        Returns:
            The next states, and the pushed directions.
        """
        steps = self._steps(states, inputs)
        pushed = []
        for weights, step, part_directions in zip(self.layers, steps, self._split(moved, dim=1), strict=True):
            new = _push_layer(weights, step, part_directions, driven)
            pushed += new
            driven = new[0]
        return torch.cat([part for step in steps for part in step.after], dim=1), torch.cat(pushed, dim=1)

    def jacobians(
        self, states: States, inputs: Float[Tensor, "batch input"]
    ) -> tuple[Jacobians, Float[Tensor, "batch state input"]]:
        """Compute the derivatives of a step by the state and by the input.

        Args:
            states: The states.
            inputs: The input of each.

        Returns:
            Both Jacobians at each state.
        """
        by_state = states.new_empty(len(states), self.size, self.size)
        by_input = states.new_empty(len(states), self.size, self.input_size)
        rows = max(1, CHUNK // self.size**2)
        for first in range(0, len(states), rows):
            chunk = slice(first, first + rows)
            self._fill(by_state[chunk], by_input[chunk], self._steps(states[chunk], inputs[chunk]))
        return by_state, by_input

    def curvature(self, state: Float[Tensor, " state"], radius: float, *, input_gain: float = 0.0) -> float:
        """Bound the second derivative of a step within a ball around a state.

        Args:
            state: The center.
            radius: Of the ball.
            input_gain: Norm of the derivative of the input by what is varied, if the input varies too.

        Returns:
            An upper bound of its norm; infinity where the kind of layer has none.
        """
        if self.kind not in BOUNDS:
            return float("inf")
        below = Bound(float("inf"), input_gain, 0.0)
        total = 0.0
        for weights, parts in zip(self.layers, self._split(state[None], dim=1), strict=True):
            after = BOUNDS[self.kind](weights, below, tuple(state_bound(part, radius) for part in parts))
            below = after[0]
            total = math.hypot(total, *(part.second for part in after))
        return total

    def _split(self, rows: Tensor, *, dim: int) -> list[tuple[Tensor, ...]]:
        sizes = [layer.hidden_size for layer in self.layers for _ in range(self.parts)]
        pieces = torch.split(rows, sizes, dim=dim)
        return [pieces[k : k + self.parts] for k in range(0, len(pieces), self.parts)]

    def _steps(self, states: States, inputs: Tensor) -> list[Step]:
        steps = []
        for weights, parts in zip(self.layers, self._split(states, dim=1), strict=True):
            steps.append(STEPS[self.kind](weights, inputs, parts))
            inputs = steps[-1].after[0]
        return steps

    def _fill(self, by_state: Tensor, by_input: Tensor, steps: Sequence[Step]) -> None:
        edges = [0]
        for layer in self.layers:
            edges.append(edges[-1] + self.parts * layer.hidden_size)
        below_state: Tensor | None = None
        below_input: Tensor | None = None
        for weights, step, (start, stop) in zip(self.layers, steps, pairwise(edges), strict=True):
            hidden = weights.hidden_size
            for p in range(self.parts):
                rows = slice(start + p * hidden, start + (p + 1) * hidden)
                own, through = by_state[:, rows], _rows(step.driven[p], weights.input)
                _fill_rows(own[:, :, start : start + hidden], step.recurrent[p], weights.hidden)
                _fill_carry(own[:, :, start:stop], step.carry[p], hidden)
                own[:, :, stop:] = 0
                if below_state is None or below_input is None:
                    by_input[:, rows] = through
                else:
                    own[:, :, :start] = through @ below_state[:, :, :start]
                    by_input[:, rows] = through @ below_input
            below_state, below_input = by_state[:, start : start + hidden], by_input[:, start : start + hidden]


def stack_of(layer: nn.Module) -> LayerStack | None:
    """Read the weights of a recurrent layer of torch or of Pendula.

    Args:
        layer: The layer.

    Returns:
        The stack in float64; None if it is of another kind.

    Raises:
        ArgumentError: If the layer also looks into the future, or projects its state.

    Examples:
        >>> stack_of(nn.LSTM(1, 4, num_layers=2)).size
        16
    """
    if not isinstance(layer, nn.RNNBase) or layer.mode not in {"RNN_TANH", "RNN_RELU", "GRU", "LSTM"}:
        return None
    if layer.bidirectional or layer.proj_size:
        raise ArgumentError(
            "`layer` must be causal, and its state its output: expected bidirectional=False and proj_size=0, "
            f"got bidirectional={layer.bidirectional} and proj_size={layer.proj_size}. Leave them out."
        )
    return LayerStack(kind=layer.mode.lower(), layers=tuple(_weights(layer, k) for k in range(layer.num_layers)))


def reservoir_stack(weights: ReservoirWeights) -> LayerStack:
    """Take a reservoir for a stack of one leaky layer.

    Args:
        weights: The reservoir in numbers.

    Returns:
        The stack in float64; its W is dense.

    Examples:
        >>> from pendula.nn import Reservoir, draw_reservoir
        >>> reservoir_stack(draw_reservoir(Reservoir(), units=20, inputs=1, seed=0)).size
        20
    """
    recurrent = weights.recurrent
    dense = recurrent.toarray() if isinstance(recurrent, csr_array) else recurrent
    w, u, b = (torch.from_numpy(np.array(each, np.float64)) for each in (dense, weights.input, weights.bias))
    leak = torch.tensor(weights.leak, dtype=torch.float64)
    return LayerStack(
        kind="leaky",
        layers=(LayerWeights(input=u, hidden=w, input_bias=b, hidden_bias=torch.zeros_like(b), leak=leak),),
    )


def _weights(layer: nn.RNNBase, number: int) -> LayerWeights:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    known = [
        getattr(layer, f"{name}_l{number}").detach().to("cpu", torch.float64)
        for name in (names if layer.bias else names[:2])
    ]
    zeros = known[0].new_zeros(len(known[0]))
    u, w, b, c = known if layer.bias else [*known, zeros, zeros]
    return LayerWeights(input=u, hidden=w, input_bias=b, hidden_bias=c)


def _push_layer(
    weights: LayerWeights, step: Step, moved: Sequence[Directions], driven: InputDirections | None
) -> list[Directions]:
    hidden = weights.hidden_size
    through_state = torch.split(weights.hidden @ moved[0], hidden, dim=1)
    through_input = None if driven is None else torch.split(weights.input @ driven, hidden, dim=1)
    pushed = []
    for p in range(len(step.after)):
        terms = [a[..., None] * through_state[g] for g, a in enumerate(step.recurrent[p]) if a is not None]
        terms += [c[..., None] * moved[q] for q, c in enumerate(step.carry[p]) if c is not None]
        if through_input is not None:
            terms += [b[..., None] * through_input[g] for g, b in enumerate(step.driven[p]) if b is not None]
        pushed.append(sum(terms[1:], start=terms[0]))
    return pushed


def _fill_rows(block: Tensor, gates: Sequence[Part | None], matrix: Tensor) -> None:
    # Σ_g diag(a_g) W_g, into a block that may be a view
    pieces = zip(gates, torch.split(matrix, block.shape[1]), strict=True)
    known = [(a[..., None], w) for a, w in pieces if a is not None]
    torch.mul(*known[0], out=block)
    for a, w in known[1:]:
        block.addcmul_(a, w)


def _rows(gates: Sequence[Part | None], matrix: Tensor) -> Tensor:
    like = next(a for a in gates if a is not None)
    block = like.new_empty(*like.shape, matrix.shape[1])
    _fill_rows(block, gates, matrix)
    return block


def _fill_carry(block: Tensor, carry: Sequence[Part | None], hidden: int) -> None:
    block[:, :, hidden:] = 0
    for q, kept in enumerate(carry):
        if kept is not None:
            block[:, :, q * hidden : (q + 1) * hidden].diagonal(dim1=1, dim2=2).add_(kept)
