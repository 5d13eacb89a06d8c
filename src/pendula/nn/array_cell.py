"""An integrator cell's step on NumPy arrays, real or complex: for runs through which no gradient flows."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from torch import nn

from pendula.errors import ArgumentError
from pendula.nn.integrator_cell import STEPS, IntegratorCell
from pendula.shapes import Float, ndarray
from pendula.systems import Flow

__all__ = ["ArrayStep", "array_step"]

ArrayStep: TypeAlias = Callable[[Any, Any], ndarray]
"""Takes a time and the components of states, along the first axis, to those of the states one step later."""

Weights: TypeAlias = list[tuple[Float[ndarray, "_ _"], Float[ndarray, " _"]]]


def array_step(cell: IntegratorCell, *, dt: float | None = None) -> ArrayStep:
    """Give a cell's step as a function of arrays, with the parameters that it has now.

    Args:
        cell: The cell; a network beside its equation consists of linear layers with tanh between them.
        dt: Interval that a step goes on by; the cell's own when left out.

    Returns:
        The step. It is analytic, and takes complex numbers, too.

    Raises:
        ArgumentError: If the equation is no flow of `pendula.systems`.

    Examples:
        >>> step = array_step(IntegratorCell("oscillator", dt=0.1, method="euler"))
        >>> step(0.0, np.array([2.0, 3.0]))  # v + 0.1 · (1 - 0.4·3 - 2)
        array([2.3 , 2.78])
    """
    rates = _rates(cell)
    width = (cell.dt if dt is None else dt) / cell.substeps

    def step(t: Any, state: Any) -> ndarray:
        for k in range(cell.substeps):
            state = STEPS[cell.method](rates, t + k * width, state, width)
        return np.stack(np.broadcast_arrays(*state))

    return step


def _rates(cell: IntegratorCell) -> Callable[[Any, Any], Any]:
    if not isinstance(cell.system, Flow):
        raise ArgumentError(
            f"`cell` must hold a flow of pendula.systems to run on arrays: got {type(cell.system).__name__}. "
            "Run it with `unroll`."
        )
    known = cell.system.bind({name: each.item() for name, each in cell.learned.items()}).derivative
    added = cell.added
    if added is None:
        return known
    weights = _weights(added.network)
    reads = [cell.components.index(name) for name in added.reads]
    writes = [cell.components.index(name) for name in added.writes]

    def rates(t: Any, state: Any) -> Any:
        moved = list(known(t, state))
        parts = _network(weights, np.stack([state[index] for index in reads], axis=-1))
        for number, index in enumerate(writes):
            moved[index] = moved[index] + parts[..., number]
        return tuple(moved)

    return rates


def _weights(network: nn.Module) -> Weights:
    return [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in network.modules()
        if isinstance(layer, nn.Linear)
    ]


def _network(weights: Weights, features: ndarray) -> ndarray:
    *hidden, (matrix, bias) = weights
    for inner, offset in hidden:
        features = np.tanh(features @ inner.T + offset)
    return np.asarray(features @ matrix.T + bias)
