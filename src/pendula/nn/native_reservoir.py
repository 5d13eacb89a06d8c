"""Reservoirs as the native core drives them and lets them run on."""

from typing import Any

import numpy as np
import torch

from pendula.nn.kernels.native import compiled, core
from pendula.nn.reservoir_weights import ReservoirWeights
from pendula.shapes import BatchSeries, Float, ndarray

__all__ = ["drive_natively", "run_natively", "takes"]

MOST_UNITS = 65_536
"""The core writes a unit's number in 16 bits."""


def takes(weights: ReservoirWeights) -> bool:
    """Tell whether the native core is there and takes a reservoir.

    Args:
        weights: The reservoir.

    Returns:
        Whether it does; if not, NumPy and SciPy have to.
    """
    kinds = {weights.recurrent.dtype, weights.input.dtype, weights.bias.dtype}
    return core is not None and weights.units <= MOST_UNITS and kinds in ({np.dtype("f4")}, {np.dtype("f8")})


def drive_natively(
    weights: ReservoirWeights, inputs: BatchSeries, first: Float[ndarray, "batch unit"]
) -> Float[ndarray, "batch time unit"]:
    """Show sequences to a reservoir; neither their number nor that of the threads changes a bit of their states.

    Args:
        weights: The reservoir.
        inputs: The sequences.
        first: States before the first step.

    Returns:
        The states after every step.
    """
    kind = weights.bias.dtype
    held = _Held(weights)
    x = np.asarray(inputs, kind)
    first = np.ascontiguousarray(first, kind)
    states = np.empty((*inputs.shape[:2], weights.units), kind)
    compiled().drive_reservoir(
        held.bits,
        held.fields,
        float(weights.leak),
        *inputs.shape[:2],
        _view(x),
        first.ctypes.data,
        _view(states),
        _threads(len(x)),
    )
    return states


def run_natively(
    weights: ReservoirWeights,
    readout: Float[ndarray, "feature output"],
    bias: Float[ndarray, " output"],
    states: Float[ndarray, "batch unit"],
    values: Float[ndarray, "batch input"],
    steps: int,
    external: Float[ndarray, "batch steps given"] | None,
) -> Float[ndarray, "batch steps output"]:
    """Let a reservoir run on by itself, many starts at once.

    Args:
        weights: The reservoir.
        readout: Coefficients of the states, and of the inputs with direct links.
        bias: Constant term.
        states: h at the last known step.
        values: x at the last known step.
        steps: How many steps to run.
        external: The inputs that are not predicted, at the steps to come.

    Returns:
        The predictions, whatever numbers they are.
    """
    kind = weights.bias.dtype
    held = _Held(weights)
    weight, constant, h, x = (np.ascontiguousarray(array, kind) for array in (readout, bias, states, values))
    coming = None if external is None else np.asarray(external, kind)
    run = np.empty((len(h), steps, len(constant)), kind)
    compiled().run_reservoir(
        held.bits,
        held.fields,
        float(weights.leak),
        (weight.ctypes.data, constant.ctypes.data, len(constant), len(weight) > weights.units),
        len(h),
        steps,
        h.ctypes.data,
        x.ctypes.data,
        (0, 0, 0, 0) if coming is None else _view(coming),
        _view(run),
        _threads(len(h)),
    )
    return run


def _threads(sequences: int) -> int:
    # Threads that take the steps of one sequence together wait for each other at each: on a busy machine, for long.
    return torch.get_num_threads() if sequences > 1 else 1


class _Held:
    """A reservoir's matrices in memory that the core can read, kept as long as this is."""

    def __init__(self, weights: ReservoirWeights) -> None:
        w: Any = weights.recurrent
        if isinstance(w, np.ndarray):
            places = [None, None, w]
        else:
            places = [w.indptr.astype(np.int32, copy=False), w.indices.astype(np.int32, copy=False), w.data]
        arrays = [
            None if array is None else np.ascontiguousarray(array) for array in (*places, weights.input, weights.bias)
        ]
        self._arrays = arrays
        self.bits = 8 * weights.bias.dtype.itemsize
        self.fields = (weights.units, weights.inputs, *(0 if array is None else array.ctypes.data for array in arrays))


def _view(array: Float[ndarray, "batch time channel"]) -> tuple[int, int, int, int]:
    batch, time, channel = (stride // array.itemsize for stride in array.strides)
    return array.ctypes.data, batch, time, channel
