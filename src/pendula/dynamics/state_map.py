"""A map of a state space to itself, with its derivatives: what all questions about dynamics are asked of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from pendula.dynamics.forward_mode import push_forward
from pendula.errors import ArgumentError, DivergedError, ShapeError, TooLargeError
from pendula.shapes import Float, Tensor

__all__ = [
    "Directions",
    "InputDirections",
    "Jacobians",
    "StateMap",
    "States",
    "as_map",
    "check_dense",
    "check_map",
    "power",
]

States: TypeAlias = Float[Tensor, "batch state"]
Directions: TypeAlias = Float[Tensor, "batch state direction"]
InputDirections: TypeAlias = Float[Tensor, "batch input direction"]
Jacobians: TypeAlias = Float[Tensor, "batch state state"]

DENSE_BYTES = 2**31
"""Jacobians of one call may take this much memory."""

CHUNK_BYTES = 2**27
"""torch.func differentiates this much at a time: it holds several copies."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StateMap:
    r"""The map $h \mapsto F(h)$ on batches of states, in float64.

    Attributes:
        size: Components of a state.
        step: Takes states to their successors.
        linearize: Gives the Jacobians $J_{ij} = \partial F_i / \partial h_j$ at states.
        push: Takes states and directions at them to the successors and the pushed directions $J V$.
        curvature: Bounds the norm of the second derivative within a ball: a state and its radius to a number that
            no $\lVert F''(k)[u, u] \rVert / \lVert u \rVert^2$ exceeds there; None where no bound is known.
    """

    size: int
    step: Callable[[States], States]
    linearize: Callable[[States], Jacobians]
    push: Callable[[States, Directions], tuple[States, Directions]]
    curvature: Callable[[Float[Tensor, " state"], float], float] | None = None

    def jacobian(self, states: States) -> Jacobians:
        """Compute the dense Jacobians at states.

        Args:
            states: The states.

        Returns:
            The Jacobians, one for each state.

        Raises:
            TooLargeError: If they would not fit into two gibibytes.

        Examples:
            >>> as_map(lambda h: h**2, size=2).jacobian(torch.tensor([[1.0, 3.0]], dtype=torch.float64))
            tensor([[[2., 0.],
                     [0., 6.]]], dtype=torch.float64)
        """
        check_dense(len(states), self.size)
        return self.linearize(states)


def as_map(
    function: Callable[[States], States],
    *,
    size: int,
    jacobian: Callable[[States], Jacobians] | None = None,
) -> StateMap:
    """Take a function of batches of states for a map; what it lacks of derivatives, torch.func finds.

    Args:
        function: Takes states, one a row, to their successors; made of torch's operations unless `jacobian` is given.
        size: Components of a state.
        jacobian: Gives the Jacobians at states, if they are known in closed form.

    Returns:
        The map.

    Raises:
        ArgumentError: If `size` is below 1.

    Examples:
        >>> doubled = as_map(lambda h: 2 * h, size=1)
        >>> doubled.push(torch.ones(1, 1), torch.ones(1, 1, 1))[1]
        tensor([[[2.]]])
    """
    if size < 1:
        raise ArgumentError(f"`size` must be positive: expected 1 or more components, got {size}. Count them.")
    if jacobian is None:
        return StateMap(
            size=size,
            step=function,
            linearize=_jacobian_by_func(function, size),
            push=lambda states, directions: push_forward(function, (states,), (directions,)),
        )

    def push(states: States, directions: Directions) -> tuple[States, Directions]:
        return function(states), jacobian(states) @ directions

    return StateMap(size=size, step=function, linearize=jacobian, push=push)


