"""What the estimators have in common: a series in, checked; quantities out; a seed."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from pendula.shapes import Series, ndarray

__all__ = ["SeriesRegressor", "seed_from", "series_for"]


class SeriesRegressor(RegressorMixin):
    """What the regressors share: they tell one or more quantities from the rows of a series up to now."""

    def fit(self, X: Any, y: Any) -> "SeriesRegressor":
        """Learn from a series.

        Args:
            X: What is known at each step, [time, feature].
            y: What is to be told at each step, [time] or [time, output].

        Returns:
            The estimator.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, ensure_min_samples=2, dtype=np.float64)
        self._flat = y.ndim == 1
        self._learn(X, y.reshape(len(y), -1).astype(np.float64))
        return self

    def predict(self, X: Any) -> ndarray:
        """Run through a series from its first row on.

        Args:
            X: What is known at each step, [time, feature].

        Returns:
            What it tells at each step, in the units of `y`.
        """
        told: ndarray = self._tell(series_for(self, X))
        return told[:, 0] if self._flat else told

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def series_for(estimator: BaseEstimator, X: Any) -> Series:
    """Check a series that a trained estimator is to run through.

    Args:
        estimator: The estimator.
        X: What is known at each step, [time, feature].

    Returns:
        The series as an array.
    """
    check_is_fitted(estimator)
    return np.asarray(validate_data(estimator, X, reset=False, dtype=np.float64))


def seed_from(random_state: Any) -> int:
    """Take a seed from what scikit-learn calls a random state.

    Args:
        random_state: A seed, a generator of NumPy's, or None.

    Returns:
        The seed, or one that the generator draws.

    Examples:
        >>> seed_from(3), seed_from(np.random.RandomState(0)) == seed_from(np.random.RandomState(0))
        (3, True)
    """
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
