"""Rolling-origin evaluation: errors by lead time, from many origins in one batch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pendula.errors import ArgumentError
from pendula.forecasting.predictors import Predictor, controls_of, predict_from
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.series.windows import window_segments
from pendula.shapes import Float, Int, ndarray

__all__ = ["RollingErrors", "plain_rolling", "roll"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RollingErrors:
    """Errors of several predictors by origin and lead time, in physical units.

    Attributes:
        origins: Rows of the first forecast values.
        truth: What came after each origin.
        errors: Forecast minus truth of each predictor.
    """

    origins: Int[ndarray, " origin"]
    truth: Float[ndarray, "origin lead channel"]
    errors: dict[str, Float[ndarray, "origin lead channel"]]

    @property
    def leads(self) -> int:
        """The longest lead time, in steps."""
        return int(next(iter(self.errors.values())).shape[1])

    def forecast(self, name: str) -> Float[ndarray, "origin lead channel"]:
        """Give the forecasts.

        Args:
            name: The predictor.

        Returns:
            The free runs from each origin.
        """
        return np.asarray(self.truth + self.errors[name])

    def rmse(self, name: str) -> Float[ndarray, " lead"]:
        """Compute the root mean square error by lead time.

        Args:
            name: The predictor.

        Returns:
            Over origins and channels; infinite where a run diverged.
        """
        with np.errstate(all="ignore"):
            error = np.sqrt(np.square(self.errors[name]).mean(axis=(0, 2)))
        return np.where(np.isfinite(error), error, np.inf)

    def signed(self, name: str) -> Float[ndarray, "origin lead channel"]:
        """Give the errors, forecast less truth.

        Args:
            name: The predictor.

        Returns:
            Errors; infinite where a run diverged.
        """
        return np.where(np.isfinite(self.errors[name]), self.errors[name], np.inf)

    def absolute(self, name: str) -> Float[ndarray, "origin lead channel"]:
        """Give the absolute errors.

        Args:
            name: The predictor.

        Returns:
            Absolute errors; infinite where a run diverged.
        """
        return np.asarray(np.abs(self.signed(name)))


def roll(
    predictors: Mapping[str, Predictor], part: Part, *, window: int, leads: int, most_origins: int = 200
) -> RollingErrors:
    """Forecast from many origins within a part.

    Args:
        predictors: By name.
        part: The part; values before it serve as known past.
        window: Known values before each origin.
        leads: How many steps to run from each origin; all lie within the part.
        most_origins: At most so many origins, evenly spaced.

    Returns:
        The errors.

    Raises:
        ArgumentError: If `leads` or `most_origins` is below 1.
        DataError: If no stretch of the part holds a window and `leads` values after it.
    """
    for name, value in (("leads", leads), ("most_origins", most_origins)):
        if value < 1:
            raise ArgumentError(f"`{name}` must be positive: expected 1 or more, got {value}. Ask for one at least.")
    record = part.parent
    segments = window_segments(record, part.start, part.stop, length=window, horizon=leads, reach_back=True)
    rows = np.concatenate([np.arange(start + window, stop - leads + 1) for start, stop in segments])
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(most_origins, len(rows))).round().astype(np.int64))
    origins = rows[chosen]
    truth = record.values[origins[:, None] + np.arange(leads)]
    controls = controls_of(record)
    errors = {
        name: predict_from(predictor, record.values, origins, steps=leads, times=record.time, controls=controls) - truth
        for name, predictor in predictors.items()
    }
    return RollingErrors(origins=origins, truth=truth, errors=errors)


def plain_rolling(rolling: RollingErrors, record: Record) -> dict[str, Any]:
    """Give errors by lead time for a table or a file.

    Args:
        rolling: The errors.
        record: The record that was forecast.

    Returns:
        `leads`, in steps; `origins`, how many there were; `rmse` by predictor, where all channels have one unit; and
        that of each of several channels under `channels`.
    """
    plain: dict[str, Any] = {"leads": list(range(1, rolling.leads + 1)), "origins": len(rolling.origins)}
    if len(set(record.units)) == 1:
        plain["rmse"] = {name: _finite(rolling.rmse(name)) for name in rolling.errors}
    if len(record.names) > 1:
        alone = {name: _alone(rolling, index) for index, name in enumerate(record.names)}
        plain["channels"] = {
            channel: {name: _finite(own.rmse(name)) for name in own.errors} for channel, own in alone.items()
        }
    return plain


def _alone(rolling: RollingErrors, channel: int) -> RollingErrors:
    alone = {name: errors[..., [channel]] for name, errors in rolling.errors.items()}
    return replace(rolling, truth=rolling.truth[..., [channel]], errors=alone)


def _finite(by_lead: Float[ndarray, " lead"]) -> list[float | None]:
    return [error if math.isfinite(error) else None for error in by_lead.tolist()]
