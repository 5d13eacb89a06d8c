"""Reservoirs chosen by free runs within the training part, from origins whose future their readouts have not seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.nn import Reservoir, draw_reservoir, drive_reservoir, run_reservoir
from pendula.optim import ReadoutRows, moments
from pendula.series.windows import latest_rows
from pendula.shapes import Float, Int, Series, ndarray

__all__ = ["LIGHT", "PENALTIES", "USUAL", "Budget", "Candidate", "SearchPlan", "plan_search", "search", "washout_of"]

MOST_ROWS = 1500
"""The search looks at most at so many of the latest rows."""
ORIGINS = 4
"""Free runs start from at most so many origins."""
MOST_STEPS = 100
"""They go at most so far."""
WASHOUT = 50
"""Steps at the start of a stretch after which a reservoir has forgotten that it started from zeros."""
PENALTIES = (1e-11, 1e-9, 1e-7, 1e-5, 1e-3)
"""Ridge penalties that are tried, in scaled units squared: from noise-free to noisy data."""
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

    reservoir: Reservoir
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much is tried, and how many of the best are kept.

    Attributes:
        settings: The settings of reservoirs that are tried.
        draws: Each is tried with so many draws of its matrices.
        members: So many of the best reservoirs forecast together.
    """

    settings: tuple[Reservoir, ...]
    draws: int
    members: int


def _settings(*choices: Sequence[float]) -> tuple[Reservoir, ...]:
    # Memory, nonlinearity and pace, from weak to strong.
    return tuple(
        Reservoir(spectral_radius=radius, input_scaling=scaling, leak=leak)
        for radius, scaling, leak in product(*choices)
    )


USUAL = Budget(settings=_settings((0.4, 0.8, 1.2), (0.1, 0.5, 1.5), (0.3, 0.6, 1.0)), draws=2, members=5)
LIGHT = Budget(settings=_settings((0.8, 1.2), (0.2, 1.0), (0.3, 1.0)), draws=1, members=3)
"""For a baseline beside other fits."""


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
    settings: Sequence[Reservoir],
    *,
    units: int,
    seeds: Sequence[int],
    penalties: Sequence[float] = PENALTIES,
    heard: Callable[[int, int, Candidate], None] | None = None,
) -> list[Candidate]:
    """Try reservoirs by free runs.

    Args:
        values: The scaled series; rows outside the plan are not looked at.
        plan: Which rows teach and which judge.
        settings: What is tried.
        units: Units of each reservoir.
        seeds: Each setting is tried with each of them.
        penalties: Ridge penalties to choose from, for each reservoir.
        heard: Hears how many were tried of how many, and the best up to now.

    Returns:
        All that were tried, the best first.

    Raises:
        DivergedError: If not one of them runs freely within bounds.
    """
    pairs = [(reservoir, seed) for seed in seeds for reservoir in settings]
    tried: list[Candidate] = []
    for number, (reservoir, seed) in enumerate(pairs, start=1):
        tried.append(_examine(values, plan, reservoir, units=units, seed=seed, penalties=penalties))
        if heard is not None:
            heard(number, len(pairs), min(tried, key=_error))
    best = sorted(tried, key=_error)
    if best[0].error >= WORST:
        raise DivergedError(
            "Every reservoir is unstable in free run on the training part. Lower `spectral_radius` or `input_scaling`, "
            "or give the values another `transform`."
        )
    return best


def _error(candidate: Candidate) -> float:
    return candidate.error


def _examine(
    values: Series, plan: SearchPlan, reservoir: Reservoir, *, units: int, seed: int, penalties: Sequence[float]
) -> Candidate:
    weights = draw_reservoir(reservoir, units=units, inputs=values.shape[1], seed=seed)
    lesson = ReadoutRows(
        weights=weights, values=values, segments=plan.stretches, washout=plan.washout, direct=reservoir.direct
    )
    states = np.zeros((len(values), units))
    for start, stop in plan.stretches:
        states[start:stop] = drive_reservoir(weights, values[None, start:stop])[0]
    errors = np.full((len(plan.origins), len(penalties)), WORST)
    for number, (origin, rows) in enumerate(_lessons(plan)):
        before, after = slice(origin - 1, origin), slice(origin, origin + plan.steps)
        scale = float(values[rows].std()) or 1.0
        for trial, (readout, constant) in enumerate(_readouts(lesson, states, rows, penalties)):
            run = run_reservoir(
                weights, readout, constant, states=states[before], values=values[before], steps=plan.steps, limit=None
            )
            errors[number, trial] = _run_error((run[0] - values[after]) / scale)
    mean = errors.mean(axis=0)
    best = int(np.argmin(mean))
    return Candidate(reservoir=reservoir, seed=seed, penalty=penalties[best], error=float(mean[best]))


def _readouts(
    lesson: ReadoutRows, states: Float[ndarray, "time unit"], rows: Int[ndarray, " row"], penalties: Sequence[float]
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
