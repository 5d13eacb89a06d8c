"""The scaling of a record as nodes of ONNX."""

from collections.abc import Callable

from pendula.interop.onnx.graph import Graph
from pendula.series.scaling import Scaler

__all__ = ["physical", "scaled"]


def scaled(graph: Graph, scaler: Scaler, values: str) -> str:
    """Write the way from physical values to the network's.

    Args:
        graph: Where to write.
        scaler: The scaling.
        values: Their name, channels along the last axis.

    Returns:
        Name of the scaled values; NaN where the scaler's function is not defined.
    """
    linked = _LINKS[scaler.link](graph, values)
    return graph.add("Div", graph.add("Sub", linked, graph.number(scaler.center)), graph.number(scaler.scale))


def physical(graph: Graph, scaler: Scaler, values: str) -> str:
    """Write the way back.

    Args:
        graph: Where to write.
        scaler: The scaling.
        values: Their name, channels along the last axis.

    Returns:
        Name of the physical values.
    """
    linked = graph.add("Add", graph.add("Mul", values, graph.number(scaler.scale)), graph.number(scaler.center))
    return _INVERSES[scaler.link](graph, linked)


def _same(graph: Graph, x: str) -> str:
    del graph
    return x


def _asinh(graph: Graph, x: str) -> str:
    # onnxruntime has Asinh and Sinh in float32 alone. asinh x = sign x · ln(|x| + √(x² + 1))
    size = graph.add("Abs", x)
    root = graph.add("Sqrt", graph.add("Add", graph.add("Mul", x, x), graph.number(1.0)))
    return graph.add("Mul", graph.add("Sign", x), graph.add("Log", graph.add("Add", size, root)))


def _sinh(graph: Graph, x: str) -> str:
    difference = graph.add("Sub", graph.add("Exp", x), graph.add("Exp", graph.add("Neg", x)))
    return graph.add("Mul", difference, graph.number(0.5))


def _square(graph: Graph, x: str) -> str:
    held = graph.add("Max", x, graph.number(0.0))
    return graph.add("Mul", held, held)


_LINKS: dict[str, Callable[[Graph, str], str]] = {
    "none": _same,
    "sqrt": lambda graph, x: graph.add("Sqrt", x),
    "log": lambda graph, x: graph.add("Log", x),
    "asinh": _asinh,
}
_INVERSES: dict[str, Callable[[Graph, str], str]] = {
    "none": _same,
    "sqrt": _square,
    "log": lambda graph, x: graph.add("Exp", x),
    "asinh": _sinh,
}
