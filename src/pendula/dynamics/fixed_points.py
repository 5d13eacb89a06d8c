"""Where a map stands still: fixed points, slow points, and cycles."""

from dataclasses import dataclass
from typing import TypeAlias

import torch

from pendula.dynamics.certificate import Certificate, certify
from pendula.dynamics.descent import descend, polish
from pendula.dynamics.stability import Stability, leading_directions, stability_of
from pendula.dynamics.state_map import StateMap, States, check_dense, check_map, power
from pendula.errors import ArgumentError
from pendula.shapes import Float, Tensor

__all__ = ["Cycle", "FixedPoint", "FixedPointSearch", "FixedPoints", "SlowPoint", "find_cycles", "find_fixed_points"]

Starts: TypeAlias = Float[Tensor, "start state"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedPointSearch:
    """How fixed points are looked for.

    Attributes:
        starts: From how many states; 0 chooses 256, fewer for states of more than 96 components.
        spread: Half of the starts are moved off the visited states by this many of their standard deviations.
        steps: Steps downhill, at most.
        rounds: How often more starts are laid between the points found, so as to find the saddles there.
        tolerance: Largest component of F(h) − h at a fixed point; relative to |h| / 10 where that exceeds 1.
        merge: States nearer than this, relative to 1 + |h|, are one point.
        slow: A point counts as slow if its speed is below this share of the median speed of the visited states.
        dt: Time of one application of the map, in the unit in which times are told.
        seed: Of the starts.
    """

    starts: int = 0
    spread: float = 0.5
    steps: int = 60
    rounds: int = 2
    tolerance: float = 1e-12
    merge: float = 1e-6
    slow: float = 1e-2
    dt: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("starts", 0), ("steps", 1), ("rounds", 0)):
            if getattr(self, name) < low:
                raise ArgumentError(f"`{name}` must be at least {low}: got {getattr(self, name)}. Choose more.")
        for name in ("tolerance", "merge", "slow", "dt"):
            if not getattr(self, name) > 0:
                raise ArgumentError(f"`{name}` must be positive: got {getattr(self, name)}. Choose a number above 0.")
        if not self.spread >= 0:
            raise ArgumentError(f"`spread` must not be negative: got {self.spread}. 0 starts from visited states.")


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


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cycle:
    """States that follow each other in a ring.

    Attributes:
        states: One after the other.
        residual: Largest component of F^k(h) − h.
        certificate: Whether a cycle is proved to be there.
        stability: What becomes of small disturbances after one round.
    """

    states: States
    residual: float
    certificate: Certificate
    stability: Stability

    @property
    def period(self) -> int:
        """Applications of the map in one round."""
        return len(self.states)


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
    count = search.starts or max(32, min(256, int(2.4e8 / of.size**3)))
    generator = torch.Generator().manual_seed(search.seed)
    starts = _starts(of, visited, count, spread=search.spread, generator=generator)
    ends, residuals, converged = _settle(of, starts, search)
    for _ in range(search.rounds):
        known = ends[_merged(ends, converged, search.merge)[0]]
        between = _between(known, count, generator=generator)
        if not len(between):
            break
        more = _settle(of, between, search)
        ends, residuals, converged = (torch.cat(pair) for pair in zip((ends, residuals, converged), more, strict=True))
        if len(_merged(ends, converged, search.merge)[0]) == len(known):
            break
    return FixedPoints(
        points=_points(of, ends, residuals, converged, search=search),
        slow=_slow(of, ends, converged, visited=visited, search=search),
        starts=len(ends),
    )


def find_cycles(
    of: StateMap, visited: States, *, longest: int = 8, search: FixedPointSearch | None = None
) -> tuple[Cycle, ...]:
    """Look for cycles, as fixed points of the map applied several times.

    Args:
        of: The map.
        visited: States that the system visits, one a row.
        longest: The longest period to look for.
        search: How to look; times are told in units of time.

    Returns:
        Cycles of period 2 and more, each once, the shortest first, stable ones before others.

    Raises:
        ArgumentError: If `longest` is below 2, or the map is not autonomous.

    Examples:
        >>> from pendula.dynamics.state_map import as_map
        >>> flip = as_map(lambda h: -torch.tanh(2 * h), size=1)
        >>> [cycle.period for cycle in find_cycles(flip, torch.linspace(-1, 1, 9)[:, None], longest=4)]
        [2]
    """
    if longest < 2:
        raise ArgumentError(f"`longest` must be at least 2: got {longest}. A cycle of period 1 is a fixed point.")
    search = search or FixedPointSearch()
    visited = check_map(of, visited.to(torch.float64))
    return tuple(cycle for period in range(2, longest + 1) for cycle in _cycles(of, visited, period, search))


