"""How the functions meet mapped axes: under `torch.func.vmap`, with one call for each entry."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import is_legacy_batchedtensor

__all__ = ["is_mapped", "one_by_one"]


def is_mapped(tensors: Sequence[Tensor | None]) -> bool:
    """Say whether tensors stand for many, as in `torch.autograd.grad(..., is_grads_batched=True)`.

    Its mapping is older than `torch.func.vmap` and knows torch's own operations alone.

    Args:
        tensors: The tensors.

    Returns:
        Whether one of them does.

    Examples:
        >>> is_mapped([torch.ones(2), None])
        False
    """
    return any(tensor is not None and is_legacy_batchedtensor(tensor) for tensor in tensors)


def one_by_one(apply: Callable[..., Any], info: Any, in_dims: Any, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """Call a function for each entry of a mapped axis, and stack what it gives.

    Args:
        apply: The function; it gives a tuple of tensors.
        info: How many entries there are.
        in_dims: The mapped axis of each argument, None where there is none.
        arguments: The arguments.

    Returns:
        The stacked results and their mapped axes.

    Examples:
        >>> from types import SimpleNamespace
        >>> columns = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> one_by_one(lambda x: (x.sum(),), SimpleNamespace(batch_size=2), (1,), (columns,))
        ((tensor([4., 6.]),), (0,))
    """
    entries = [
        apply(*(_entry(argument, axis, index) for argument, axis in zip(arguments, in_dims, strict=True)))
        for index in range(info.batch_size)
    ]
    stacked = tuple(torch.stack(results) for results in zip(*entries, strict=True))
    return stacked, (0,) * len(stacked)


def _entry(argument: Any, axis: Any, index: int) -> Any:
    return argument.select(axis, index) if isinstance(argument, Tensor) and axis is not None else argument
