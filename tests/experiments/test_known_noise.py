"""The experiment on noise whose answer is known: the closed forms, and a short run."""

import math

import numpy as np
import pytest
import scipy.stats

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, KnownNoise
from pendula.experiments.known_noise_answers import Truth, truth_of
from pendula.systems import Autoregression, OrnsteinUhlenbeck


def test_the_closed_form_is_that_of_the_joint_distribution():
    truth = Truth(mean=2.0, variance=3.0, decay=0.7)
    # Values of a stationary process are jointly normal; what is known of the rest is the conditional distribution.
    times = np.arange(5)
    covariance = 3.0 * 0.7 ** np.abs(times[:, None] - times)
    weights = covariance[1:, :1] / covariance[0, 0]
    mean, variance = truth.forecast(np.array([4.5]), 4)
    np.testing.assert_allclose(mean[0], 2.0 + weights[:, 0] * 2.5)
    np.testing.assert_allclose(variance, np.diag(covariance[1:, 1:] - weights @ covariance[:1, 1:]))
    values = np.array([1.0, 2.5, 0.3, 2.0, 4.0])
    joint = scipy.stats.multivariate_normal(np.full(5, 2.0), covariance).logpdf(values)
    first = scipy.stats.norm(2.0, math.sqrt(3.0)).logpdf(1.0)
    assert first + 4 * truth.log_likelihood(values[:-1], values[1:]) == pytest.approx(joint)


def test_the_facts_of_both_processes_are_read():
    told = truth_of(Autoregression(phi=0.6, sigma=0.8, c=0.4), dt=1.0)
    np.testing.assert_allclose((told.mean, told.variance, told.decay), (1.0, 1.0, 0.6))
    told = truth_of(OrnsteinUhlenbeck(gamma=0.5, sigma=1.0, u=3.0), dt=0.2)
    np.testing.assert_allclose((told.mean, told.variance, told.decay), (3.0, 1.0, math.exp(-0.1)))


@pytest.fixture(scope="module")
def made():
    """A run of a few seconds, with a looser grip than the published one."""
    experiment = EXPERIMENTS["known-noise"]
    settings = KnownNoise(rows=20_000, origins=200, leads=20, samples=200, hidden_size=2, epochs=1)
    return experiment.run(settings, lambda _: lambda _: None)


def test_a_short_run_comes_near_the_closed_forms(made):
    results = made.results
    # 17 000 training values tell the variance of both processes to some 4 %.
    assert results["variance_error"] < 0.15
    assert results["log_likelihood_error"] < 0.01
    # 200 forecasts have a standard error of 2 %; the extreme of 20 lead times lies within four of them.
    assert 0.815 < results["coverage_low"] <= results["coverage_high"] < 0.985
    for process in results["processes"].values():
        held = np.array(process["by_lead"]["coverage"]) - process["by_lead"]["exact_coverage"]
        assert np.abs(held).max() < 0.05  # on the same values
        assert len(held) == 20


def test_the_page_and_the_figure_are_there(made):
    assert made.content.verdict[0].startswith("AR(1): the variance of the forecast is at most ")
    assert [figure.name for figure in made.content.figures] == list(made.figures) == ["known-noise"]
    assert made.figures["known-noise"].startswith(b"\x89PNG")


def test_too_little_is_refused():
    with pytest.raises(ArgumentError, match="`rows` must be large enough: expected 1000 or more, got 10"):
        KnownNoise(rows=10)