def _cycles(of: StateMap, visited: States, period: int, search: FixedPointSearch) -> list[Cycle]:
    turned = power(of, period)
    count = search.starts or max(32, min(256, int(2.4e8 / of.size**3) // period))
    generator = torch.Generator().manual_seed(search.seed)
    ends, residuals, converged = _settle(of=turned, starts=_starts(of, visited, count, spread=search.spread,
                                                                  generator=generator), search=search)  # fmt: skip
    kept, _ = _merged(ends, converged, search.merge)
    found: list[Cycle] = []
    for state, residual in zip(ends[kept], residuals[kept].tolist(), strict=True):
        orbit = _orbit(of, state, period)
        if _is_shorter(orbit, search.merge) or any(_is_on(state, cycle.states, search.merge) for cycle in found):
            continue
        jacobian = turned.jacobian(state[None])[0]
        found.append(
            Cycle(
                states=orbit,
                residual=residual,
                certificate=certify(turned, state, jacobian),
                stability=stability_of(jacobian, dt=period * search.dt),
            )
        )
    return sorted(found, key=lambda cycle: cycle.stability.index)


def _orbit(of: StateMap, state: Tensor, period: int) -> States:
    states = [state]
    for _ in range(period - 1):
        states.append(of.step(states[-1][None])[0])
    return torch.stack(states)


def _is_shorter(orbit: States, merge: float) -> bool:
    # The state comes back before the round is over: the period is a divisor.
    return bool((_distance(orbit[1:], orbit[0]) < merge).any())


def _is_on(state: Tensor, states: States, merge: float) -> bool:
    return bool((_distance(states, state) < merge).any())


def _distance(states: States, state: Tensor) -> Tensor:
    return (states - state).abs().amax(dim=1) / (1 + state.abs().max())


def _starts(of: StateMap, visited: States, count: int, *, spread: float, generator: torch.Generator) -> Starts:
    # A third as visited, a third moved off them, a third after a while on their own: those find what attracts.
    deviation = visited.std(dim=0, correction=0) + 1e-3
    picked = visited[torch.randint(len(visited), (count,), generator=generator)]
    third = count // 3
    noise = torch.randn(count, of.size, generator=generator, dtype=torch.float64)
    picked[third:] += spread * deviation * noise[third:]
    settled = picked[2 * third :].clone()
    for _ in range(200):
        settled = of.step(settled)
    usable = settled.isfinite().all(dim=1) & (settled.abs().amax(dim=1) < 1e6 * (1 + visited.abs().max()))
    picked[2 * third :][usable] = settled[usable]
    return picked[of.step(picked).isfinite().all(dim=1)]


def _between(known: States, count: int, *, generator: torch.Generator) -> Starts:
    pairs = torch.combinations(torch.arange(len(known)))
    chosen = pairs[torch.randperm(len(pairs), generator=generator)[:count]]
    share = torch.rand(len(chosen), 1, generator=generator, dtype=torch.float64)
    return known[chosen[:, 0]] * share + known[chosen[:, 1]] * (1 - share)


def _settle(of: StateMap, starts: States, search: FixedPointSearch) -> tuple[States, Tensor, Tensor]:
    # In blocks: the Jacobians of all starts at once need not fit into memory.
    rows = max(1, int(2**25 / of.size**2))
    parts = []
    for block in torch.split(starts, rows):
        slowed = descend(of, block, steps=search.steps)
        ended = polish(of, slowed, tolerance=search.tolerance)
        loose = ended.residuals <= search.tolerance * (ended.states.abs().amax(dim=1) / 10).clamp(min=1)
        # Newton's method may run far off from a slow point: that stays where the descent left it.
        parts.append((torch.where(loose[:, None], ended.states, slowed), ended.residuals, loose))
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _merged(states: States, chosen: Tensor, merge: float) -> tuple[Tensor, list[int]]:
    # The row of the first arrival at each point, and how many arrived.
    firsts: list[int] = []
    counts: list[int] = []
    for row in chosen.nonzero()[:, 0].tolist():
        if firsts:
            near = _distance(states[firsts], states[row])
            nearest = int(near.argmin())
            if near[nearest] < merge:
                counts[nearest] += 1
                continue
        firsts.append(row)
        counts.append(1)
    return torch.tensor(firsts, dtype=torch.long), counts


def _points(
    of: StateMap, ends: States, residuals: Tensor, converged: Tensor, *, search: FixedPointSearch
) -> tuple[FixedPoint, ...]:
    rows, counts = _merged(ends, converged, search.merge)
    points = []
    for row, count in zip(rows.tolist(), counts, strict=True):
        jacobian = of.jacobian(ends[row][None])[0]
        points.append(
            FixedPoint(
                state=ends[row],
                residual=float(residuals[row]),
                certificate=certify(of, ends[row], jacobian),
                stability=stability_of(jacobian, dt=search.dt),
                starts=count,
                directions=leading_directions(jacobian),
            )
        )
    return tuple(
        sorted(points, key=lambda point: (not point.stability.is_stable, point.stability.index, point.state.tolist()))
    )


def _slow(
    of: StateMap, ends: Starts, converged: Tensor, *, visited: States, search: FixedPointSearch
) -> tuple[SlowPoint, ...]:
    usual = torch.linalg.vector_norm(of.step(visited) - visited, dim=1).median()
    speeds = torch.linalg.vector_norm(of.step(ends) - ends, dim=1)
    # Where q has a minimum its gradient vanishes; starts that were still on their way are no slow points.
    steep = torch.linalg.matrix_norm(of.linearize(visited[:64]) - torch.eye(of.size, dtype=ends.dtype)).median()
    is_slow = ~converged & (speeds < search.slow * usual) & _is_minimum(of, ends, steep=steep)
    rows, counts = _merged(ends, is_slow, 1e-2)
    found = [SlowPoint(state=ends[row], speed=float(speeds[row]), starts=count)
             for row, count in zip(rows.tolist(), counts, strict=True)]  # fmt: skip
    return tuple(sorted(found, key=lambda point: point.speed))


def _is_minimum(of: StateMap, states: States, *, steep: Tensor) -> Tensor:
    least = torch.zeros(len(states), dtype=torch.bool)
    rows = max(1, int(2**25 / of.size**2))
    for first in range(0, len(states), rows):
        block = slice(first, first + rows)
        matrix = of.linearize(states[block]) - torch.eye(of.size, dtype=states.dtype)
        gap = (of.step(states[block]) - states[block])[..., None]
        slope = torch.linalg.vector_norm(matrix.mT @ gap, dim=(1, 2))
        least[block] = slope < 1e-3 * steep * torch.linalg.vector_norm(gap, dim=(1, 2))
    return least
