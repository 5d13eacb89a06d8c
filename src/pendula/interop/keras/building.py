"""Keras's layers in the shape of a network of Pendula."""

from typing import Any

import numpy as np
from torch import nn

from pendula.errors import ArgumentError
from pendula.interop.keras.library import keras_library
from pendula.nn import Forecaster, RecurrentLayer

__all__ = ["around", "stack_in_keras"]

_NAMES = {"RNN_TANH": "SimpleRNN", "RNN_RELU": "SimpleRNN", "GRU": "GRU", "LSTM": "LSTM"}


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


def around(stack: Any, forecaster: Forecaster, *, window: int | None) -> Any:
    """Put increments before a stack with its head, and add the last value after it, as a forecaster does.

    Args:
        stack: What `stack_in_keras` gave for the forecaster's layers, with its weights.
        forecaster: The forecaster.
        window: Steps of the input.

    Returns:
        A functional model of Keras's own layers, which shares those of the stack.

    Raises:
        ArgumentError: If there is no window.
    """
    if window is None:
        raise ArgumentError(
            "`window` must be given to a network with residual or increments that becomes a Keras model, which crops "
            "its last and its first value: got None. Give the window that it was trained with."
        )
    keras, network, dtype = keras_library(), forecaster.network, stack.layers[0].compute_dtype

    def layer(kind: str, *settings: Any, **options: Any) -> Any:
        return getattr(keras.layers, kind)(*settings, dtype=dtype, **options)

    series = output = keras.Input((window, forecaster.channels), dtype=dtype)
    if network.increments:
        before = series
        if window > 1:  # the increment of the very first value is unknown; it is shown as 0
            first, others = layer("Cropping1D", (0, window - 1))(series), layer("Cropping1D", (0, 1))(series)
            before = layer("Concatenate", axis=1)([first, others])
        output = layer("Concatenate")([series, layer("Subtract")([series, before])])
        _divide_rows(stack.layers[0].weights[0], forecaster)
    for each in stack.layers:
        output = each(output)
    if network.residual:
        last = layer("Flatten")(layer("Cropping1D", (window - 1, 0))(series))
        output = layer("Add")([output, layer("Flatten")(layer("RepeatVector", network.leads)(last))])
    return keras.Model(series, output)


def _divide_rows(kernel: Any, forecaster: Forecaster) -> None:
    # K (Δx / d) = (K / d) Δx
    rows = np.array(keras_library().ops.convert_to_numpy(kernel))
    rows[forecaster.channels :] /= forecaster.increment_scale.detach().cpu().numpy()[:, None]
    kernel.assign(rows)


def _check(recurrent: RecurrentLayer) -> None:
    for name, usual in (("bidirectional", False), ("proj_size", 0), ("dropout", 0)):
        if (value := getattr(recurrent, name)) != usual:
            raise ArgumentError(
                f"`{name}` must be {usual} in a stack that becomes a Keras model: got {value}. Leave it out."
            )
