"""Scores of labels against scikit-learn and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.metrics import accuracy, balanced_accuracy, confusion_matrix, log_loss, roc_area, roc_curve

steady = settings(deadline=None, derandomize=True)
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=60)


@steady
@given(pairs)
def test_counts_and_shares_are_those_of_scikit_learn(drawn):
    truth, told = np.array(drawn).T
    classes = np.arange(4)
    expected = oracle.confusion_matrix(truth, told, labels=classes)
    assert np.array_equal(confusion_matrix(truth, told, classes=4), expected)
    assert accuracy(truth, told) == pytest.approx(oracle.accuracy_score(truth, told), rel=1e-14)
    present = expected.sum(axis=1) > 0
    recalls = expected.diagonal()[present] / expected.sum(axis=1)[present]
    assert balanced_accuracy(truth, told) == pytest.approx(recalls.mean(), rel=1e-14)


@steady
@given(st.integers(0, 2**31), st.integers(5, 80), st.integers(1, 6))
def test_the_roc_curve_is_that_of_scikit_learn_ties_included(seed, size, levels):
    generator = np.random.default_rng(seed)
    positive = generator.random(size) < 0.4
    positive[:2] = [True, False]
    score = generator.integers(levels, size=size) / levels
    false_alarms, found = roc_curve(positive, score)
    expected = oracle.roc_curve(positive, score, drop_intermediate=False)
    assert np.allclose(false_alarms, expected[0], atol=1e-14)
    assert np.allclose(found, expected[1], atol=1e-14)
    assert roc_area(positive, score) == pytest.approx(oracle.roc_auc_score(positive, score), abs=1e-12)
    assert roc_area(positive, score) == pytest.approx(np.trapezoid(found, false_alarms), abs=1e-12)


def test_the_log_loss_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    truth, probabilities = generator.integers(3, size=50), generator.dirichlet(np.ones(3), size=50)
    assert log_loss(truth, probabilities) == pytest.approx(oracle.log_loss(truth, probabilities), rel=1e-12)


def test_a_sure_mistake_costs_a_finite_loss():
    assert log_loss(np.array([0]), np.array([[0.0, 1.0]])) == pytest.approx(15 * np.log(10))


def test_unknown_labels_do_not_count():
    truth, told = np.array([0, 1, -1]), np.array([0, 0, 1])
    assert accuracy(truth, told) == 0.5
    assert confusion_matrix(truth, told, classes=2).sum() == 2
    assert log_loss(truth, np.array([[0.5, 0.5], [0.5, 0.5], [0.0, 1.0]])) == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: accuracy(np.array([-1, -1]), np.array([0, 1])),
            DataError,
            "`truth` must have known labels.*none of 2",
        ),
        (lambda: accuracy(np.array([0]), np.array([0, 1])), ShapeError, "`told` must have an answer for each sample"),
        (
            lambda: confusion_matrix(np.array([0, 2]), np.array([0, 1]), classes=2),
            ArgumentError,
            "`told` must hold classes: expected 0 to 1, got 0 to 2",
        ),
        (
            lambda: roc_area(np.array([True, True]), np.array([0.1, 0.2])),
            DataError,
            "`positive` must have samples of the class and others: got 2 of 2",
        ),
        (lambda: roc_curve(np.array([True]), np.array([0.1, 0.2])), ShapeError, "`score` must be one for each sample"),
    ],
)
def test_what_has_no_score_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()
