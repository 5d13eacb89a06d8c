"""Logistic regression against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

from pendula.errors import ArgumentError, DataError
from pendula.optim import SOFTMAX, fit_logistic, weighted_softmax


@pytest.mark.parametrize("weighted", [False, True])
def test_the_probabilities_are_those_of_scikit_learn(weighted):
    generator = np.random.default_rng(0)
    classes = generator.integers(3, size=200)
    features = generator.normal(size=(200, 4)) + np.eye(3, 4)[classes]
    weights = np.array([1.0, 2.0, 0.5]) if weighted else None
    found = fit_logistic(features, classes, count=3, penalty=0.01, weights=weights)
    z = (features - found.center) / found.scale
    samples = np.ones(200) if weights is None else weights[classes]
    # scikit-learn minimizes C Σ w ℓ + |W|²/2
    oracle = LogisticRegression(C=1 / (0.01 * samples.sum()), tol=1e-10, max_iter=5000)
    expected = oracle.fit(z, classes, sample_weight=samples).predict_proba(z)
    assert np.allclose(found(features), expected, atol=1e-5)


def test_a_constant_feature_says_nothing():
    found = fit_logistic(np.ones((4, 1)), np.array([0, 0, 0, 1]), count=2)
    assert np.allclose(found(np.ones((1, 1))), [[0.75, 0.25]], atol=1e-6)


def test_no_row_is_refused():
    with pytest.raises(DataError, match="`features` must have rows: expected one at least, got none"):
        fit_logistic(np.zeros((0, 2)), np.zeros(0, dtype=int), count=2)


def test_the_weighted_loss_is_that_of_torch():
    weights = [0.5, 2.0, 1.5]
    z = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    y = torch.arange(20).reshape(4, 5) % 3
    loss = weighted_softmax(weights)
    expected = functional.cross_entropy(
        z.flatten(0, 1), y.flatten(), weight=torch.tensor(weights, dtype=torch.float64), reduction="sum"
    )
    expected.backward()
    assert float(loss.value(z.detach(), y)) == pytest.approx(expected.item(), rel=1e-13)
    assert torch.allclose(loss.gradient(z.detach(), y), z.grad, atol=1e-13)
    even = weighted_softmax([1.0] * 3)
    assert torch.equal(even.gradient(z.detach(), y), SOFTMAX.gradient(z.detach(), y))


def test_weights_are_positive_and_have_no_curvature():
    with pytest.raises(ArgumentError, match="`weights` must be positive"):
        weighted_softmax([1.0, 0.0])
    with pytest.raises(ArgumentError, match="`loss` must have a curvature that its outputs alone determine"):
        weighted_softmax([1.0, 2.0]).curve(torch.zeros(2), torch.zeros(2))
