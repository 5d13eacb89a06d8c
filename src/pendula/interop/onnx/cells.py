"""The recurrent cells in ONNX's elementary operators.

ONNX has operators of its own for RNN, GRU and LSTM, but onnxruntime computes those in float32 alone.
"""

import numpy as np

from pendula.interop.onnx.graph import Graph
from pendula.nn import RecurrentLayer
from pendula.nn.readout import layer_weights
from pendula.shapes import Tensor

__all__ = ["Layer", "layers_of"]


class Layer:
    """One layer of a recurrent stack, to be written into graphs.

    Args:
        cell: rnn, gru or lstm.
        weights: w_ih, w_hh, b_ih, b_hh, as torch has them.

    Attributes:
        size: Its units.
        states: How many states it has: h, and c in an LSTM.
    """

    def __init__(self, cell: str, weights: list[Tensor]) -> None:
        self._cell = _CELLS[cell]
        self._weights = [weight.detach().double().numpy() for weight in weights]
        self.size = self._weights[1].shape[1]
        self.states = 2 if cell == "lstm" else 1

    def project(self, graph: Graph, inputs: str) -> str:
        """Write what the inputs add to the gates, at one step or at all.

        Args:
            graph: Where to write.
            inputs: Their name, features along the last axis.

        Returns:
            Name of the sums, gates along the last axis.
        """
        w_ih, _, b_ih, _ = self._weights
        return graph.add("Add", graph.add("MatMul", inputs, graph.number(w_ih.T)), graph.number(b_ih))

    def step(self, graph: Graph, projected: str, states: tuple[str, ...]) -> tuple[str, ...]:
        """Write one step.

        Args:
            graph: Where to write.
            projected: What the inputs add, [batch, gate].
            states: Before it, [batch, unit].

        Returns:
            Names of the states after it.
        """
        _, w_hh, _, b_hh = self._weights
        recalled = graph.add("Add", graph.add("MatMul", states[0], graph.number(w_hh.T)), graph.number(b_hh))
        return self._cell(graph, projected, recalled, states, self.size)

    def run(self, graph: Graph, inputs: str, batch: str) -> tuple[str, str]:
        """Write all steps, from a state of zeros.

        Args:
            graph: Where to write.
            inputs: Their name, [batch, time, feature].
            batch: Name of the batch's size.

        Returns:
            Names of h at every step [batch, time, unit], and after the last [batch, unit].
        """
        body = Graph(graph.kind, outer=graph)
        before = tuple(f"before_{index}_{inputs}" for index in range(self.states))
        shown = f"shown_{inputs}"
        after = self.step(body, shown, before)
        seen = body.add("Identity", after[0])
        shape = ("batch", self.size)
        inner = body.body(
            {**dict.fromkeys(before, shape), shown: ("batch", len(self._weights[2]))},
            dict.fromkeys((*after, seen), shape),
        )
        zeros = graph.add(
            "Expand",
            graph.number([[0.0]]),
            graph.add("Concat", batch, graph.constant(np.array([self.size], np.int64)), axis=0),
        )
        made = graph.add_several(
            "Scan",
            *[zeros] * self.states,
            self.project(graph, inputs),
            outputs=self.states + 1,
            body=inner,
            num_scan_inputs=1,
            scan_input_axes=[1],
            scan_output_axes=[1],
        )
        return made[-1], made[0]


def layers_of(cell: str, recurrent: RecurrentLayer) -> list[Layer]:
    """Take a stack apart.

    Args:
        cell: rnn, gru or lstm.
        recurrent: The stack, in one direction, with biases.

    Returns:
        Its layers, from the input on.
    """
    return [Layer(cell, weights) for weights in layer_weights(recurrent)]


def _rnn(graph: Graph, projected: str, recalled: str, states: tuple[str, ...], size: int) -> tuple[str, ...]:
    del states, size
    return (graph.add("Tanh", graph.add("Add", projected, recalled)),)


def _gru(graph: Graph, projected: str, recalled: str, states: tuple[str, ...], size: int) -> tuple[str, ...]:
    shown, known = graph.split(projected, [size] * 3), graph.split(recalled, [size] * 3)
    r, z = (graph.add("Sigmoid", graph.add("Add", shown[gate], known[gate])) for gate in (0, 1))
    n = graph.add("Tanh", graph.add("Add", shown[2], graph.add("Mul", r, known[2])))
    # h = n + z (h − n)
    return (graph.add("Add", n, graph.add("Mul", z, graph.add("Sub", states[0], n))),)


def _lstm(graph: Graph, projected: str, recalled: str, states: tuple[str, ...], size: int) -> tuple[str, ...]:
    i, f, g, o = graph.split(graph.add("Add", projected, recalled), [size] * 4)
    kept = graph.add("Mul", graph.add("Sigmoid", f), states[1])
    c = graph.add("Add", kept, graph.add("Mul", graph.add("Sigmoid", i), graph.add("Tanh", g)))
    return graph.add("Mul", graph.add("Sigmoid", o), graph.add("Tanh", c)), c


_CELLS = {"rnn": _rnn, "gru": _gru, "lstm": _lstm}
