"""Linear filters by ridge regression: the normal equations of the whole problem at once are the oracle."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.filtering import choose_penalty, fit_linear_filter, linear_path, run_linear


def features(shown, rows, lags):
    return np.array([[shown[row - lag, channel] for lag in range(lags) for channel in range(2)] for row in rows])


def test_it_solves_the_normal_equations():
    generator = np.random.default_rng(0)
    shown, asked = generator.normal(size=(80, 2)), generator.normal(size=(80, 3))
    asked[[7, 50], [0, 1]] = np.nan
    segments = np.array([[2, 40], [41, 80]])
    found = fit_linear_filter(shown, asked, segments, lags=4, penalty=0.1)
    rows = [row for row in [*range(5, 40), *range(44, 80)] if row not in {7, 50}]
    x, y = features(shown, rows, 4), asked[rows]
    x0, y0 = x - x.mean(axis=0), y - y.mean(axis=0)
    weight = np.linalg.solve(x0.T @ x0 / len(rows) + 0.1 * np.eye(8), x0.T @ y0 / len(rows))
    np.testing.assert_allclose(found.weight, weight, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.bias, y.mean(axis=0) - x.mean(axis=0) @ weight, rtol=1e-10, atol=1e-12)
    told = run_linear(linear_path(found, 2), shown, segments)
    np.testing.assert_allclose(told[rows], x @ weight + found.bias, rtol=1e-10, atol=1e-12)
    assert np.isnan(told[[0, 1, 40]]).all()


def test_before_a_stretch_there_was_nothing():
    generator = np.random.default_rng(0)
    shown = generator.normal(size=(30, 2))
    found = fit_linear_filter(shown, shown[:, :1] + np.roll(shown[:, 1:], 2, axis=0), np.array([[3, 30]]), lags=3)
    path = linear_path(found, 2)
    alone = run_linear(path, np.concatenate([np.zeros((3, 2)), shown[10:]]), np.array([[0, 23]]))
    np.testing.assert_array_equal(run_linear(path, shown, np.array([[10, 30]]))[10:], alone[3:])


def test_without_held_out_rows_there_is_no_penalty():
    shown = np.random.default_rng(0).normal(size=(30, 1))
    assert choose_penalty(shown, 2 * shown, np.array([[0, 30]]), lags=2, held_out=None) == 0.0


def test_a_filter_longer_than_the_part_is_refused():
    shown = np.zeros((30, 1))
    with pytest.raises(ArgumentError, match="`linear_lags` must be shorter than the training part: expected at most 9"):
        fit_linear_filter(shown, shown, np.array([[0, 9], [10, 15]]), lags=10)
