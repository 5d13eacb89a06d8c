"""A recurrent readout, linearized by the passes of the native core."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pendula.nn.kernels.native import available
from pendula.nn.kernels.operators import backward_operator, forward_operator, tangent_operator
from pendula.nn.kernels.problem import BITS, CELLS, Stack
from pendula.nn.readout import Readout, layer_weights
from pendula.optim.linearization import Response, Sample

__all__ = ["ReadoutLinearization", "ReadoutModel", "runs_natively"]


def runs_natively(readout: Readout) -> bool:
    """Say whether the native core can run a readout.

    Args:
        readout: The layers and head.

    Returns:
        Whether its weights lie on the CPU, in one precision that the core has, and it starts from zeros.
    """
    weights = list(readout.parameters())
    return (
        available()
        and readout.start is None
        and weights[0].dtype in BITS
        and all(weight.is_cpu and weight.dtype is weights[0].dtype and weight.requires_grad for weight in weights)
    )


class ReadoutModel:
    """A readout as Hessian-free optimization sees it: forward once, then products by the core's passes.

    The passes start from what the forward pass kept, so that a product costs one tangent and one backward pass and
    nothing else; `torch.func` would run forward again for each.

    Args:
        readout: The layers and head, which are trained in place.
    """

    def __init__(self, readout: Readout) -> None:
        self.readout = readout
        self.stack = Stack(CELLS[readout.cell], 1, True, True)

    @property
    def parameters(self) -> list[Tensor]:
        """The layers' weights, then the head's."""
        return list(self.readout.parameters())

    def outputs(self, sample: Sample) -> Tensor:
        """Run forward alone.

        Args:
            sample: The sequences.

        Returns:
            The head's outputs.
        """
        with torch.no_grad():
            outputs: Tensor = self.readout(sample.inputs, sample.lengths).outputs
        return outputs

    def linearize(self, sample: Sample) -> "ReadoutLinearization":
        """Run forward and keep what products need.

        Args:
            sample: The sequences.

        Returns:
            The linearization at the present weights.
        """
        with torch.no_grad():
            return ReadoutLinearization(self.readout, self.stack, sample)


class ReadoutLinearization:
    """A readout near its present weights, on a sample.

    Args:
        readout: The layers and head.
        stack: One layer, as the core knows it.
        sample: The sequences.
    """

    def __init__(self, readout: Readout, stack: Stack, sample: Sample) -> None:
        self._readout, self._stack, self._lengths = readout, stack, sample.lengths
        self._layers = layer_weights(readout.recurrent)
        self._rows, self._kept = [sample.inputs], []
        for weights in self._layers:
            states, _, _, kept = forward_operator(*self._given(self._rows[-1], weights), True)
            self._rows.append(states)
            self._kept.append(kept)
        self._read = readout.read(self._rows[-1], sample.lengths)
        self.response = Response(readout.head(self._read), tuple(self._rows[1:]))

    def push(self, direction: Sequence[Tensor]) -> Response:
        """Multiply by the Jacobian: one tangent pass.

        Args:
            direction: One tensor for each weight.

        Returns:
            How outputs and states move.
        """
        head, moved, hidden = self._readout.head, None, []
        weights, rest = self._by_layer(direction)
        for rows, kept, held, move in zip(self._rows, self._kept, self._layers, weights, strict=False):
            moved, _, _ = tangent_operator(*self._given(rows, held), kept, moved, None, None, move)
            hidden.append(moved)
        # z = V h + c  →  dz = V dh + dV h + dc
        moving = nn.functional.linear(self._readout.read(hidden[-1], self._lengths), head.weight)
        return Response(moving + nn.functional.linear(self._read, *rest), tuple(hidden))

    def pull(self, vector: Response) -> list[Tensor]:
        """Multiply by the transposed Jacobian: one backward pass.

        Args:
            vector: Like outputs and states; without states they are taken as zero.

        Returns:
            One tensor for each weight.
        """
        head, states = self._readout.head, self._rows[-1]
        back = vector.hidden[-1].clone() if vector.hidden else torch.zeros_like(states)
        back = self._readout.write(vector.outputs @ head.weight, self._lengths, back)
        rows = vector.outputs.flatten(0, -2)
        found = [rows.T @ self._read.flatten(0, -2), *([rows.sum(0)] if head.bias is not None else [])]
        for at in reversed(range(len(self._layers))):
            weights = self._layers[at]
            wanted = [at > 0, False, False, *[True] * len(weights)]
            results = (back, None, None)
            gradients = backward_operator(*self._given(self._rows[at], weights), self._kept[at], *results, wanted)
            if at > 0:
                back = gradients.pop(0)
                back = back + vector.hidden[at - 1] if vector.hidden else back
            found = [*gradients, *found]
        return found

    def _given(self, rows: Tensor, weights: list[Tensor]) -> tuple[object, ...]:
        return rows, None, None, self._lengths, weights, *self._stack

    def _by_layer(self, tensors: Sequence[Tensor]) -> tuple[list[list[Tensor]], list[Tensor]]:
        each, layers = len(self._layers[0]), len(self._layers)
        split = [list(tensors[at : at + each]) for at in range(0, each * layers, each)]
        return split, list(tensors[each * layers :])
