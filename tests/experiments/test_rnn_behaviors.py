"""The map of behaviors: shares that add up, a transition where theory has it, a figure that is not blank."""

import io

import numpy as np
import pytest

from pendula.dynamics.random_network import random_weights
from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, RnnBehaviors
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["rnn-behaviours"].run(RnnBehaviors(**settings), lambda _: silent)


@pytest.fixture(scope="module")
def small():
    return run(size=64, draws=3, gains=16, steps=300)


def test_every_network_does_something(small):
    shares = np.array(list(small.results["shares"].values()))
    assert shares.shape == (5, 4, 16)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    np.testing.assert_array_equal(shares[0, :, 0], 1.0)  # at gain 0.5 all are silent
    assert shares[4, -1, -1] > 0.5  # at gain 2 most of the largest are chaotic


def test_the_transition_is_where_the_largest_eigenvalue_leaves_the_unit_circle(small):
    transition = small.results["transition"]
    radii = [np.abs(np.linalg.eigvals(random_weights(64, seed=seed))).max() for seed in range(3)]
    assert transition["gain"] == pytest.approx(np.mean(1 / np.array(radii)), rel=5e-3)
    assert transition["gain"] == pytest.approx(1.0, abs=0.15)
    assert transition["first_chaos"] > transition["gain"]


def test_the_figure_is_not_blank(small):
    from matplotlib.image import imread

    (image,) = small.figures.values()
    assert imread(io.BytesIO(image))[..., :3].std() > 0.05


def test_mistakes_are_named():
    with pytest.raises(ArgumentError, match=r"`draws` must be at least 1: got 0"):
        RnnBehaviors(draws=0)


@pytest.mark.slow
def test_the_transition_of_500_units_lies_at_gain_one():
    transition = run().results["transition"]
    assert transition["gain"] == pytest.approx(1.0, abs=0.1)
    assert transition["mean_field_gain"] == pytest.approx(1.0, abs=0.1)
