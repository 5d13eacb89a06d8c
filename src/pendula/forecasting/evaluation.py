"""The verb `evaluate`: one-step and free-run scores beside the baselines."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, overload

from pendula.errors import DataError
from pendula.filtering import AnyEvaluated, evaluate_told
from pendula.forecasting.controls import handed_in
from pendula.forecasting.drawn import DrawnScores, score_drawn
from pendula.forecasting.fitted_baselines import is_echo_state, timed_baselines
from pendula.forecasting.intervals import COVERAGE, IntervalScores, judge_intervals, score_intervals
from pendula.forecasting.likelihood import Likelihood, likelihoods, log_likelihood
from pendula.forecasting.predictors import Predictor, controls_of
from pendula.forecasting.rolling import RollingErrors, plain_rolling, roll
from pendula.forecasting.scoring import Evaluation, common_unit, plain_scores, score_part, time_scale
from pendula.metrics import check_probability
from pendula.runs import AnyFit, Fit, PairedFit
from pendula.series.alike import check_alike
from pendula.series.containers import Data, unpacked
from pendula.series.controls import as_steps, controlled_record
from pendula.series.overlap import count_seen
from pendula.series.record import Record
from pendula.series.split import Part

__all__ = [
    "Evaluated",
    "evaluate",
    "evaluate_fit",
    "part_to_score",
    "score_all",
]

MOST_LEADS = 200
"""Errors by lead time go at most so far."""
ADAPTIVE_ORIGINS = 2000
"""Adaptive intervals are followed over at most so many origins."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evaluated:
    """Networks and baselines, scored on the same rows.

    Attributes:
        evaluation: Predictions and scores of all predictors.
        rolling: Errors by lead time from many origins, or None where no stretch is long enough.
        networks: Names of the networks among the predictors.
        seconds: Training time of each predictor, in seconds, where it was measured.
        seen: How many of the scored rows were in the fit's training or validation part.
        drawn: Scores of drawn trajectories, where a network has a likelihood head and rolling errors were measured.
        intervals: What the fit's intervals held, where it is one fit with a calibration.
    """

    evaluation: Evaluation
    rolling: RollingErrors | None
    networks: tuple[str, ...]
    seconds: Mapping[str, float]
    seen: int = 0
    drawn: DrawnScores | None = None
    intervals: IntervalScores | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the scores for a table or a file.

        Returns:
            `models` and `baselines`, by name, as `plain_scores` gives them; `rows`, how many were scored, and
            `seen_rows`, how many of them the fit had seen; `rolling`, errors by lead time, in steps; `intervals`, what
            they held by lead time; `drawn`, energy scores by lead time, where a network has a likelihood head;
            `controls`, the names of those that the networks and the linear autoregression are told; and `units`. A
            score that is not finite is None.
        """
        scores = {
            name: plain_scores(self.evaluation, name, seconds=self.seconds.get(name)) for name in self.evaluation.scores
        }
        record = self.evaluation.part.parent
        drawn = {} if self.drawn is None else {"drawn": self.drawn.to_dict()}
        return {
            "models": {name: scores[name] for name in self.networks},
            "baselines": {name: score for name, score in scores.items() if name not in self.networks},
            "rows": len(self.evaluation.rows),
            "seen_rows": self.seen,
            "rolling": None if self.rolling is None else plain_rolling(self.rolling, record),
            "intervals": None if self.intervals is None else self.intervals.to_dict(),
            **drawn,
            "controls": [] if record.controls is None else list(record.controls.names),
            "units": {"value": common_unit(record), "time": time_scale(record.axis)[1]},
        }


@overload
def evaluate(
    fit: Fit, series: Data | None = None, *, coverage: float = COVERAGE, adaptive: bool = False
) -> Evaluated: ...


@overload
def evaluate(fit: PairedFit, series: Data | None = None) -> AnyEvaluated: ...


def evaluate(
    fit: AnyFit, series: Data | None = None, *, coverage: float = COVERAGE, adaptive: bool = False
) -> Evaluated | AnyEvaluated:
    """Score a fit beside the baselines on data it never saw.

    The baselines are fitted to the rows before the fit's test part; all predictors are scored on the same rows. Rows of
    the series that the fit has seen, those with the times and the values of its training or validation part, are
    scored, too; `seen` says how many they are. Where the fit has controls, the network and the linear autoregression
    are told the true ones of the rows that they forecast.

    Args:
        fit: The fit; for one that tells targets from inputs see `pendula.filtering.evaluate_told`.
        series: A held-out series with the fit's variables, units and time step; the fit's own test part when left out.
        coverage: Probability with which the truth is to lie in the intervals, between 0 and 1.
        adaptive: Whether the intervals are adapted from origin to origin by what came, for records that drift.

    Returns:
        Predictions and scores, one step ahead, in free run, and by lead time; and what the intervals held.

    Raises:
        ArgumentError: If `coverage` does not lie between 0 and 1.
        DataError: If there is no test part, if the series lacks a variable or has another time step, or if it is too
            short for a window.
        UnitsError: If a variable has another unit.

    Examples:
        >>> import numpy as np, pendula, xarray as xr
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200)))})
        >>> fit = pendula.fit(series, model="gru", training=pendula.Training(epochs=1), window=10)
        >>> held_out = xr.Dataset({"x": ("time", np.cos(0.1 * np.arange(100)))})
        >>> evaluate(fit, held_out).to_dict()["baselines"]["linear"]["rmse"] < 1e-9
        True
    """
    if isinstance(fit, PairedFit):
        return evaluate_told(fit, series)
    check_probability("coverage", coverage)
    if series is None:
        return evaluate_fit(fit, coverage=coverage, adaptive=adaptive)
    known, part = _known(fit), part_to_score(fit, series)
    evaluated = score_all({"network": fit.model}, known, part, fit=fit)
    intervals = _intervals(fit, part, evaluated.rolling, coverage=coverage, adaptive=adaptive)
    return replace(evaluated, seen=count_seen(known, part.parent, evaluated.evaluation.rows), intervals=intervals)


def evaluate_fit(fit: Fit, *, coverage: float = COVERAGE, adaptive: bool = False) -> Evaluated:
    """Score a fit on its own test part.

    Args:
        fit: The fit.
        coverage: As for `evaluate`.
        adaptive: As for `evaluate`.

    Returns:
        Predictions and scores; the training times are those that the fit keeps with its scores, if it has them.

    Raises:
        DataError: If the record has no test part.
    """
    part = part_to_score(fit)
    evaluated = score_all({"network": fit.model}, _known(fit), part, fit=fit)
    intervals = _intervals(fit, part, evaluated.rolling, coverage=coverage, adaptive=adaptive)
    return replace(evaluated, seconds={**evaluated.seconds, **_kept_seconds(fit)}, intervals=intervals)


def part_to_score(fit: Fit, series: Data | None = None) -> Part:
    """Find the rows to score a fit on.

    Args:
        fit: The fit.
        series: A held-out series with the fit's variables, units and time step; the fit's own test part when left out.

    Returns:
        All rows of the series, or the test part.

    Raises:
        DataError: If there is no test part, or if the series lacks a variable, has another time step, or nowhere as
            many values in a row as the fit must see and one more.
        UnitsError: If a variable has another unit.
    """
    if series is not None:
        controls = fit.model.controls
        dataset, driving = as_steps(unpacked(series)[0], handed_in(fit), irregular=fit.recipe.irregular)
        held_out = controlled_record(dataset, fit.model.names, driving)
        held_out = replace(held_out, bridged=fit.record.bridged)
        check_alike(held_out, units=fit.model.units, axis=fit.model.axis)
        if controls is not None and held_out.controls is not None:
            check_alike(held_out.controls, units=controls.units, axis=fit.model.axis)
        _check_long_enough(held_out, fit.model.window)
        return Part(parent=held_out, start=0, stop=len(held_out))
    if not len(fit.split.test):
        raise DataError(
            "`test` must be a part of the record to score on: expected rows, got none. Name a held-out file."
        )
    return fit.split.test


def _check_long_enough(held_out: Record, window: int) -> None:
    if held_out.longest <= window:
        raise DataError(
            f"`series` must have more rows in a row than the window of the fit: expected at least {window + 1}, got "
            f"{held_out.longest}. Name a longer file, or fill the gaps with `--gaps fill`."
        )


def _intervals(
    fit: Fit, part: Part, rolling: RollingErrors | None, *, coverage: float, adaptive: bool
) -> IntervalScores | None:
    if rolling is None or fit.calibration is None:
        return None
    if adaptive:  # what came is known from every row
        rolling = roll(
            {"network": fit.model}, part, window=fit.model.window, leads=rolling.leads, most_origins=ADAPTIVE_ORIGINS
        )
    judged = judge_intervals(fit.model, fit.calibration, rolling, coverage=coverage, adaptive=adaptive)
    return score_intervals([judged], coverage=coverage, adaptive=adaptive)


def _kept_seconds(fit: Fit) -> dict[str, float]:
    # A second evaluation is to print the numbers of the first.
    rows = {**fit.scores.get("models", {}), **fit.scores.get("baselines", {})}
    return {name: row["seconds"] for name, row in rows.items() if "seconds" in row}


def score_all(
    networks: Mapping[str, Predictor],
    known: Part,
    part: Part,
    *,
    fit: Fit,
    seconds: Mapping[str, float] | None = None,
) -> Evaluated:
    """Score networks and baselines on the same rows.

    Args:
        networks: By name.
        known: The rows that baselines may be fitted to.
        part: The part to score on.
        fit: A fit whose transform and baseline settings are taken.
        seconds: Training times of the networks, in seconds; the fit's own when left out.

    Returns:
        Predictions and scores.
    """
    window = max(fit.model.window, *(network.context for network in networks.values()))
    baselines, baseline_seconds = timed_baselines(
        known, part, fit=fit, window=window, beside_its_like=any(map(is_echo_state, networks.values()))
    )
    predictors: dict[str, Predictor] = {**networks, **baselines}
    times = dict(seconds) if seconds is not None else dict.fromkeys(networks, fit.seconds)
    evaluated = Evaluated(
        evaluation=score_part(predictors, part, window=window),
        rolling=_roll(predictors, part, window=window),
        networks=tuple(networks),
        seconds=times | baseline_seconds,
    )
    return _with_likelihoods(evaluated, likelihoods(predictors, known), part, window=window)


def _with_likelihoods(evaluated: Evaluated, told: Mapping[str, Likelihood], part: Part, *, window: int) -> Evaluated:
    if not told:
        return evaluated
    evaluation, rolling = evaluated.evaluation, evaluated.rolling
    scores = {name: dict(row) for name, row in evaluation.scores.items()}
    for name, each in told.items():
        scores[name]["log_likelihood"] = log_likelihood(
            each, part.parent.values, evaluation.rows, controls=controls_of(part.parent)
        )
    drawn = None
    if rolling is not None:
        drawn = score_drawn(told, part, rolling.origins, leads=rolling.leads, window=window)
        for name in told:
            scores[name] |= drawn.row(name)
    return replace(evaluated, evaluation=replace(evaluation, scores=scores), drawn=drawn)


def _known(fit: Fit) -> Part:
    return Part(parent=fit.record, start=0, stop=fit.validation_stop)


def _roll(predictors: Mapping[str, Predictor], part: Part, *, window: int) -> RollingErrors | None:
    for leads in (min(len(part) // 2, MOST_LEADS), min(len(part) // 8, MOST_LEADS), 1):
        try:
            return roll(predictors, part, window=window, leads=max(1, leads))
        except DataError:  # gaps leave no stretch that long
            continue
    return None
