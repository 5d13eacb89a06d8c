"""Recurrent stacks as one differentiable function."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch._C import _are_functorch_transforms_active as transforming
from torch._C import _AutoDispatchBelowAutograd as BelowAutograd
from torch._functorch.utils import unwrap_dead_wrappers
from torch.autograd import Function, forward_ad

from pendula.nn.kernels.batching import one_by_one
from pendula.nn.kernels.compiling import left_alone
from pendula.nn.kernels.gradient import gradients
from pendula.nn.kernels.native import available
from pendula.nn.kernels.operators import LIBRARY, forward_operator
from pendula.nn.kernels.problem import BITS, LSTM, Stack, absent, stack_of
from pendula.nn.kernels.reference import reference
from pendula.nn.kernels.tangent import tangents

__all__ = ["Results", "recurrent", "run"]

Results: TypeAlias = tuple[Tensor | None, Tensor, Tensor | None]
"""States of the last layer after every step, of all layers after the last step, and cell states of an LSTM."""


class Recurrent(Function):
    """A stack over a batch of sequences, with its derivatives: one node of the graph."""

    @staticmethod
    def forward(stack: Any, lengths: Any, *places: Any) -> Any:
        sequences, h, c, *parameters = places
        with BelowAutograd():
            return forward_operator(sequences, h, c, lengths, parameters, *stack, True)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.stack, lengths, *places = inputs
        reserve = output[3]
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(reserve, *absent(ctx.stack, output))
        ctx.save_for_backward(lengths, reserve, *places)
        ctx.save_for_forward(lengths, reserve, *places)

    @staticmethod
    def backward(ctx: Any, output: Any, h_n: Any, c_n: Any, _: Any) -> Any:
        wanted = ctx.needs_input_grad[2:]
        if output is None and h_n is None and c_n is None:
            return None, None, *([None] * len(wanted))
        lengths, reserve, *places = ctx.saved_tensors
        found = gradients(ctx.stack, wanted, lengths, reserve, (output, h_n, c_n), places)
        remaining = iter(found)
        return None, None, *[next(remaining) if want else None for want in wanted]

    @staticmethod
    def jvp(ctx: Any, *moves: Any) -> Any:
        lengths, reserve, *places = ctx.saved_tensors
        return *tangents(ctx.stack, lengths, reserve, places, moves[2:]), None

    @staticmethod
    def vmap(info: Any, in_dims: Any, *arguments: Any) -> Any:
        return one_by_one(Recurrent.apply, info, in_dims, arguments)


_apply: Callable[..., Any] = super(Function, Recurrent).apply
"""`Recurrent.apply` without the look at its signature, which takes longer than all the rest."""
_apply_to_transformed: Callable[..., Any] = Recurrent.apply


def recurrent(
    cell: str,
    sequences: Tensor,
    state: Tensor | tuple[Tensor, Tensor] | None = None,
    parameters: Sequence[Tensor] = (),
    *,
    num_layers: int = 1,
    lengths: Tensor | None = None,
    batch_first: bool = True,
    every_step: bool = True,
) -> Results:
    r"""Run a stack of recurrent layers over a batch of sequences.

    On the CPU, in float32 and float64, it runs in the compiled core; elsewhere, and where there is no compiled core, as
    a plain loop of torch's operations. It can be differentiated in every way that torch has: backwards, forwards, by
    `torch.func`, and repeatedly.

    Args:
        cell: rnn_tanh, rnn_relu, lstm, gru, or leaky, with a leak a for each unit:
            $h' = (1 - a) h + a \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$.
        sequences: Sequences, with any strides.
        state: First states [layer, batch, hidden], zeros if left out; for the LSTM the pair of h and c.
        parameters: Layer by layer, as `torch.nn` lays them out: w_ih, w_hh; b_ih, b_hh if there are biases; the leak of
            the leaky cell, [hidden].
        num_layers: Layers.
        lengths: Steps of each sequence, [batch], int64; all if left out.
        batch_first: Whether the axes of input and output are batch, time, channel; otherwise time, batch, channel.
        every_step: Whether to give the states after every step; if not, less is written.

    Returns:
        States of the last layer after every step (None if not asked for; zero where a sequence has ended), states of
        all layers after each sequence's last step, and cell states (None but for the LSTM).

    Raises:
        ShapeError: If the tensors do not fit together.
        ArgumentError: If the cell is unknown, or types or lengths do not fit.
        TooLargeError: If the results do not fit in memory.

    Examples:
        >>> weights = [torch.zeros(1, 1), torch.zeros(1, 1), torch.tensor([0.5])]  # h' = h / 2
        >>> output, last, _ = recurrent("leaky", torch.zeros(1, 3, 1), torch.ones(1, 1, 1), weights)
        >>> output[0, :, 0]
        tensor([0.5000, 0.2500, 0.1250])
    """
    stack = stack_of(cell, num_layers, batch_first=batch_first, every_step=every_step)
    h, c = state if isinstance(state, tuple) else (state, None)
    if not (available() and sequences.is_cpu and sequences.dtype in BITS):
        return reference(stack, sequences, h, c, lengths, parameters)
    return run(stack, lengths, sequences, h, c, parameters)


@left_alone
def run(
    stack: Stack,
    lengths: Tensor | None,
    sequences: Tensor,
    h: Tensor | None,
    c: Tensor | None,
    parameters: Sequence[Tensor],
) -> Results:
    """Run a stack in the compiled core.

    Args:
        stack: The layers.
        lengths: Steps of each sequence; all if left out.
        sequences: Sequences.
        h: First states; zeros if left out.
        c: First cell states of an LSTM.
        parameters: Weights, layer by layer.

    Returns:
        States after every step, after the last, and cell states.

    Raises:
        ShapeError: If the tensors do not fit together.
        ArgumentError: If there is no compiled core, or types or lengths do not fit.
        TooLargeError: If the results do not fit in memory.
    """
    if torch.compiler.is_compiling():
        results = forward_operator(sequences, h, c, lengths, list(parameters), *stack, torch.is_grad_enabled())
    elif transforming():
        results = _apply_to_transformed(stack, lengths, sequences, h, c, *parameters)
    elif _is_differentiated(sequences, h, c, *parameters):
        results = _apply(*unwrap_dead_wrappers((stack, lengths, sequences, h, c, *parameters)))
    else:
        with BelowAutograd():
            results = forward_operator(sequences, h, c, lengths, list(parameters), *stack, False)
    return results[0] if stack.every_step else None, results[1], results[2] if stack.cell == LSTM else None


def _is_differentiated(*tensors: Tensor | None) -> bool:
    # Forward-mode tangents are carried by tensors that need no gradient, and when gradients are off.
    if forward_ad._current_level >= 0:  # noqa: SLF001
        return True
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)


def _operator(*arguments: Any) -> Any:
    sequences, h, c, lengths, parameters, *stack, _ = arguments
    if _is_differentiated(sequences, h, c, *parameters):
        return _apply(Stack(*stack), lengths, sequences, h, c, *parameters)
    with BelowAutograd():
        return forward_operator(*arguments)


LIBRARY.impl("recurrent", _operator, "Autograd")
