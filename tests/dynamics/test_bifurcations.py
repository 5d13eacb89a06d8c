"""Bifurcation diagrams against period doublings in closed form, other measurements, and a textbook's figure."""

import numpy as np
import pytest

from pendula.dynamics import bifurcations, system_spectrum
from pendula.errors import ArgumentError
from pendula.systems import Henon, Logistic


def test_the_logistic_map_doubles_its_period_where_theory_says():
    # 3, 1 + √6 and 3.54409: May 1976; the window of period three opens at 1 + √8.
    values = np.array([2.99, 3.01, 3.44, 3.46, 3.54, 3.55, 1 + np.sqrt(8) + 0.005])
    assert bifurcations("logistic", "r", values, duration=3000).counts() == [1, 2, 2, 4, 4, 8, 3]


def test_exponents_are_those_of_closed_forms():
    # At a fixed point λ = log|2 − r|, on the cycle of two ½ log|4 + 2r − r²|, at r = 4 ln 2.
    found = bifurcations("logistic", "r", np.array([2.5, 3.3, 4.0]), duration=20_000)
    expected = [np.log(0.5), 0.5 * np.log(abs(4 + 2 * 3.3 - 3.3**2)), np.log(2)]
    np.testing.assert_allclose(found.exponents, expected, atol=2e-3)


def test_values_run_side_by_side_as_they_would_alone():
    values = np.array([1.05, 1.2, 1.4])
    together = bifurcations(Henon(), "a", values, component="y", duration=200)
    for number, value in enumerate(values):
        alone = bifurcations(Henon(), "a", np.array([value]), component="y", duration=200)
        np.testing.assert_array_equal(together.visited[number], alone.visited[0])
        assert together.exponents[number] == alone.exponents[0]


def test_a_flow_is_seen_at_its_maxima():
    # The band of a = b = 0.2 has one, two and four loops at c = 2.5, 3.5 and 4: Strogatz, section 12.3.
    found = bifurcations("rossler", "c", np.array([2.5, 3.5, 4.0, 5.0]), duration=250)
    assert found.counts(apart=5e-3)[:3] == [1, 2, 4]
    assert found.counts()[3] > 10
    np.testing.assert_allclose(found.exponents[:3], 0, atol=0.02)


def test_the_exponent_of_a_flow_is_that_of_its_spectrum():
    found = bifurcations("lorenz63", "rho", np.array([10.0, 28.0]), duration=120.0)
    expected = system_spectrum("lorenz63", dt=0.02, duration=20.0, trajectories=30).exponents[0]
    assert found.exponents[1] == pytest.approx(float(expected), rel=0.1)
    assert found.visited[0] == pytest.approx([np.sqrt(8 / 3 * 9)])  # the fixed point: √(β(ρ − 1))


def test_a_run_without_bound_leaves_a_gap():
    found = bifurcations("henon", "a", np.array([1.4, 3.0]), duration=100)
    assert len(found.visited[0]) == 100
    assert (len(found.visited[1]), found.counts()[1]) == (0, 0)
    assert np.isnan(found.exponents[1])


def test_mistakes_are_named():
    values = np.array([1.0, 2.0])
    with pytest.raises(ArgumentError, match=r"`parameter` must name a parameter of `logistic`: got `s`. Known are `r`"):
        bifurcations(Logistic(), "s", values)
    with pytest.raises(ArgumentError, match="`component` must name a component of `henon`: got `z`"):
        bifurcations("henon", "a", values, component="z")
    with pytest.raises(ArgumentError, match="`system` must be a flow or a map: got `mackey-glass`"):
        bifurcations("mackey-glass", "beta", values)
