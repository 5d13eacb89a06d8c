"""The energy score: closed forms and naive sums are the oracles."""

import math

import jaxtyping
import numpy as np
import pytest
import scipy.stats

from pendula.errors import ArgumentError, ShapeError
from pendula.metrics import energy_score


@pytest.fixture
def unchecked():
    """Let values of a wrong type through to the library's own messages, as they go through for a user."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def naive(truth, samples, *, is_fair):
    """Sum over all pairs, one by one."""
    members = len(samples)
    error = sum(np.linalg.norm(each - truth) for each in samples) / members
    pairs = sum(np.linalg.norm(one - other) for one in samples for other in samples)
    return error - pairs / (2 * members * (members - 1 if is_fair else members))


@pytest.mark.parametrize("is_fair", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_the_score_is_the_sum_over_pairs(channels, is_fair):
    draw = np.random.default_rng(channels)
    truth, samples = draw.normal(size=(4, 3, channels)), draw.normal(size=(4, 3, 7, channels))
    scores = energy_score(truth, samples, is_fair=is_fair)
    assert scores.shape == (4, 3)
    for place in np.ndindex(4, 3):
        assert scores[place] == pytest.approx(naive(truth[place], samples[place], is_fair=is_fair), rel=1e-12)


@pytest.mark.parametrize("y", [-2.0, 0.0, 0.7])
def test_in_one_dimension_it_is_the_crps_of_a_normal_distribution(y):
    # CRPS(N(0, 1), y) = y (2 Φ(y) − 1) + 2 φ(y) − 1/√π (Gneiting and Raftery 2007, section 4.2)
    expected = y * (2 * scipy.stats.norm.cdf(y) - 1) + 2 * scipy.stats.norm.pdf(y) - 1 / math.sqrt(math.pi)
    samples = np.random.default_rng(0).normal(size=(50_000, 1))
    assert float(energy_score(np.array([y]), samples)) == pytest.approx(expected, abs=0.01)


def test_the_fair_score_has_no_bias():
    # Of two members: on average it is the score of the whole distribution, 1/√π for a truth that is drawn from it.
    draw = np.random.default_rng(1)
    truth, samples = draw.normal(size=(200_000, 1)), draw.normal(size=(200_000, 2, 1))
    expected = 1 / math.sqrt(math.pi)
    assert energy_score(truth, samples).mean() == pytest.approx(expected, abs=0.01)
    # The other one adds E|X − X'| / 2M.
    biased = energy_score(truth, samples, is_fair=False).mean()
    assert biased == pytest.approx(expected + 2 / math.sqrt(math.pi) / 4, abs=0.01)


def test_the_true_distribution_scores_best():
    draw = np.random.default_rng(2)
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])
    truth = draw.multivariate_normal(np.zeros(2), covariance, size=3000)

    def scored(mean, matrix):
        return energy_score(truth, draw.multivariate_normal(mean, matrix, size=(3000, 50))).mean()

    right = scored(np.zeros(2), covariance)
    assert right < scored(np.zeros(2), np.eye(2))  # the correlation is ignored
    assert right < scored(np.zeros(2), 4 * covariance)
    assert right < scored(np.ones(2), covariance)


def test_a_lost_ensemble_has_no_score():
    assert np.isnan(energy_score(np.zeros(1), np.array([[0.0], [np.nan]])))


def test_bad_shapes_and_single_samples(unchecked):
    with pytest.raises(
        ShapeError, match=r"`samples` must be ensembles of the truth: expected \(\.\.\., sample, channel\)"
    ):
        energy_score(np.zeros((2, 1)), np.zeros((3, 4, 1)))
    with pytest.raises(ArgumentError, match="`samples` must be several: expected 2 or more, got 1"):
        energy_score(np.zeros(1), np.zeros((1, 1)))
