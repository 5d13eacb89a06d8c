"""Anomalies: how surprising each value of a record is to a network that was calibrated on sound ones."""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.forecasting.evaluation import part_to_score
from pendula.forecasting.predictors import controls_of, predict_from
from pendula.forecasting.scoring import scored_rows
from pendula.runs import Fit
from pendula.series.containers import Data
from pendula.series.record import Record
from pendula.series.windows import window_segments
from pendula.shapes import Bool, Float, Int, Series, ndarray

__all__ = ["Surprise", "surprise"]

ALARM_RATE = 0.01


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Surprise:
    """How surprising the values of a record are.

    Attributes:
        record: The record.
        rows: Those that were judged: they have a known window before them.
        expected: The one-step predictions of them, in physical units.
        size: The largest error of a row over its channels, in robust standard deviations of the calibration.
        p_value: Share of sound rows, this one among them, with an error of that size or more.
        alarm_rate: An alarm is a p-value that is not above it: sound rows give one as often.
    """

    record: Record
    rows: Int[ndarray, " row"]
    expected: Series
    size: Float[ndarray, " row"]
    p_value: Float[ndarray, " row"]
    alarm_rate: float

    @property
    def alarms(self) -> Bool[ndarray, " row"]:
        """Which of the judged rows give an alarm."""
        return np.asarray(self.p_value <= self.alarm_rate)

    def to_dataset(self) -> xr.Dataset:
        """Give the scores as a series.

        Returns:
            For each channel `x` the variables `x` and `x_expected` with units; and `size`, `p_value`, `surprise`, which
            is −log10 of it, and `alarm`, 0 or 1; along the times of the rows that were judged.
        """
        rows = self.record
        columns = {}
        for channel, (name, unit) in enumerate(zip(rows.names, rows.units, strict=True)):
            about = {"units": unit} if unit else {}
            columns[name] = ("time", rows.values[self.rows, channel], about)
            columns[f"{name}_expected"] = ("time", self.expected[:, channel], about)
        scores = {"size": self.size, "p_value": self.p_value, "surprise": -np.log10(self.p_value), "alarm": self.alarms}
        columns |= {name: ("time", values.astype(np.float64), {}) for name, values in scores.items()}
        about = {"units": rows.axis.units} if rows.axis.units else {}
        return xr.Dataset(
            columns,
            coords={"time": ("time", rows.time[self.rows], about)},
            attrs={"alarm_rate": self.alarm_rate, "alarms": int(self.alarms.sum())},
        )


def surprise(fit: Fit, series: Data | None = None, *, alarm_rate: float = ALARM_RATE) -> Surprise:
    r"""Judge each value of a record by how far it lies from what was expected one step before.

    The errors of each channel are divided by $1.4826 \cdot \mathrm{median}|e|$ of the one-step errors that the fit kept
    of its validation part, on the network's scale, and the largest of a row is its size. Its p-value is
    $(1 + \#\{s_i \ge s\}) / (n + 1)$ among the n sizes of these: for a sound row that is exchangeable with them, it is
    at most a with a probability of at most a. What a fault leaves in the window of the rows after it may surprise
    there, too.

    Args:
        fit: The fit.
        series: A series with the fit's variables, units and time step; the fit's own test part when left out.
        alarm_rate: The share of sound rows that give an alarm.

    Returns:
        The scores of all rows that have a window before them.

    Raises:
        ArgumentError: If `alarm_rate` is no probability, or smaller than the calibration can tell.
        DataError: If the fit kept no errors, or there is no row to judge.

    References:
        R. Laxhammar and G. Falkman, "Conformal prediction for distribution-independent anomaly detection in streaming
        vessel data", Proc. StreamKDD (2010) 47, section 3.

    Examples:
        >>> import pendula
        >>> x = np.sin(0.2 * np.arange(600)) + 0.01 * np.random.default_rng(0).normal(size=600)
        >>> x[550] += 1.0
        >>> made = pendula.fit(xr.Dataset({"x": ("time", x)}), model=pendula.nn.Network(hidden_size=4, linear_lags=8),
        ...                    window=10, training=pendula.Training(epochs=1))
        >>> found = surprise(made, alarm_rate=0.02)
        >>> 550 in found.rows[found.alarms]
        True
    """
    known = _known_sizes(fit, alarm_rate)
    part = part_to_score(fit, series)
    rows, model = part.parent, fit.model
    segments = window_segments(rows, part.start, part.stop, length=model.window, reach_back=True)
    judged = scored_rows(segments, model.window)
    expected = predict_from(model, rows.values, judged, steps=1, times=rows.time, controls=controls_of(rows))[:, 0]
    errors = model.scaler.transform(expected) - model.scaler.transform(rows.values[judged])
    size = _sizes(np.where(np.isfinite(errors), errors, np.inf), _scales(fit))
    at_least = len(known) - np.searchsorted(known, size, side="left")
    return Surprise(
        record=rows,
        rows=judged,
        expected=expected,
        size=size,
        p_value=(1.0 + at_least) / (len(known) + 1),
        alarm_rate=alarm_rate,
    )


def _known_sizes(fit: Fit, alarm_rate: float) -> Float[ndarray, " row"]:
    # Ascending.
    if not 0 < alarm_rate < 1:
        raise ArgumentError(
            f"`alarm_rate` must lie between 0 and 1: expected a share of sound rows, got {alarm_rate}. Usual is 0.01."
        )
    if fit.calibration is None or fit.calibration.one_step is None or not len(fit.calibration.one_step):
        raise DataError(
            "`fit` must know errors of sound rows: expected a validation part with one-step errors, got none. "
            "Fit anew, with a validation part."
        )
    known = np.sort(_sizes(fit.calibration.one_step, _scales(fit)))
    if alarm_rate * (len(known) + 1) < 1 - 1e-9:
        raise ArgumentError(
            f"`alarm_rate` must not be finer than the calibration: expected {1 / (len(known) + 1):.2g} or more for "
            f"{len(known)} sound rows, got {alarm_rate:g}. Raise it, or enlarge `validation` to "
            f"{math.ceil(1 / alarm_rate)} rows."
        )
    return known


def _scales(fit: Fit) -> Float[ndarray, " channel"]:
    assert fit.calibration is not None
    assert fit.calibration.one_step is not None
    middle = 1.4826 * np.median(np.abs(fit.calibration.one_step), axis=0)
    return np.where((middle > 0) & np.isfinite(middle), middle, 1.0)


def _sizes(errors: Series, scales: Float[ndarray, " channel"]) -> Float[ndarray, " row"]:
    return np.asarray((np.abs(errors) / scales).max(axis=1))
