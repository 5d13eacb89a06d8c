"""Ridge regression from moments: the singular value decomposition is the oracle."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DataError
from pendula.optim import moments, ridge_problem


def drawn(rows=60, features=5, outputs=2, *, seed=0, offset=0.0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, features)) + offset
    return x, x @ random.normal(size=(features, outputs)) + random.normal(size=(rows, outputs)) + 3.0


@given(st.lists(st.integers(0, 60), max_size=5), st.sampled_from([1e-9, 1e-3, 2.0]), st.sampled_from([0.0, 1e4]))
def test_it_is_the_solution_of_the_decomposition(cuts, penalty, offset):
    x, y = drawn(offset=offset)
    bounds = itertools.pairwise([0, *sorted(cuts), 60])
    got = moments((x[start:stop], y[start:stop]) for start, stop in bounds).solve(penalty)
    expected = ridge_problem([(x, y)]).solve(penalty)
    np.testing.assert_allclose(got.weight, expected.weight, rtol=0, atol=1e-10)
    np.testing.assert_allclose(got(x), expected(x), rtol=0, atol=1e-9 + offset * 1e-10)
    np.testing.assert_allclose(got.rms, expected.rms, rtol=1e-8)


def test_a_penalty_that_lost_digits_would_show_through_is_refused():
    t = 0.01 * np.arange(400.0)
    x = np.stack([np.sin(t + 0.001 * k) for k in range(12)], axis=1)
    summed = moments([(x, x[:, :1] ** 2)])
    assert 0 < summed.least_penalty < 1e-13
    with pytest.raises(ArgumentError, match=r"`penalty` must be large enough .* at least .*, got 1\.0e-20\. Use"):
        summed.solve(1e-20)
    # Above that bound the predictions keep their digits, although no direction but two is known.
    penalty = 1e3 * summed.least_penalty
    expected = ridge_problem([(x, x[:, :1] ** 2)]).solve(penalty)
    np.testing.assert_allclose(summed.solve(penalty)(x), expected(x), rtol=0, atol=1e-2 * np.abs(expected(x)).max())


def test_memory_does_not_grow_with_the_rows():
    sizes = []

    def blocks(count):
        for seed in range(count):
            yield drawn(rows=512, features=16, seed=seed)

    for count in (16, 128):
        tracemalloc.start()
        moments(blocks(count))
        sizes.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1] < 1.5 * sizes[0]


def test_penalties_are_checked_and_rows_must_be_there():
    with pytest.raises(ArgumentError, match=r"`penalty` must not be negative: expected 0 or more, got nan"):
        moments([drawn()]).solve(float("nan"))
    with pytest.raises(DataError, match=r"`blocks` must hold rows: expected at least 1, got none\. The record is too"):
        moments([(np.empty((0, 2)), np.empty((0, 1)))])
