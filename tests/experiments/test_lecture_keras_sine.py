"""The sine in Keras: its counts and fields, its Keras model and, among the slow tests, its figure of merit."""

import json

import numpy as np
import pytest
import torch

from pendula.experiments import EXPERIMENTS, LectureKerasSine
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["lecture-keras-sine"].run(LectureKerasSine(**settings), lambda _: silent)


@pytest.fixture(scope="module")
def short():
    return run(epochs=1)


def test_the_counts_are_the_lectures(short):
    counts = {name: short.results[name] for name in ("windows", "train", "validation", "test")}
    assert counts == {"windows": 480, "train": 384, "validation": 77, "test": 96}
    assert "384 of 480 windows are known, the last 77 of them validate" in short.results["notes"][0]


def test_the_record_is_the_lectures(short):
    assert np.allclose(short.fits["rnn"].record.values[:, 0], np.sin(np.linspace(0, 100, 500)), atol=1e-12)


def test_the_test_loss_is_the_mean_square_error_beside_the_baselines(short):
    results = json.loads(json.dumps(short.results))
    assert results["test_loss"] == results["models"]["rnn"]["mse"]
    assert {"persistence", "linear"} <= results["baselines"].keys()
    assert results["baselines"]["linear"]["mse"] < 1e-20


def test_the_free_run_of_a_loop_over_windows_is_told_beside_that_of_the_state(short):
    fit = short.fits["rnn"]
    values = list(fit.record.values[: fit.validation_stop, 0])
    for _ in range(96):
        shown = torch.tensor(values[-20:], dtype=torch.float64)[None, :, None]
        with torch.no_grad():
            values.append(float(fit.model.forecaster(shown)[0][0, -1, 0, 0]))
    expected = np.sqrt(np.mean((np.array(values[-96:]) - fit.record.values[-96:, 0]) ** 2))
    assert short.results["windowed"]["free_run_rmse"] == pytest.approx(expected, rel=1e-4)
    assert "A loop that starts from zero at each step, on the last 20 values, has" in short.results["notes"][1]


def test_it_trains_in_keras_as_the_lecture_does(short):
    recipe = short.fits["rnn"].recipe
    assert (recipe.training.engine, recipe.training.epochs, recipe.training.batch_size) == ("keras", 1, 32)
    assert (recipe.network.hidden_size, recipe.network.residual, recipe.scaling) == (16, False, "none")
    assert short.keras_models == ("rnn",)
    assert set(short.figures) == {"lecture-keras-sine"}


@pytest.mark.slow
def test_the_test_loss_reaches_the_lectures():
    assert run().results["test_loss"] <= 1.5e-4
