r"""Upper bounds of second derivatives, by rules of calculus on norms.

A vector-valued function within a ball is summed up in three numbers: its largest component M, the norm D of its
derivative and the norm S of its second derivative. Each rule gives bounds of a result from those of its parts, so that
the bound of a whole layer is proved by the chain that computes it.
"""

from typing import NamedTuple

import torch

from pendula.dynamics.cells import LayerWeights, Part
from pendula.shapes import Float, Tensor

__all__ = ["BOUNDS", "Bound", "linear", "plus"]

TANH_SECOND = 4 / 3**1.5
"""Largest |tanh''|."""

SIGMOID_SECOND = 1 / (6 * 3**0.5)
"""Largest |σ''|; σ' is at most 1/4."""


class Bound(NamedTuple):
    """What is known of a function within a ball.

    Attributes:
        value: No component exceeds this.
        first: Nor does the norm of the derivative this,
        second: or that of the second derivative this.
    """

    value: float
    first: float
    second: float


def linear(norm: float, of: Bound, value: float) -> Bound:
    """Bound a matrix times a function.

    Args:
        norm: Spectral norm of the matrix.
        of: The function.
        value: Largest component of the product, known from elsewhere; infinity if it is not needed.

    Returns:
        The bound.
    """
    return Bound(value, norm * of.first, norm * of.second)


def plus(*terms: Bound) -> Bound:
    """Bound a sum.

    Args:
        terms: The summands.

    Returns:
        The bound.

    Examples:
        >>> plus(Bound(1.0, 2.0, 3.0), Bound(1.0, 0.0, 0.0))
        Bound(value=2.0, first=2.0, second=3.0)
    """
    return Bound(*(sum(column) for column in zip(*terms, strict=True)))


def times(a: Bound, b: Bound) -> Bound:
    """Bound a product component by component: (ab)'' = a''b + 2a'b' + ab''.

    Args:
        a: One factor.
        b: The other.

    Returns:
        The bound.

    Examples:
        >>> times(Bound(1.0, 1.0, 0.0), Bound(1.0, 1.0, 0.0))
        Bound(value=1.0, first=2.0, second=2.0)
    """
    return Bound(
        a.value * b.value,
        a.value * b.first + b.value * a.first,
        a.value * b.second + b.value * a.second + 2 * a.first * b.first,
    )


def tanh(of: Bound) -> Bound:
    """Bound the hyperbolic tangent of a function.

    Args:
        of: The function.

    Returns:
        The bound.
    """
    return Bound(1.0, of.first, of.second + TANH_SECOND * of.first * of.first)


def sigmoid(of: Bound) -> Bound:
    """Bound the logistic function of a function.

    Args:
        of: The function.

    Returns:
        The bound.
    """
    return Bound(1.0, of.first / 4, of.second / 4 + SIGMOID_SECOND * of.first * of.first)


def _gates(weights: LayerWeights, x: Bound, h: Bound) -> list[tuple[Bound, Bound]]:
    # What each gate gets from the input and from the state.
    size = weights.hidden_size
    pairs = zip(
        *(torch.split(each, size) for each in (weights.input, weights.hidden, weights.hidden_bias)), strict=True
    )
    return [(linear(_norm(u), x, float("inf")), linear(_norm(w), h, _row_sums(w, b, h.value))) for u, w, b in pairs]


def _tanh(weights: LayerWeights, x: Bound, state: tuple[Bound, ...]) -> tuple[Bound, ...]:
    ((u, w),) = _gates(weights, x, state[0])
    return (tanh(plus(u, w)),)


def _leaky(weights: LayerWeights, x: Bound, state: tuple[Bound, ...]) -> tuple[Bound, ...]:
    assert weights.leak is not None
    ((u, w),) = _gates(weights, x, state[0])
    leak = float(weights.leak)
    kept, new = (Bound(abs(share), 0.0, 0.0) for share in (1 - leak, leak))
    return (plus(times(kept, state[0]), times(new, tanh(plus(u, w)))),)


def _gru(weights: LayerWeights, x: Bound, state: tuple[Bound, ...]) -> tuple[Bound, ...]:
    (h,) = state
    (r_x, r_h), (z_x, z_h), (n_x, n_h) = _gates(weights, x, h)
    z, n = sigmoid(plus(z_x, z_h)), tanh(plus(n_x, times(sigmoid(plus(r_x, r_h)), n_h)))
    return (plus(n, times(z, plus(h, n))),)


def _lstm(weights: LayerWeights, x: Bound, state: tuple[Bound, ...]) -> tuple[Bound, ...]:
    i, f, g, o = (plus(u, w) for u, w in _gates(weights, x, state[0]))
    c = plus(times(sigmoid(f), state[1]), times(sigmoid(i), tanh(g)))
    return times(sigmoid(o), tanh(c)), c


BOUNDS = {"rnn_tanh": _tanh, "leaky": _leaky, "gru": _gru, "lstm": _lstm}
"""The bounds of each kind of layer; a rectifier has no second derivative to bound."""


def state_bound(part: Part, radius: float) -> Bound:
    """Bound a part of the state itself.

    Args:
        part: Its value at the center, one row.
        radius: Of the ball.

    Returns:
        The bound.
    """
    return Bound(float(part.abs().max()) + radius, 1.0, 0.0)


def _norm(matrix: Float[Tensor, "row column"]) -> float:
    return float(torch.linalg.matrix_norm(matrix, ord=2))


def _row_sums(matrix: Tensor, bias: Tensor, value: float) -> float:
    return float((matrix.abs().sum(dim=1) * value + bias.abs()).max())
