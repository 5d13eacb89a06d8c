"""From a Keras model to Pendula's layers, exactly."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pendula.errors import ModelError
from pendula.interop.keras.layers import Chain, Recurrent, chain_of
from pendula.interop.keras.stores import ArrayOf, open_store
from pendula.interop.keras.weights import GATES, LayerWeights, from_columns, pad_units
from pendula.interop.taken_over import forecaster_of
from pendula.nn import CELLS, Forecaster, Readout, RecurrentLayer
from pendula.shapes import Float, ndarray

__all__ = ["KerasNetwork", "from_keras"]

MOST_GROWTH, SMALL = 16, 2**24
"""Padding that makes more of a network's numbers than this many times is refused, unless they are few all the same."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KerasNetwork:
    """A network that was Keras's, in Pendula's layers.

    Attributes:
        recurrent: The recurrent stack.
        head: The Dense layers after it, multiplied together; None where there are none.
        every_step: Whether the model gives its outputs after every step, not after the last alone.
        window: Steps of the model's input; None where it takes any number.
        units: Of the last recurrent layer in Keras: the first so many of the stack's outputs are its own.
        source: What messages call the model.
        padding: Units that were added to layers smaller than the largest; they stay at zero.
    """

    recurrent: RecurrentLayer
    head: nn.Linear | None
    every_step: bool
    window: int | None
    units: int
    source: str
    padding: int = 0

    def readout(self) -> Readout:
        """Give the network as layers with a head: the same outputs for the same inputs.

        Returns:
            The readout, which shares the weights.

        Raises:
            ModelError: If there is no head.
        """
        return Readout(self.recurrent, self._head(), scored="every" if self.every_step else "last")

    def forecaster(self) -> Forecaster:
        """Give the network as a forecaster, which is told a series value by value and can run freely.

        Returns:
            The forecaster, with the weights copied. Where a head gives several steps, they are taken as one block after
            the other, each with all channels.

        Raises:
            ModelError: If the outputs cannot be the next values of the inputs.
        """
        return forecaster_of(self.recurrent, self._head(), source=self.source, layers="from_keras(...).readout()")

    def _head(self) -> nn.Linear:
        if self.head is None:
            raise ModelError(
                f"`{self.source}` must have a head: expected a Dense layer after the recurrent ones, got none. Its "
                "stack alone is `from_keras(...).recurrent`."
            )
        return self.head


def from_keras(model: Any) -> KerasNetwork:
    """Take a recurrent network over from Keras.

    SimpleRNN, LSTM and GRU layers, stacked, with Dense layers after them. Files are read without Keras: configuration
    and numbers alone, and nothing in them is run. Layers of unequal size are padded with units that stay at zero.

    Args:
        model: A model that is alive, or the path of a `.keras` or a legacy `.h5` file.

    Returns:
        The network: its outputs are those of Keras, to rounding.

    Raises:
        ModelError: If the model is damaged, or has something that Pendula does not have; it is named.

    Examples:
        >>> from_keras("lstm.pt")
        Traceback (most recent call last):
        pendula.errors.ModelError: `lstm.pt` must be a model of Keras: expected a name that ends in .keras, .h5 or ...
    """
    source = str(model) if isinstance(model, str | Path) else "model"
    try:
        with open_store(model) as (config, array_of):
            chain = chain_of(config, source=source)
            layers = [_layer(layer, array_of, source) for layer in chain.recurrent]
            head = _head(chain, array_of)
    except RecursionError as error:
        raise ModelError(
            f"`{source}` must be a model of Keras: got tables nested without end. It is damaged."
        ) from error
    _check_numbers(source, [*(array for layer in layers for array in layer), *(head or ())])
    units = max(layer.units for layer in chain.recurrent)
    _check_padding(source, chain, layers, units)
    return KerasNetwork(
        recurrent=_stack(chain, layers, units),
        head=None if head is None else _linear(*head, width=units),
        every_step=chain.recurrent[-1].every_step,
        window=chain.window,
        units=chain.recurrent[-1].units,
        source=source,
        padding=sum(units - layer.units for layer in chain.recurrent),
    )


