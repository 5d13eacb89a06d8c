"""Linear autoregression: simulated coefficients, statsmodels and naive loops are the oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from statsmodels.tsa.ar_model import AutoReg, ar_select_order

from pendula.errors import ArgumentError, DataError
from pendula.optim import autoregression_problem, iterate, lagged, select_order
from pendula.optim.autoregression import _equations
from pendula.series import load_dataset


def whole(values):
    return np.array([[0, len(values)]])


def second_order(rows, *, seed=0, noise=1.0):
    """Simulate x_t = 2 + 1.5 x_(t−1) − 0.8 x_(t−2) + noise."""
    random, x = np.random.default_rng(seed), np.zeros(rows + 200)
    for t in range(2, len(x)):
        x[t] = 2 + 1.5 * x[t - 1] - 0.8 * x[t - 2] + noise * random.normal()
    return x[200:, None]


def oscillator(rows, *, dt=0.02):
    """Sample ẍ + 0.2 ẋ + x = cos 0.5 t exactly, the drive as two more components of a linear flow."""
    flow = np.array([[0, 1, 0, 0], [-1, -0.2, 1, 0], [0, 0, 0, -0.5], [0, 0, 0.5, 0]])
    step, state = expm(dt * flow), np.array([1.0, 0.0, 1.0, 0.0])
    x = []
    for _ in range(rows):
        x.append(state[0])
        state = step @ state
    return np.array(x)[:, None]


def slow_equations(values, segments, *, lags, leads, first):
    """List the equations one by one."""
    features, targets = [], []
    for begin, end in segments:
        for t in range(begin + first, end - leads):
            features.append(np.concatenate([values[t - j] for j in range(lags)]))
            targets.append(np.concatenate([values[t + k] - values[t] for k in range(1, leads + 1)]))
    return np.array(features), np.array(targets)


@st.composite
def cut_series(draw):
    lengths = draw(st.lists(st.integers(1, 14), min_size=1, max_size=4))
    gaps = draw(st.lists(st.integers(0, 3), min_size=len(lengths), max_size=len(lengths)))
    segments, row = [], 0
    for length, gap in zip(lengths, gaps, strict=True):
        segments.append([row, row + length])
        row += length + gap
    return row, np.array(segments)


@given(cut_series(), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2))
def test_no_equation_crosses_the_end_of_a_segment(cut, lags, leads, channels, later):
    rows, segments = cut
    values = np.random.default_rng(0).normal(size=(rows, channels))
    outside = np.ones(rows, dtype=bool)
    for begin, end in segments:
        outside[begin:end] = False
    values[outside] = np.nan
    first = lags - 1 + later
    features, targets = slow_equations(values, segments, lags=lags, leads=leads, first=first)
    blocks = list(_equations(values, segments, lags=lags, leads=leads, first=first, channels=channels))
    assert sum(len(block) for block, _ in blocks) == len(features)
    if not len(features):
        return
    np.testing.assert_array_equal(np.concatenate([block for block, _ in blocks]), features)
    np.testing.assert_array_equal(np.concatenate([target for _, target in blocks]), targets)
    assert np.isfinite(features).all()


def test_long_series_are_cut_into_blocks_that_leave_no_row_out():
    values = second_order(3000)
    problem = autoregression_problem(values, np.array([[0, 1400], [1401, 3000]]), lags=200)
    assert problem.rows == 1400 - 200 + 1599 - 200
    features, targets = slow_equations(values, [[0, 1400], [1401, 3000]], lags=200, leads=1, first=199)
    expected = np.linalg.lstsq(np.column_stack([features, np.ones(len(features))]), targets)[0]
    np.testing.assert_allclose(problem.solve().weight, expected[:-1], rtol=0, atol=1e-11)


def test_the_coefficients_of_a_simulated_process_are_recovered():
    solution = autoregression_problem(second_order(200_000), np.array([[0, 200_000]]), lags=2).solve()
    # Increments are regressed: x_(t+1) − x_t = 2 + 0.5 x_t − 0.8 x_(t−1).
    np.testing.assert_allclose(solution.weight[:, 0], [0.5, -0.8], rtol=0, atol=0.01)
    np.testing.assert_allclose(solution.bias, [2.0], rtol=0, atol=0.06)
    np.testing.assert_allclose(solution.rms, [1.0], rtol=0, atol=0.01)


@pytest.mark.parametrize("lags", [1, 2, 7])
def test_it_is_the_autoregression_of_statsmodels(lags):
    values = second_order(400)
    solution = autoregression_problem(values, whole(values), lags=lags).solve()
    reference = AutoReg(values[:, 0], lags, trend="c").fit()
    constant, *coefficients = reference.params
    coefficients[0] -= 1  # of the increment
    np.testing.assert_allclose(solution.bias[0], constant, rtol=0, atol=1e-10)
    np.testing.assert_allclose(solution.weight[:, 0], coefficients, rtol=0, atol=1e-10)
    np.testing.assert_allclose(solution.rms[0], np.sqrt(np.mean(reference.resid**2)), rtol=1e-10)


@pytest.mark.parametrize("lags", [1, 2, 5])
def test_with_controls_it_is_that_of_statsmodels_with_exogenous_inputs(lags):
    values, controls = second_order(400), np.random.default_rng(1).normal(size=(400, 2))
    values += np.cumsum(controls, axis=0)[:, :1]
    shown = np.concatenate([values, np.roll(controls, -1, axis=0)], axis=1)
    solution = autoregression_problem(shown, whole(values), lags=lags, channels=1).solve()
    # Beside x_t there is u_(t+1): of x_(t+1) it sees u_(t+1) … u_(t+2−lags).
    driving = np.concatenate([np.roll(controls, lag, axis=0) for lag in range(lags)], axis=1)
    reference = AutoReg(values[:, 0], lags, trend="c", exog=driving).fit()
    constant, *coefficients = reference.params
    expected = np.array([[coefficients[lag], *coefficients[lags + 2 * lag :][:2]] for lag in range(lags)])
    expected[0, 0] -= 1  # of the increment
    np.testing.assert_allclose(solution.bias, [constant], rtol=0, atol=1e-9)
    np.testing.assert_allclose(solution.weight.reshape(lags, 3), expected, rtol=0, atol=1e-9)
    # In free run it is shown the controls ahead: statsmodels' own dynamic prediction.
    known = np.concatenate([values[:300], np.roll(controls, -1, axis=0)[:300]], axis=1)
    run = iterate(solution, known[None], steps=50, controls=np.roll(controls, -1, axis=0)[None, 300:350])
    dynamic = reference.predict(start=300, end=349, dynamic=0)
    np.testing.assert_allclose(run[0, :, 0], dynamic, rtol=0, atol=1e-8)


def test_several_leads_are_as_many_regressions():
    values = second_order(300)
    both = autoregression_problem(values, whole(values), lags=3, leads=2).solve(0.1)
    assert both.weight.shape == (3, 2)
    features, targets = slow_equations(values, whole(values), lags=3, leads=2, first=2)
    x, y = features - features.mean(axis=0), targets - targets.mean(axis=0)
    expected = np.linalg.solve(x.T @ x + 0.1 * len(x) * np.eye(3), x.T @ y)
    np.testing.assert_allclose(both.weight, expected, rtol=0, atol=1e-11)


def test_lagged_puts_the_newest_lag_first_and_channels_within_a_lag():
    values = np.arange(8.0).reshape(1, 4, 2)
    np.testing.assert_array_equal(lagged(values, 2), [[6.0, 7.0, 4.0, 5.0]])
    np.testing.assert_array_equal(lagged(values, 4), [[6.0, 7.0, 4.0, 5.0, 2.0, 3.0, 0.0, 1.0]])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lags", [1, 3])
def test_iterating_equals_a_naive_loop(channels, lags):
    random = np.random.default_rng(3)
    values = random.normal(size=(200, channels)).cumsum(axis=0)
    solution = autoregression_problem(values, whole(values), lags=lags).solve()
    context = random.normal(size=(4, 6, channels))
    run = iterate(solution, context, steps=9)
    assert run.shape == (4, 9, channels)
    for got, start in zip(run, context, strict=True):
        history = list(start)
        for _ in range(9):
            features = np.concatenate([history[-1 - j] for j in range(lags)])
            history.append(history[-1] + features @ solution.weight + solution.bias)
        np.testing.assert_allclose(got, history[6:], rtol=0, atol=1e-12)


def test_a_linear_oscillator_is_run_exactly_with_four_lags():
    values = oscillator(3000)
    solution = autoregression_problem(values[:1500], whole(values[:1500]), lags=4).solve()
    run = iterate(solution, values[None, :1500], steps=1500)[0]
    truth = values[1500:]
    assert np.sqrt(np.mean((run - truth) ** 2)) / truth.std() < 1e-3


def test_a_run_that_explodes_goes_on_as_infinities():
    values = 3.0 ** np.arange(30.0)[:, None]
    solution = autoregression_problem(values, whole(values), lags=1).solve()
    run = iterate(solution, values[None], steps=1000)
    assert run.shape == (1, 1000, 1)
    assert np.isposinf(run[0, -1, 0])


def test_the_order_of_the_yearly_sunspots_is_that_of_statsmodels():
    values = load_dataset("sunspots")["sunspots"].to_numpy()
    reference = ar_select_order(values, 20, ic="aic", trend="c")
    assert len(reference.ar_lags) == 9
    assert select_order(values[:, None], np.array([[0, len(values)]]), most=20) == 9


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_a_simulated_process_is_that_of_statsmodels(seed):
    values = second_order(300, seed=seed)
    reference = ar_select_order(values[:, 0], 12, ic="aic", trend="c")
    assert select_order(values, whole(values), most=12) == len(reference.ar_lags)


def test_the_order_respects_gaps():
    # Two stretches of a process of second order; in between rows that would blow every fit up.
    values = np.concatenate([second_order(300, seed=1), np.full((1, 1), np.nan), second_order(300, seed=2)])
    order = select_order(values, np.array([[0, 300], [301, 601]]), most=8)
    assert 2 <= order <= 8
    joined = [slow_equations(values, [[0, 300], [301, 601]], lags=p, leads=1, first=7) for p in range(1, 9)]
    criteria = []
    for x, y in joined:
        with_one = np.column_stack([x, np.ones(len(x))])
        variance = np.mean((y - with_one @ np.linalg.lstsq(with_one, y)[0]) ** 2)
        criteria.append(len(x) * np.log(variance) + 2 * with_one.shape[1])
    assert order == 1 + int(np.argmin(criteria))


def test_the_order_of_an_exact_recurrence_is_enough_to_run_it():
    values = np.sin(0.3 * np.arange(400.0))[:, None]
    order = select_order(values[:200], np.array([[0, 200]]), most=10)
    assert 2 <= order <= 10
    solution = autoregression_problem(values[:200], np.array([[0, 200]]), lags=order).solve()
    np.testing.assert_allclose(iterate(solution, values[None, :200], steps=200)[0], values[200:], rtol=0, atol=1e-9)


@pytest.mark.parametrize("rows", [24, 30, 40])
def test_an_order_that_leaves_no_rows_over_is_not_chosen(rows):
    # Of white noise with as many coefficients as equations nothing is left, and that says nothing.
    values = np.random.default_rng(0).normal(size=(rows, 1))
    order = select_order(values, whole(values), most=18)
    assert order == 1 or 2 * (order + 1) <= rows - 18


def test_a_series_that_stays_at_zero_has_an_order():
    assert select_order(np.zeros((40, 1)), np.array([[0, 40]]), most=5) == 1


@pytest.mark.parametrize("name", ["lags", "leads"])
def test_lags_and_leads_must_be_positive(name):
    arguments = {"lags": 1, "leads": 1} | {name: 0}
    rule = rf"`{name}` must be positive: expected 1 or more, got 0\. Count it in steps\."
    with pytest.raises(ArgumentError, match=rule):
        autoregression_problem(np.ones((5, 1)), np.array([[0, 5]]), **arguments)


def test_a_record_shorter_than_its_lags_is_refused():
    with pytest.raises(DataError, match="The record is too short for the lags"):
        autoregression_problem(np.ones((5, 1)), np.array([[0, 5]]), lags=5)
