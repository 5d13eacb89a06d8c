"""Where a map stands still, and where it is slow without standing still."""

from dataclasses import dataclass

import torch

from pendula.dynamics.certificate import Certificate, certify
from pendula.dynamics.descent import Polished
from pendula.dynamics.fixed_point_search import FixedPointSearch, blocks_of, draw_starts, merged, settle, start_count
from pendula.dynamics.stability import Stability, leading_directions, stability_of
from pendula.dynamics.state_map import StateMap, States, check_dense, check_map
from pendula.shapes import Bool, Float, Tensor

__all__ = ["FixedPoint", "FixedPoints", "SlowPoint", "find_fixed_points"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FixedPoint:
    """A state that is its own successor.

    Attributes:
        state: The state.
        residual: Largest component of F(h) − h.
        certificate: Whether a fixed point is proved to be there.
        stability: Its kind and what becomes of small disturbances.
        starts: How many starts led to it.
        directions: Of the leading mode: its eigenvector, or real and imaginary part of it, one a row.
    """

    state: Float[Tensor, " state"]
    residual: float
    certificate: Certificate
    stability: Stability
    starts: int
    directions: Float[Tensor, "direction state"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SlowPoint:
    """A state at which the map is slow without standing still: a local minimum of its speed.

    Attributes:
        state: The state.
        speed: |F(h) − h|.
        starts: How many starts led to it.
    """

    state: Float[Tensor, " state"]
    speed: float
    starts: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FixedPoints:
    """What a search found.

    Attributes:
        points: The fixed points, the stable ones first, then by index.
        slow: Slow points, the slowest first.
        starts: From how many states the search began.
    """

    points: tuple[FixedPoint, ...]
    slow: tuple[SlowPoint, ...]
    starts: int

    @property
    def stable(self) -> tuple[FixedPoint, ...]:
        """The stable ones."""
        return tuple(point for point in self.points if point.stability.is_stable)

    @property
    def saddles(self) -> tuple[FixedPoint, ...]:
        """Those that attract in some directions and repel in others."""
        return tuple(point for point in self.points if point.stability.kind == "saddle")


def find_fixed_points(of: StateMap, visited: States, search: FixedPointSearch | None = None) -> FixedPoints:
    """Look for the fixed points of a map.

    Many starts go downhill in the speed together and are finished by Newton's method in float64; those that arrive at
    the same state are merged. More starts are then laid between the points found. No search can prove that it found
    all points.

    Args:
        of: The map.
        visited: States that the system visits, one a row.
        search: How to look.

    Returns:
        Fixed points with certificates and stability, and slow points apart from them.

    Raises:
        ArgumentError: If the map is not autonomous.
        DivergedError: If it gives no finite state.
        TooLargeError: If the state is too large for dense Jacobians.

    References:
        D. Sussillo and O. Barak, "Opening the black box", Neural Computation 25 (2013) 626; M. D. Golub and
        D. Sussillo, "FixedPointFinder", Journal of Open Source Software 3 (2018) 1003.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> found = find_fixed_points(as_map(lambda h: torch.tanh(2 * h), size=1), torch.linspace(-1, 1, 9)[:, None])
        >>> [round(float(point.state), 4) for point in found.points], found.points[2].stability.kind
        ([-0.9575, 0.9575, 0.0], 'unstable node')
    """
    search = search or FixedPointSearch()
    visited = check_map(of, visited.to(torch.float64))
    check_dense(2, of.size)
    count = start_count(search, of.size)
    generator = torch.Generator().manual_seed(search.seed)
    ends = settle(of, draw_starts(of, visited, count, spread=search.spread, generator=generator), search)
    for _ in range(search.rounds):
        known = ends.states[merged(ends.states, ends.converged, search.merge)[0]]
        between = _between(known, count, generator=generator)
        if not len(between):
            break
        more = settle(of, between, search)
        ends = Polished(*(torch.cat(pair) for pair in zip(ends, more, strict=True)))
        if len(merged(ends.states, ends.converged, search.merge)[0]) == len(known):
            break
    return FixedPoints(
        points=_points(of, ends, search),
        slow=_slow(of, ends, visited, search),
        starts=len(ends.states),
    )


def _between(known: States, count: int, *, generator: torch.Generator) -> Float[Tensor, "start state"]:
    pairs = torch.combinations(torch.arange(len(known)))
    chosen = pairs[torch.randperm(len(pairs), generator=generator)[:count]]
    share = torch.rand(len(chosen), 1, generator=generator, dtype=torch.float64)
    return known[chosen[:, 0]] * share + known[chosen[:, 1]] * (1 - share)


def _points(of: StateMap, ends: Polished, search: FixedPointSearch) -> tuple[FixedPoint, ...]:
    points = []
    for row, count in zip(*merged(ends.states, ends.converged, search.merge), strict=True):
        state = ends.states[row]
        jacobian = of.jacobian(state[None])[0]
        points.append(
            FixedPoint(
                state=state,
                residual=float(ends.residuals[row]),
                certificate=certify(of, state, jacobian),
                stability=stability_of(jacobian, dt=search.dt),
                starts=count,
                directions=leading_directions(jacobian),
            )
        )
    return tuple(
        sorted(points, key=lambda point: (not point.stability.is_stable, point.stability.index, point.state.tolist()))
    )


def _slow(of: StateMap, ends: Polished, visited: States, search: FixedPointSearch) -> tuple[SlowPoint, ...]:
    states = ends.states
    usual = torch.linalg.vector_norm(of.step(visited) - visited, dim=1).median()
    speeds = torch.linalg.vector_norm(of.step(states) - states, dim=1)
    # Where q has a minimum its gradient vanishes; starts that were still on their way are no slow points.
    steep = torch.linalg.matrix_norm(of.linearize(visited[:64]) - torch.eye(of.size, dtype=states.dtype)).median()
    least = torch.cat([_is_minimum(of, block, steep=steep) for block in blocks_of(of, states)])
    is_slow = ~ends.converged & (speeds < search.slow * usual) & least
    pairs = zip(*merged(states, is_slow, 1e-2), strict=True)
    found = [SlowPoint(state=states[row], speed=float(speeds[row]), starts=count) for row, count in pairs]
    return tuple(sorted(found, key=lambda point: point.speed))


def _is_minimum(of: StateMap, states: States, *, steep: Tensor) -> Bool[Tensor, " batch"]:
    matrix = of.linearize(states) - torch.eye(of.size, dtype=states.dtype)
    gap = (of.step(states) - states)[..., None]
    slope = torch.linalg.vector_norm(matrix.mT @ gap, dim=(1, 2))
    return slope < 1e-3 * steep * torch.linalg.vector_norm(gap, dim=(1, 2))  # type: ignore[no-any-return]
