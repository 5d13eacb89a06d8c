"""The oscillator experiment: its counts, fields and figure, that a linear equation is met exactly, Duffing's not."""

import io

import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, LectureOscillator
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["lecture-oscillator"].run(LectureOscillator(**settings), lambda _: silent)


@pytest.fixture(scope="module")
def leak_free():
    return run(epochs=1)


@pytest.fixture(scope="module")
def lecture():
    return run(protocol="lecture", epochs=1)


def test_the_lecture_protocol_keeps_the_window_that_the_lectures_loop_drops(lecture):
    counts = {name: lecture.results[name] for name in ("windows", "train", "validation", "test")}
    assert counts == {"windows": 4950, "train": 3712, "validation": 0, "test": 1238}


def test_persistence_is_as_good_as_was_measured_on_the_lectures_own_data(lecture):
    assert lecture.results["baselines"]["persistence"]["mse"] == pytest.approx(1.24e-6, rel=5e-3)


def test_the_leak_free_network_is_worth_having(leak_free):
    network = leak_free.results["models"]["lstm"]
    assert network["mse"] <= 1e-9
    assert network["free_run_nrmse"] <= 0.05
    assert network["free_run_steps"] == leak_free.results["test"] == 1250


def test_the_report_says_that_the_equation_is_linear(leak_free):
    assert any("The equation is linear" in note for note in leak_free.results["notes"])
    assert leak_free.results["baselines"]["linear"]["free_run_nrmse"] <= 3e-4


def test_the_report_says_when_the_recurrent_part_adds_nothing(leak_free):
    assert leak_free.results["best_epoch"] == 0
    assert any("linear path alone" in note for note in leak_free.results["notes"])


def test_the_figure_is_not_blank(leak_free):
    from matplotlib.image import imread

    (image,) = leak_free.figures.values()
    assert imread(io.BytesIO(image))[..., :3].std() > 0.05


def test_unknown_systems_are_named():
    with pytest.raises(ArgumentError, match=r"`system` must be oscillator or duffing: got dufing\. Did you mean"):
        run(system="dufing")


@pytest.mark.slow
def test_the_lecture_protocol_reaches_the_lectures_error_and_persistence_beats_it():
    results = run(protocol="lecture").results
    assert results["models"]["lstm"]["mse"] <= 5e-4
    assert results["models"]["lstm"]["mse"] > 10 * results["baselines"]["persistence"]["mse"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(42, 47))
def test_the_leak_free_network_is_worth_having_for_every_seed(seed):
    network = run(seed=seed).results["models"]["lstm"]
    assert network["mse"] <= 1e-9
    assert network["free_run_nrmse"] <= 0.05


@pytest.mark.slow
def test_the_network_beats_linear_autoregression_running_duffing_freely():
    results = run(system="duffing").results
    assert results["models"]["lstm"]["free_run_nrmse"] < results["baselines"]["linear"]["free_run_nrmse"]
    assert results["best_epoch"] > 0
