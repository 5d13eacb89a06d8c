"""Next-generation reservoirs: single products and polynomial maps are the oracles."""

from itertools import combinations_with_replacement
from math import comb

import numpy as np
import pytest

from pendula.errors import ArgumentError, DataError, DivergedError, ShapeError
from pendula.nn import NextGeneration, polynomial_features, run_polynomial
from pendula.optim import PolynomialRows, ridge_problem
from pendula.systems import Lorenz63, integrate


@pytest.mark.parametrize(("delays", "stride", "degree", "channels"), [(1, 1, 1, 2), (2, 3, 2, 3), (3, 2, 3, 1)])
def test_features_are_products_of_values_at_their_lags(delays, stride, degree, channels):
    settings = NextGeneration(delays=delays, stride=stride, degree=degree)
    x = np.random.default_rng(0).normal(size=(2, 12, channels))
    features = polynomial_features(settings, x)
    count = sum(comb(delays * channels + k - 1, k) for k in range(1, degree + 1))
    assert features.shape == (2, 12 - settings.memory + 1, count)
    assert settings.features(channels) == count
    t = settings.memory + 1
    linear = np.concatenate([x[1, t - k * stride] for k in range(delays)])
    expected = [
        np.prod([linear[i] for i in term])
        for k in range(1, degree + 1)
        for term in combinations_with_replacement(range(len(linear)), k)
    ]
    np.testing.assert_allclose(features[1, t - settings.memory + 1], expected, rtol=1e-14)


def test_a_quadratic_map_is_learned_to_rounding_and_run_on():
    states = [np.array([0.1, 0.2])]
    for _ in range(300):
        x, y = states[-1]
        states.append(np.array([1 - 1.4 * x**2 + y, 0.3 * x]))  # Hénon
    values = np.array(states)
    settings = NextGeneration(delays=1)
    rows = PolynomialRows(settings=settings, values=values, segments=np.array([[0, 200], [200, 270]]))
    weight, bias = rows.readout(ridge_problem(rows).solve())
    # x, y, x², xy, y²
    np.testing.assert_allclose(weight.T, [[0, 1, -1.4, 0, 0], [0.3, 0, 0, 0, 0]], rtol=0, atol=1e-10)
    np.testing.assert_allclose(bias, [1, 0], rtol=0, atol=1e-10)
    run = run_polynomial(settings, weight, bias, context=values[None, :270], steps=15)
    np.testing.assert_allclose(run[0], values[270:285], rtol=0, atol=1e-6)


def test_the_published_reservoir_predicts_lorenz_for_lyapunov_times():
    states = integrate(Lorenz63().derivative, [-8.0, -8.0, 27.0], dt=0.025, samples=900, substeps=5)
    known, coming = states[300:700], states[700:]
    settings = NextGeneration(delays=2, degree=2)
    rows = PolynomialRows(settings=settings, values=known, segments=np.array([[0, 400]]))
    weight, bias = rows.readout(ridge_problem(rows).solve(2.5e-6 / 400))
    run = run_polynomial(settings, weight, bias, context=known[None], steps=100)[0]
    errors = np.linalg.norm(run - coming[:100], axis=1) / np.sqrt(known.var(axis=0).sum())
    assert errors[:88].max() < 0.4  # two Lyapunov times


def test_a_run_that_explodes_is_named():
    with pytest.raises(DivergedError, match=r"unstable in free run: the run from start 1 .* at step 3 of 50\. Raise"):
        run_polynomial(
            NextGeneration(delays=1),
            np.array([[0.0], [1.0]]),
            np.zeros(1),
            context=np.array([[[0.5]], [[10.0]]]),
            steps=50,
            limit=1e6,
        )


def test_what_does_not_fit_is_refused():
    settings = NextGeneration(delays=2, stride=3)
    with pytest.raises(
        ShapeError, match=r"`values` must be as long as the memory: expected 4 steps or more, got 3\. Give"
    ):
        polynomial_features(settings, np.zeros((1, 3, 1)))
    with pytest.raises(ShapeError, match=r"`readout` must map the features .*expected shape \(5, 1\), got \(4, 1\)"):
        run_polynomial(settings, np.zeros((4, 1)), np.zeros(1), context=np.zeros((1, 4, 1)), steps=1)
    with pytest.raises(DataError, match=r"`segments` must be longer than the memory: expected more than 4 rows, got 4"):
        PolynomialRows(settings=settings, values=np.zeros((4, 1)), segments=np.array([[0, 4]]))
    for name, most, value in (("degree", 9, 0), ("degree", 9, 10), ("delays", 1000, 2000), ("stride", 10_000, -1)):
        rule = rf"`{name}` must be a whole number: expected 1 to {most}, got {value}\. Take 2, say\."
        with pytest.raises(ArgumentError, match=rule):
            NextGeneration(**{name: value})


def test_more_features_than_a_regression_can_bear_are_refused_before_any_is_made():
    huge = NextGeneration(delays=1000, stride=10_000, degree=9)
    assert huge.count(1) == comb(1009, 9) - 1
    rule = r"`degree` must leave few enough features: expected at most 3000, got 53129 monomials up to degree 5 of 20"
    with pytest.raises(ArgumentError, match=rule):
        NextGeneration(degree=5).features(10)


def test_runs_from_many_starts_are_those_from_each():
    rng = np.random.default_rng(0)
    settings = NextGeneration(delays=2, stride=2, degree=3)
    readout = 0.02 * rng.normal(size=(settings.features(2), 2))
    context = rng.normal(size=(7, 6, 2))
    together = run_polynomial(settings, readout, np.zeros(2), context=context, steps=20)
    for k in range(7):
        alone = run_polynomial(settings, readout, np.zeros(2), context=context[k : k + 1], steps=20)
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-12, atol=1e-15)


def test_an_unstable_run_is_let_go_where_it_will():
    run = run_polynomial(
        NextGeneration(delays=1),
        np.array([[0.0], [1.0]]),
        np.zeros(1),
        context=np.array([[[0.5]], [[10.0]]]),
        steps=12,
        limit=None,
    )
    assert not np.isfinite(run[1, -1, 0])
    assert run[0, 4, 0] == 0.5**32
