"""What a forecaster knows before training: its scales and its linear path, from the training part alone."""

import numpy as np
import torch
from torch import Tensor

from pendula.errors import ArgumentError
from pendula.nn import Forecaster
from pendula.nn.spread import SMALLEST_DEVIATION
from pendula.optim import LinearMap, autoregression_problem
from pendula.shapes import Int, Series, ndarray
from pendula.training.settings import Selection
from pendula.training.validation import Validation

__all__ = ["PENALTIES", "start_forecaster"]

PENALTIES = (0.0, 1e-20, 1e-16, 1e-13, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 3e-2)
"""Ridge penalties that are tried, in scaled units squared: from exact, noise-free equations to noisy data."""
NETWORK_PENALTY = 1e-6
"""The least penalty of a path that does not describe the record by itself: with less, equations that are exact to many
digits but wrong leave the network residuals that single precision does not resolve."""
EXACT_RUN = 0.05
"""Free-run error on the validation part, in scaled units, below which the path does describe the record."""
SMALLEST_SCALE = float(np.finfo(np.float32).eps)
"""Below single precision there is nothing left for a network to learn."""


def start_forecaster(
    forecaster: Forecaster,
    values: Series,
    segments: Int[ndarray, "segment 2"],
    *,
    validation: Validation | None = None,
    select_by: Selection = "one_step",
    penalty: float | None = None,
) -> float | None:
    """Set a forecaster's scales, its linear path by ridge regression, and the covariance that a likelihood head says.

    Args:
        forecaster: A fresh forecaster; it is changed in place.
        values: The scaled series, with controls if there are any.
        segments: Half-open row ranges of the training part.
        validation: The errors that choose the penalty.
        select_by: Which of them: one_step or free_run.
        penalty: Ridge penalty of the linear path; chosen on the validation part when left out.

    Returns:
        The penalty, or None without a linear path.

    Raises:
        ArgumentError: If the training part is too short for the linear path.
    """
    known = values[:, : forecaster.channels]
    increments = np.concatenate([np.diff(known[start:stop], axis=0) for start, stop in segments])
    typical = np.maximum(np.sqrt(np.square(increments).mean(axis=0)), SMALLEST_SCALE)
    forecaster.increment_scale.copy_(torch.from_numpy(typical))
    chosen = None
    if forecaster.linear is not None:
        chosen = _start_linear(
            forecaster, values, segments, validation=validation, select_by=select_by, penalty=penalty
        )
    elif forecaster.network.residual:
        _set_output_scale(forecaster, np.tile(typical, forecaster.network.leads))
    if forecaster.spread is not None and (forecaster.linear is not None or forecaster.network.residual):
        forecaster.spread.start_from(_left_over(forecaster, values, segments))
    return chosen


def _left_over(forecaster: Forecaster, values: Series, segments: Int[ndarray, "segment 2"]) -> Tensor:
    # The covariance of what persistence or the linear path do not explain, in units of the output scale.
    first = max(0, forecaster.network.linear_lags - 1)
    errors = []
    for start, stop in segments:
        series = torch.from_numpy(values[start:stop])[None]
        added = forecaster.taken_apart(series)[1][0, first:-1, 0]
        errors.append((forecaster.told(series)[0, first + 1 :] - added) / forecaster.output_scale[0])
    apart = torch.cat(errors)
    # A channel that others tell exactly leaves a singular matrix.
    return apart.T @ apart / len(apart) + SMALLEST_DEVIATION**2 * torch.eye(forecaster.channels)


def _start_linear(
    forecaster: Forecaster,
    values: Series,
    segments: Int[ndarray, "segment 2"],
    *,
    validation: Validation | None,
    select_by: Selection,
    penalty: float | None,
) -> float:
    network = forecaster.network
    longest = int((segments[:, 1] - segments[:, 0]).max(initial=0))
    if longest < network.linear_lags + network.leads:
        raise ArgumentError(
            f"`linear_lags` must be shorter than the training part: expected at most {longest - network.leads} steps, "
            f"got {network.linear_lags}. Lower it, or set it to 0."
        )
    problem = autoregression_problem(
        values, segments, lags=network.linear_lags, leads=network.leads, channels=forecaster.channels
    )
    candidates = (0.0,) if validation is None else PENALTIES
    errors = []
    for candidate in candidates if penalty is None else (penalty,):
        _set_linear(forecaster, problem.solve(candidate))
        errors.append((_error(forecaster, validation, select_by), candidate))
    chosen = min(errors)[1]
    _set_linear(forecaster, problem.solve(chosen))
    run_error = None if penalty is not None or validation is None else validation.free_run_error(forecaster)
    if run_error is not None and run_error > EXACT_RUN and chosen < NETWORK_PENALTY:
        chosen = NETWORK_PENALTY
        _set_linear(forecaster, problem.solve(chosen))
    return chosen


def _set_linear(forecaster: Forecaster, solution: LinearMap) -> None:
    assert forecaster.linear is not None
    weight = solution.weight.copy()
    if not forecaster.network.residual:
        # The equations are those of increments; without the residual the path carries x_t itself.
        channels = forecaster.channels
        weight[:channels] += np.tile(np.eye(channels), forecaster.network.leads)
    forecaster.linear.weight.copy_(torch.from_numpy(weight))
    forecaster.linear.bias.copy_(torch.from_numpy(solution.bias))
    _set_output_scale(forecaster, np.maximum(solution.rms, SMALLEST_SCALE))


def _set_output_scale(forecaster: Forecaster, scale: ndarray) -> None:
    forecaster.output_scale.copy_(torch.from_numpy(scale).reshape(forecaster.output_scale.shape))


def _error(forecaster: Forecaster, validation: Validation | None, select_by: Selection) -> float:
    if validation is None:
        return 0.0
    run = validation.free_run_error(forecaster) if select_by == "free_run" else None
    return validation.one_step_error(forecaster) if run is None else run
