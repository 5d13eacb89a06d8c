"""Conjugate gradients: direct solutions, and the number of steps that theory allows, are the oracles."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, ShapeError
from pendula.optim.conjugate_gradient import conjugate_gradient


def quadratic(spectrum, *, seed=0):
    """A positive definite matrix with given eigenvalues, and a right-hand side."""
    draw = torch.Generator().manual_seed(seed)
    size = len(spectrum)
    basis, _ = torch.linalg.qr(torch.randn(size, size, generator=draw, dtype=torch.float64))
    matrix = basis @ torch.diag(torch.tensor(spectrum, dtype=torch.float64)) @ basis.T
    return matrix, torch.randn(size, generator=draw, dtype=torch.float64)


def value(matrix, b, x):
    return float(0.5 * x @ matrix @ x - b @ x)


@pytest.mark.parametrize(
    ("spectrum", "steps"), [([3.0] * 8, 1), ([1.0, 5.0] * 4, 2), ([1.0, 2.0, 9.0] * 3, 3), (list(range(1, 9)), 8)]
)
def test_it_ends_after_as_many_steps_as_there_are_eigenvalues(spectrum, steps):
    matrix, b = quadratic(spectrum)
    iterates = conjugate_gradient(lambda x: matrix @ x, b, tolerance=0.0, most=steps)
    assert iterates[-1].step == steps
    torch.testing.assert_close(iterates[-1].at, torch.linalg.solve(matrix, b), rtol=1e-9, atol=1e-9)
    before = conjugate_gradient(lambda x: matrix @ x, b, tolerance=0.0, most=steps)[0] if steps > 1 else None
    assert before is None or (matrix @ before.at - b).norm() > 1e-3


@given(
    st.lists(st.floats(0.1, 100.0), min_size=2, max_size=12),
    st.integers(0, 1000),
    st.booleans(),
    st.booleans(),
)
def test_every_iterate_has_the_value_that_it_says_and_the_last_is_the_solution(spectrum, seed, warm, preconditioned):
    matrix, b = quadratic(spectrum, seed=seed)
    iterates = conjugate_gradient(
        lambda x: matrix @ x,
        b,
        start=torch.ones_like(b) if warm else None,
        preconditioner=matrix.diagonal() if preconditioned else None,
        tolerance=0.0,
        most=200,
    )
    scale = abs(value(matrix, b, torch.linalg.solve(matrix, b))) + value(matrix, b * 0, torch.ones_like(b))
    for iterate in iterates:
        assert iterate.value == pytest.approx(value(matrix, b, iterate.at), abs=1e-9 * scale)
    values = [iterate.value for iterate in iterates]
    assert all(after <= before + 1e-9 * scale for before, after in itertools.pairwise(values))
    torch.testing.assert_close(iterates[-1].at, torch.linalg.solve(matrix, b), rtol=1e-6, atol=1e-6)


@given(st.lists(st.floats(0.1, 100.0), min_size=2, max_size=12), st.integers(0, 1000), st.floats(1.0, 1e6))
def test_a_start_that_goes_too_far_is_shortened(spectrum, seed, factor):
    matrix, b = quadratic(spectrum, seed=seed)
    solution = torch.linalg.solve(matrix, b)
    rough = conjugate_gradient(lambda x: matrix @ x, b, start=factor * (solution + 0.1 * b.norm()), most=1)
    assert all(iterate.value <= 0 for iterate in rough)
    exact = conjugate_gradient(lambda x: matrix @ x, b, start=factor * solution, most=1)
    # The direction is right: the shortened start is the solution, and nothing is left to do beyond rounding.
    assert not exact or exact[-1].value == pytest.approx(value(matrix, b, solution), rel=1e-9)


def test_a_start_uphill_is_left():
    matrix, b = quadratic([1.0, 2.0, 5.0])
    cold = conjugate_gradient(lambda x: matrix @ x, b, most=2)
    warm = conjugate_gradient(lambda x: matrix @ x, b, start=-b, most=2)
    assert [(one.step, one.value) for one in warm] == [(one.step, one.value) for one in cold]


def test_the_right_preconditioner_needs_one_step():
    stiffness = torch.logspace(0, 6, 30, dtype=torch.float64)
    iterates = conjugate_gradient(
        lambda x: stiffness * x, torch.ones(30, dtype=torch.float64), preconditioner=stiffness, most=1
    )
    torch.testing.assert_close(iterates[-1].at, 1 / stiffness, rtol=1e-12, atol=0)


def test_kept_iterates_lie_on_a_growing_grid_that_ends_at_the_last():
    matrix, b = quadratic([1.001**k for k in range(60)] + [10.0**k for k in range(4)])
    steps = [iterate.step for iterate in conjugate_gradient(lambda x: matrix @ x, b, tolerance=0.0, most=9)]
    # Powers of 1.3, rounded up: 1, 1.3, 1.69 (twice 2), 2.2, 2.9, 3.7, 4.8, 6.3, 8.2
    assert steps == [1, 2, 3, 4, 5, 7, 9]


def test_it_stops_when_progress_is_small():
    # Steps that follow the first one gain less and less: the rule compares the last ten with all.
    matrix, b = quadratic([float(k) ** 2 for k in range(1, 201)])
    loose, strict = (
        conjugate_gradient(lambda x: matrix @ x, b, tolerance=tolerance, most=500) for tolerance in (5e-2, 5e-4)
    )
    assert 10 < loose[-1].step < strict[-1].step < 500
    window = max(10, strict[-1].step // 10)
    values = {
        most: conjugate_gradient(lambda x: matrix @ x, b, tolerance=0.0, most=most)[-1].value
        for most in range(strict[-1].step - window - 1, strict[-1].step + 1)
    }
    last = strict[-1].step
    assert (values[last] - values[last - window]) / values[last] < window * 5e-4
    assert (values[last - 1] - values[last - 1 - window]) / values[last - 1] >= window * 5e-4


def test_there_is_no_step_where_there_is_nothing_to_solve():
    assert conjugate_gradient(lambda x: x, torch.zeros(3, dtype=torch.float64)) == []
    solution = torch.ones(3, dtype=torch.float64)
    assert conjugate_gradient(lambda x: x, solution, start=solution) == []


def test_it_stops_where_the_curvature_is_not_positive():
    b = torch.tensor([1.0, 1.0], dtype=torch.float64)
    bent = torch.tensor([1.0, -3.0], dtype=torch.float64)
    assert conjugate_gradient(lambda x: bent * x, b) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"most": 0}, ArgumentError, "`most` must be positive: expected 1 step or more, got 0"),
        ({"tolerance": -1.0}, ArgumentError, "`tolerance` must not be negative: expected 0 or more, got -1.0"),
        ({"preconditioner": torch.tensor([1.0, 0.0]).double()}, ArgumentError, "`preconditioner` must be positive"),
        ({"start": torch.zeros(3).double()}, ShapeError, "`start` must be as long as the right-hand side"),
        ({"preconditioner": torch.ones(1).double()}, ShapeError, "expected 2 elements, got 1"),
    ],
)
def test_bad_use_says_so(arguments, error, message):
    with pytest.raises(error, match=message):
        conjugate_gradient(lambda x: x, torch.ones(2, dtype=torch.float64), **arguments)
