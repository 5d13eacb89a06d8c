r"""The simple recurrent network as a textbook writes it: one sequence, plain NumPy, every sum in sight.

Nothing here is fast; `pendula.nn.RNN` is. It is here to be read beside the equations, which docs/backpropagation.md
derives, and to be compared with what autograd and the compiled core compute. The symbols are those of the equations:

```
a(t) = U x(t) + W h(t−1) + b        U  from the input          b  bias of the hidden units
h(t) = tanh a(t)                    W  from the state before   c  bias of the outputs
y(t) = V h(t) + c                   V  to the output
ŷ(t) = σ(y(t))                      L  = Σ_t s(t) L(t), the loss
```

σ is the identity with L(t) = ½ |ŷ(t) − target|², or the softmax with L(t) = −target · log ŷ(t): in both cases the
derivative of L(t) by y(t) is ŷ(t) − target. s(t) says how much step t counts: 1 at every step, or at the last alone.

References:
    P. J. Werbos, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE 78 (1990) 1550.
    I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning* (2016), section 10.2.2.
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy import ndarray

from pendula.errors import ArgumentError, ShapeError
from pendula.shapes import Float

__all__ = ["Activities", "Gradients", "Output", "Parameters", "backward", "draw_parameters", "forward", "loss"]

Output: TypeAlias = Literal["identity", "softmax"]


class Parameters(NamedTuple):
    """The weights and biases, the same at every step.

    Attributes:
        U: From the input to the hidden units.
        W: From the hidden units to those of the next step.
        V: From the hidden units to the outputs.
        b: Bias of the hidden units.
        c: Bias of the outputs.
    """

    U: Float[ndarray, "hidden input"]
    W: Float[ndarray, "hidden hidden"]
    V: Float[ndarray, "output hidden"]
    b: Float[ndarray, " hidden"]
    c: Float[ndarray, " output"]


class Activities(NamedTuple):
    """The stack that the forward pass builds up, and the backward pass takes down again.

    Attributes:
        h: States, the first one before any input: row t is h(t), t = 0 … τ.
        y: Outputs before σ, row t − 1 is y(t), t = 1 … τ.
        prediction: ŷ, row by row as y.
    """

    h: Float[ndarray, "time_and_first hidden"]
    y: Float[ndarray, "time output"]
    prediction: Float[ndarray, "time output"]


class Gradients(NamedTuple):
    """Derivatives of the loss.

    Attributes:
        U: By U.
        W: By W.
        V: By V.
        b: By b.
        c: By c.
        h: By the states h(1) … h(τ), through everything that follows from them.
    """

    U: Float[ndarray, "hidden input"]
    W: Float[ndarray, "hidden hidden"]
    V: Float[ndarray, "output hidden"]
    b: Float[ndarray, " hidden"]
    c: Float[ndarray, " output"]
    h: Float[ndarray, "time hidden"]


def draw_parameters(input_size: int, hidden_size: int, *, output_size: int, seed: int = 0) -> Parameters:
    """Draw weights, each row of about unit length; the biases are 0.

    Args:
        input_size: Numbers in x(t).
        hidden_size: Hidden units.
        output_size: Numbers in y(t).
        seed: Of the weights.

    Returns:
        The parameters.

    Examples:
        >>> [matrix.shape for matrix in draw_parameters(2, 5, output_size=1)]
        [(5, 2), (5, 5), (1, 5), (5,), (1,)]
    """
    generator = np.random.default_rng(seed)
    U, W, V = (
        generator.normal(size=(rows, columns)) / np.sqrt(columns)
        for rows, columns in ((hidden_size, input_size), (hidden_size, hidden_size), (output_size, hidden_size))
    )
    return Parameters(U, W, V, np.zeros(hidden_size), np.zeros(output_size))


def forward(
    parameters: Parameters,
    x: Float[ndarray, "time input"],
    *,
    start: Float[ndarray, " hidden"] | None = None,
    output: Output = "identity",
) -> Activities:
    """Run one sequence through the network.

    Args:
        parameters: Weights and biases.
        x: The sequence, x(1) … x(τ).
        start: h(0); zeros if left out.
        output: σ, the identity or the softmax.

    Returns:
        The activities of all units at each step.

    Raises:
        ShapeError: If the sequence or the first state do not fit the weights.
        ArgumentError: If σ is none of the two.

    Examples:
        >>> one = Parameters(U=np.eye(1), W=np.eye(1) / 2, V=np.eye(1), b=np.zeros(1), c=np.ones(1))
        >>> forward(one, np.array([[1.0], [0.0]])).y[:, 0]  # 1 + tanh 1, 1 + tanh(tanh(1) / 2)
        array([1.7616, 1.3633])
    """
    U, W, V, b, c = parameters
    h = np.zeros((len(x) + 1, len(b)))
    h[0] = _fitting(parameters, x, start)
    for t in range(1, len(x) + 1):
        a = U @ x[t - 1] + W @ h[t - 1] + b
        h[t] = np.tanh(a)
    y = h[1:] @ V.T + c
    return Activities(h, y, y if _is_identity(output) else _softmax(y))


def loss(
    activities: Activities,
    targets: Float[ndarray, "time output"],
    *,
    scored: Float[ndarray, " time"] | None = None,
    output: Output = "identity",
) -> float:
    """Compute L = Σ_t s(t) L(t): half squared errors, or cross entropy after the softmax.

    Args:
        activities: Of the forward pass.
        targets: What ŷ(t) should be; for the softmax probabilities, as 0 and 1, that sum to 1.
        scored: s(t); 1 everywhere if left out.
        output: σ of the forward pass.

    Returns:
        The loss.

    Raises:
        ShapeError: If the targets do not fit.
        ArgumentError: If σ is neither the identity nor the softmax.

    Examples:
        >>> activities = Activities(h=np.zeros((2, 1)), y=np.array([[3.0]]), prediction=np.array([[3.0]]))
        >>> loss(activities, np.array([[1.0]]))  # ½ (3 − 1)²
        2.0
    """
    _, y, prediction = activities
    s = _scored(activities, targets, scored)
    if _is_identity(output):
        return float(s @ (0.5 * (prediction - targets) ** 2).sum(axis=1))
    y = y - y.max(axis=1, keepdims=True)
    log_prediction = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    return float(s @ -(targets * log_prediction).sum(axis=1))


def backward(
    parameters: Parameters,
    x: Float[ndarray, "time input"],
    activities: Activities,
    targets: Float[ndarray, "time output"],
    *,
    scored: Float[ndarray, " time"] | None = None,
) -> Gradients:
    """Carry the errors back through time, and sum what they say about each parameter.

    The pass is linear in the errors: the slopes by which it multiplies were fixed by the forward pass.

    Args:
        parameters: Weights and biases.
        x: The sequence.
        activities: Of the forward pass.
        targets: What ŷ(t) should be.
        scored: s(t), how much step t counts; 1 everywhere if left out.

    Returns:
        The derivatives of the loss.

    Raises:
        ShapeError: If the targets do not fit.

    Examples:
        >>> parameters, x = draw_parameters(1, 3, output_size=1), np.ones((4, 1))
        >>> activities = forward(parameters, x)
        >>> once = backward(parameters, x, activities, targets=activities.prediction - 1)
        >>> twice = backward(parameters, x, activities, targets=activities.prediction - 2)
        >>> bool((twice.W == 2 * once.W).all())  # twice the error, twice the gradient
        True
    """
    _, W, V, _, _ = parameters
    h, before = activities.h[1:], activities.h[:-1]  # h(t) and h(t−1)
    slope = 1 - h**2  # of tanh: ∂h_i(t) / ∂a_i(t)

    # (∇_y(t) L)_i = ∂L/∂L(t) ∂L(t)/∂y_i(t)
    by_y = _scored(activities, targets, scored)[:, None] * (activities.prediction - targets)

    by_h = np.zeros_like(h)
    by_h[-1] = V.T @ by_y[-1]  # ∇_h(τ) L = Vᵀ ∇_y(τ) L
    for t in reversed(range(len(h) - 1)):
        onward = slope[t + 1][:, None] * W  # ∂h(t+1) / ∂h(t)
        by_h[t] = onward.T @ by_h[t + 1] + V.T @ by_y[t]

    return Gradients(
        c=by_y.sum(axis=0),  # Σ_t (∂y(t)/∂c)ᵀ ∇_y(t) L, and ∂y/∂c = 1
        b=(slope * by_h).sum(axis=0),  # Σ_t (∂h(t)/∂b)ᵀ ∇_h(t) L
        V=np.einsum("ti,tj->ij", by_y, h),  # Σ_t Σ_i (∂L/∂y_i(t)) ∇_V y_i(t)
        W=np.einsum("ti,ti,tj->ij", by_h, slope, before),  # Σ_t Σ_i (∂L/∂h_i(t)) ∇_W h_i(t)
        U=np.einsum("ti,ti,tj->ij", by_h, slope, x),  # Σ_t Σ_i (∂L/∂h_i(t)) ∇_U h_i(t)
        h=by_h,
    )


def _softmax(y: Float[ndarray, "time output"]) -> Float[ndarray, "time output"]:
    powers = np.exp(y - y.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _is_identity(output: str) -> bool:
    if output not in {"identity", "softmax"}:
        raise ArgumentError(f"`output` must be known: expected identity or softmax, got {output}. Choose one.")
    return output == "identity"


def _fitting(
    parameters: Parameters, x: Float[ndarray, "time input"], start: Float[ndarray, " hidden"] | None
) -> Float[ndarray, " hidden"]:
    hidden, channels = parameters.U.shape
    if len(x) == 0 or x.shape[1] != channels:
        raise ShapeError(
            f"`x` must hold steps that fit U: expected shape (1 or more, {channels}), got {x.shape}. Check its axes."
        )
    if start is not None and start.shape != (hidden,):
        raise ShapeError(f"`start` must hold a state: expected shape ({hidden},), got {start.shape}. Check its axes.")
    return np.zeros(hidden) if start is None else start


def _scored(
    activities: Activities, targets: Float[ndarray, "time output"], scored: Float[ndarray, " time"] | None
) -> Float[ndarray, " time"]:
    if targets.shape != activities.y.shape:
        raise ShapeError(
            f"`targets` must fit the outputs: expected shape {activities.y.shape}, got {targets.shape}. "
            "Give one for each step."
        )
    return np.ones(len(targets)) if scored is None else scored
