"""Calibration by leaving blocks out: what a fold forecasts it has not seen."""

from dataclasses import replace

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.forecasting import fit_record
from pendula.nn import Equation, Network
from pendula.runs import Recipe
from pendula.series import record
from pendula.training import Training


def recipe_of(cell="gru", **changes):
    network = Network(cell=cell, hidden_size=4) if cell == "gru" else Network(cell=cell, hidden_size=20)
    training = Training(epochs=2, batch_size=16, learning_rate=0.01) if cell == "gru" else Training()
    return Recipe(network=network, training=training, window=8, **changes)


@pytest.fixture(scope="module")
def rows(dataset, wave):
    return record(dataset(wave(size=260)))


@pytest.mark.parametrize("cell", ["gru", "esn"])
def test_all_known_rows_calibrate(rows, cell):
    made = fit_record(rows, recipe_of(cell, calibration_folds=4), score=False)
    # 195 rows are known; the first 8 are the window of the first origin.
    assert len(made.calibration.one_step) == 195 - 8
    assert made.calibration.leads == (195 - 8) // 4 // 2
    few = fit_record(rows, recipe_of(cell, calibration_folds=0), score=False)
    assert len(few.calibration.one_step) == 39
    assert made.calibration.origins > 2 * few.calibration.origins


def test_an_echo_state_network_takes_folds_and_a_trained_one_the_validation_part():
    assert recipe_of("esn").folds == 5
    assert (
        recipe_of("esn", validation=0).folds
        == recipe_of("gru").folds
        == recipe_of("esn", calibration_folds=0).folds
        == 0
    )


@pytest.mark.parametrize("cell", ["gru", "esn"])
def test_what_lies_in_the_test_part_changes_no_bit(rows, cell):
    values = rows.values.copy()
    values[195:] = 7.0
    one, other = (
        fit_record(each, recipe_of(cell, calibration_folds=3), score=False).calibration
        for each in (rows, replace(rows, values=values))
    )
    np.testing.assert_array_equal(one.errors, other.errors)
    np.testing.assert_array_equal(one.one_step, other.one_step)


def test_a_network_that_learns_a_block_by_heart_is_found_out(dataset):
    # Noise cannot be forecast: errors within blocks that were seen would be too small.
    rows = record(dataset(np.random.default_rng(0).normal(size=160)))
    network = Network(cell="gru", hidden_size=64, residual=False)
    training = Training(epochs=60, batch_size=16, learning_rate=0.02, select_by="last_epoch")
    made = fit_record(rows, Recipe(network=network, training=training, window=4, calibration_folds=3), score=False)
    rms = np.sqrt(np.mean(made.calibration.one_step[:80] ** 2))
    assert made.history[-1].train_loss < 0.5
    assert rms > 0.95


@pytest.mark.parametrize("folds", [1, 21, True])
def test_numbers_of_blocks_that_make_no_sense_are_refused(folds):
    with pytest.raises(ArgumentError, match="`calibration_folds` must be a number of blocks: expected 0, or 2 to 20"):
        recipe_of(calibration_folds=folds)


def test_an_equation_has_no_folds():
    with pytest.raises(ArgumentError, match="`calibration_folds` must be 0 for a differential equation"):
        Recipe(network=Network(cell="integrator", equation=Equation(system="pendulum")), calibration_folds=5)
