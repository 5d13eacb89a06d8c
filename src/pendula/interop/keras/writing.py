"""From Pendula's layers to a Keras model, exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pendula.errors import ArgumentError
from pendula.files import write_atomically
from pendula.interop.keras.building import around, stack_in_keras
from pendula.interop.keras.weights import to_columns
from pendula.interop.one_stack import one_stack
from pendula.nn import AnyForecaster, Forecaster, Readout, RecurrentLayer
from pendula.nn.readout import layer_weights

__all__ = ["save_keras", "set_weights", "to_keras"]


def to_keras(network: AnyForecaster | Readout | RecurrentLayer, *, window: int | None = None) -> Any:
    """Make a Keras model of a network.

    A forecaster and a readout of the last step give their outputs after the last step of a window, a readout of every
    step and a bare layer after each. Increments and the last value, which a forecaster has beside its layers unless it
    is told otherwise, become layers of Keras that crop, subtract and add; `from_keras` reads models without them alone.

    Args:
        network: A forecaster without a linear path; a readout; or a layer of `pendula.nn`.
        window: Steps of the input; any number when left out, which a forecaster with residual or increments cannot be
            shown.

    Returns:
        A `keras.Sequential`, or a functional model, not compiled: its outputs are those of the network, to rounding.

    Raises:
        ArgumentError: If the network has something that Keras's layers do not have, or needs a window and has none.
        MissingExtraError: If Keras is not installed.
    """
    recurrent, head, every_step = _taken_apart(network)
    model = stack_in_keras(recurrent, head, every_step=every_step, window=window)
    set_weights(model, recurrent, head)
    if isinstance(network, Forecaster) and (network.network.residual or network.network.increments):
        return around(model, network, window=window)
    return model


def save_keras(
    network: AnyForecaster | Readout | RecurrentLayer, path: str | Path, *, window: int | None = None
) -> Path:
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


def _taken_apart(network: AnyForecaster | Readout | RecurrentLayer) -> tuple[RecurrentLayer, nn.Linear | None, bool]:
    if isinstance(network, Readout):
        if network.washout:
            raise ArgumentError(f"`washout` must be 0 in a Keras model: got {network.washout}. Cut its outputs.")
        return network.recurrent, network.head, network.scored == "every"
    if isinstance(network, RecurrentLayer):
        return network, None, True
    network = one_stack(network, argument="network", becomes="a Keras model")
    if network.network.linear_lags:
        raise ArgumentError(
            "`linear_lags` must be 0 in a network that becomes a Keras model, where nothing sums a linear path in "
            f"double precision: got {network.network.linear_lags}. Train one with --set network.linear_lags=0, or "
            "write ONNX."
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
