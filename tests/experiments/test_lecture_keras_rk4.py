"""The oscillator in Keras: splits, baselines, generation and, among the slow tests, its figures of merit."""

import json

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, LectureKerasRk4
from pendula.experiments.shuffled_windows import HeldOut, _deal, one_step_errors
from pendula.forecasting import Persistence
from pendula.series import record
from pendula.systems import simulate
from pendula.training import silent


def run(**settings):
    chosen = LectureKerasRk4(**{"epochs_a": 1, "epochs_b": 1, "engine": "pendula", **settings})
    return EXPERIMENTS["lecture-keras-rk4"].run(chosen, lambda _: silent)


@pytest.fixture(scope="module")
def leak_free():
    return run(duration=1.5)


@pytest.fixture(scope="module")
def lecture():
    return run(duration=1.5, protocol="lecture")


def test_model_b_generates_the_whole_remainder(leak_free, lecture):
    for results in (leak_free.results, lecture.results):
        assert results["models"]["b"]["generated"] == results["rows"] - 10 == 1490
        assert results["models"]["a"]["generated"] == 1499
        assert results["models"]["b"]["generation_seconds"] > 0
        assert {"free_run_nrmse", "windowed", "persistence_mse"} <= results["models"]["b"].keys()
    json.dumps(lecture.results)


def test_the_generated_run_is_the_free_run_of_the_saved_model(leak_free):
    model, rows = leak_free.fits["b"].model, leak_free.fits["b"].record
    run = model.run(rows.values[None, :10], steps=1490)[0]
    error = np.sqrt(np.mean((run - rows.values[10:]) ** 2))
    assert leak_free.results["models"]["b"]["free_run_rmse"] == pytest.approx(error)


def test_the_lectures_loop_over_windows_is_generated_beside_it(leak_free):
    model, rows = leak_free.fits["b"].model, leak_free.fits["b"].record
    known = list(rows.values[:10])
    for _ in range(1490):
        known.append(model.run(np.array(known[-10:])[None], steps=1)[0, 0])
    error = np.sqrt(np.mean((np.array(known)[10:] - rows.values[10:]) ** 2))
    assert leak_free.results["models"]["b"]["windowed"]["free_run_rmse"] == pytest.approx(error)


def test_persistence_has_the_error_that_was_measured_on_the_lectures_windows():
    rows = record(simulate("oscillator", dt=0.001, duration=20.0), "x")
    _, held_out = _deal(len(rows) - 1, seed=42)
    errors = one_step_errors(Persistence(), rows, HeldOut(held_out + 1))
    assert np.mean(errors**2) == pytest.approx(1.97e-7, rel=0.01)


def test_windows_are_dealt_as_scikit_learn_deals_them():
    sklearn = pytest.importorskip("sklearn.model_selection")
    kept, held = _deal(101, seed=42)
    theirs = sklearn.train_test_split(np.arange(101), test_size=0.2, random_state=42)
    assert np.array_equal(kept, np.sort(theirs[0]))
    assert np.array_equal(held, np.sort(theirs[1]))


def test_the_lectures_protocol_says_that_it_leaks_and_the_other_does_not(lecture, leak_free):
    assert "leaks: windows that overlap" in lecture.results["notes"][0]
    assert "Nothing leaks" in leak_free.results["notes"][0]
    assert lecture.results["models"]["b"]["held_out"] == 298
    assert leak_free.results["models"]["b"]["held_out"] == 300
    assert len(lecture.fits["b"].split.test) == 0
    assert lecture.fits["b"].model.scaler.scale[0] == pytest.approx(lecture.fits["b"].record.values.std())


def test_a_record_that_is_too_short_is_told():
    with pytest.raises(ArgumentError, match=r"`duration` must be at least 1 s: got 0\.5"):
        run(duration=0.5)


def test_the_figure_shows_both_models(leak_free):
    (image,) = leak_free.figures.values()
    assert image.startswith(b"\x89PNG")
    assert leak_free.keras_models == ()


@pytest.mark.slow
def test_model_a_is_within_the_lectures_error_and_generation_takes_no_time():
    results = run(epochs_a=30, epochs_b=40, engine="keras").results
    assert results["models"]["a"]["one_step_mse"] <= 1e-6
    assert results["models"]["b"]["generated"] == 19990
    assert results["models"]["b"]["generation_seconds"] < 5
