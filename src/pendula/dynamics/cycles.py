"""States that a map visits in a ring."""

from dataclasses import dataclass

import torch

from pendula.dynamics.certificate import Certificate, certify
from pendula.dynamics.fixed_point_search import FixedPointSearch, distance, draw_starts, merged, settle, start_count
from pendula.dynamics.stability import Stability, stability_of
from pendula.dynamics.state_map import StateMap, States, check_dense, check_map, power
from pendula.errors import ArgumentError
from pendula.shapes import Float, Tensor

__all__ = ["Cycle", "find_cycles"]


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
        DivergedError: If it gives no finite state.
        TooLargeError: If the state is too large for dense Jacobians.

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
    check_dense(2, of.size)
    return tuple(cycle for period in range(2, longest + 1) for cycle in _of_period(of, visited, period, search))


def _of_period(of: StateMap, visited: States, period: int, search: FixedPointSearch) -> list[Cycle]:
    turned, count = power(of, period), start_count(search, of.size, applications=period)
    generator = torch.Generator().manual_seed(search.seed)
    ends = settle(turned, draw_starts(of, visited, count, spread=search.spread, generator=generator), search)
    found: list[Cycle] = []
    for row in merged(ends.states, ends.converged, search.merge)[0]:
        state = ends.states[row]
        orbit = _orbit(of, state, period)
        if _is_shorter(orbit, search.merge) or any(_is_on(state, cycle.states, search.merge) for cycle in found):
            continue
        jacobian = turned.jacobian(state[None])[0]
        found.append(
            Cycle(
                states=orbit,
                residual=float(ends.residuals[row]),
                certificate=certify(turned, state, jacobian),
                stability=stability_of(jacobian, dt=period * search.dt),
            )
        )
    return sorted(found, key=lambda cycle: cycle.stability.index)


def _orbit(of: StateMap, state: Float[Tensor, " state"], period: int) -> States:
    states = [state]
    for _ in range(period - 1):
        states.append(of.step(states[-1][None])[0])
    return torch.stack(states)


def _is_shorter(orbit: States, merge: float) -> bool:
    # The state comes back before the round is over: the period is a divisor.
    return bool((distance(orbit[1:], orbit[0]) < merge).any())


def _is_on(state: Float[Tensor, " state"], states: States, merge: float) -> bool:
    return bool((distance(states, state) < merge).any())
