"""The identification experiment: within one percent in both precisions, and within the error bars it states."""

import io

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, OscillatorIdentification
from pendula.experiments.oscillator_identification import RANGES, random_oscillators
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["oscillator-identification"].run(OscillatorIdentification(**settings), lambda _: silent)


@pytest.fixture(scope="module")
def short():
    return run(samples=200, duration=8.0, sets=1)


def test_parameters_lie_within_their_standard_errors(short):
    for name in ("gamma", "omega", "drive"):
        error, bar = short.results["relative_error"][name], short.results["relative_standard_error"][name]
        assert error < 4 * bar
        assert bar < 0.2
    assert short.results["eta"] == pytest.approx(2 * short.results["parameters"]["gamma"])


def test_both_precisions_agree(short):
    by = short.results["by_precision"]
    for name in ("gamma", "omega", "drive"):
        assert by["float32"]["relative_error"][name] == pytest.approx(by["float64"]["relative_error"][name], abs=1e-3)


def test_the_figure_is_not_blank(short):
    from matplotlib.image import imread

    (image,) = short.figures.values()
    assert imread(io.BytesIO(image))[..., :3].std() > 0.05


def test_random_oscillators_lie_in_their_ranges():
    drawn = random_oscillators(50, 3)
    for name, (low, high) in RANGES.items():
        values = [getattr(each, name) for each in drawn]
        assert low <= min(values) <= max(values) <= high
        assert np.ptp(values) > 0.8 * (high - low)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": "float16"}, r"`precision` must be float64 or float32: got float16"),
        ({"samples": 10}, r"`samples` must be at least 100: got 10"),
        ({"duration": 0.0}, r"`duration` must be positive: expected a finite time, got 0\.0"),
        ({"noise": 1.0}, r"`noise` must be a share: expected 0 up to 1, got 1\.0"),
    ],
)
def test_mistakes_are_named(settings, message):
    with pytest.raises(ArgumentError, match=message):
        OscillatorIdentification(**settings)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_all_sets_are_found(precision):
    results = run(precision=precision).results
    assert max(results["relative_error"].values()) <= 0.01
    assert results["random_sets"]["median_error"] <= 0.01
    assert results["random_sets"]["worst_error"] <= 0.05
