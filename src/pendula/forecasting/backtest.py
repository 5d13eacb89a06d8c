"""A rolling backtest: forecasts from many origins, by networks that are trained anew as the record goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from pendula.errors import ArgumentError, DataError
from pendula.forecasting.evaluation import part_to_score
from pendula.forecasting.fitted_baselines import fit_baselines
from pendula.forecasting.fitting import fit_side_by_side
from pendula.forecasting.intervals import COVERAGE, IntervalScores, judge_intervals, score_intervals
from pendula.forecasting.predictors import Predictor
from pendula.forecasting.rolling import RollingErrors, plain_rolling, roll
from pendula.forecasting.scoring import common_unit, time_scale
from pendula.metrics import check_probability
from pendula.runs import Fit, Recipe
from pendula.series.containers import Data
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.training import Listener, silent

__all__ = ["Backtest", "RefitPolicy", "backtest"]

MOST_LEADS = 50
MOST_ORIGINS = 100_000
MOST_REFITS = 200
"""More trainings than this are taken for a slip."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefitPolicy:
    """When networks and baselines are fitted anew in a backtest, and to what.

    Attributes:
        every: Rows from one fit to the next; None never fits anew.
        past: All rows before it, or a window of the length that the fit had known, sliding along.

    Examples:
        >>> RefitPolicy(every=50).rows(100, 230, first=80)
        [(100, 0), (150, 0), (200, 0)]
        >>> RefitPolicy(every=50, past="sliding").rows(100, 230, first=80)
        [(100, 20), (150, 70), (200, 120)]
    """

    every: int | None = None
    past: Literal["expanding", "sliding"] = "expanding"

    def __post_init__(self) -> None:
        if self.every is not None and (not isinstance(self.every, int) or self.every < 1):
            raise ArgumentError(f"`every` must be a number of rows: expected 1 or more, got {self.every}. Try 50.")

    def rows(self, start: int, stop: int, *, first: int) -> list[tuple[int, int]]:
        """Find where the fits are made.

        Args:
            start: First row to forecast.
            stop: Row after the last.
            first: Rows that a sliding past has.

        Returns:
            The row before which each fit ends, and the first row that it knows.
        """
        ends = range(start, stop, self.every or stop - start)
        return [(end, 0 if self.past == "expanding" else max(0, end - first)) for end in ends]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Backtest:
    """Errors of network and baselines by lead time, from rolling origins.

    Attributes:
        rolling: Errors from all origins, of the predictors that every stretch has.
        intervals: What the network's intervals held, each made by the fit of its own stretch.
        policy: When fits were made anew.
        fits: How many there were.
        part: The rows that were forecast.
        lacking: How many of the fits have no baseline of a name that others have; it is left out of the errors.
    """

    rolling: RollingErrors
    intervals: IntervalScores | None
    policy: RefitPolicy
    fits: int
    part: Part
    lacking: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the errors for a table or a file.

        Returns:
            As `Evaluated.to_dict` under `rolling`, `intervals` and `units`; `refit`, how networks were fitted anew; and
            `lacking`, how many fits lack a baseline that was left out.
        """
        return {
            "rolling": plain_rolling(self.rolling, self.part.parent),
            "intervals": None if self.intervals is None else self.intervals.to_dict(),
            "refit": {"every": self.policy.every, "past": self.policy.past, "fits": self.fits},
            "lacking": dict(self.lacking),
            "units": {"value": common_unit(self.part.parent), "time": time_scale(self.part.parent.axis)[1]},
        }


def backtest(
    fit: Fit,
    series: Data | None = None,
    *,
    policy: RefitPolicy,
    leads: int | None = None,
    most_origins: int = MOST_ORIGINS,
    coverage: float = COVERAGE,
    listeners: Sequence[Listener] = (),
) -> Backtest:
    """Forecast from every row of a series, with fits that know only what came before.

    The fit itself serves until the first refit is due. A refit follows the fit's recipe on the rows before it, with a
    validation part of its own, which calibrates its intervals, too; the baselines are fitted to the same rows. All
    networks are trained side by side, each on one core, and the free runs of a stretch are one batch.

    Args:
        fit: The fit, whose recipe is followed.
        series: A held-out series with the fit's variables, units and time step, whose own rows are the past of refits;
            the fit's own test part, with all rows before it as the past, when left out.
        policy: When to fit anew, and to what.
        leads: How many steps to run from each origin; 50 when left out, an eighth of a part that is short.
        most_origins: At most so many origins, evenly spaced.
        coverage: Probability with which the truth is to lie in the intervals.
        listeners: Hear the trainings, one for each.

    Returns:
        The errors.

    Raises:
        ArgumentError: If there would be more refits than sense, or if `leads` or `coverage` breaks its rule.
        DataError: If the past is too short, or no stretch holds an origin.

    Examples:
        >>> import pendula, xarray as xr
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200.0)))})
        >>> fit = pendula.fit(series, model="gru", training=pendula.Training(epochs=1), window=10)
        >>> rolled = backtest(fit, policy=RefitPolicy(every=25), leads=5)
        >>> rolled.fits, len(rolled.rolling.origins), sorted(rolled.rolling.errors)
        (2, 46, ['linear', 'network', 'persistence', 'seasonal'])
    """
    part = part_to_score(fit, series)
    leads = max(1, min(MOST_LEADS, len(part) // 8)) if leads is None else leads
    _check(part, leads, coverage=coverage)
    rows = policy.rows(part.start, part.stop, first=fit.validation_stop)
    if len(rows) > MOST_REFITS:
        raise ArgumentError(
            f"`refit` must not ask for more than {MOST_REFITS} trainings: got {len(rows)}. Fit anew less often, with "
            f"every:{-(-len(part) // MOST_REFITS)} or more."
        )
    made = [fit, *_refits(fit, part.parent, rows[1:], listeners)]
    stops = [*(end for end, _ in rows[1:]), part.stop]
    share = -(-most_origins // len(rows))
    stretches = []
    for one, (start, first), stop in zip(made, rows, stops, strict=True):
        stretch = Part(parent=part.parent, start=start, stop=min(part.stop, stop + leads - 1))
        # Before the first row of a file of its own there is the record of the fit.
        known = Part(parent=part.parent, start=first, stop=start)
        known = known if start > 0 else Part(parent=fit.record, start=0, stop=fit.validation_stop)
        rolled = _rolled(one, known, stretch, leads=leads, most_origins=share)
        if rolled is not None:
            stretches.append((one, rolled))
    if not stretches:
        raise DataError(_too_far(part, leads))
    return Backtest(
        rolling=_joined([rolled for _, rolled in stretches]),
        intervals=_intervals(stretches, coverage=coverage),
        policy=policy,
        fits=len(stretches),
        part=part,
        lacking=_lacking([rolled for _, rolled in stretches]),
    )


def _check(part: Part, leads: int, *, coverage: float) -> None:
    # Before the trainings, which may take hours.
    if leads < 1:
        raise ArgumentError(f"`leads` must be positive: expected 1 or more, got {leads}. Ask for one at least.")
    if leads > len(part):
        raise DataError(_too_far(part, leads))
    check_probability("coverage", coverage)


def _too_far(part: Part, leads: int) -> str:
    return f"`leads` must be shorter than the part: expected fewer than {len(part)} steps, got {leads}. Run fewer."


def _refits(fit: Fit, record: Record, rows: Sequence[tuple[int, int]], listeners: Sequence[Listener]) -> list[Fit]:
    if not rows:
        return []
    recipe = replace(fit.recipe, test=0, test_from=None, by="time", cut="rows", watch="validation")
    jobs: list[tuple[Record, Recipe]] = [(record.slice(first, end), recipe) for end, first in rows]
    try:
        return fit_side_by_side(jobs, listeners or [silent] * len(jobs))
    except DataError as error:
        raise DataError(f"The past of a refit is too short for the recipe: {error}") from error


def _rolled(fit: Fit, known: Part, part: Part, *, leads: int, most_origins: int) -> RollingErrors | None:
    baselines = fit_baselines(known, part, fit=fit)
    predictors: dict[str, Predictor] = {"network": fit.model, **baselines}
    try:
        return roll(predictors, part, window=fit.model.window, leads=leads, most_origins=most_origins)
    except DataError:  # the stretch is too short, or lies behind a gap
        return None


def _joined(rolled: Sequence[RollingErrors]) -> RollingErrors:
    # A seasonal or an echo state baseline may be missing from some stretches.
    names = [name for name in rolled[0].errors if all(name in one.errors for one in rolled)]
    return RollingErrors(
        origins=np.concatenate([one.origins for one in rolled]),
        truth=np.concatenate([one.truth for one in rolled]),
        errors={name: np.concatenate([one.errors[name] for one in rolled]) for name in names},
    )


def _lacking(rolled: Sequence[RollingErrors]) -> dict[str, int]:
    names = dict.fromkeys(name for one in rolled for name in one.errors)
    lacking = {name: sum(name not in one.errors for one in rolled) for name in names}
    return {name: count for name, count in lacking.items() if count}


def _intervals(stretches: Sequence[tuple[Fit, RollingErrors]], *, coverage: float) -> IntervalScores | None:
    judged = [
        judge_intervals(fit.model, fit.calibration, rolled, coverage=coverage)
        for fit, rolled in stretches
        if fit.calibration is not None
    ]
    return score_intervals(judged, coverage=coverage) if len(judged) == len(stretches) else None
