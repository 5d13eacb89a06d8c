"""Random Keras models, and how their outputs are held against Pendula's."""

import numpy as np
import torch
from hypothesis import strategies as st

from pendula.interop.keras import keras_library

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}
LAYERS = {"rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


@st.composite
def architectures(draw, *, most_dense=2, equal=False):
    """Draw the settings of `keras_model`."""
    layers = draw(st.integers(1, 3))
    units = draw(st.integers(1, 6))
    return {
        "cell": draw(st.sampled_from(list(LAYERS))),
        "units": tuple(units if equal else draw(st.integers(1, 6)) for _ in range(layers)),
        "inputs": draw(st.integers(1, 3)),
        "dense": tuple(draw(st.lists(st.integers(1, 4), max_size=most_dense))),
        "every_step": draw(st.booleans()),
        "use_bias": draw(st.booleans()),
        "window": draw(st.sampled_from([None, 7])),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "functional": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**16)),
    }


def keras_model(
    *, cell="lstm", units=(3,), inputs=1, dense=(1,), every_step=False, use_bias=True, window=None, dtype="float32",
    functional=False, seed=0, **options,
):  # fmt: skip
    """Build a model of Keras's own layers, with normal weights, biases among them."""
    keras = keras_library()
    kind = getattr(keras.layers, LAYERS[cell])
    first = keras.Input((window, inputs), dtype=dtype)
    layers = [
        kind(
            size,
            return_sequences=every_step or number + 1 < len(units),
            use_bias=use_bias,
            dtype=dtype,
            **options,
        )
        for number, size in enumerate(units)
    ] + [keras.layers.Dense(size, use_bias=use_bias, dtype=dtype) for size in dense]
    if functional:
        output = first
        for layer in layers:
            output = layer(output)
        model = keras.Model(first, output)
    else:
        model = keras.Sequential([first, *layers])
    generator = np.random.default_rng(seed)
    model.set_weights([
        (0.5 * generator.standard_normal(tuple(weight.shape))).astype(dtype) for weight in model.weights
    ])
    return model


def outputs_of(model, inputs):
    """Run a model of Keras on sequences."""
    return np.asarray(keras_library().ops.convert_to_numpy(model(inputs)))


def sequences(inputs, *, dtype, batch=3, steps=7, seed=1):
    """Draw sequences to run through a model."""
    return np.random.default_rng(seed).standard_normal((batch, steps, inputs)).astype(dtype)


def outputs_here(network, inputs):
    """Run a converted network, head or no head, on sequences."""
    with torch.no_grad():
        if network.head is not None:
            return network.readout()(torch.from_numpy(inputs)).outputs.numpy()
        output, _ = network.recurrent(torch.from_numpy(inputs))
        return (output if network.every_step else output[:, -1])[..., : network.units].numpy()
