"""Elementary functions of a component, whatever it is made of.

The right-hand sides of the systems are written once and run on Python floats (fastest for one trajectory), on NumPy
arrays (many trajectories) and on torch tensors (gradients). A result outside the reals is NaN or an infinity for all
three: Python's own `OverflowError` and `ValueError` never escape.
"""

import math
import sys
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Components", "cos", "exp", "is_tensor", "pad_periodic", "power", "sin"]

Components: TypeAlias = Any
"""A state or its rate: a sequence of components, or an array or a tensor whose first axis counts the components.

A component is a float, an array or a tensor. Batches of states lie along the axes after the first."""

_NUMBERS = (float, int)


def is_tensor(value: object) -> bool:
    """Tell whether a value is a torch tensor, without importing torch.

    Args:
        value: Any object.

    Returns:
        True for a torch tensor.

    Examples:
        >>> is_tensor(1.0)
        False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def sin(angle: Any) -> Any:
    """Take the sine.

    Args:
        angle: Float, array or tensor, in radians.

    Returns:
        The sine, of the same kind as `angle`; NaN where the angle is not finite.

    Examples:
        >>> sin(0.0)
        0.0
    """
    if isinstance(angle, _NUMBERS):
        try:
            return math.sin(angle)
        except ValueError:
            return math.nan
    return _library(angle).sin(angle)


def cos(angle: Any) -> Any:
    """Take the cosine.

    Args:
        angle: Float, array or tensor, in radians.

    Returns:
        The cosine, of the same kind as `angle`; NaN where the angle is not finite.

    Examples:
        >>> cos(0.0)
        1.0
    """
    if isinstance(angle, _NUMBERS):
        try:
            return math.cos(angle)
        except ValueError:
            return math.nan
    return _library(angle).cos(angle)


def exp(exponent: Any) -> Any:
    """Take the exponential.

    Args:
        exponent: Float, array or tensor, dimensionless.

    Returns:
        The exponential, of the same kind as `exponent`; infinity where it overflows.

    Examples:
        >>> exp(0.0)
        1.0
    """
    if isinstance(exponent, _NUMBERS):
        try:
            return math.exp(exponent)
        except OverflowError:
            return math.inf
    return _library(exponent).exp(exponent)


def power(base: Any, exponent: Any) -> Any:
    """Raise a component to a real power.

    Args:
        base: Float, array or tensor, dimensionless.
        exponent: The power, a real number or a tensor.

    Returns:
        The power; NaN where it is not real, infinity where it overflows.

    Examples:
        >>> power(2.0, 10.0)
        1024.0
        >>> power(-1.0, 0.5)
        nan
    """
    if isinstance(base, _NUMBERS) and isinstance(exponent, _NUMBERS):
        try:
            return math.pow(base, exponent)
        except ValueError:
            return math.nan if base else math.inf
        except OverflowError:
            return math.inf
    return _library(base, exponent).pow(base, exponent)


def pad_periodic(state: Components, *, before: int, after: int) -> Components:
    """Continue a ring of sites beyond its seam.

    Args:
        state: Components on a ring, along the first axis.
        before: How many of the last sites are repeated before the first.
        after: How many of the first sites are repeated after the last.

    Returns:
        The longer sequence: a tuple, an array or a tensor, as `state` is a sequence, an array or a tensor.

    Examples:
        >>> pad_periodic((1.0, 2.0, 3.0), before=2, after=1)
        (2.0, 3.0, 1.0, 2.0, 3.0, 1.0)
    """
    first = len(state) - before
    if isinstance(state, np.ndarray):
        return np.concatenate((state[first:], state, state[:after]))
    if is_tensor(state):
        return sys.modules["torch"].cat((state[first:], state, state[:after]))
    return (*state[first:], *state, *state[:after])


def _library(*values: Any) -> Any:
    # Find the module whose functions fit: torch if any value is a tensor, otherwise NumPy.
    return sys.modules["torch"] if any(is_tensor(value) for value in values) else np
