"""Losses of a network's outputs, with the curvature that matches them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from pendula.errors import ArgumentError, ShapeError

__all__ = ["LOGISTIC", "SOFTMAX", "SQUARED_ERROR", "OutputLoss", "matching_loss", "weighted_softmax"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputLoss:
    r"""A convex loss ℓ(z, y) of outputs z and targets y, summed over them, with its derivatives in closed form.

    Its Hessian H with respect to z is positive semi-definite: Jᵀ H J is then the generalized Gauss–Newton matrix of a
    network with Jacobian J.

    Attributes:
        name: In words.
        value: (z, y) ↦ ℓ, in float64.
        gradient: (z, y) ↦ ∂ℓ/∂z.
        curve: (z, v) ↦ H v.
        root: (z, ε) ↦ A ε, with H = A Aᵀ.
        class_weights: By how much each class counts; empty where all count the same, or where there are none.

    References:
        N. N. Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent", Neural
        Computation 14 (2002) 1723, section 3.

    Examples:
        >>> SQUARED_ERROR.curve(torch.zeros(2), torch.tensor([1.0, -3.0]))
        tensor([ 2., -6.])
        >>> SOFTMAX.curve(torch.zeros(2), torch.tensor([1.0, 0.0]))
        tensor([ 0.2500, -0.2500])
    """

    name: str
    value: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    gradient: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    curve: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    root: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    class_weights: tuple[float, ...] = field(default=(), repr=False)


def _squares(z: Tensor, y: Tensor) -> Tensor:
    return (z.double() - _like(z, y)).square().sum()


def _squares_gradient(z: Tensor, y: Tensor) -> Tensor:
    return 2 * (z - _like(z, y))


def _squares_curve(_: Tensor, v: Tensor) -> Tensor:
    return 2 * v


def _squares_root(_: Tensor, e: Tensor) -> Tensor:
    return 2**0.5 * e


def _logistic(z: Tensor, y: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(z.double(), _like(z, y).double(), reduction="sum")


def _logistic_gradient(z: Tensor, y: Tensor) -> Tensor:
    return torch.sigmoid(z) - _like(z, y)


def _logistic_curve(z: Tensor, v: Tensor) -> Tensor:
    # p (1 − p), without the cancellation in 1 − p
    return torch.sigmoid(z) * torch.sigmoid(-z) * v


def _logistic_root(z: Tensor, e: Tensor) -> Tensor:
    return (torch.sigmoid(z) * torch.sigmoid(-z)).sqrt() * e


def _softmax(z: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(z.double().flatten(0, -2), _classes(z, y).flatten(), reduction="sum")


def _softmax_gradient(z: Tensor, y: Tensor) -> Tensor:
    return z.softmax(-1) - functional.one_hot(_classes(z, y), z.shape[-1])


def _softmax_curve(z: Tensor, v: Tensor) -> Tensor:
    # H = diag(p) − p pᵀ
    p = z.softmax(-1)
    return p * (v - (p * v).sum(-1, keepdim=True))


def _softmax_root(z: Tensor, e: Tensor) -> Tensor:
    # A = diag(√p) − p √pᵀ
    p = z.softmax(-1)
    rooted = p.sqrt() * e
    return rooted - p * rooted.sum(-1, keepdim=True)


SQUARED_ERROR = OutputLoss(
    name="squared error",
    value=_squares,
    gradient=_squares_gradient,
    curve=_squares_curve,
    root=_squares_root,
)
"""(z − y)², as `torch.nn.MSELoss` has it."""
LOGISTIC = OutputLoss(
    name="logistic",
    value=_logistic,
    gradient=_logistic_gradient,
    curve=_logistic_curve,
    root=_logistic_root,
)
"""−y ln p − (1 − y) ln(1 − p) with p = 1/(1 + exp(−z)), as `torch.nn.BCEWithLogitsLoss` has it."""
SOFTMAX = OutputLoss(
    name="softmax cross-entropy",
    value=_softmax,
    gradient=_softmax_gradient,
    curve=_softmax_curve,
    root=_softmax_root,
)
"""−ln p_y with p = softmax(z) along the last axis, as `torch.nn.CrossEntropyLoss` has it; y are class numbers."""


def weighted_softmax(weights: Sequence[float]) -> OutputLoss:
    """Make the softmax cross-entropy that counts some classes more than others.

    Args:
        weights: By how much an answer to each class counts; positive.

    Returns:
        −w_y ln p_y, with its derivatives: those of the softmax, times w_y.

    Raises:
        ArgumentError: If a weight is not positive and finite.

    Examples:
        >>> z, y = torch.zeros(1, 2), torch.tensor([1])
        >>> weighted_softmax([1.0, 3.0]).gradient(z, y)
        tensor([[ 1.5000, -1.5000]])
    """
    if not all(0 < weight < float("inf") for weight in weights):
        raise ArgumentError(
            f"`weights` must be positive: expected a finite number above 0 for each class, got {list(weights)}. "
            "Leave out a class that is not to count."
        )
    table = torch.tensor(list(weights), dtype=torch.float64)

    def value(z: Tensor, y: Tensor) -> Tensor:
        each = functional.cross_entropy(z.double().flatten(0, -2), _classes(z, y).flatten(), reduction="none")
        return (table.to(z.device)[y.flatten()] * each).sum()

    def gradient(z: Tensor, y: Tensor) -> Tensor:
        return table.to(z)[_classes(z, y)][..., None] * _softmax_gradient(z, y)

    def unknown(z: Tensor, v: Tensor) -> Tensor:
        del z, v
        raise ArgumentError(
            "`loss` must have a curvature that its outputs alone determine: that of weighted classes depends on the "
            "targets. Leave the weights out, or train with Adam."
        )

    return OutputLoss(
        name="weighted softmax cross-entropy",
        value=value,
        gradient=gradient,
        curve=unknown,
        root=unknown,
        class_weights=tuple(map(float, weights)),
    )


def matching_loss(loss: nn.Module | OutputLoss) -> OutputLoss:
    """Find the matching curvature of a loss.

    Args:
        loss: One of this file's losses, or the mean loss of `torch.nn` that it stands for, with its usual options.

    Returns:
        The loss with its curvature.

    Raises:
        ArgumentError: If none is known for it.

    Examples:
        >>> matching_loss(nn.MSELoss())
        OutputLoss(name='squared error')
    """
    if isinstance(loss, OutputLoss):
        return loss
    for usual, matching in _MATCHING:
        if type(loss) is type(usual) and all(_option(loss, name) == _option(usual, name) for name in _OPTIONS):
            return matching
    raise ArgumentError(
        "`loss` must have a matching curvature: expected nn.MSELoss(), nn.CrossEntropyLoss() or nn.BCEWithLogitsLoss() "
        f"with the usual options, got {_told(loss)}. Choose one of them, or train with Adam."
    )


_OPTIONS = ("reduction", "weight", "pos_weight", "ignore_index", "label_smoothing")
_MATCHING = (
    (nn.MSELoss(), SQUARED_ERROR),
    (nn.CrossEntropyLoss(), SOFTMAX),
    (nn.BCEWithLogitsLoss(), LOGISTIC),
)


def _told(loss: nn.Module) -> str:
    # torch's losses do not print their options.
    usual = next((each for each, _ in _MATCHING if type(each) is type(loss)), None)
    if usual is None:
        return str(loss)
    changed = [name for name in _OPTIONS if _option(loss, name) != _option(usual, name)]
    return f"{type(loss).__name__}({', '.join(f'{name}={_option(loss, name)!r}' for name in changed)})"


def _option(loss: nn.Module, name: str) -> object:
    value = getattr(loss, name, None)
    return "tensor" if isinstance(value, Tensor) else value


def _like(z: Tensor, y: Tensor) -> Tensor:
    if y.shape != z.shape or not y.is_floating_point():
        raise ShapeError(
            f"`targets` must be like the outputs: expected floating-point numbers of shape {tuple(z.shape)}, "
            f"got {y.dtype} of shape {tuple(y.shape)}. Check their axes."
        )
    return y


def _classes(z: Tensor, y: Tensor) -> Tensor:
    if y.shape != z.shape[:-1] or y.dtype is not torch.int64:
        raise ShapeError(
            f"`targets` must name a class for each vector of outputs: expected torch.int64 of shape "
            f"{tuple(z.shape[:-1])}, got {y.dtype} of shape {tuple(y.shape)}. Put classes on the last axis."
        )
    return y
