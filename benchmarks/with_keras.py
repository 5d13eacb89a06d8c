"""A workload in Keras: `train_on_batch` or `fit`, whichever is faster, and `predict_on_batch`."""

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from worker import Ready

os.environ.setdefault("KERAS_BACKEND", "jax" if find_spec("jax") else "torch")

import keras  # it reads its backend when it is imported

LEARNING_RATE = 1e-3
EPOCH_SECONDS = 0.2
LAYERS = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def version() -> str:
    """Name the version of Keras, and what computes for it.

    Returns:
        Both.
    """
    return f"{keras.__version__} on {keras.backend.backend()}"


def prepare(workload: dict[str, Any], numbers: str) -> Ready:
    """Lay a workload ready.

    Args:
        workload: Its fields.
        numbers: File of weights and inputs.

    Returns:
        The work.

    Raises:
        NotImplementedError: If Keras has no such task.
    """
    if workload["task"] not in {"step", "forward"}:
        raise NotImplementedError(f"Keras has no {workload['task']}")
    _set_threads(workload["threads"])
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", workload["precision"] == "float64")
    keras.backend.clear_session()
    keras.backend.set_floatx(workload["precision"])
    with np.load(numbers) as held:
        arrays = dict(held.items())
    return (_training if workload["task"] == "step" else _forward)(workload, arrays)


def _forward(workload: dict[str, Any], arrays: dict[str, Any]) -> Ready:
    model = _model(workload, arrays, every_step=True)
    inputs = arrays["inputs"]
    value = float(np.asarray(model.predict_on_batch(inputs)).sum())
    return Ready(run=_timed(lambda: model.predict_on_batch(inputs)), value=value, remark="predict_on_batch")


def _training(workload: dict[str, Any], arrays: dict[str, Any]) -> Ready:
    # Its two biases are one where torch has two, so that Adam goes another way: no value to compare.
    inputs, targets = arrays["inputs"], arrays["targets"]
    model = _model(workload, arrays, every_step=False)
    model.compile(keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8), "mse")
    by_batch = _timed(lambda: model.train_on_batch(inputs, targets))
    seconds = _trial(by_batch)
    steps = int(min(32, EPOCH_SECONDS / seconds))
    if steps < 3:
        return Ready(run=by_batch, value=None, remark="train_on_batch")
    many = {"x": np.repeat(inputs[None], steps, 0).reshape(-1, *inputs.shape[1:]), "y": np.tile(targets, (steps, 1))}
    fit = _timed(lambda: model.fit(**many, batch_size=len(inputs), shuffle=False, verbose=0))
    if _trial(fit) / steps < seconds:
        return Ready(run=lambda: fit() / steps, value=None, remark=f"fit, epochs of {steps} batches")
    return Ready(run=by_batch, value=None, remark="train_on_batch")


def _model(workload: dict[str, Any], arrays: dict[str, Any], *, every_step: bool) -> Any:
    count = workload["num_layers"]
    stack = [
        LAYERS[workload["cell"]](workload["hidden_size"], return_sequences=every_step or layer < count - 1)
        for layer in range(count)
    ]
    head = [] if every_step else [keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(arrays["inputs"].shape[1:]), *stack, *head])
    for index, layer in enumerate(stack):
        layer.set_weights(_weights(workload["cell"], arrays, index))
    if head:
        head[0].set_weights([arrays["head_weight"].T, arrays["head_bias"]])
    return model


def _weights(cell: str, arrays: dict[str, Any], layer: int) -> list[Any]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    w_ih, w_hh, b_ih, b_hh = (arrays[f"weights/{name}_l{layer}"] for name in names)
    if cell != "gru":
        return [w_ih.T, w_hh.T, b_ih + b_hh]

    def reordered(array: Any) -> Any:
        # torch: reset, update, new; Keras: update, reset, new
        reset, update, new = np.split(array, 3)
        return np.concatenate([update, reset, new])

    return [reordered(w_ih).T, reordered(w_hh).T, np.stack([reordered(b_ih), reordered(b_hh)])]


def _set_threads(threads: int) -> None:
    if keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(threads)


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run


def _trial(run: Callable[[], float]) -> float:
    return min(run() for _ in range(4))
