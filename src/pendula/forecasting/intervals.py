"""How well intervals hold: coverage and width by lead time, on data that did not calibrate them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pendula.forecasting.adaptive import adapt
from pendula.forecasting.calibrating import scaled_errors
from pendula.forecasting.rolling import RollingErrors
from pendula.metrics import effective_size, pit_histogram, pit_samples
from pendula.runs import Calibration, Model
from pendula.shapes import Float, ndarray

__all__ = ["IntervalScores", "JudgedIntervals", "judge_intervals", "score_intervals"]

Rolled: TypeAlias = Float[ndarray, "origin lead channel"]

COVERAGE = 0.9
"""The coverage that an evaluation asks for."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class IntervalScores:
    """What intervals held, from many origins.

    Attributes:
        coverage: The share of truths that they promise to hold.
        share: The share that they held; NaN where there is no interval.
        width: Mean widths, in units of the channels; infinite where an adaptive one held everything.
        spread: Standard deviation with which a share is known and an exact promise is kept: both the origins and the
            calibration are finite, and their runs overlap.
        calibrated: How many independent runs the calibration is worth.
        pit: Density of the rank of the truth among the calibration's errors, over origins, lead times and channels.
        adaptive: Whether the intervals were adapted from origin to origin.
        bound: For adaptive ones, how far their share can lie from the coverage, whatever comes; else None.
    """

    coverage: float
    share: Float[ndarray, "lead channel"]
    width: Float[ndarray, "lead channel"]
    spread: Float[ndarray, "lead channel"]
    calibrated: Float[ndarray, "lead channel"]
    pit: Float[ndarray, " bin"]
    adaptive: bool = False
    bound: Float[ndarray, " lead"] | None = None

    @property
    def reach(self) -> int:
        """How many lead times have an interval."""
        return int(np.isfinite(self.share).all(axis=1).sum())

    def to_dict(self) -> dict[str, Any]:
        """Give the scores for a table or a file.

        Returns:
            `coverage`; `leads`, in steps; `share`, `width`, `spread` and `calibration`, a list for each channel; `mean`
            and `least` share over all of them, and the lead time of the least; `pit`; `adaptive` and its `bound`.
        """
        share = self.share[: self.reach]
        least = np.unravel_index(np.argmin(share), share.shape) if share.size else None
        return {
            "coverage": self.coverage,
            "leads": list(range(1, self.reach + 1)),
            "mean": float(share.mean()) if share.size else None,
            "least": None if least is None else float(share[least]),
            "least_lead": None if least is None else int(least[0]) + 1,
            "share": share.T.tolist(),
            "width": [[each if math.isfinite(each) else None for each in row] for row in self.width[: self.reach].T],
            "spread": self.spread[: self.reach].T.tolist(),
            "calibration": self.calibrated[: self.reach].T.tolist(),
            "pit": self.pit.tolist(),
            "adaptive": self.adaptive,
            "bound": None if self.bound is None else self.bound[: self.reach].tolist(),
        }


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class JudgedIntervals:
    """Intervals of free runs from several origins, all by one calibration, beside what came.

    Attributes:
        inside: 1 where the truth lay within, 0 where it did not; NaN where there is no interval.
        width: In units of the channels; NaN where a run diverged.
        calibrated: How many independent runs the calibration is worth.
        ranks: Ranks of the truth among the calibration's errors, from 0 to 1.
        bound: As in `IntervalScores`.
    """

    inside: Rolled
    width: Rolled
    calibrated: Float[ndarray, "lead channel"]
    ranks: Float[ndarray, " rank"]
    bound: Float[ndarray, " lead"] | None = None


def judge_intervals(
    model: Model,
    calibration: Calibration,
    rolled: RollingErrors,
    *,
    name: str = "network",
    coverage: float = COVERAGE,
    adaptive: bool = False,
) -> JudgedIntervals:
    """Look which truths lay within the intervals that a calibration gives to free runs.

    Args:
        model: The network, whose scale the calibration has.
        calibration: Errors by lead time, of other data.
        rolled: Free runs and what came, in physical units.
        name: The network among the predictors of `rolled`.
        coverage: The share of truths that the intervals are to hold.
        adaptive: Whether the level is adapted from origin to origin.

    Returns:
        The intervals, for no more lead times than both reach.
    """
    leads = min(rolled.leads, calibration.leads)
    scaler = model.scaler
    errors = scaled_errors(rolled, name, scaler)[:, :leads]
    forecast = scaler.transform(rolled.truth[:, :leads]) + errors
    absolute = np.abs(errors)
    bound = None
    if adaptive:
        adapted = adapt(absolute, rolled.origins, known=np.abs(calibration.errors), coverage=coverage)
        half, bound = adapted.half_width, adapted.bound
    else:
        half = np.broadcast_to(calibration.half_width(coverage, leads), absolute.shape)
    with np.errstate(all="ignore"):
        # An interval that holds nothing has no width.
        ends = [scaler.inverse(forecast + sign * np.maximum(half, 0.0)) for sign in (-1.0, 1.0)]
    return JudgedIntervals(
        inside=np.where(np.isnan(half), np.nan, absolute <= half),
        width=ends[1] - ends[0],
        calibrated=calibration.effective[:leads],
        ranks=_ranks(errors, calibration.errors[:, :leads]),
        bound=bound,
    )


def score_intervals(
    judged: Sequence[JudgedIntervals], *, coverage: float = COVERAGE, adaptive: bool = False
) -> IntervalScores:
    """Sum up how well intervals held.

    Args:
        judged: Intervals from successive origins, each by a calibration of its own.
        coverage: The share of truths that they were to hold.
        adaptive: Whether the level was adapted from origin to origin.

    Returns:
        Coverage and width by lead time; no more lead times than all reach.
    """
    leads = min(one.inside.shape[1] for one in judged)
    inside, width = (np.concatenate([held[:, :leads] for held in kind]) for kind in _columns(judged))
    calibrated = np.min([one.calibrated[:leads] for one in judged], axis=0)
    chance = 1 / effective_size(np.nan_to_num(inside)) + 1 / calibrated
    known = np.isfinite(width)
    return IntervalScores(
        coverage=coverage,
        share=inside.mean(axis=0),
        width=np.where(known, width, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan),
        spread=np.sqrt(coverage * (1 - coverage) * chance),
        calibrated=calibrated,
        pit=pit_histogram(np.concatenate([one.ranks for one in judged])),
        adaptive=adaptive,
        bound=judged[0].bound,
    )


def _columns(judged: Sequence[JudgedIntervals]) -> tuple[list[Rolled], list[Rolled]]:
    return [one.inside for one in judged], [one.width for one in judged]


def _ranks(errors: Rolled, known: Float[ndarray, "run lead channel"]) -> Float[ndarray, " rank"]:
    # The truth is the forecast less an error, and so are its samples; ties of runs that diverged are broken by chance.
    generator = np.random.default_rng(0)
    ranks = [
        pit_samples(-errors[:, lead], np.repeat(-known[:, lead][:, None], len(errors), axis=1), generator=generator)
        for lead in range(errors.shape[1])
    ]
    return np.concatenate(ranks)
