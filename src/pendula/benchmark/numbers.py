"""The numbers of a workload: the same weights, inputs and targets for whoever computes it."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from pendula.benchmark.workload import GATES, Workload
from pendula.shapes import Float

__all__ = ["Numbers", "draw_numbers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """Weights by torch's names, inputs and targets.

    Attributes:
        weights: Of the recurrent stack.
        head_weight: Of the linear head.
        head_bias: Of the linear head.
        inputs: The series; for a free run its first step alone.
        targets: What the head is to give after the last step.
        tangents: A direction for each weight of the stack.
    """

    weights: dict[str, Float[ndarray, "..."]]
    head_weight: Float[ndarray, "1 hidden"]
    head_bias: Float[ndarray, " 1"]
    inputs: Float[ndarray, "batch time input"]
    targets: Float[ndarray, "batch 1"]
    tangents: dict[str, Float[ndarray, "..."]]


def draw_numbers(workload: Workload, *, seed: int = 0) -> Numbers:
    """Draw the numbers of a workload, the same in every process.

    Args:
        workload: What will be computed.
        seed: Of the draw.

    Returns:
        Weights as torch draws them, uniform within ±1/√hidden_size, and normal inputs.

    Examples:
        >>> numbers = draw_numbers(Workload(cell="gru", batch=2, time=3, hidden_size=4, num_layers=1))
        >>> {name: array.shape for name, array in numbers.weights.items()}
        {'weight_ih_l0': (12, 1), 'weight_hh_l0': (12, 4), 'bias_ih_l0': (12,), 'bias_hh_l0': (12,)}
    """
    generator = np.random.default_rng([seed, zlib.crc32(workload.cell.encode())])
    size, bound = workload.hidden_size, workload.hidden_size**-0.5

    def uniform(*shape: int) -> Float[ndarray, "..."]:
        return generator.uniform(-bound, bound, shape).astype(workload.precision)

    def normal(*shape: int) -> Float[ndarray, "..."]:
        return generator.standard_normal(shape).astype(workload.precision)

    shapes = _shapes(workload)
    steps = 1 if workload.task == "free_run" else workload.time
    return Numbers(
        weights={name: uniform(*shape) for name, shape in shapes.items()},
        head_weight=uniform(1, size),
        head_bias=uniform(1),
        inputs=normal(workload.batch, steps, workload.input_size),
        targets=normal(workload.batch, 1),
        tangents={name: normal(*shape) for name, shape in shapes.items()},
    )


def _shapes(workload: Workload) -> dict[str, tuple[int, ...]]:
    rows = GATES[workload.cell] * workload.hidden_size
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(workload.num_layers):
        columns = workload.input_size if layer == 0 else workload.hidden_size
        shapes[f"weight_ih_l{layer}"] = (rows, columns)
        shapes[f"weight_hh_l{layer}"] = (rows, workload.hidden_size)
        shapes[f"bias_ih_l{layer}"] = shapes[f"bias_hh_l{layer}"] = (rows,)
    return shapes
