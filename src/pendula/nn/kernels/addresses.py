"""Where tensors lie in memory, in the words of the compiled core."""

from collections.abc import Sequence
from typing import TypeAlias

from torch import Tensor

from pendula.errors import ArgumentError

__all__ = ["ViewFields", "layered", "located", "viewed"]

ViewFields: TypeAlias = tuple[int, int, int, int]
"""Address, and the strides of batch, time and channel, in elements."""


def located(tensors: Sequence[Tensor | None], held: list[Tensor]) -> list[int]:
    """Find tensors whose elements lie in a row; others are copied.

    Args:
        tensors: The tensors; None is nowhere.
        held: Keeps the copies, which must outlive the call of the core.

    Returns:
        Their addresses, 0 for None.

    Raises:
        ArgumentError: If a tensor's memory was given up.
    """
    addresses = []
    for tensor in tensors:
        if tensor is None:
            addresses.append(0)
            continue
        if not tensor.is_contiguous():
            tensor = tensor.contiguous()  # noqa: PLW2901
            held.append(tensor)
        addresses.append(_address(tensor))
    return addresses


def layered(addresses: list[int], num_layers: int) -> list[int]:
    """Name five addresses for each layer: w_ih, w_hh, b_ih, b_hh and the leak.

    Args:
        addresses: Those of the parameters that there are.
        num_layers: Layers.

    Returns:
        All of them, 0 where there is no such parameter.

    Examples:
        >>> layered([1, 2, 3, 4], 2)
        [1, 2, 0, 0, 0, 3, 4, 0, 0, 0]
    """
    each = len(addresses) // num_layers
    if each == 5:
        return addresses
    full = []
    for start in range(0, len(addresses), each):
        layer = addresses[start : start + each]
        full += {2: [*layer, 0, 0, 0], 3: [*layer[:2], 0, 0, layer[-1]], 4: [*layer, 0]}[each]
    return full


def viewed(tensor: Tensor | None, batch_first: bool) -> ViewFields:
    """Find a tensor of sequences, whatever its strides.

    Args:
        tensor: The tensor; None is nowhere.
        batch_first: Whether its axes are batch, time, channel; otherwise time, batch, channel.

    Returns:
        Its address and the strides of batch, time and channel.

    Raises:
        ArgumentError: If its memory was given up.
    """
    if tensor is None:
        return (0, 0, 0, 0)
    first, second, feature = tensor.stride()
    return (_address(tensor), first, second, feature) if batch_first else (_address(tensor), second, first, feature)


def _address(tensor: Tensor) -> int:
    address = tensor.data_ptr()
    if address == 0:
        raise ArgumentError("`tensor` must hold memory: its storage was given up. Fill it again before it is used.")
    return address
