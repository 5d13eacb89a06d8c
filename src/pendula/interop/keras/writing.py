"""From Pendula's layers to a Keras model, exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pendula.errors import ArgumentError
from pendula.files import write_atomically
from pendula.interop.keras.library import keras_library
from pendula.interop.keras.weights import to_columns
from pendula.nn import Forecaster, Readout, RecurrentLayer
from pendula.nn.readout import layer_weights

__all__ = ["save_keras", "set_weights", "stack_in_keras", "to_keras"]

_NAMES = {"RNN_TANH": "SimpleRNN", "RNN_RELU": "SimpleRNN", "GRU": "GRU", "LSTM": "LSTM"}


def to_keras(network: Forecaster | Readout | RecurrentLayer, *, window: int | None = None) -> Any:
    """Make a Keras model of a network.

    A forecaster and a readout of the last step give their outputs after the last step of a window, a readout of every
    step and a bare layer after each.

    Args:
        network: A forecaster without residual, increments and linear path; a readout; or a layer of `pendula.nn`.
        window: Steps of the input; any number when left out.

    Returns:
        A `keras.Sequential`, not compiled: its outputs are those of the network, to rounding.

    Raises:
        ArgumentError: If the network has something that Keras's layers do not have.
        MissingExtraError: If Keras is not installed.
    """
    recurrent, head, every_step = _taken_apart(network)
    model = stack_in_keras(recurrent, head, every_step=every_step, window=window)
    set_weights(model, recurrent, head)
    return model


def save_keras(network: Forecaster | Readout | RecurrentLayer, path: str | Path, *, window: int | None = None) -> Path:
    """Write a network as a `.keras` or a legacy `.h5` file.

    Args:
        network: As for `to_keras`.
        path: The file; one that is there is replaced.
        window: Steps of the input; any number when left out.

    Returns:
        The path.

    Raises:
        ArgumentError: If the suffix is another one, or the network has something that Keras's layers do not have.
        MissingExtraError: If Keras is not installed.
        RunError: If the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in {".keras", ".h5"}:
        raise ArgumentError(
            f"`path` must end in a suffix that Keras knows: expected .keras or .h5, got {path.suffix or 'none'}. "
            "Rename the file."
        )
    model = to_keras(network, window=window)
    write_atomically(path, model.save)
    return path


def stack_in_keras(
    recurrent: RecurrentLayer,
    head: nn.Linear | None,
    *,
    every_step: bool,
    window: int | None,
    seed: int = 0,
    zero_head: bool = False,
) -> Any:
    """Build a Keras model of the shape of a stack and its head, with weights as Keras draws them.

    Args:
        recurrent: The stack, whose shape is taken.
        head: Its head, whose shape is taken; None for none.
        every_step: Whether outputs are wanted after every step.
        window: Steps of the input; any number when left out.
        seed: Of the weights.
        zero_head: Start the head at zero.

    Returns:
        A `keras.Sequential`.

    Raises:
        ArgumentError: If the stack has something that Keras's layers do not have.
    """
    _check(recurrent)
    keras = keras_library()
    dtype = str(recurrent.weight_ih_l0.dtype).removeprefix("torch.")
    kind = getattr(keras.layers, _NAMES[recurrent.mode])
    activation = {"activation": "relu"} if recurrent.mode == "RNN_RELU" else {}
    layers = [
        kind(
            recurrent.hidden_size,
            return_sequences=every_step or number + 1 < recurrent.num_layers,
            use_bias=recurrent.bias,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 2 * number),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seed + 2 * number + 1),
            dtype=dtype,
            **activation,
        )
        for number in range(recurrent.num_layers)
    ]
    if head is not None:
        initial = "zeros" if zero_head else keras.initializers.GlorotUniform(seed=seed + 2 * recurrent.num_layers)
        bias = head.bias is not None
        layers.append(keras.layers.Dense(head.out_features, use_bias=bias, kernel_initializer=initial, dtype=dtype))
    return keras.Sequential([keras.Input((window, recurrent.input_size), dtype=dtype), *layers])


def set_weights(model: Any, recurrent: RecurrentLayer, head: nn.Linear | None) -> None:
    """Put the weights of a stack and its head into a Keras model of the same shape.

    Args:
        model: What `stack_in_keras` gave.
        recurrent: The stack.
        head: Its head, or None.
    """
    arrays: list[Any] = []
    for weights in layer_weights(recurrent):
        plain = [weight.detach().cpu().numpy() for weight in weights]
        biases = plain[2:] or [np.zeros(len(plain[0]), plain[0].dtype)] * 2
        columns = to_columns(recurrent.mode.split("_")[0].lower(), (plain[0], plain[1], biases[0], biases[1]))
        arrays += columns if recurrent.bias else columns[:2]
    if head is not None:
        arrays.append(head.weight.detach().cpu().numpy().T)
        if head.bias is not None:
            arrays.append(head.bias.detach().cpu().numpy())
    model.set_weights([np.ascontiguousarray(array) for array in arrays])


def _taken_apart(network: Forecaster | Readout | RecurrentLayer) -> tuple[RecurrentLayer, nn.Linear | None, bool]:
    if isinstance(network, Readout):
        if network.washout:
            raise ArgumentError(f"`washout` must be 0 in a Keras model: got {network.washout}. Cut its outputs.")
        return network.recurrent, network.head, network.scored == "every"
    if not isinstance(network, Forecaster):
        return network, None, True
    settings = network.network
    for name, usual in (("residual", False), ("increments", False), ("linear_lags", 0)):
        if (value := getattr(settings, name)) != usual:
            raise ArgumentError(
                f"`{name}` must be {usual} in a network that becomes a Keras model, which is layers and nothing "
                f"beside them: got {value}. Train one with --set network.{name}={str(usual).lower()}."
            )
    return network.recurrent, _scaled(network), False


def _scaled(forecaster: Forecaster) -> nn.Linear:
    # s (V h + c) = (s V) h + s c
    scale = forecaster.output_scale.reshape(-1).to(forecaster.head.weight.dtype)
    made = nn.Linear(forecaster.head.in_features, forecaster.head.out_features, dtype=scale.dtype)
    with torch.no_grad():
        made.weight.copy_(scale[:, None] * forecaster.head.weight)
        made.bias.copy_(scale * forecaster.head.bias)
    return made


def _check(recurrent: RecurrentLayer) -> None:
    for name, usual in (("bidirectional", False), ("proj_size", 0), ("dropout", 0)):
        if (value := getattr(recurrent, name)) != usual:
            raise ArgumentError(
                f"`{name}` must be {usual} in a stack that becomes a Keras model: got {value}. Leave it out."
            )
