"""Scores of a forecast."""

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
