"""The errors on the validation part: loops over all windows and runs are the oracle."""

import math

import numpy as np
import pytest
import torch

from pendula.nn import free_run
from pendula.series.windows import Windows
from pendula.training import Validation
from pendula.training.validation import MOST_RUNS, MOST_WINDOWS


def trained(small, **options):
    forecaster = small(**options).double()
    with torch.no_grad():
        forecaster.head.weight.normal_(std=0.1, generator=torch.Generator().manual_seed(0))
    return forecaster


@pytest.mark.parametrize("leads", [1, 3])
def test_the_one_step_error_is_that_of_the_next_value(small, validation_of, leads):
    forecaster, validation = trained(small, leads=leads), validation_of(leads=leads)
    with torch.no_grad():
        pieces = validation.one_step.all()
        errors = [float(forecaster(piece[None, :10])[0][0, -1, 0] - piece[10]) for piece in pieces]
    assert validation.one_step_error(forecaster) == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-12)


def test_the_free_run_error_is_that_of_runs_from_a_few_origins(small, validation_of):
    forecaster, validation = trained(small), validation_of(run=30)
    every = validation.free_run.all()
    chosen = np.linspace(0, len(every) - 1, MOST_RUNS).round().astype(int)
    errors = [(free_run(forecaster, every[k : k + 1, :10], 30) - every[k : k + 1, 10:]).numpy() for k in chosen]
    expected = np.sqrt(np.mean(np.square(errors)))
    assert validation.free_run_error(forecaster) == pytest.approx(expected, rel=1e-12)


def test_a_long_part_is_measured_on_evenly_spaced_windows(small):
    values = torch.randn(5000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    windows = Windows(values, np.array([[0, 5000]]), length=2)
    error = Validation(window=1, one_step=windows, free_run=None).one_step_error(small())
    rows = np.linspace(0, 4998, MOST_WINDOWS).round().astype(int)
    increments = values[rows + 1] - values[rows]  # an untrained network says: the same as now
    assert error == pytest.approx(float(increments.square().mean().sqrt()), rel=1e-12)


def test_without_room_for_a_run_there_is_no_error_of_it(small, validation_of):
    assert validation_of(run=0).free_run_error(small()) is None


def test_a_run_that_diverges_has_an_infinite_error(small, validation_of):
    forecaster = small(linear_lags=1, residual=False)
    forecaster.linear.weight.fill_(-1e200)
    assert validation_of().free_run_error(forecaster) == math.inf
    forecaster.linear.weight.fill_(math.nan)
    assert validation_of().one_step_error(forecaster) == math.inf


def test_dropout_is_off_while_a_network_is_measured_and_back_on_afterwards(small, validation_of):
    forecaster = trained(small, num_layers=2, dropout=0.5).train()
    errors = {validation_of().one_step_error(forecaster) for _ in range(3)}
    assert len(errors) == 1
    assert forecaster.training
