"""The tangent pass as a function that can be differentiated again."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from torch._C import _AutoDispatchBelowAutograd as BelowAutograd
from torch.autograd import Function

from pendula.nn.kernels.batching import is_mapped, one_by_one
from pendula.nn.kernels.derivatives import Loop, gradient_of, masked, pushforward, tangent_of
from pendula.nn.kernels.operators import tangent_operator
from pendula.nn.kernels.problem import LSTM, Stack, absent

__all__ = ["tangents"]


def tangents(
    stack: Stack, lengths: Tensor | None, reserve: Tensor, places: Sequence[Any], moves: Sequence[Tensor | None]
) -> tuple[Tensor | None, Tensor, Tensor | None]:
    """Go forward through a stack with a direction.

    Args:
        stack: The layers.
        lengths: Steps of each sequence.
        reserve: What the forward pass kept.
        places: Input, first states and parameters.
        moves: Their tangents, None for zero.

    Returns:
        Tangents of the states after every step, after the last, and of the cell states; None where there are none.
    """
    if is_mapped(moves):
        loop = Loop(stack, lengths, places)
        return loop.named(pushforward(loop, loop.given, loop.pick(moves)))
    output, h_n, c_n = _apply(stack, lengths, reserve, *places, *moves)
    return output if stack.every_step else None, h_n, c_n if stack.cell == LSTM else None


class RecurrentTangent(Function):
    """Tangents of the results, given those of input, first states and parameters.

    It computes them in the compiled core, and its own derivatives through the plain loop. The first half of its last
    arguments are the places, the second half their tangents.
    """

    @staticmethod
    def forward(stack: Any, lengths: Any, reserve: Any, *halves: Any) -> Any:
        sequences, h, c, *parameters = halves[: len(halves) // 2]
        of_input, of_h, of_c, *of_parameters = halves[len(halves) // 2 :]
        with BelowAutograd():
            return tangent_operator(
                sequences, h, c, lengths, parameters, *stack, reserve, of_input, of_h, of_c, of_parameters
            )

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.stack, lengths, _, *halves = inputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*absent(ctx.stack, output))
        ctx.save_for_backward(lengths, *halves)
        ctx.save_for_forward(lengths, *halves)

    @staticmethod
    def backward(ctx: Any, output: Any, h_n: Any, c_n: Any) -> Any:
        loop, moves = _opened(ctx)
        count = len(loop.given)
        over = gradient_of(tangent_of(loop, count), 2 * count)
        found = over(*loop.given, *moves, *loop.results(output, h_n, c_n))
        of_halves = (*loop.spread(found[:count]), *loop.spread(found[count:]))
        return None, None, None, *masked(of_halves, ctx.saved_tensors[1:])

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        loop, moves = _opened(ctx)
        _, _, _, *halves = tangents
        count = len(halves) // 2
        moved = pushforward(
            tangent_of(loop, len(loop.given)),
            (*loop.given, *moves),
            (*loop.pick(halves[:count]), *loop.pick(halves[count:])),
        )
        return loop.named(moved)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *arguments: Any) -> Any:
        return one_by_one(RecurrentTangent.apply, info, in_dims, arguments)


_apply: Callable[..., tuple[Tensor, Tensor, Tensor]] = RecurrentTangent.apply


def _opened(ctx: Any) -> tuple[Loop, tuple[Tensor, ...]]:
    lengths, *halves = ctx.saved_tensors
    count = len(halves) // 2
    loop = Loop(ctx.stack, lengths, halves[:count])
    return loop, loop.pick(halves[count:])
