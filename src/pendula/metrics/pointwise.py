r"""Scores that compare a forecast with the truth, sample by sample.

All take arrays of one shape, time or time × channel. Where the truth is NaN it was not measured, and the sample is left
out; a forecast that is NaN where the truth is known makes the score NaN. With several channels, mean squared and
absolute errors are means over all samples, and the scores relative to the truth's variance are formed channel by
channel and then averaged, so that $R^2 = 1 - \mathrm{NRMSE}^2$ always holds.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.shapes import Float, ndarray

__all__ = [
    "mae",
    "missing_count",
    "mse",
    "nrmse",
    "pointwise_scores",
    "r2",
    "rmse",
    "smape",
    "valid_prediction_time",
]

Values: TypeAlias = Float[ndarray, "..."]
FloatArray: TypeAlias = npt.NDArray[np.float64]


def mse(truth: Values, forecast: Values) -> float:
    """Compute the mean squared error.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        The mean of (forecast − truth)², in squared units.

    Examples:
        >>> mse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        2.0
    """
    errors, present = _errors(truth, forecast)
    return _mean_square(errors[present])


def rmse(truth: Values, forecast: Values) -> float:
    """Compute the root of the mean squared error.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        The root mean squared error, in the units of the data.

    Examples:
        >>> rmse(np.array([0.0, 0.0]), np.array([3.0, -3.0]))
        3.0
    """
    return float(np.sqrt(mse(truth, forecast)))


def mae(truth: Values, forecast: Values) -> float:
    """Compute the mean absolute error.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        The mean of |forecast − truth|, in the units of the data.

    Examples:
        >>> mae(np.array([0.0, np.nan, 0.0]), np.array([3.0, 100.0, -1.0]))
        2.0
    """
    errors, present = _errors(truth, forecast)
    return _mean(np.abs(errors[present]))


def r2(truth: Values, forecast: Values) -> float:
    """Compute the coefficient of determination, averaged over channels.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        1 for a perfect forecast, 0 for one no better than the truth's mean, without a lower bound; NaN if the truth (or
        a channel of it) is constant, which has no variance to explain.

    Examples:
        >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
        0.5
    """
    return 1.0 - float(np.mean(_relative_errors(truth, forecast)))


def nrmse(truth: Values, forecast: Values) -> float:
    """Compute the root mean squared error in units of the truth's (population) standard deviation.

    With several channels it is the root of the mean over channels of squared error over variance.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        0 for a perfect forecast, 1 for the truth's mean; NaN if the truth (or a channel of it) is constant.

    Examples:
        >>> nrmse(np.array([-1.0, 1.0]), np.array([-3.0, 3.0]))
        2.0
    """
    return float(np.sqrt(np.mean(_relative_errors(truth, forecast))))


def smape(truth: Values, forecast: Values) -> float:
    """Compute the symmetric mean absolute percentage error, from 0 to 200.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        The mean of 200 |forecast − truth| / (|forecast| + |truth|); a sample where both are 0 counts as 0.

    Examples:
        >>> smape(np.array([1.0, 0.0]), np.array([3.0, 0.0]))
        50.0

    References:
        Makridakis, Accuracy measures: theoretical and practical concerns, Int. J. Forecasting 9 (1993) 527-529.
    """
    errors, present = _errors(truth, forecast)
    sizes = np.abs(np.asarray(truth, dtype=np.float64)) + np.abs(np.asarray(forecast, dtype=np.float64))
    with np.errstate(all="ignore"):
        shares = np.where(sizes == 0, 0.0, np.abs(errors) / sizes)
    # An infinite forecast is as wrong as can be: the limit of the ratio is 1.
    shares = np.where(np.isinf(np.asarray(forecast)), 1.0, shares)
    return 200.0 * _mean(shares[present])


def valid_prediction_time(
    truth: Values,
    forecast: Values,
    *,
    threshold: float | int = 0.4,
    dt: float | int = 1.0,
    scale: float | int | None = None,
) -> float:
    r"""Compute how long a forecast stays close to the truth.

    The error at one time is $\|f(t) - x(t)\| / \sqrt{\langle \|x - \langle x\rangle\|^2 \rangle}$, with the norm over
    channels and the mean over time. Times at which the truth is missing are passed over.

    Args:
        truth: What happened; NaN where it was not measured.
        forecast: A free run, of the same shape and in the same units.
        threshold: Largest error that counts as close, without unit.
        dt: Time between rows; the result has its unit.
        scale: What to divide by instead, in the units of the data; for example the whole record's deviation.

    Returns:
        The number of rows before the error first exceeds the threshold, times `dt`; all rows if it never does. A NaN in
        the forecast exceeds it.

    Raises:
        ArgumentError: If `threshold`, `dt` or the scale is not positive.

    Examples:
        >>> truth = np.array([1.0, -1.0, 1.0, -1.0])
        >>> valid_prediction_time(truth, np.array([1.0, -1.1, 0.7, 9.0]), dt=0.5)
        1.5

    References:
        Vlachas et al., Backpropagation algorithms and reservoir computing in recurrent neural networks for the
        forecasting of complex spatiotemporal dynamics, Neural Networks 126 (2020) 191-217, section 4.2.
    """
    errors, present = _errors(truth, forecast)
    size = _spread(_columns(truth)) if scale is None else scale
    for name, value in (("threshold", threshold), ("dt", dt), ("scale", size)):
        if not 0 < value < np.inf:
            raise ArgumentError(
                f"`{name}` must be positive: expected a finite number above 0, got {value}. "
                "A constant truth has no scale of its own; give one."
            )
    known = present.reshape(len(errors), -1).all(axis=1)
    with np.errstate(all="ignore"):
        distances = np.linalg.norm(_columns(errors), axis=1) / size
    wrong = known & ~(distances <= threshold)
    rows = np.argmax(wrong) if wrong.any() else len(wrong)
    return float(f"{rows * dt:.12g}")  # 123 × 0.1 is 12.3, not 12.300000000000001


def pointwise_scores(truth: Values, forecast: Values) -> dict[str, float]:
    """Compute all the pointwise scores.

    Args:
        truth: What was measured; NaN where it was not.
        forecast: What was predicted, of the same shape and in the same units.

    Returns:
        `mse`, `rmse`, `mae`, `r2`, `nrmse` and `smape` by name.

    Examples:
        >>> pointwise_scores(np.array([-1.0, 1.0]), np.array([-1.0, 3.0]))
        {'mse': 2.0, 'rmse': 1.41, 'mae': 1.0, 'r2': -1.0, 'nrmse': 1.41, 'smape': 50.0}
    """
    scores = {"mse": mse, "rmse": rmse, "mae": mae, "r2": r2, "nrmse": nrmse, "smape": smape}
    return {name: score(truth, forecast) for name, score in scores.items()}


def missing_count(truth: Values) -> int:
    """Count the samples that the scores leave out.

    Args:
        truth: What was measured; NaN where it was not.

    Returns:
        How many samples are NaN.

    Examples:
        >>> missing_count(np.array([1.0, np.nan]))
        1
    """
    return int(np.isnan(truth).sum())


def _errors(truth: ndarray, forecast: ndarray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    # forecast − truth, and where the truth is known.
    if truth.shape != forecast.shape or truth.ndim not in {1, 2}:
        raise ShapeError(
            "`truth` and `forecast` must have the same shape: expected (time,) or (time, channel) twice, got "
            f"{truth.shape} and {forecast.shape}. Nothing is broadcast; reshape one of them."
        )
    present = ~np.isnan(truth)
    if not present.any():
        raise DataError(
            f"`truth` must hold samples: expected at least one number, got none in shape {truth.shape}. "
            "Choose a part of the record that was measured."
        )
    with np.errstate(all="ignore"):
        return np.asarray(forecast, dtype=np.float64) - np.asarray(truth, dtype=np.float64), present


def _relative_errors(truth: ndarray, forecast: ndarray) -> FloatArray:
    """Return each channel's mean squared error over its variance, NaN where it is constant."""
    errors, present = _errors(truth, forecast)
    channels = zip(_columns(errors).T, _columns(truth).T, _columns(present).T, strict=True)
    return np.array([_relative_error(error[known], true[known]) for error, true, known in channels])


def _relative_error(errors: FloatArray, truth: FloatArray) -> float:
    # Rounding leaves a constant a tiny variance, so constancy is asked of the extremes.
    if not len(truth) or truth.min() == truth.max():
        return float("nan")
    with np.errstate(all="ignore"):
        return _mean_square(errors / truth.std())


def _spread(truth: FloatArray) -> float:
    """Return the root mean square distance of the truth from its mean."""
    known = truth[~np.isnan(truth).any(axis=1)]
    if not len(known) or np.all(known.min(axis=0) == known.max(axis=0)):
        return 0.0
    return float(np.sqrt(np.square(known - known.mean(axis=0)).sum(axis=1).mean()))


def _columns(values: ndarray) -> ndarray:
    return values.reshape(len(values), -1)


def _mean_square(values: FloatArray) -> float:
    with np.errstate(all="ignore"):
        return float(np.square(values).mean())


def _mean(values: FloatArray) -> float:
    with np.errstate(all="ignore"):
        return float(values.mean())
