"""A workload in JAX: everything compiled, the fastest of several ways to write it.

The input projections stand before the loop over time or within it; the loop is unrolled or not; a step of training is
compiled by itself, its state donated, or as a loop over an epoch of batches. The fastest one on the spot runs the race.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from worker import Ready

jax.config.update("jax_enable_x64", True)

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
EPOCH_SECONDS = 0.1


class Way(NamedTuple):
    """How a recurrent layer is written.

    Attributes:
        hoisted: Whether the input projections of all steps are one product before the loop.
        unroll: Steps in one turn of the loop.
    """

    hoisted: bool
    unroll: int

    def __str__(self) -> str:
        return f"input projections {'before' if self.hoisted else 'within'} the loop, unrolled {self.unroll}"


WAYS = (Way(True, 1), Way(False, 1), Way(True, 2), Way(False, 2))


def version() -> str:
    """Name the version of JAX.

    Returns:
        It.
    """
    return jax.__version__


def prepare(workload: dict[str, Any], numbers: str) -> Ready:
    """Lay a workload ready.

    Args:
        workload: Its fields.
        numbers: File of weights and inputs.

    Returns:
        The fastest way.
    """
    jax.clear_caches()
    with np.load(numbers) as held:
        arrays = dict(held.items())
    made = [(str(way), *_MAKERS[workload["task"]](workload, arrays, way)) for way in WAYS]
    remark, run, value = min(made, key=lambda each: _trial(each[1]))
    if workload["task"] == "step":
        way = next(way for way in WAYS if str(way) == remark)
        seconds = _trial(run)
        steps = int(min(32, EPOCH_SECONDS / seconds))
        if steps >= 3:
            epoch = _epoch(workload, arrays, way, steps)
            if _trial(epoch) < seconds:
                run, remark = epoch, f"{remark}, epochs of {steps} batches"
    return Ready(run=run, value=value, remark=remark)


def _trial(run: Callable[[], float]) -> float:
    return min(run() for _ in range(4))


def _timed(function: Callable[..., Any], *arguments: Any) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        return time.perf_counter() - began

    return run


def _forward(workload: dict[str, Any], arrays: dict[str, Any], way: Way) -> tuple[Callable[[], float], float]:
    weights, inputs = _stack(arrays, "weights", workload), _time_major(arrays)
    function = jax.jit(lambda weights, inputs: _outputs(workload["cell"], weights, inputs, way).sum())
    return _timed(function, weights, inputs), float(function(weights, inputs))


def _tangent(workload: dict[str, Any], arrays: dict[str, Any], way: Way) -> tuple[Callable[[], float], float]:
    weights, tangents = _stack(arrays, "weights", workload), _stack(arrays, "tangents", workload)
    inputs = _time_major(arrays)

    @jax.jit
    def function(weights: Any, tangents: Any, inputs: Any) -> Any:
        return jax.jvp(lambda held: _outputs(workload["cell"], held, inputs, way), (weights,), (tangents,))[1].sum()

    return _timed(function, weights, tangents, inputs), float(function(weights, tangents, inputs))


def _free_run(workload: dict[str, Any], arrays: dict[str, Any], way: Way) -> tuple[Callable[[], float], float]:
    cell, weights, head = workload["cell"], _stack(arrays, "weights", workload), _head(arrays)
    start = jnp.asarray(arrays["inputs"][:, 0])

    @jax.jit
    def function(weights: Any, head: Any, start: Any) -> Any:
        def step(carry: Any, _: Any) -> Any:
            value, states = carry
            after = []
            for (w_ih, w_hh, b_ih, b_hh), state in zip(weights, states, strict=True):
                state = _step(cell, state, value @ w_ih + b_ih, w_hh, b_hh)  # noqa: PLW2901
                value = _hidden(cell, state)
                after.append(state)
            value = value @ head[0] + head[1]
            return (value, after), value

        states = [_zeros(cell, start.shape[0], w_hh) for _, w_hh, _, _ in weights]
        return jax.lax.scan(step, (start, states), length=workload["time"], unroll=way.unroll)[1].sum()

    return _timed(function, weights, head, start), float(function(weights, head, start))


def _training(workload: dict[str, Any], arrays: dict[str, Any], way: Way) -> tuple[Callable[[], float], float]:
    function = jax.jit(partial(_train, workload["cell"], way), donate_argnums=0)
    inputs, targets = _time_major(arrays), jnp.asarray(arrays["targets"])
    state = _start(workload, arrays)
    for _ in range(3):
        state, loss = function(state, inputs, targets)
    return _carried(function, state, inputs, targets), float(loss)


def _epoch(workload: dict[str, Any], arrays: dict[str, Any], way: Way, steps: int) -> Callable[[], float]:
    def epoch(state: Any, inputs: Any, targets: Any) -> Any:
        step = partial(_train, workload["cell"], way)
        return jax.lax.scan(lambda state, batch: step(state, *batch), state, (inputs, targets))

    inputs, targets = (
        jnp.asarray(np.repeat(np.asarray(array)[None], steps, axis=0))
        for array in (_time_major(arrays), arrays["targets"])
    )
    run = _carried(jax.jit(epoch, donate_argnums=0), _start(workload, arrays), inputs, targets)
    return lambda: run() / steps


def _carried(function: Callable[..., Any], state: Any, *batch: Any) -> Callable[[], float]:
    def run() -> float:
        nonlocal state
        began = time.perf_counter()
        state, _ = jax.block_until_ready(function(state, *batch))
        return time.perf_counter() - began

    return run


def _train(cell: str, way: Way, state: Any, inputs: Any, targets: Any) -> Any:
    def loss_of(parameters: Any) -> Any:
        weights, (head_weight, head_bias) = parameters
        last = _outputs(cell, weights, inputs, way)[-1]
        return jnp.mean(jnp.square(last @ head_weight + head_bias - targets))

    parameters, first, second, count = state
    loss, gradients = jax.value_and_grad(loss_of)(parameters)
    count += 1
    first = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, second, gradients)
    size, root = LEARNING_RATE / (1 - BETA_1**count), jnp.sqrt(1 - BETA_2**count)
    parameters = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) / root + EPSILON), parameters, first, second)
    return (parameters, first, second, count), loss


def _start(workload: dict[str, Any], arrays: dict[str, Any]) -> Any:
    parameters = _stack(arrays, "weights", workload), _head(arrays)
    zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
    return parameters, *zeros, jnp.zeros((), workload["precision"])


def _outputs(cell: str, weights: Any, inputs: Any, way: Way) -> Any:
    values = inputs
    for w_ih, w_hh, b_ih, b_hh in weights:
        projected = values @ w_ih + b_ih if way.hoisted else values

        def step(state: Any, x: Any, w_ih: Any = w_ih, w_hh: Any = w_hh, b_ih: Any = b_ih, b_hh: Any = b_hh) -> Any:
            state = _step(cell, state, x if way.hoisted else x @ w_ih + b_ih, w_hh, b_hh)
            return state, _hidden(cell, state)

        _, values = jax.lax.scan(step, _zeros(cell, inputs.shape[1], w_hh), projected, unroll=way.unroll)
    return values


def _step(cell: str, state: Any, projected: Any, w_hh: Any, b_hh: Any) -> Any:
    if cell == "rnn":
        return jnp.tanh(projected + state @ w_hh + b_hh)
    if cell == "gru":
        (reset_x, update_x, new_x), (reset_h, update_h, new_h) = (
            jnp.split(gates, 3, axis=-1) for gates in (projected, state @ w_hh + b_hh)
        )
        update = jax.nn.sigmoid(update_x + update_h)
        new = jnp.tanh(new_x + jax.nn.sigmoid(reset_x + reset_h) * new_h)
        return (1 - update) * new + update * state
    hidden, memory = state
    enter, forget, new, leave = jnp.split(projected + hidden @ w_hh + b_hh, 4, axis=-1)
    memory = jax.nn.sigmoid(forget) * memory + jax.nn.sigmoid(enter) * jnp.tanh(new)
    return jax.nn.sigmoid(leave) * jnp.tanh(memory), memory


def _hidden(cell: str, state: Any) -> Any:
    return state[0] if cell == "lstm" else state


def _zeros(cell: str, batch: int, w_hh: Any) -> Any:
    zeros = jnp.zeros((batch, w_hh.shape[0]), w_hh.dtype)
    return (zeros, zeros) if cell == "lstm" else zeros


def _stack(arrays: dict[str, Any], kind: str, workload: dict[str, Any]) -> Any:
    # Transposed: a row of inputs times a matrix of [input, gates].
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [
        tuple(jnp.asarray(arrays[f"{kind}/{name}_l{layer}"].T.copy()) for name in names)
        for layer in range(workload["num_layers"])
    ]


def _head(arrays: dict[str, Any]) -> Any:
    return jnp.asarray(arrays["head_weight"].T.copy()), jnp.asarray(arrays["head_bias"])


def _time_major(arrays: dict[str, Any]) -> Any:
    return jnp.asarray(arrays["inputs"].swapaxes(0, 1).copy())


_MAKERS = {"step": _training, "forward": _forward, "tangent": _tangent, "free_run": _free_run}
