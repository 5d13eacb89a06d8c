"""Effective sizes against processes whose autocorrelation time is known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from pendula.metrics import effective_size


def autoregression(phi, size, columns, seed=0):
    noise = np.random.default_rng(seed).normal(size=(size, columns))
    return lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=0)[500:]


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_an_autoregression_has_the_size_of_theory(phi):
    # Σ_k ρ_k over all k = (1 + φ) / (1 − φ)
    sizes = effective_size(autoregression(phi, 20_500, 20))
    assert np.median(sizes) == pytest.approx(20_000 * (1 - phi) / (1 + phi), rel=0.1)


def test_a_moving_average_of_overlapping_runs_has_the_size_of_theory():
    # Sums of h successive values: ρ_k = 1 − k/h, whose sum over all k is h.
    noise = np.random.default_rng(1).normal(size=(20_000, 20))
    sums = lfilter(np.ones(25), [1], noise, axis=0)[100:]
    assert np.median(effective_size(sums)) == pytest.approx(len(sums) / 25, rel=0.15)


def test_the_size_tells_the_variance_of_a_mean():
    chains = autoregression(0.8, 2500, 400, seed=2)
    variance = chains.mean(axis=0).var()
    assert chains.var() / variance == pytest.approx(np.median(effective_size(chains)), rel=0.2)


def test_the_size_lies_between_one_and_all():
    values = np.stack([np.arange(40.0), np.resize([1.0, -1.0], 40), np.full(40, 3.0)], axis=1)
    sizes = effective_size(values)
    assert 1 <= sizes[0] < 6
    assert sizes[1] == sizes[2] == 40
    assert effective_size(np.ones((3, 2, 1))).shape == (2, 1)
    np.testing.assert_array_equal(effective_size(values[:3]), 3)
