"""How the fixed points of a map are looked for: from many starts at once, which come together or do not."""

from dataclasses import dataclass

import torch

from pendula.dynamics.descent import Polished, descend, polish
from pendula.dynamics.state_map import StateMap, States
from pendula.errors import ArgumentError
from pendula.shapes import Bool, Float, Tensor

__all__ = ["FixedPointSearch", "blocks_of", "distance", "draw_starts", "merged", "settle", "start_count"]

BLOCK = 2**20
"""Numbers of all Jacobians worked on together: what stays in the processor's cache is done in half the time."""


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


def start_count(search: FixedPointSearch, size: int, *, applications: int = 1) -> int:
    """Choose from how many states to start.

    Args:
        search: How to look.
        size: Components of a state.
        applications: How often the map is applied in one step.

    Returns:
        The number that is asked for, or else one that takes about as long whatever the size.

    Examples:
        >>> [start_count(FixedPointSearch(), size) for size in (2, 128, 1000)]
        [256, 114, 32]
    """
    return search.starts or max(32, min(256, int(2.4e8 / size**3) // applications))


def draw_starts(
    of: StateMap, visited: States, count: int, *, spread: float, generator: torch.Generator
) -> Float[Tensor, "start state"]:
    """Draw states to start from: a third as visited, a third moved off them, a third after a while on their own.

    Args:
        of: The map.
        visited: States that the system visits.
        count: How many starts.
        spread: How far they are moved off, in standard deviations of the visited states.
        generator: Of the draws.

    Returns:
        The starts whose successors are finite.
    """
    deviation = visited.std(dim=0, correction=0) + 1e-3
    picked = visited[torch.randint(len(visited), (count,), generator=generator)]
    third = count // 3
    noise = torch.randn(count, of.size, generator=generator, dtype=torch.float64)
    picked[third:] += spread * deviation * noise[third:]
    settled = picked[2 * third :].clone()  # these find what attracts
    for _ in range(200):
        settled = of.step(settled)
    usable = settled.isfinite().all(dim=1) & (settled.abs().amax(dim=1) < 1e6 * (1 + visited.abs().max()))
    picked[2 * third :][usable] = settled[usable]
    return picked[of.step(picked).isfinite().all(dim=1)]


def settle(of: StateMap, starts: Float[Tensor, "start state"], search: FixedPointSearch) -> Polished:
    """Go downhill in the speed from every start, and finish by Newton's method.

    Args:
        of: The map.
        starts: The starts.
        search: How to look.

    Returns:
        Where each start came to, and whether that is a fixed point; elsewhere it stays where the descent left it,
        since Newton's method may run far off from a slow point.
    """
    parts = []
    for block in blocks_of(of, starts):
        slowed = descend(of, block, steps=search.steps)
        ended = polish(of, slowed, tolerance=search.tolerance)
        loose = ended.residuals <= search.tolerance * (ended.states.abs().amax(dim=1) / 10).clamp(min=1)
        parts.append(Polished(torch.where(loose[:, None], ended.states, slowed), ended.residuals, loose))
    return Polished(*(torch.cat(column) for column in zip(*parts, strict=True)))


def blocks_of(of: StateMap, states: States) -> tuple[Float[Tensor, "some state"], ...]:
    """Cut states into blocks whose Jacobians are worked on together.

    Args:
        of: The map.
        states: The states.

    Returns:
        The blocks, of eight states at least.
    """
    return torch.split(states, max(8, BLOCK // of.size**2))


def merged(states: States, chosen: Bool[Tensor, " batch"], merge: float) -> tuple[list[int], list[int]]:
    """Tell arrivals at the same point together.

    Args:
        states: Where starts arrived.
        chosen: Which of them count.
        merge: States nearer than this, relative to 1 + |h|, are one point.

    Returns:
        The row of the first arrival at each point, and how many arrived.

    Examples:
        >>> merged(torch.tensor([[0.0], [1.0], [0.0], [9.0]]), torch.tensor([True, True, True, False]), 1e-6)
        ([0, 1], [2, 1])
    """
    firsts: list[int] = []
    counts: list[int] = []
    for row in chosen.nonzero()[:, 0].tolist():
        if firsts:
            near = distance(states[firsts], states[row])
            nearest = int(near.argmin())
            if near[nearest] < merge:
                counts[nearest] += 1
                continue
        firsts.append(row)
        counts.append(1)
    return firsts, counts


def distance(states: States, state: Float[Tensor, " state"]) -> Float[Tensor, " batch"]:
    """Measure how far states are from one state.

    Args:
        states: The states.
        state: The one.

    Returns:
        The largest difference of a component, relative to 1 + |h|.
    """
    return (states - state).abs().amax(dim=1) / (1 + state.abs().max())
