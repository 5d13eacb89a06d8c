"""Ridge regression: closed forms and NumPy's least squares are the oracles."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DataError
from pendula.optim import LinearMap, RidgeProblem, ridge_problem


def drawn(rows=40, features=4, outputs=2, *, seed=0, offset=0.0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, features)) + offset
    return x, x @ random.normal(size=(features, outputs)) + random.normal(size=(rows, outputs)) + 3.0


def closed_form(x, y, penalty):
    """(XᵀX + n λ I)⁻¹ Xᵀ Y on centered data, and the bias that puts the means back."""
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    a, b = x - x_mean, y - y_mean
    weight = np.linalg.solve(a.T @ a + len(x) * penalty * np.eye(x.shape[1]), a.T @ b)
    return weight, y_mean - x_mean @ weight


def test_without_a_penalty_it_is_least_squares():
    x, y = drawn()
    solution = ridge_problem([(x, y)]).solve()
    with_one = np.column_stack([x, np.ones(len(x))])
    expected, squares, _, _ = np.linalg.lstsq(with_one, y)
    np.testing.assert_allclose(np.vstack([solution.weight, solution.bias]), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(solution.rms, np.sqrt(squares / len(x)), rtol=1e-12)


@pytest.mark.parametrize("penalty", [1e-8, 1e-3, 1.0, 1e4])
def test_with_a_penalty_it_is_the_closed_form(penalty):
    x, y = drawn(offset=2.0)
    solution = ridge_problem([(x, y)]).solve(penalty)
    weight, bias = closed_form(x, y, penalty)
    np.testing.assert_allclose(solution.weight, weight, rtol=0, atol=1e-12)
    np.testing.assert_allclose(solution.bias, bias, rtol=0, atol=1e-11)
    np.testing.assert_allclose(solution.rms, np.sqrt(np.square(y - x @ weight - bias).mean(axis=0)), rtol=1e-11)


def test_the_solution_minimizes_what_it_says():
    x, y = drawn()
    penalty = 0.3
    best = ridge_problem([(x, y)]).solve(penalty)

    def objective(weight, bias):
        return np.square(y - x @ weight - bias).mean(axis=0).sum() + penalty * np.square(weight).sum()

    least = objective(best.weight, best.bias)
    random = np.random.default_rng(1)
    for _ in range(20):
        moved = best.weight + 1e-3 * random.normal(size=best.weight.shape)
        assert objective(moved, best.bias + 1e-3 * random.normal(size=2)) > least


@given(st.lists(st.integers(0, 40), max_size=6), st.sampled_from([0.0, 0.01]))
def test_blocks_of_any_sizes_give_the_same(cuts, penalty):
    x, y = drawn(offset=5.0)
    bounds = [0, *sorted(cuts), 40]
    pairs = itertools.pairwise(bounds)
    parts = ridge_problem((x[start:stop], y[start:stop]) for start, stop in pairs)
    whole = ridge_problem([(x, y)])
    assert parts.rows == whole.rows == 40
    for name in ("weight", "bias", "rms"):
        got, expected = getattr(parts.solve(penalty), name), getattr(whole.solve(penalty), name)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("blocks", [1, 7])
def test_smooth_series_are_predicted_although_their_lags_nearly_coincide(blocks):
    t = 0.01 * np.arange(3000)
    x = np.sin(t) + 0.5 * np.cos(2.3 * t)
    lags = np.lib.stride_tricks.sliding_window_view(x[:-1], 50)
    target = x[50:, None]
    assert np.linalg.cond(lags - lags.mean(axis=0)) > 1e12
    solution = ridge_problem(zip(np.array_split(lags, blocks), np.array_split(target, blocks), strict=True)).solve()
    assert np.abs(solution(lags) - target).max() < 1e-9
    # The rule holds beyond the rows it was found on, too.
    late = 0.01 * np.arange(5000, 5050)
    following = np.sin(50.5) + 0.5 * np.cos(2.3 * 50.5)
    assert abs(solution(np.sin(late) + 0.5 * np.cos(2.3 * late))[0] - following) < 1e-9


@pytest.mark.parametrize("offset", [1e6, 1e9])
def test_a_huge_offset_costs_only_the_digits_that_the_data_lost(offset):
    x, _ = drawn(features=3)
    shifted = x + offset
    exact = shifted - offset  # what is left of x after rounding
    y = exact @ np.array([[1.0], [-2.0], [0.5]]) + 7.0
    solution = ridge_problem([(shifted[:11], y[:11]), (shifted[11:], y[11:])]).solve()
    np.testing.assert_allclose(solution.weight[:, 0], [1.0, -2.0, 0.5], rtol=0, atol=1e-6)
    np.testing.assert_allclose(solution(shifted), y, rtol=0, atol=offset * 1e-14)
    assert solution.rms[0] < 1e-6


def test_a_feature_given_twice_is_shared():
    x, y = drawn(features=2, outputs=1)
    solution = ridge_problem([(np.column_stack([x, x[:, 1]]), y)]).solve()
    alone = ridge_problem([(x, y)]).solve()
    # The solution of least norm splits the coefficient evenly.
    np.testing.assert_allclose(solution.weight[1:], np.full((2, 1), alone.weight[1, 0] / 2), rtol=0, atol=1e-12)
    np.testing.assert_allclose(solution.rms, alone.rms, rtol=1e-12)


def test_constant_features_get_no_weight():
    x, y = drawn(features=1, outputs=1)
    solution = ridge_problem([(np.column_stack([x, np.full(len(x), 4.0)]), y)]).solve()
    assert abs(solution.weight[1, 0]) < 1e-9
    nothing = ridge_problem([(np.ones((5, 2)), np.arange(5.0)[:, None])]).solve()
    np.testing.assert_array_equal(nothing.weight, np.zeros((2, 1)))
    np.testing.assert_allclose([nothing.bias[0], nothing.rms[0]], [2.0, np.sqrt(2.0)])


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_fewer_rows_than_features_are_met_exactly(rows):
    x, y = drawn(rows=rows, features=5)
    solution = ridge_problem([(x, y)]).solve()
    np.testing.assert_allclose(solution(x), y, rtol=0, atol=1e-12)
    assert solution.rms.max() < 1e-12


def test_a_stronger_penalty_shrinks_towards_the_mean():
    x, y = drawn()
    problem = ridge_problem([(x, y)])
    norms = [np.linalg.norm(problem.solve(penalty).weight) for penalty in (0.0, 0.1, 10.0, 1e12)]
    assert norms == sorted(norms, reverse=True)
    np.testing.assert_allclose(problem.solve(1e12)(x), np.tile(y.mean(axis=0), (len(x), 1)), atol=1e-9)


def test_a_map_takes_any_leading_axes():
    line = LinearMap(weight=np.array([[2.0], [1.0]]), bias=np.array([0.5]), rms=np.zeros(1))
    features = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_allclose(line(features)[..., 0], 2 * features[..., 0] + features[..., 1] + 0.5)
    np.testing.assert_allclose(line(np.array([1.0, 1.0])), [3.5])


@pytest.mark.parametrize("penalty", [-1e-9, float("nan"), float("inf")])
def test_a_penalty_must_be_a_finite_number_from_zero_up(penalty):
    problem = ridge_problem([drawn()])
    assert isinstance(problem, RidgeProblem)
    rule = rf"`penalty` must not be negative: expected 0 or more, got {penalty}\. 0 has no effect\."
    with pytest.raises(ArgumentError, match=rule):
        problem.solve(penalty)


@pytest.mark.parametrize("blocks", [[], [(np.empty((0, 2)), np.empty((0, 1)))]])
def test_no_rows_are_refused(blocks):
    rule = r"`blocks` must hold rows: expected at least 1, got none\. The record is too short for the lags\."
    with pytest.raises(DataError, match=rule):
        ridge_problem(blocks)


def refitted_without_each_row(x, y, penalty):
    """Residual of each row by a fit of all others, with the penalty n λ of the sum of squares."""
    rows = []
    for i in range(len(x)):
        others = np.delete(np.arange(len(x)), i)
        solution = ridge_problem([(x[others], y[others])]).solve(penalty * len(x) / (len(x) - 1))
        rows.append(y[i] - solution(x[i]))
    return np.array(rows)


@pytest.mark.parametrize("rows", [40, 6])
def test_leaving_one_out_needs_no_refitting(rows):
    x, y = drawn(rows=rows, features=8, offset=3.0)
    penalties = [1e-3, 0.1, 10.0]
    scores = ridge_problem([(x, y)]).leave_one_out([(x[:5], y[:5]), (x[5:], y[5:])], penalties)
    expected = [np.sqrt(np.square(refitted_without_each_row(x, y, each)).mean(axis=0)) for each in penalties]
    np.testing.assert_allclose(scores, expected, rtol=1e-9)


def test_a_row_that_determines_its_own_prediction_has_no_score():
    x, y = drawn(rows=3, features=5)
    np.testing.assert_array_equal(ridge_problem([(x, y)]).leave_one_out([(x, y)], [0.0]), np.full((1, 2), np.inf))


def test_other_rows_are_scored_for_many_penalties_at_once():
    x, y = drawn(rows=60, offset=1.0)
    problem = ridge_problem([(x[:40], y[:40])])
    penalties = [0.0, 1e-2, 1.0]
    scores = problem.errors([(x[40:45], y[40:45]), (x[45:], y[45:])], penalties)
    expected = [np.sqrt(np.square(y[40:] - problem.solve(each)(x[40:])).mean(axis=0)) for each in penalties]
    np.testing.assert_allclose(scores, expected, rtol=1e-11)


def test_scores_need_rows_and_penalties_that_are_none_below_zero():
    problem = ridge_problem([drawn()])
    with pytest.raises(DataError, match=r"`blocks` must hold rows: expected at least 1, got none\. Score on more"):
        problem.errors([], [0.1])
    with pytest.raises(ArgumentError, match=r"`penalty` must not be negative: expected 0 or more, got -1\.0"):
        problem.leave_one_out([drawn()], [0.1, -1.0])


def test_the_memory_of_a_problem_does_not_grow_with_its_rows():
    sizes = []

    def blocks(count):
        for seed in range(count):
            yield drawn(rows=512, features=16, seed=seed)

    for count in (16, 128):
        tracemalloc.start()
        ridge_problem(blocks(count))
        sizes.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1] < 1.5 * sizes[0]
