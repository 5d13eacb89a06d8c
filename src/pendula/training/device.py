"""The device that a network is trained on."""

import torch

from pendula.errors import ArgumentError
from pendula.training.settings import Training

__all__ = ["usable_device"]


def usable_device(settings: Training) -> torch.device:
    """Find the device to train on.

    Args:
        settings: How to train.

    Returns:
        The device.

    Raises:
        ArgumentError: If there is no such device here.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ArgumentError("`device` must be there: expected a GPU that torch can use, got none. Train on the cpu.")
    return torch.device(settings.device)
