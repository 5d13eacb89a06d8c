"""A forecaster with its scaling as an ONNX graph."""

from typing import Any, Literal, TypeAlias

import numpy as np

from pendula.interop.one_stack import one_stack
from pendula.interop.onnx.cells import Layer, layers_of
from pendula.interop.onnx.graph import Graph
from pendula.interop.onnx.links import physical, scaled
from pendula.runs import Model

__all__ = ["Kind", "Precision", "state_size", "step_graph", "window_graph"]

Kind: TypeAlias = Literal["window", "step"]
Precision: TypeAlias = Literal["float32", "float64"]


def window_graph(model: Model, graph: Graph) -> Any:
    """Write the graph that is shown a window of known values and forecasts what follows.

    Args:
        model: The model.
        graph: An empty graph.

    Returns:
        The model in ONNX: `series` [batch, time, channel] → `forecast` [batch, lead, channel].
    """
    parts = _Parts(model, graph)
    z = scaled(graph, model.scaler, "series")
    last = graph.add("Squeeze", graph.slice(z, -1, _END, axis=1), graph.constant(np.array([1], np.int64)))
    batch = graph.slice(graph.add("Shape", "series"), 0, 1, axis=0)
    before = graph.add("Concat", graph.slice(z, 0, 1, axis=1), graph.slice(z, 0, -1, axis=1), axis=1)
    outputs, hidden = parts.features(z, before), ""
    for layer in parts.layers:
        outputs, hidden = layer.run(graph, outputs, batch)
    lagged = None
    if parts.lags:
        axes = graph.add("Concat", batch, graph.constant(np.array([parts.lags - 1, parts.channels], np.int64)), axis=0)
        unknown = graph.add("Expand", graph.number([[[0.0]]]), axes)
        lagged = graph.slice(graph.add("Concat", unknown, z, axis=1), -parts.lags, _END, axis=1)
    forecast = parts.forecast(hidden, last, lagged)
    channels = parts.channels
    return graph.model(
        {"series": ("batch", "time", channels)},
        {forecast: "forecast"},
        {"forecast": ("batch", model.forecaster.network.leads, channels)},
    )


def step_graph(model: Model, graph: Graph) -> Any:
    """Write the graph that is shown one value at a time, and hands on what it remembers.

    Args:
        model: The model.
        graph: An empty graph.

    Returns:
        The model in ONNX: `value` [batch, channel], `state` [batch, size] → `forecast` [batch, lead, channel],
        `next_state` [batch, size]. With a state of zeros nothing was seen before.
    """
    parts = _Parts(model, graph)
    channels, size = parts.channels, sum(parts.sizes)
    z = scaled(graph, model.scaler, "value")
    pieces = list(graph.split("state", parts.sizes))
    after: list[str] = []
    # Before the first value there is no last one, and the increment is shown as 0.
    before = z
    if parts.increments:
        last, seen = pieces[parts.hidden : parts.hidden + 2]
        before = graph.add("Where", graph.add("Greater", seen, graph.number(0.0)), last, z)
    outputs = parts.features(z, before)
    for layer in parts.layers:
        states = tuple(pieces[len(after) : len(after) + layer.states])
        after.extend(layer.step(graph, layer.project(graph, outputs), states))
        outputs = after[-layer.states]
    lagged = None
    if parts.increments:
        # 1, once a value was seen, as a function of the value so that it has its batch.
        ones = graph.add("Add", graph.add("Mul", seen, graph.number(0.0)), graph.number(1.0))
        after += [z, ones]
    if parts.lags:
        lagged = graph.add("Unsqueeze", z, graph.constant(np.array([1], np.int64)))
        if parts.lags > 1:
            past = graph.reshape(pieces[-1], (0, parts.lags - 1, channels))
            lagged = graph.add("Concat", past, lagged, axis=1)
            kept = graph.slice(lagged, 1, _END, axis=1)
            after.append(graph.reshape(kept, (0, (parts.lags - 1) * channels)))
    forecast = parts.forecast(outputs, z, lagged)
    following = graph.add("Concat", *after, axis=1)
    return graph.model(
        {"value": ("batch", channels), "state": ("batch", size)},
        {forecast: "forecast", following: "next_state"},
        {"forecast": ("batch", model.forecaster.network.leads, channels), "next_state": ("batch", size)},
    )


def state_size(model: Model) -> int:
    """Count the numbers that a model remembers between two steps.

    Args:
        model: The model.

    Returns:
        Hidden states, the last value and whether there is one, and the past of the linear path.
    """
    return sum(_Parts(model, Graph(np.float64)).sizes)


_END = 2**63 - 1


class _Parts:
    """What both graphs are made of."""

    def __init__(self, model: Model, graph: Graph) -> None:
        forecaster = one_stack(model.forecaster, argument="model", becomes="ONNX")
        self.model, self.graph, self.forecaster = model, graph, forecaster
        network = forecaster.network
        self.channels, self.increments, self.lags = forecaster.channels, network.increments, network.linear_lags
        self.layers: list[Layer] = layers_of(network.cell, forecaster.recurrent)

    @property
    def hidden(self) -> int:
        return sum(layer.states for layer in self.layers)

    @property
    def sizes(self) -> list[int]:
        hidden = [layer.size for layer in self.layers for _ in range(layer.states)]
        last = [self.channels, 1] if self.increments else []
        return hidden + last + ([(self.lags - 1) * self.channels] if self.lags > 1 else [])

    def features(self, z: str, before: str) -> str:
        if not self.increments:
            return z
        scale = self.graph.number(self.forecaster.increment_scale.double().numpy())
        return self.graph.add("Concat", z, self.graph.add("Div", self.graph.add("Sub", z, before), scale), axis=-1)

    def forecast(self, hidden: str, last: str, lagged: str | None) -> str:
        # Head, linear path and last value, from scaled to physical.
        graph, head, leads = self.graph, self.forecaster.head, self.forecaster.network.leads
        weight, bias = (held.detach().double().numpy() for held in (head.weight, head.bias))
        read = graph.add("Add", graph.add("MatMul", hidden, graph.number(weight.T)), graph.number(bias))
        total = graph.add(
            "Mul",
            graph.reshape(read, (0, leads, self.channels)),
            graph.number(self.forecaster.output_scale.double().numpy()),
        )
        if lagged is not None:
            total = graph.add("Add", total, graph.reshape(self._filtered(lagged), (0, leads, self.channels)))
        if self.forecaster.network.residual:
            now = graph.add("Unsqueeze", last, graph.constant(np.array([1], np.int64)))
            total = graph.add("Add", total, now)
        return physical(graph, self.model.scaler, total)

    def _filtered(self, lagged: str) -> str:
        # The coefficients nearly cancel, so their sum is taken in float64, whatever the rest is.
        linear, width = self.forecaster.linear, self.lags * self.channels
        assert linear is not None
        oldest_first = linear.weight.numpy().reshape(self.lags, self.channels, -1)[::-1].reshape(width, -1)
        graph, bias = self.graph, linear.bias.numpy()
        flat = graph.reshape(lagged, (0, width))
        doubled = graph.add("Cast", flat, to=_DOUBLE)
        product = graph.add("MatMul", doubled, graph.number(oldest_first, kind=np.float64))
        made = graph.add("Add", product, graph.number(bias, kind=np.float64))
        return graph.add("Cast", made, to=_FLOAT if graph.kind is np.float32 else _DOUBLE)


_FLOAT, _DOUBLE = 1, 11
"""Numbers of the types in ONNX."""
