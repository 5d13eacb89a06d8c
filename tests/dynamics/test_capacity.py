"""Information processing capacity: functions whose capacity is known, and the bound of Dambre and others."""

import pytest
import torch
from torch import nn

from pendula.dynamics import CapacitySettings, as_net, capacities, drive, linear_memory
from pendula.errors import ArgumentError, DataError

SHORT = CapacitySettings(lags=(20, 6, 3), steps=4000, washout=100)


def uniform(sequences=4, time=1200, channels=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(sequences, time, channels, generator=generator, dtype=torch.float64) - 1


def legendre(x):
    return (3 * x**2 - 1) / 2


def test_states_that_are_functions_of_the_past_have_capacity_one_each():
    u = uniform()
    x = u[..., 0]
    states = torch.stack([x.roll(2, 1) + 5, legendre(x), x.roll(1, 1) * x, 0.3 * x.roll(2, 1) + x.roll(4, 1)], dim=2)
    found = capacities(u, states, SHORT)
    assert found.rank == 4
    assert found.linear[[2, 4]].tolist() == pytest.approx([1, 1], abs=1e-9)
    assert found.by_degree == pytest.approx((2, 2, 0), abs=1e-9)
    assert found.total == pytest.approx(4, abs=1e-9)


def test_a_share_of_a_function_counts_by_its_variance():
    u = uniform(time=3000)
    x = u[..., 0]
    mixed = (0.6 * 3**0.5 * x + 0.8 * 5**0.5 * legendre(x))[..., None]
    found = capacities(u, mixed, SHORT)
    assert found.by_degree[0] == pytest.approx(0.36, abs=0.03)
    assert found.by_degree[1] == pytest.approx(0.64, abs=0.03)
    assert abs(found.total - 1) < 3 * found.error


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_credited_with_nothing(seed):
    noise = torch.randn(4, 1200, 10, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    assert capacities(uniform(seed=seed), noise, SHORT).total == 0


@pytest.mark.parametrize("gain", [0.1, 1.0])
def test_a_nonlinear_reservoir_never_exceeds_its_size(gain):
    torch.manual_seed(0)
    size = 20
    module = nn.RNN(1, size, bias=False).double()
    with torch.no_grad():
        w = torch.randn(size, size, dtype=torch.float64)
        module.weight_hh_l0.copy_(0.9 * w / torch.linalg.eigvals(w).abs().max())
        module.weight_ih_l0.copy_(gain * (2 * torch.rand(size, 1) - 1))
    settings = CapacitySettings(lags=(40, 12, 6), steps=5000, washout=100)
    found = capacities(*drive(as_net(module), settings, channels=1), settings)
    assert found.rank == size
    assert 0.5 * size < found.total <= size + found.error
    assert (found.by_degree[2] > found.by_degree[0]) == (gain == 1.0)


def test_a_linear_reservoir_has_the_capacities_of_the_exact_curve():
    size, u = 8, uniform(time=3000)
    generator = torch.Generator().manual_seed(3)
    w = torch.randn(size, size, generator=generator, dtype=torch.float64)
    w *= 0.8 / torch.linalg.eigvals(w).abs().max()
    mask = torch.randn(size, generator=generator, dtype=torch.float64)
    state, states = torch.zeros(4, size, dtype=torch.float64), []
    for t in range(u.shape[1]):
        state = state @ w.T + u[:, t] * mask
        states.append(state)
    found = capacities(u, torch.stack(states, dim=1), SHORT)
    exact = linear_memory(w, mask)
    assert found.total == pytest.approx(size, abs=0.1)
    torch.testing.assert_close(found.linear, exact.capacities[:21], rtol=0, atol=0.03)


def test_what_cannot_be_answered_is_named():
    with pytest.raises(DataError, match="`states` must be many more than their components: expected 410 steps or more"):
        capacities(uniform(1, 300), torch.randn(1, 300, 40, dtype=torch.float64), SHORT)
    for wrong, message in (
        ({"lags": ()}, "`lags` must hold a delay for each degree"),
        ({"steps": 1}, "`steps` must be at least 100"),
        ({"significance": 1.0}, "`significance` must be a probability"),
    ):
        with pytest.raises(ArgumentError, match=message):
            CapacitySettings(**wrong)
