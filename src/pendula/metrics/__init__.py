"""Scores of forecasts and of labels."""

from pendula.metrics.attractor import (
    exponent_error,
    maxima,
    return_map,
    spectrum_distance,
    state_space_divergence,
    valid_lyapunov_times,
)
from pendula.metrics.classification import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    log_loss,
    roc_area,
    roc_curve,
)
from pendula.metrics.decoding import Decoding, decode, decode_segments
from pendula.metrics.distributions import (
    crps_gaussian,
    crps_samples,
    pit_gaussian,
    pit_histogram,
    pit_samples,
)
from pendula.metrics.effective import effective_size
from pendula.metrics.energy import energy_score
from pendula.metrics.intervals import check_probability, coverage_by_lead, interval_score, pinball_loss, width_by_lead
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
from pendula.metrics.switches import Switches, score_switches, switch_rows

__all__ = [
    "Decoding",
    "Switches",
    "accuracy",
    "balanced_accuracy",
    "check_probability",
    "confusion_matrix",
    "coverage_by_lead",
    "crps_gaussian",
    "crps_samples",
    "decode",
    "decode_segments",
    "effective_size",
    "energy_score",
    "exponent_error",
    "interval_score",
    "log_loss",
    "mae",
    "maxima",
    "missing_count",
    "mse",
    "nrmse",
    "pinball_loss",
    "pit_gaussian",
    "pit_histogram",
    "pit_samples",
    "pointwise_scores",
    "r2",
    "return_map",
    "rmse",
    "roc_area",
    "roc_curve",
    "score_switches",
    "smape",
    "spectrum_distance",
    "state_space_divergence",
    "switch_rows",
    "valid_lyapunov_times",
    "valid_prediction_time",
    "width_by_lead",
]
