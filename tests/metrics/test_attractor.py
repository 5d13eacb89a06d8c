"""Scores of attractors: closed forms, and exact trajectories."""

import math

import jaxtyping
import numpy as np
import pytest

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.metrics import exponent_error, return_map, spectrum_distance, state_space_divergence, valid_lyapunov_times


@pytest.fixture
def unchecked():
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def uniform(rows, channels=2, seed=0):
    return np.random.default_rng(seed).random((rows, channels))


def test_the_divergence_of_two_cells_has_the_closed_form():
    truth = np.repeat([[0.0], [1.0]], [30, 70], axis=0)
    run = np.repeat([[0.0], [1.0]], [50, 50], axis=0)
    expected = 0.3 * math.log(0.3 / 0.5) + 0.7 * math.log(0.7 / 0.5)
    assert state_space_divergence(truth, run, bins=2, smoothing=1e-9) == pytest.approx(expected, abs=1e-6)


def test_a_run_outside_of_the_box_is_far_away():
    truth = uniform(5000)
    near, far = state_space_divergence(truth, uniform(5000, seed=1), bins=5), state_space_divergence(truth, truth + 9.0)
    assert near < 0.02
    assert far > 10


def test_equal_series_have_distance_zero():
    series = uniform(1000, 3)
    assert state_space_divergence(series, series) == pytest.approx(0, abs=1e-12)
    assert spectrum_distance(series, series) == pytest.approx(0, abs=1e-7)


def test_spectra_without_a_common_frequency_are_far_apart():
    t = np.arange(4000)[:, None]
    assert spectrum_distance(np.sin(0.1 * t), np.sin(1.5 * t), smoothing=2.0) > 0.95
    assert spectrum_distance(np.sin(0.1 * t), np.cos(0.1 * t), smoothing=2.0) < 0.05


def test_the_return_map_of_a_parabola_is_exact():
    pairs = return_map(np.cos(np.linspace(-0.5, 60, 2000)))
    np.testing.assert_allclose(pairs, 1, atol=1e-5)
    assert len(pairs) == 9


def test_errors_and_times():
    assert exponent_error(0.9, 0.99) == pytest.approx(0.1)
    truth = np.sin(np.arange(100.0))[:, None]
    run = np.where(np.arange(100)[:, None] < 50, truth, 9.0)
    assert valid_lyapunov_times(truth, run, exponent=0.5, dt=0.1) == pytest.approx(2.5)


def test_what_cannot_be_compared_is_named(unchecked):
    with pytest.raises(ShapeError, match="`run` must have the channels of `truth`"):
        state_space_divergence(uniform(10), uniform(10, 3))
    with pytest.raises(DataError, match="`run` must be finite"):
        state_space_divergence(uniform(10), np.full((10, 2), np.nan))
    with pytest.raises(DataError, match="`truth` must vary in every channel"):
        spectrum_distance(np.ones((50, 1)), uniform(50, 1))
    for wrong, message in (({"bins": 1}, "`bins` must be at least 2"), ({"smoothing": 0.0}, "`smoothing` must be")):
        with pytest.raises(ArgumentError, match=message):
            state_space_divergence(uniform(10), uniform(10), **wrong)
    with pytest.raises(ArgumentError, match="`truth` must not be 0"):
        exponent_error(0.0, 1.0)
