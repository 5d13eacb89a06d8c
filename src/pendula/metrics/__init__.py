"""Scores of a forecast."""

from pendula.metrics.attractor import (
    exponent_error,
    maxima,
    return_map,
    spectrum_distance,
    state_space_divergence,
    valid_lyapunov_times,
)
from pendula.metrics.pointwise import (
    mae,
    missing_count,
    mse,
    nrmse,
    pointwise_scores,
    r2,
    rmse,
    smape,
    valid_prediction_time,
)

__all__ = [
    "exponent_error",
    "mae",
    "maxima",
    "missing_count",
    "mse",
    "nrmse",
    "pointwise_scores",
    "r2",
    "return_map",
    "rmse",
    "smape",
    "spectrum_distance",
    "state_space_divergence",
    "valid_lyapunov_times",
    "valid_prediction_time",
]