def power(of: StateMap, period: int) -> StateMap:
    r"""Apply a map several times in a row.

    Args:
        of: The map F.
        period: How often.

    Returns:
        $F^k$, whose fixed points are the states on cycles whose length divides k.

    Raises:
        ArgumentError: If `period` is below 1.

    Examples:
        >>> power(as_map(lambda h: 2 * h, size=1), 3).step(torch.ones(1, 1))
        tensor([[8.]])
    """
    if period < 1:
        raise ArgumentError(f"`period` must be positive: expected 1 or more, got {period}. 1 is the map itself.")

    def step(states: States) -> States:
        for _ in range(period):
            states = of.step(states)
        return states

    def linearize(states: States) -> Jacobians:
        product = of.linearize(states)
        for _ in range(period - 1):
            states = of.step(states)
            product = of.linearize(states) @ product
        return product

    def push(states: States, directions: Directions) -> tuple[States, Directions]:
        for _ in range(period):
            states, directions = of.push(states, directions)
        return states, directions

    curvature = None if of.curvature is None else _power_curvature(of, period)
    return StateMap(size=of.size, step=step, linearize=linearize, push=push, curvature=curvature)


def check_map(checked: StateMap, states: States) -> Float[Tensor, "usable state"]:
    """Make sure that a map can be asked about its dynamics at states.

    Args:
        checked: The map.
        states: States to try it at.

    Returns:
        Those of the states whose successors are finite.

    Raises:
        ShapeError: If states do not fit the map, or successors the states.
        ArgumentError: If the same states have other successors a second time.
        DivergedError: If no successor is finite.
    """
    if states.ndim != 2 or states.shape[1] != checked.size:
        raise ShapeError(
            f"`states` must hold one state a row: expected shape (…, {checked.size}), got {tuple(states.shape)}. "
            "Flatten each state."
        )
    after, again = checked.step(states), checked.step(states)
    if after.shape != states.shape:
        raise ShapeError(
            f"`map` must take states to states: expected shape {tuple(states.shape)}, got {tuple(after.shape)}. "
            "Return the next state alone."
        )
    if not torch.equal(after.nan_to_num(), again.nan_to_num()):
        raise ArgumentError(
            "`map` must be autonomous: expected one successor of a state, got two when asked twice. Fix its input, "
            "switch dropout off with .eval(), and let it keep no state or clock of its own."
        )
    finite = after.isfinite().all(dim=1) & states.isfinite().all(dim=1)
    if not finite.any():
        raise DivergedError(
            f"`map` must give finite states: got NaN or infinity after each of {len(states)} states. Look for "
            "divisions by zero, overflow or weights that are not finite."
        )
    return states[finite]


def check_dense(batch: int, size: int) -> None:
    """Make sure that dense Jacobians fit into memory.

    Args:
        batch: How many.
        size: Components of a state.

    Raises:
        TooLargeError: If they would not.
    """
    needed = 8 * batch * size * size
    if needed > DENSE_BYTES:
        raise TooLargeError(
            "`states` must be few and small enough for dense Jacobians: expected at most "
            f"{DENSE_BYTES / 2**30:.0f} GiB, got {batch} of {size} × {size}, {needed / 2**30:.1f} GiB. Ask for fewer "
            "at a time, or use `lyapunov_spectrum`, which pushes a few directions instead."
        )


def _jacobian_by_func(function: Callable[[States], States], size: int) -> Callable[[States], Jacobians]:
    rows = max(1, CHUNK_BYTES // (8 * size * size))

    def linearize(states: States) -> Jacobians:
        blocks = [
            push_forward(function, (block,), (torch.eye(size, dtype=block.dtype).expand(len(block), -1, -1),))[1]
            for block in torch.split(states, rows)
        ]
        return torch.cat(blocks)

    return linearize


def _power_curvature(of: StateMap, period: int) -> Callable[[Float[Tensor, " state"], float], float]:
    # (F^k)''[u, u] = Σ_i J_k ⋯ J_(i+1) F''(h_i)[J_(i−1) ⋯ J_1 u, J_(i−1) ⋯ J_1 u]. Within the ball around the first
    # state each Jacobian differs from that on the orbit by at most curvature × radius there.
    bound = of.curvature
    assert bound is not None

    def curvature(state: Float[Tensor, " state"], radius: float) -> float:
        stretch, second = 1.0, 0.0
        for _ in range(period):
            reach = stretch * radius + 0.5 * second * radius * radius
            bend = bound(state, reach)
            norm = float(torch.linalg.matrix_norm(of.linearize(state[None])[0], ord=2)) + bend * reach
            second = norm * second + bend * stretch * stretch
            stretch *= norm
            state = of.step(state[None])[0]
        return second

    return curvature
