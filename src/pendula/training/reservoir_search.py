"""Reservoirs chosen by free runs within the training part, from origins whose future their readouts have not seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.nn import Member, NextGeneration, Reservoir, draw_member
from pendula.optim import moments
from pendula.series.windows import latest_rows
from pendula.shapes import Float, Int, Series, ndarray
from pendula.training.lesson import Lesson, lesson_for
from pendula.training.reservoir_choices import Budget

__all__ = ["Candidate", "SearchPlan", "instability", "plan_search", "search", "washout_of"]

MOST_ROWS = 1500
"""The search looks at most at so many of the latest rows."""
ORIGINS = 4
"""Free runs start from at most so many origins."""
MOST_STEPS = 100
"""They go at most so far."""
WASHOUT = 50
"""Steps at the start of a stretch after which a reservoir has forgotten that it started from zeros."""
WORST = 5.0
"""An error beyond this many standard deviations counts as much as this: the run is lost, no matter how far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A reservoir that was tried.

    Attributes:
        reservoir: Its settings.
        seed: Of its matrices.
        penalty: The ridge penalty of its readout that did best.
        error: Root mean square error of its free runs, in standard deviations of what it learned from, averaged over
            the origins.
    """

    reservoir: Reservoir | NextGeneration
    seed: int
    penalty: float
    error: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SearchPlan:
    """Which rows teach a candidate, and which judge it.

    Attributes:
        stretches: Half-open row ranges without a gap.
        origins: Rows of the first values of the free runs; readouts are fitted to the rows before each.
        steps: How many steps they go.
        washout: Steps at the start of each stretch that are not learned from.
    """

    stretches: Int[ndarray, "segment 2"]
    origins: Int[ndarray, " origin"]
    steps: int
    washout: int


def washout_of(segments: Int[ndarray, "segment 2"], *, wanted: int = 0) -> int:
    """Choose how many steps at the start of each stretch are not learned from.

    Args:
        segments: Half-open row ranges of the training part.
        wanted: As many as that; 0 leaves the choice open.

    Returns:
        What is wanted, or else 50 steps, or a tenth of the longest stretch, if that is less.

    Raises:
        ArgumentError: If `wanted` is more than half of the longest stretch.

    Examples:
        >>> washout_of(np.array([[0, 100]])), washout_of(np.array([[0, 1000]]))
        (10, 50)
        >>> washout_of(np.array([[0, 100]]), wanted=30)
        30
    """
    longest = int((segments[:, 1] - segments[:, 0]).max(initial=0))
    if wanted > longest // 2:
        raise ArgumentError(
            f"`washout` must leave half of a gap-free stretch of the training part to a reservoir: expected at most "
            f"{longest // 2} of {longest} steps, got {wanted}. Shorten it, or leave it out."
        )
    return wanted or min(WASHOUT, longest // 10)


def plan_search(segments: Int[ndarray, "segment 2"], *, washout: int = 0) -> SearchPlan:
    """Cut the rows of a training part into those that teach candidates and those that judge them.

    The last rows judge: the free runs follow each other up to the end of the last stretches. For each, readouts are
    fitted to what lies before it.

    Args:
        segments: Half-open row ranges of the training part.
        washout: Steps at the start of each stretch that are not learned from; 0 leaves the choice open.

    Returns:
        The plan.

    Raises:
        ArgumentError: If the washout is too long for the training part.
        DataError: If no stretch is long enough.

    Examples:
        >>> plan = plan_search(np.array([[0, 600]]))
        >>> plan.origins, plan.steps
        (array([300, 375, 450, 525]), 75)
    """
    stretches = latest_rows(segments, MOST_ROWS + washout)
    washout = washout_of(segments, wanted=washout)
    longest = int((stretches[:, 1] - stretches[:, 0]).max(initial=0))
    steps = max(1, min(MOST_STEPS, longest // (2 * ORIGINS)))
    origins: list[int] = []
    for start, stop in stretches[::-1]:
        possible = range(int(stop) - steps, int(start) + max(washout, longest // 4), -steps)
        origins += list(possible)[: ORIGINS - len(origins)]
    first = min(origins, default=0)
    if not any(min(stop, first) - start > washout + 1 for start, stop in stretches):
        raise DataError(
            "`train` must have a gap-free stretch to learn a reservoir's readout from: expected at least 12 rows, got "
            f"{longest}. Fill the gaps with `--gaps fill`, or record more."
        )
    return SearchPlan(stretches=stretches, origins=np.array(sorted(origins)), steps=steps, washout=washout)


def search(
    values: Series,
    plan: SearchPlan,
    budget: Budget,
    *,
    units: int,
    seeds: Sequence[int],
    heard: Callable[[int, int, Candidate], None] | None = None,
) -> list[Candidate]:
    """Try reservoirs by free runs.

    Args:
        values: The scaled series; rows outside the plan are not looked at.
        plan: Which rows teach and which judge.
        budget: What is tried.
        units: Units of each reservoir.
        seeds: Each setting is tried with each of them.
        heard: Hears how many were tried of how many, and the best up to now.

    Returns:
        All that were tried, the best first.

    Raises:
        DivergedError: If not one of them runs freely within bounds.
    """
    pairs = [(reservoir, seed) for seed in seeds for reservoir in budget.settings]
    tried: list[Candidate] = []
    for number, (reservoir, seed) in enumerate(pairs, start=1):
        tried.append(_examine(values, plan, reservoir, units=units, seed=seed, penalties=budget.penalties))
        if heard is not None:
            heard(number, len(pairs), min(tried, key=_error))
    best = sorted(tried, key=_error)
    if best[0].error >= WORST:
        raise DivergedError(
            f"Every reservoir is unstable in free run on the training part. {instability(best[0].reservoir)}"
        )
    return best


def instability(reservoir: Reservoir | NextGeneration) -> str:
    """Advise people whose reservoirs do not run freely within bounds.

    Args:
        reservoir: One of them.

    Returns:
        A sentence.

    Examples:
        >>> instability(NextGeneration())
        'Lower `degree` or `delays`, raise `linear_penalty`, or give the values another `transform`.'
    """
    if isinstance(reservoir, NextGeneration):
        return "Lower `degree` or `delays`, raise `linear_penalty`, or give the values another `transform`."
    return "Lower `spectral_radius` or `input_scaling`, or give the values another `transform`."


def _error(candidate: Candidate) -> float:
    return candidate.error


def _examine(
    values: Series,
    plan: SearchPlan,
    reservoir: Reservoir | NextGeneration,
    *,
    units: int,
    seed: int,
    penalties: Sequence[float],
) -> Candidate:
    member = draw_member(reservoir, units=units, channels=values.shape[1], seed=seed)
    lesson = lesson_for(member, values, plan.stretches, washout=plan.washout)
    states = _states(member, values, plan)
    errors = np.full((len(plan.origins), len(penalties)), WORST)
    for number, (origin, rows) in enumerate(_lessons(plan)):
        before, after = slice(origin - 1, origin), slice(origin, origin + plan.steps)
        scale = float(values[rows].std()) or 1.0
        for trial, readout in enumerate(_readouts(lesson, states, rows, penalties)):
            member.put_readout(*readout)
            run = member.run(states[before], values[before], plan.steps)
            errors[number, trial] = _run_error((run[0] - values[after]) / scale)
    mean = errors.mean(axis=0)
    best = int(np.argmin(mean))
    return Candidate(reservoir=reservoir, seed=seed, penalty=penalties[best], error=float(mean[best]))


def _states(member: Member, values: Series, plan: SearchPlan) -> Float[ndarray, "time state"]:
    # Those of rows outside the stretches are never looked at, nor written.
    passed = [member.states(values[None, start:stop])[0] for start, stop in plan.stretches]
    states = np.zeros((len(values), passed[0].shape[1]))
    for (start, stop), part in zip(plan.stretches, passed, strict=True):
        states[start:stop] = part
    return states


def _readouts(
    lesson: Lesson, states: Float[ndarray, "time state"], rows: Int[ndarray, " row"], penalties: Sequence[float]
) -> Iterator[tuple[Float[ndarray, "feature channel"], Float[ndarray, " channel"]]]:
    # By the moments of the rows: they lose digits that the kept readouts need, but not those by which trials differ.
    summed = moments([lesson.block(states[rows], rows)])
    for penalty in penalties:
        yield lesson.readout(summed.solve(max(penalty, summed.least_penalty)))


def _lessons(plan: SearchPlan) -> Iterator[tuple[int, Int[ndarray, " row"]]]:
    # The rows that are known before each origin, each with a value after it that is known, too.
    for origin in plan.origins.tolist():
        yield (
            origin,
            np.concatenate([np.arange(start + plan.washout, min(stop, origin) - 1) for start, stop in plan.stretches]),
        )


def _run_error(errors: Float[ndarray, "step channel"]) -> float:
    bounded = np.minimum(np.nan_to_num(np.abs(errors), nan=WORST), WORST)
    return float(np.sqrt(np.square(bounded).mean()))