def _layer(layer: Recurrent, array_of: ArrayOf, source: str) -> LayerWeights:
    units, columns = layer.units, GATES[layer.cell] * layer.units
    kernel = array_of(layer, "kernel", (None, columns))
    recurrent = array_of(layer, "recurrent_kernel", (units, columns))
    two_rows = layer.cell == "gru" and layer.reset_after
    bias = np.zeros((2, columns), kernel.dtype)
    if layer.use_bias:
        given = array_of(layer, "bias", (2, columns) if two_rows else (columns,))
        bias[: 2 if two_rows else 1] = given
    if layer.cell == "gru" and not layer.reset_after:
        _check_reset(layer, recurrent, source)
    return from_columns(layer.cell, kernel, recurrent, bias)


def _check_reset(layer: Recurrent, recurrent: Float[ndarray, "unit column"], source: str) -> None:
    # (r ∘ h) U = r ∘ (h U) for all r and h exactly if U is diagonal.
    new = recurrent[:, 2 * layer.units :]
    if np.any(new[~np.eye(layer.units, dtype=bool)]):
        raise ModelError(
            f"`{source}` must have GRU layers whose reset gate acts after the recurrent matrix: expected "
            f"reset_after=True, got False in GRU `{layer.name}`. It is another network, and no weights make them the "
            "same; train it anew with reset_after=True, which is Keras's default."
        )


def _head(chain: Chain, array_of: ArrayOf) -> tuple[ndarray, ndarray] | None:
    width = chain.recurrent[-1].units
    weight: ndarray | None = None
    bias: ndarray | None = None
    for layer in chain.dense:
        kernel = array_of(layer, "kernel", (width, layer.units))
        constant = array_of(layer, "bias", (layer.units,)) if layer.use_bias else np.zeros(layer.units, kernel.dtype)
        # (h K₁ + b₁) K₂ + b₂ = h (K₁ K₂) + (b₁ K₂ + b₂), in double precision
        wide = kernel.astype(np.float64)
        weight = kernel if weight is None else (weight.astype(np.float64) @ wide).astype(kernel.dtype)
        bias = constant if bias is None else (bias.astype(np.float64) @ wide + constant).astype(kernel.dtype)
        width = layer.units
    return None if weight is None or bias is None else (weight, bias)


def _check_numbers(source: str, arrays: list[ndarray]) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise ModelError(f"`{source}` must have finite weights: got NaN or infinity. Its training diverged.")
    kinds = {str(array.dtype) for array in arrays}
    if len(kinds) > 1:
        raise ModelError(
            f"`{source}` must have weights of one precision: got {' and '.join(sorted(kinds))}. Build it in one."
        )


def _check_padding(source: str, chain: Chain, layers: list[LayerWeights], units: int) -> None:
    # A small file must not fill the memory: each of its layers is given as many units as the largest has.
    held = sum(array.size for layer in layers for array in layer)
    padded = len(layers) * 2 * GATES[chain.recurrent[0].cell] * units**2
    if padded > max(SMALL, MOST_GROWTH * held):
        sizes = [layer.units for layer in chain.recurrent]
        raise ModelError(
            f"`{source}` must have layers of like sizes: got {min(sizes)} to {max(sizes)} units, which would be filled "
            f"up from {held} numbers to {padded}. Build it of layers of one size."
        )


def _stack(chain: Chain, layers: list[LayerWeights], units: int) -> RecurrentLayer:
    first = chain.recurrent[0]
    inputs = layers[0][0].shape[1]
    options: dict[str, Any] = {"nonlinearity": "relu"} if first.activation == "relu" else {}
    dtype = torch.from_numpy(layers[0][0]).dtype
    made = CELLS[first.cell](inputs, units, len(layers), batch_first=True, dtype=dtype, **options)
    weights = [
        pad_units(first.cell, layer, units=units, inputs=units if number else inputs)
        for number, layer in enumerate(layers)
    ]
    with torch.no_grad():
        for parameter, array in zip(made.parameters(), (array for layer in weights for array in layer), strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return made


def _linear(weight: ndarray, bias: ndarray, *, width: int) -> nn.Linear:
    made = nn.Linear(width, weight.shape[1], dtype=torch.from_numpy(weight).dtype)
    with torch.no_grad():
        made.weight.zero_()
        made.weight[:, : len(weight)] = torch.from_numpy(weight.T.copy())
        made.bias.copy_(torch.from_numpy(bias))
    return made
