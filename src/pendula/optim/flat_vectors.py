"""Tensors of many shapes as one vector in float64, and back."""

from collections.abc import Sequence

import torch

from pendula.shapes import Float, Tensor

__all__ = ["flat", "like"]


def flat(tensors: Sequence[Tensor]) -> Float[Tensor, " parameter"]:
    """Lay tensors one after the other.

    Args:
        tensors: Of any shapes.

    Returns:
        Their elements in float64: sums over vectors then lose nothing that the tensors still had.

    Examples:
        >>> flat([torch.ones(2, 1), torch.zeros(1)])
        tensor([1., 1., 0.], dtype=torch.float64)
    """
    return torch.cat([tensor.detach().reshape(-1).double() for tensor in tensors])


def like(tensors: Sequence[Tensor], vector: Float[Tensor, " parameter"]) -> list[Tensor]:
    """Cut a vector into tensors.

    Args:
        tensors: What they are to be like, in shape and type.
        vector: All elements.

    Returns:
        The tensors.

    Examples:
        >>> like([torch.zeros(1, 2)], torch.tensor([1.0, 2.0], dtype=torch.float64))
        [tensor([[1., 2.]])]
    """
    parts = torch.split(vector, [tensor.numel() for tensor in tensors])
    return [part.reshape(tensor.shape).to(tensor) for part, tensor in zip(parts, tensors, strict=True)]
