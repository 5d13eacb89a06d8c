"""Backtracking and line search: parabolas, whose answers are known."""

import math

import pytest
import torch

from pendula.optim.conjugate_gradient import Iterate
from pendula.optim.line_search import backtrack, line_search


def iterates(*places):
    return [Iterate(step, torch.tensor([place]), 0.0) for step, place in enumerate(places, start=1)]


@pytest.mark.parametrize(("best", "chosen"), [(9.0, 4), (3.0, 3), (2.2, 2), (0.0, 1)])
def test_it_goes_back_to_the_best_iterate(best, chosen):
    found = backtrack(iterates(1.0, 2.0, 3.0, 4.0), lambda x: float((x - best) ** 2))
    assert found.iterate.step == chosen
    assert found.value == pytest.approx((chosen - best) ** 2)


def test_it_stops_going_back_at_the_first_that_is_worse():
    values = {1.0: 0.0, 2.0: 5.0, 3.0: 1.0, 4.0: 2.0}
    assert backtrack(iterates(*values), lambda x: values[float(x)]).iterate.step == 3


def test_iterates_beyond_the_finite_numbers_are_left():
    values = {1.0: 3.0, 2.0: 1.0, 3.0: math.nan, 4.0: math.inf}
    assert backtrack(iterates(*values), lambda x: values[float(x)]).iterate.step == 2


@pytest.mark.parametrize(
    ("minimum", "rate"),
    [
        # (1 − r/m)² falls by a hundredth of its slope's promise up to r = 1.98 m: the largest power of 0.8 below.
        (1.0, 1.0),
        (0.51, 1.0),
        (0.5, 0.8),
        (0.33, 0.64),
        (0.1, 0.8**8),
    ],
)
def test_the_rate_is_the_largest_that_is_good_enough(minimum, rate):
    found = line_search(lambda r: (1 - r / minimum) ** 2, before=1.0, slope=-2 / minimum)
    assert found.rate == pytest.approx(rate)
    assert found.value == pytest.approx((1 - rate / minimum) ** 2)
    assert rate <= 1.98 * minimum
    assert rate == 1 or rate / 0.8 > 1.98 * minimum


def test_a_known_value_is_not_computed_again():
    def never(rate):
        raise AssertionError(rate)

    assert line_search(never, before=1.0, slope=-1.0, full=0.0) == (1.0, 0.0)


def test_uphill_there_is_no_rate():
    assert line_search(lambda r: 1 + r, before=1.0, slope=1.0) == (0.0, 1.0)
    assert line_search(lambda r: 1 + r, before=1.0, slope=-1.0) == (0.0, 1.0)
    assert line_search(lambda _: math.nan, before=1.0, slope=-1.0) == (0.0, 1.0)
