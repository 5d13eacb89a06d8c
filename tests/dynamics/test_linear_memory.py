"""The memory of linear nets: delay lines, 80-digit arithmetic and theory are the oracles."""

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.dynamics import linear_memory
from pendula.dynamics.linear_memory import controllable
from pendula.errors import ArgumentError, ShapeError


def reservoir(size, *, radius=0.9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(size, size, generator=generator, dtype=torch.float64)
    mask = torch.randn(size, generator=generator, dtype=torch.float64)
    return matrix * radius / torch.linalg.eigvals(matrix).abs().max(), mask


def by_definition(matrix, mask, lags):
    """MC_k = (A^k b)ᵀ G⁻¹ (A^k b), with the Gramian G = Σ A^k b bᵀ A^kᵀ, in 80 digits."""
    with mpmath.workdps(80):
        a, column = mpmath.matrix(matrix.tolist()), mpmath.matrix(mask.tolist())
        columns = []
        for _ in range(1500):
            columns.append(column)
            column = a * column
        stacked = mpmath.matrix(len(mask), len(columns))
        for k, each in enumerate(columns):
            stacked[:, k] = each
        inverse = (stacked * stacked.T) ** -1
        return torch.tensor([float((each.T * inverse * each)[0]) for each in columns[:lags]], dtype=torch.float64)


@pytest.mark.parametrize("size", [2, 7])
def test_the_curve_is_that_of_the_definition(size):
    matrix, mask = reservoir(size)
    torch.testing.assert_close(
        linear_memory(matrix, mask).capacities[:60], by_definition(matrix, mask, 60), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_random_reservoir_of_fifty_units_remembers_fifty(seed):
    found = linear_memory(*reservoir(50, seed=seed))
    assert found.rank == 50
    assert found.total == pytest.approx(50, abs=1e-6)


@given(st.integers(1, 30), st.floats(0.1, 0.98), st.integers(0, 10**6))
@settings(max_examples=20)
def test_the_memory_is_the_rank_and_no_capacity_exceeds_one(size, radius, seed):
    found = linear_memory(*reservoir(size, radius=radius, seed=seed))
    assert found.rank == size
    assert found.total == pytest.approx(size, abs=1e-6)
    assert float(found.capacities.min()) >= 0
    assert float(found.capacities.max()) <= 1 + 1e-12


def test_the_mask_does_not_matter():
    matrix, mask = reservoir(12)
    other = torch.randn(12, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    one, two = linear_memory(matrix, mask), linear_memory(matrix, other)
    torch.testing.assert_close(one.capacities, two.capacities, rtol=0, atol=1e-9)


def test_a_single_unit_remembers_like_a_geometric_series():
    found = linear_memory(torch.tensor([[0.8]]), torch.tensor([3.0]), lags=20)
    expected = (1 - 0.64) * 0.64 ** torch.arange(20, dtype=torch.float64)
    torch.testing.assert_close(found.capacities, expected, rtol=0, atol=1e-7)  # 0.8 in float32


def test_units_that_are_not_reached_do_not_count():
    matrix, mask = torch.block_diag(0.5 * torch.ones(1, 1), 0.9 * torch.eye(2)), torch.tensor([1.0, 1.0, 1.0])
    assert len(controllable(matrix, mask)) == 2  # two equal units are one
    assert linear_memory(matrix, torch.zeros(3)).rank == 0
    assert linear_memory(matrix, torch.tensor([1.0, 0.0, 0.0])).rank == 1


def test_what_cannot_be_answered_is_named(unchecked):
    with pytest.raises(ArgumentError, match="`matrix` must forget: expected eigenvalues within the unit circle"):
        linear_memory(torch.eye(2), torch.ones(2))
    with pytest.raises(ShapeError, match=r"`matrix` and `mask` must fit together: expected \(n, n\) and \(n,\)"):
        linear_memory(torch.eye(2), torch.ones(3))
