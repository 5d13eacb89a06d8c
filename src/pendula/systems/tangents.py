r"""Derivatives of integrators to the last digit, without equations of their own.

A right-hand side made of analytic functions also takes complex numbers, and $\mathrm{Im}\,F(h + i\varepsilon v) /
\varepsilon$ is the derivative $F'(h) v$ without cancellation, however small ε.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pendula.shapes import Float, ndarray

__all__ = ["TINY", "push_directions"]

TINY = 1e-100
"""ε of the complex step: its square is lost beside any number."""


def push_directions(
    rule: Callable[[Any], Any],
    states: Float[ndarray, "batch state"],
    directions: Float[ndarray, "batch state direction"],
) -> tuple[Float[ndarray, "batch after"], Float[ndarray, "batch after direction"]]:
    """Apply a rule to states, and push directions with it.

    Args:
        rule: Takes the components of states, complex arrays along the first axis, to those of their successors; made of
            analytic functions.
        states: The states.
        directions: Directions at each of them.

    Returns:
        The successors, and the pushed directions.

    References:
        W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40
        (1998) 110.

    Examples:
        >>> push_directions(lambda state: (state[0] ** 3,), np.array([[2.0]]), np.array([[[1.0]]]))
        (array([[8.]]), array([[[12.]]]))
    """
    # Components first, then states, then directions.
    moved = np.empty((states.shape[1], len(states), directions.shape[2]), dtype=np.complex128)
    moved.real = states.T[:, :, None]
    moved.imag = TINY * directions.transpose(1, 0, 2)
    after = np.stack(rule(moved))
    return np.ascontiguousarray(after.real[:, :, 0].T), after.imag.transpose(1, 0, 2) / TINY
