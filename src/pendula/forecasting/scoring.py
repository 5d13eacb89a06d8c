"""Scores on a part of a record: one step ahead and in free run, for every predictor on the same rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pendula.forecasting.predictors import Predictor, controls_of, predict_from
from pendula.metrics import pointwise_scores, valid_prediction_time
from pendula.series.axis import TimeAxis
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.series.windows import window_segments
from pendula.shapes import Float, Int, Series, ndarray

__all__ = ["Evaluation", "common_unit", "plain_scores", "score_part", "scored_rows", "time_scale"]

MOST_STEPS = 20_000
"""A free run is scored over at most so many steps."""
MOST_RUNS = 32
"""At most so many gap-free stretches of a part are run freely, the longest ones."""
OF_ONE_UNIT = ("mse", "rmse", "mae", "free_run_rmse")
"""Scores that are averages over channels only where these have one unit."""
VALID_THRESHOLD = 0.4
"""Normalized error at which a free run stops being valid."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evaluation:
    """Predictions and scores of several predictors on the same rows.

    Attributes:
        part: The part of the record that was scored.
        rows: Rows of the record that one-step predictions were made of.
        truth: The record there.
        one_step: One-step predictions of each predictor.
        free_run: Free runs of each predictor, NaN in rows that no run reached.
        scores: The scores of each predictor; a score that is not finite is infinite or NaN.
        channels: The same of each channel on its own, by predictor and channel, where there are several.
    """

    part: Part
    rows: Int[ndarray, " row"]
    truth: Series
    one_step: dict[str, Series]
    free_run: dict[str, Series]
    scores: dict[str, dict[str, float]]
    channels: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)


def score_part(predictors: Mapping[str, Predictor], part: Part, *, window: int, free_run: bool = True) -> Evaluation:
    """Score several predictors on the same rows of a part.

    Args:
        predictors: By name.
        part: The part; values before it serve as known past.
        window: Known values before each scored row.
        free_run: Whether to run freely, too.

    Returns:
        Predictions and scores. The free run starts where the part (and each gap-free stretch of it) starts and goes to
        its end.

    Raises:
        DataError: If no row of the part has its window before it.
    """
    record = part.parent
    segments = window_segments(record, part.start, part.stop, length=window, reach_back=True)
    rows = scored_rows(segments, window)
    runs = _runs(segments, window) if free_run else []
    evaluation = Evaluation(part=part, rows=rows, truth=record.values[rows], one_step={}, free_run={}, scores={})
    for name, predictor in predictors.items():
        evaluation.one_step[name] = _predict(predictor, record, rows, steps=1)[:, 0]
        evaluation.scores[name] = pointwise_scores(evaluation.truth, evaluation.one_step[name])
        if free_run:
            evaluation.free_run[name] = _run_all(predictor, record, runs)[rows]
            evaluation.scores[name] |= _free_run_scores(evaluation, name, runs)
        if len(record.names) > 1:
            evaluation.channels[name] = _channel_scores(evaluation, name, runs)
    return evaluation


def scored_rows(segments: Int[ndarray, "segment 2"], window: int) -> Int[ndarray, " row"]:
    """List the rows that have a whole window before them in their segment.

    Args:
        segments: Half-open row ranges without a gap.
        window: Known values before each row.

    Returns:
        The rows, in order.

    Examples:
        >>> scored_rows(np.array([[0, 4], [10, 13]]), 2)
        array([ 2,  3, 12])
    """
    return np.concatenate([np.arange(start + window, stop) for start, stop in segments])


def _runs(segments: Int[ndarray, "segment 2"], window: int) -> list[tuple[int, int]]:
    # (first forecast row, steps) of each stretch
    runs = [(int(start) + window, min(int(stop - start) - window, MOST_STEPS)) for start, stop in segments]
    return sorted(sorted(runs, key=lambda run: -run[1])[:MOST_RUNS])


def _run_all(predictor: Predictor, record: Record, runs: list[tuple[int, int]]) -> Series:
    joined = np.full_like(record.values, np.nan)
    for origin, steps in runs:
        joined[origin : origin + steps] = _predict(predictor, record, np.array([origin]), steps=steps)[0]
    return joined


def _predict(
    predictor: Predictor, record: Record, origins: Int[ndarray, " origin"], *, steps: int
) -> Float[ndarray, "origin step channel"]:
    controls = controls_of(record)
    return predict_from(predictor, record.values, origins, steps=steps, times=record.time, controls=controls)


