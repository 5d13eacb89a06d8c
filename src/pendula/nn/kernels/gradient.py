"""The backward pass as a function that can be differentiated again."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._C import _are_functorch_transforms_active as transforming
from torch._C import _AutoDispatchBelowAutograd as BelowAutograd
from torch.autograd import Function, forward_ad

from pendula.nn.kernels.batching import is_mapped, one_by_one
from pendula.nn.kernels.derivatives import Loop, gradient_of, masked, pushforward
from pendula.nn.kernels.operators import backward_operator
from pendula.nn.kernels.problem import Stack

__all__ = ["gradients"]


def gradients(
    stack: Stack,
    wanted: Sequence[bool],
    lengths: Tensor | None,
    reserve: Tensor,
    vectors: Sequence[Tensor | None],
    places: Sequence[Any],
) -> Sequence[Tensor]:
    """Go back through a stack.

    Args:
        stack: The layers.
        wanted: Whether the gradient with respect to each place is wanted.
        lengths: Steps of each sequence.
        reserve: What the forward pass kept.
        vectors: Gradients with respect to the states after every step, after the last, and the cell states.
        places: Input, first states and parameters.

    Returns:
        The gradients that are wanted.
    """
    if is_mapped(vectors):
        loop = Loop(stack, lengths, places)
        found = loop.spread(gradient_of(loop, len(loop.given))(*loop.given, *loop.results(*vectors)))
        return [each for each, want in zip(found, wanted, strict=True) if want and each is not None]
    if torch.is_grad_enabled() or forward_ad._current_level >= 0 or transforming():  # noqa: SLF001
        return list(_apply(stack, wanted, lengths, reserve, *vectors, *places))
    return _computed(stack, wanted, lengths, reserve, vectors, places)


class RecurrentGradient(Function):
    """Gradients with respect to input, first states and parameters, given those with respect to the results.

    It computes them in the compiled core, and its own derivatives through the plain loop.
    """

    @staticmethod
    def forward(
        stack: Any,
        wanted: Any,
        lengths: Any,
        reserve: Any,
        output: Any,
        h_n: Any,
        c_n: Any,
        *places: Any,
    ) -> Any:
        return tuple(_computed(stack, wanted, lengths, reserve, (output, h_n, c_n), places))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, _: Any) -> None:
        ctx.stack, ctx.wanted, lengths, _, *tensors = inputs
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(lengths, *tensors)
        ctx.save_for_forward(lengths, *tensors)

    @staticmethod
    def backward(ctx: Any, *vectors: Any) -> Any:
        loop, results = _opened(ctx)
        count = len(loop.given)
        over = gradient_of(gradient_of(loop, count), count + len(results))
        found = over(*loop.given, *results, *loop.pick(_places(ctx.wanted, vectors)))
        of_results = masked(loop.named(found[count:]), ctx.saved_tensors[1:4])
        return None, None, None, None, *of_results, *loop.spread(found[:count])

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        loop, results = _opened(ctx)
        _, _, _, _, output, h_n, c_n, *places = tangents
        moved = pushforward(
            gradient_of(loop, len(loop.given)),
            (*loop.given, *results),
            (*loop.pick(places), *loop.results(output, h_n, c_n)),
        )
        return tuple(each for each, want in zip(loop.spread(moved), ctx.wanted, strict=True) if want)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *arguments: Any) -> Any:
        return one_by_one(RecurrentGradient.apply, info, in_dims, arguments)


_apply: Callable[..., tuple[Tensor, ...]] = RecurrentGradient.apply


def _computed(stack: Any, wanted: Any, lengths: Any, reserve: Any, vectors: Any, places: Any) -> list[Tensor]:
    sequences, h, c, *parameters = places
    with BelowAutograd():
        found: list[Tensor] = backward_operator(
            sequences, h, c, lengths, parameters, *stack, reserve, *vectors, list(wanted)
        )
    return found


def _opened(ctx: Any) -> tuple[Loop, tuple[Tensor, ...]]:
    lengths, output, h_n, c_n, *places = ctx.saved_tensors
    loop = Loop(ctx.stack, lengths, places)
    return loop, loop.results(output, h_n, c_n)


def _places(wanted: Any, values: Any) -> list[Tensor | None]:
    remaining = iter(values)
    return [next(remaining) if want else None for want in wanted]
