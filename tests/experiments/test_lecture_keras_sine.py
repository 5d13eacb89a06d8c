"""The sine in Keras: its counts and fields, its Keras model and, among the slow tests, its figure of merit."""

import json

import numpy as np
import pytest

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


def test_it_trains_in_keras_as_the_lecture_does(short):
    recipe = short.fits["rnn"].recipe
    assert (recipe.training.engine, recipe.training.epochs, recipe.training.batch_size) == ("keras", 1, 32)
    assert (recipe.network.hidden_size, recipe.network.residual, recipe.scaling) == (16, False, "none")
    assert short.keras_models == ("rnn",)
    assert set(short.figures) == {"lecture-keras-sine"}


@pytest.mark.slow
def test_the_test_loss_reaches_the_lectures():
    assert run().results["test_loss"] <= 1.5e-4