def _spans(evaluation: Evaluation, runs: list[tuple[int, int]]) -> list[slice]:
    # Where the runs lie among the scored rows.
    firsts = np.searchsorted(evaluation.rows, [origin for origin, _ in runs])
    return [slice(first, first + steps) for first, (_, steps) in zip(firsts.tolist(), runs, strict=True)]


def _run_errors(truth: ndarray, forecast: ndarray) -> dict[str, float]:
    whole, finite = pointwise_scores(truth, forecast), bool(np.isfinite(forecast).all())
    return {f"free_run_{key}": whole[key] if finite else math.inf for key in ("rmse", "nrmse")}


def _channel_scores(evaluation: Evaluation, name: str, runs: list[tuple[int, int]]) -> dict[str, dict[str, float]]:
    covered = np.concatenate([np.arange(0), *(np.r_[span] for span in _spans(evaluation, runs))])
    scores = {}
    for index, channel in enumerate(evaluation.part.parent.names):
        truth = evaluation.truth[:, index]
        scores[channel] = pointwise_scores(truth, evaluation.one_step[name][:, index])
        if runs:
            scores[channel] |= _run_errors(truth[covered], evaluation.free_run[name][covered, index])
    return scores


def _free_run_scores(evaluation: Evaluation, name: str, runs: list[tuple[int, int]]) -> dict[str, float]:
    spans = _spans(evaluation, runs)
    covered = np.concatenate([np.r_[span] for span in spans])
    forecast, truth = evaluation.free_run[name], evaluation.truth
    errors = _run_errors(truth[covered], forecast[covered])
    record = evaluation.part.parent
    per_step, _ = time_scale(record.axis)
    # Quantities of different units have a distance only when each is counted in its own spread.
    spread = truth.std(axis=0) if len(set(record.units)) > 1 else np.ones(truth.shape[1])
    truth, forecast = truth / np.where(spread > 0, spread, 1.0), forecast / np.where(spread > 0, spread, 1.0)
    valid = [_valid_time(truth[span], forecast[span], truth) for span in spans]
    return {
        **errors,
        "free_run_steps": float(len(covered)),
        "valid_prediction_time": float(np.mean(valid)) * per_step,
    }


def _valid_time(truth: Series, forecast: Series, reference: Float[ndarray, "row channel"]) -> float:
    # In steps; the scale is that of the whole scored part, so that short stretches are judged alike.
    if (reference.min(axis=0) == reference.max(axis=0)).all():
        return math.nan  # a constant has no scale
    scale = float(np.sqrt(np.square(reference - reference.mean(axis=0)).sum(axis=1).mean()))
    run = np.where(np.isfinite(forecast), forecast, np.inf)
    with np.errstate(all="ignore"):
        return valid_prediction_time(truth, run, threshold=VALID_THRESHOLD, scale=scale)


def time_scale(axis: TimeAxis) -> tuple[float, str]:
    """Tell how durations on a time axis are given: valid prediction times and lead times.

    Args:
        axis: The time axis.

    Returns:
        The length of a step, and its unit; 1 and steps where the axis holds dates or has no unit.

    Examples:
        >>> time_scale(TimeAxis(kind="float", start=0.0, step=0.5, size=4, units="s"))
        (0.5, 's')
        >>> time_scale(TimeAxis(kind="float", start=0.0, step=0.5, size=4))
        (1.0, 'steps')
    """
    if isinstance(axis.step, np.timedelta64) or not axis.units:
        return 1.0, "steps"
    return float(axis.step), axis.units


def plain_scores(evaluation: Evaluation, name: str, *, seconds: float | None = None) -> dict[str, Any]:
    """Give a predictor's scores for a table or a file.

    Args:
        evaluation: The evaluation.
        name: The predictor.
        seconds: Training time, in seconds, if it was measured.

    Returns:
        The scores, None where they are not finite; with several channels, `channels` holds those of each. Where these
        have different units, the errors that would mix them are left out: NRMSE is what they have in common.
    """
    scores: dict[str, Any] = _finite(evaluation.scores[name])
    if name in evaluation.channels:
        scores["channels"] = {channel: _finite(own) for channel, own in evaluation.channels[name].items()}
    if len(set(evaluation.part.parent.units)) > 1:
        scores = {key: value for key, value in scores.items() if key not in OF_ONE_UNIT}
    return scores if seconds is None else scores | {"seconds": seconds}


def _finite(scores: Mapping[str, float]) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in scores.items()}


def common_unit(record: Record) -> str:
    """Name the unit that all channels have.

    Args:
        record: The record.

    Returns:
        The unit; empty where there are several.
    """
    units = set(record.units)
    return units.pop() if len(units) == 1 else ""
