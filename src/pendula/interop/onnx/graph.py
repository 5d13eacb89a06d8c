"""An ONNX graph that is written node by node."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pendula.errors import missing_extra
from pendula.shapes import ndarray

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    raise missing_extra("Writing ONNX", "onnx", "onnx") from error

__all__ = ["Graph"]

OPSET, FORMAT = 17, 8
"""The operators and the file format, of 2022: older runtimes read them, too."""


class Graph:
    """Nodes and constants; a value is known by its name.

    Args:
        kind: np.float32 or np.float64: the type of all numbers but those that are converted.
        outer: The graph around this one, whose constants and names it shares.

    Examples:
        >>> graph = Graph(np.float32)
        >>> twice = graph.add("Mul", "x", graph.number([2.0]))
        >>> made = graph.model({"x": ("batch",)}, {twice: "y"}, {"y": ("batch",)})
        >>> [node.op_type for node in made.graph.node]
        ['Mul', 'Identity']
    """

    def __init__(self, kind: type[np.float32] | type[np.float64], *, outer: "Graph | None" = None) -> None:
        self.kind = kind
        self._outer = outer or self
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._names = 0

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output.

        Args:
            operator: Name of the operator.
            inputs: Names of what it takes.
            attributes: Of the operator.

        Returns:
            Name of its output.
        """
        return self.add_several(operator, *inputs, outputs=1, **attributes)[0]

    def add_several(self, operator: str, *inputs: str, outputs: int, **attributes: Any) -> tuple[str, ...]:
        """Add a node with several outputs.

        Args:
            operator: Name of the operator.
            inputs: Names of what it takes.
            outputs: How many it gives.
            attributes: Of the operator.

        Returns:
            Names of its outputs.
        """
        made = tuple(self._name(operator.lower()) for _ in range(outputs))
        self._nodes.append(helper.make_node(operator, list(inputs), list(made), **attributes))
        return made

    def number(self, values: Any, *, kind: Any = None) -> str:
        """Add constant numbers.

        Args:
            values: An array, or what makes one.
            kind: Their type; that of the graph when left out.

        Returns:
            Their name.
        """
        return self.constant(np.asarray(values, kind or self.kind))

    def constant(self, values: ndarray) -> str:
        """Add constants of the type they have.

        Args:
            values: The constants.

        Returns:
            Their name.
        """
        name = self._name("constant")
        self._outer._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))  # noqa: SLF001
        return name

    def split(self, value: str, sizes: Sequence[int], *, axis: int = -1) -> tuple[str, ...]:
        """Cut a value into pieces.

        Args:
            value: Its name.
            sizes: Of the pieces.
            axis: Along which they lie.

        Returns:
            Their names.
        """
        if len(sizes) == 1:
            return (value,)
        lengths = self.constant(np.array(sizes, np.int64))
        return self.add_several("Split", value, lengths, outputs=len(sizes), axis=axis)

    def slice(self, value: str, start: int, stop: int, *, axis: int) -> str:
        """Cut one piece out of a value.

        Args:
            value: Its name.
            start: First index, from the end if negative.
            stop: Index after the last.
            axis: Along which to count.

        Returns:
            Name of the piece.
        """
        bounds = [self.constant(np.array([bound], np.int64)) for bound in (start, stop, axis)]
        return self.add("Slice", value, *bounds)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Give a value other axes.

        Args:
            value: Its name.
            shape: The axes; 0 keeps one as it is, −1 is counted.

        Returns:
            Name of the result.
        """
        return self.add("Reshape", value, self.constant(np.array(shape, np.int64)))

    def body(self, inputs: dict[str, tuple[Any, ...]], outputs: dict[str, tuple[Any, ...]]) -> Any:
        """Close a graph that another one runs.

        Args:
            inputs: Shapes by name.
            outputs: Shapes by name.

        Returns:
            The graph, for an attribute of the node that runs it.
        """
        return helper.make_graph(self._nodes, "body", self._infos(inputs), self._infos(outputs))

    def model(
        self,
        inputs: dict[str, tuple[Any, ...]],
        values: dict[str, str],
        outputs: dict[str, tuple[Any, ...]],
    ) -> Any:
        """Close the graph.

        Args:
            inputs: Shapes by name, text for sizes that are free.
            values: Names of the results, each with the name it gets outside.
            outputs: Shapes by the latter.

        Returns:
            The model, which ONNX's own checker has passed.
        """
        for inner, name in values.items():
            self._nodes.append(helper.make_node("Identity", [inner], [name]))
        graph = helper.make_graph(self._nodes, "pendula", self._infos(inputs), self._infos(outputs), self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FORMAT)
        onnx.checker.check_model(made, full_check=True)
        return made

    def _infos(self, shapes: dict[str, tuple[Any, ...]]) -> list[Any]:
        kind = TensorProto.FLOAT if self.kind is np.float32 else TensorProto.DOUBLE
        return [helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()]

    def _name(self, stem: str) -> str:
        self._outer._names += 1  # noqa: SLF001
        return f"{stem}_{self._outer._names}"  # noqa: SLF001
