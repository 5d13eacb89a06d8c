"""Scores of labels: how many are right, which are mixed up, and what the probabilities are worth.

Classes are whole numbers from 0; −1 stands for a label that is not known, which is left out.
"""

from typing import TypeAlias

import numpy as np

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.shapes import Bool, Float, Int, ndarray

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "confusion_matrix",
    "log_loss",
    "roc_area",
    "roc_curve",
]

Classes: TypeAlias = Int[ndarray, "..."]
Probabilities: TypeAlias = Float[ndarray, "sample class"]
Positive: TypeAlias = Bool[ndarray, "..."]
Score: TypeAlias = Float[ndarray, "..."]

SMALLEST = 1e-15
"""A probability counts as no less, so that one sure mistake does not make the mean infinite."""


def confusion_matrix(truth: Classes, told: Classes, *, classes: int) -> Int[ndarray, "truth told"]:
    """Count how often each class was told for each.

    Args:
        truth: The classes; −1 where unknown.
        told: What was told for them.
        classes: How many classes there are.

    Returns:
        A row for each true class, a column for each told one.

    Raises:
        ShapeError: If there is not one answer for each sample.
        ArgumentError: If a class lies outside.

    Examples:
        >>> confusion_matrix(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), classes=2)
        array([[1, 1],
               [0, 1]])
    """
    _check_alike(truth, told.shape)
    known = truth >= 0
    pairs = np.stack([truth[known], told[known]])
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < classes:
        raise ArgumentError(
            f"`told` must hold classes: expected 0 to {classes - 1}, got {pairs.min()} to {pairs.max()}. "
            "Count classes from 0."
        )
    counts = np.bincount(pairs[0] * classes + pairs[1], minlength=classes * classes)
    return np.asarray(counts.reshape(classes, classes), dtype=np.int64)


def accuracy(truth: Classes, told: Classes) -> float:
    """Compute the share of labels that are right.

    Args:
        truth: The classes; −1 where unknown.
        told: What was told for them.

    Returns:
        From 0 to 1.

    Raises:
        ShapeError: If there is not one answer for each sample.
        DataError: If no label is known.

    Examples:
        >>> accuracy(np.array([0, 1, 1, -1]), np.array([0, 1, 0, 0]))
        0.6666666666666666
    """
    _check_alike(truth, told.shape)
    known = _known(truth)
    return float(np.mean(truth[known] == told[known]))


def balanced_accuracy(truth: Classes, told: Classes) -> float:
    """Compute the mean, over the classes that occur, of the share of each that is right.

    Args:
        truth: The classes; −1 where unknown.
        told: What was told for them.

    Returns:
        From 0 to 1; of a constant answer, one over the number of classes.

    Raises:
        ShapeError: If there is not one answer for each sample.
        DataError: If no label is known.

    Examples:
        >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.zeros(4, dtype=int))
        0.5
    """
    _check_alike(truth, told.shape)
    known = _known(truth)
    shares = [np.mean(told[truth == kind] == kind) for kind in np.unique(truth[known])]
    return float(np.mean(shares))


def log_loss(truth: Classes, probabilities: Probabilities) -> float:
    r"""Compute the mean of $-\ln p$ of the classes that were the true ones.

    Args:
        truth: The classes; −1 where unknown.
        probabilities: Of each class, summing to 1.

    Returns:
        In nats; ln K for K classes told to be equally likely. Probabilities below 1e-15 count as that.

    Raises:
        ShapeError: If there is not one row of probabilities for each sample.
        DataError: If no label is known.

    Examples:
        >>> log_loss(np.array([0, 1]), np.array([[1.0, 0.0], [0.5, 0.5]])) == float(np.log(2)) / 2
        True
    """
    _check_alike(truth, probabilities.shape[:1])
    known = _known(truth)
    own = probabilities[known, truth[known]]
    return float(-np.log(np.maximum(own, SMALLEST)).mean())


def roc_curve(positive: Positive, score: Score) -> tuple[Float[ndarray, " threshold"], Float[ndarray, " threshold"]]:
    """Compute how many positives are found at the price of how many false alarms, for each threshold.

    Args:
        positive: Which samples are of the class.
        score: Larger where the class is more likely.

    Returns:
        Rates of false alarms and of positives found, both from 0 to 1, from the highest threshold to the lowest.

    Raises:
        ShapeError: If there is not one score for each sample.
        DataError: If all samples are of the class, or none.

    References:
        T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006) 861, algorithm 1.

    Examples:
        >>> roc_curve(np.array([True, False, True]), np.array([0.9, 0.5, 0.2]))
        (array([0., 0., 1., 1.]), array([0. , 0.5, 0.5, 1. ]))
    """
    _check_both(positive, score)
    order = np.argsort(-score, kind="stable")
    found, alarms = np.cumsum(positive[order]), np.cumsum(~positive[order])
    # Samples of one score pass a threshold together.
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    rates = (np.concatenate([[0.0], counts[last] / counts[-1]]) for counts in (alarms, found))
    false_alarms, positives = rates
    return false_alarms, positives


def roc_area(positive: Positive, score: Score) -> float:
    """Compute the area under the ROC curve: the probability that a positive has a higher score than a negative.

    Args:
        positive: Which samples are of the class.
        score: Larger where the class is more likely; ties count half.

    Returns:
        1 where the scores tell them apart, 1/2 where they say nothing.

    Raises:
        ShapeError: If there is not one score for each sample.
        DataError: If all samples are of the class, or none.

    References:
        J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC)
        curve", Radiology 143 (1982) 29.

    Examples:
        >>> roc_area(np.array([True, False, True]), np.array([0.9, 0.5, 0.2]))
        0.5
    """
    from scipy.stats import rankdata

    _check_both(positive, score)
    count = int(positive.sum())
    # Mann and Whitney's U from the ranks of the positives
    wins = rankdata(score)[positive].sum() - count * (count + 1) / 2
    return float(wins / (count * (len(positive) - count)))


def _known(truth: Classes) -> Positive:
    known = truth >= 0
    if not known.any():
        raise DataError(
            f"`truth` must have known labels: expected one at least, got none of {len(truth)}. Name another part."
        )
    return np.asarray(known)


def _check_alike(truth: Classes, shape: tuple[int, ...]) -> None:
    if truth.shape != shape:
        raise ShapeError(
            f"`told` must have an answer for each sample: expected {truth.shape}, got {shape}. Check their axes."
        )


def _check_both(positive: Positive, score: Score) -> None:
    if positive.shape != score.shape:
        raise ShapeError(
            f"`score` must be one for each sample: expected {positive.shape}, got {score.shape}. Check their axes."
        )
    if positive.all() or not positive.any():
        raise DataError(
            f"`positive` must have samples of the class and others: got {int(positive.sum())} of {len(positive)}. "
            "There is no ROC curve of one class."
        )
