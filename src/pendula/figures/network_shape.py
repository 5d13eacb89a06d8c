"""The shapes of a model's own weights, from which its drawings are made."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from pendula.errors import ArgumentError
from pendula.nn import (
    GRU,
    LSTM,
    RNN,
    EnsembleForecaster,
    Forecaster,
    IntegratorCell,
    IntegratorForecaster,
    PolynomialMember,
    ReservoirForecaster,
)

__all__ = ["LayerShape", "NetworkShape", "network_shape"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerShape:
    """A recurrent layer, as a drawing shows it.

    Attributes:
        name: What it is.
        units: Size of its state.
        inputs: Shape of U, from its input to its units or gates; None where there is no such matrix.
        recurrent: Shape of W, from its state to its units or gates; None where there is no such matrix.
    """

    name: str
    units: int
    inputs: tuple[int, int] | None = None
    recurrent: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkShape:
    """A recurrent network, as a drawing shows it.

    Attributes:
        inputs: Numbers that it sees at each step; 0 for an autonomous one.
        layers: From the input to the output.
        outputs: Numbers that it gives at each step; 0 where there is no read-out.
        head: Shape of V, from the last layer to the output; None where there is no such matrix.
        controls: Names of the inputs that are known for the future, too.
    """

    inputs: int
    layers: tuple[LayerShape, ...]
    outputs: int = 0
    head: tuple[int, int] | None = None
    controls: tuple[str, ...] = ()


def network_shape(model: nn.Module) -> NetworkShape:
    """Read the shapes off a model.

    Args:
        model: A forecaster, a recurrent layer of `pendula.nn` or of torch, or an integrator cell.

    Returns:
        Its shapes.

    Raises:
        ArgumentError: If the model is none of these.

    Examples:
        >>> shape = network_shape(LSTM(2, 8, num_layers=2))
        >>> [(layer.name, layer.inputs, layer.recurrent) for layer in shape.layers]
        [('LSTM', (32, 2), (32, 8)), ('LSTM', (32, 8), (32, 8))]
    """
    if isinstance(model, Forecaster):
        stack = network_shape(model.recurrent)
        rows, columns = model.head.weight.shape
        return NetworkShape(inputs=stack.inputs, layers=stack.layers, outputs=rows, head=(rows, columns))
    if isinstance(model, EnsembleForecaster):
        return network_shape(model.each()[0])
    if isinstance(model, ReservoirForecaster):
        return _reservoir_shape(model)
    if isinstance(model, IntegratorForecaster):
        step = network_shape(model.cell).layers
        return NetworkShape(inputs=model.channels, layers=step, outputs=model.channels)
    if isinstance(model, IntegratorCell):
        name = model.method.upper() if model.method == "rk4" else model.method.capitalize()
        return NetworkShape(inputs=0, layers=(LayerShape(name=f"{name} step", units=len(model.components)),))
    if isinstance(model, RNN | GRU | LSTM | nn.RNN | nn.GRU | nn.LSTM):
        return NetworkShape(inputs=int(model.input_size), layers=_layers(model))
    raise ArgumentError(
        "`model` must be a forecaster, a recurrent layer or an integrator cell: "
        f"got {type(model).__name__}. Hand over the part of it that recurs."
    )


def _layers(model: Any) -> tuple[LayerShape, ...]:
    layers: list[LayerShape] = []
    for k in range(model.num_layers):
        inputs, recurrent = getattr(model, f"weight_ih_l{k}").shape, getattr(model, f"weight_hh_l{k}").shape
        layers.append(
            LayerShape(
                name=type(model).__name__,
                units=recurrent[1],
                inputs=(inputs[0], inputs[1]),
                recurrent=(recurrent[0], recurrent[1]),
            )
        )
    return tuple(layers)


def _reservoir_shape(model: ReservoirForecaster) -> NetworkShape:
    member = model.each()[0]
    features, outputs = member.readout.shape
    if isinstance(member, PolynomialMember):
        # It remembers by shifting: each value moves to the place of an older one.
        name, units, channels = "past values", member.reservoir.memory * model.channels, model.channels
    else:
        name, (units, channels) = "reservoir", member.input.shape
    layer = LayerShape(name=name, units=units, inputs=(units, channels), recurrent=(units, units))
    return NetworkShape(inputs=channels, layers=(layer,), outputs=outputs, head=(outputs, features))
