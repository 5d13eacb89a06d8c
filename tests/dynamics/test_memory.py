"""Forgetting and sensitivity: eigenvalues and finite differences are the oracles."""

import math

import pytest
import torch
from torch import nn

from pendula.dynamics import as_net, forgetting, input_sensitivity
from pendula.errors import ArgumentError, DataError


def net(gain=1.0, size=6):
    torch.manual_seed(0)
    module = nn.RNN(2, size, bias=False).double()
    with torch.no_grad():
        w = torch.randn(size, size, dtype=torch.float64)
        module.weight_hh_l0.copy_(gain * w / torch.linalg.eigvals(w).abs().max())
    return module, as_net(module)


def inputs(steps, size=2):
    return torch.randn(steps, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_a_contracting_net_forgets_at_the_rate_of_its_largest_eigenvalue():
    _, quiet = net(0.8)
    found = forgetting(quiet, torch.zeros(300, 2), 1e-3 * torch.eye(6))
    assert found.forgets
    assert float(found.distances[0]) == pytest.approx(1)
    assert found.rate == pytest.approx(-math.log(0.8), rel=0.05)
    assert found.steps == pytest.approx(math.log(1e6) / -math.log(0.8), rel=0.25)


def test_a_bistable_net_does_not_forget():
    module = nn.RNN(1, 1, bias=False).double()
    with torch.no_grad():
        module.weight_hh_l0.fill_(2.0)
    found = forgetting(as_net(module), torch.zeros(200, 1), torch.tensor([[0.5], [-0.5]]))
    assert not found.forgets
    assert found.steps is None
    assert found.rate <= 0.05


def test_sensitivity_is_the_norm_of_the_derivative_by_an_earlier_input():
    module, driven = net(1.2)
    rows, lags = inputs(12), 8
    found = input_sensitivity(driven, rows, torch.zeros(1, 6), lags=lags, origins=1)

    def last(first_input):
        shown = torch.cat([first_input[None], rows[1 : lags + 1]])
        return torch.stack([module(shown[: k + 1, None])[1][0, 0] for k in range(lags + 1)])

    jacobian = torch.autograd.functional.jacobian(last, rows[0])  # lag, state, input
    torch.testing.assert_close(found, torch.linalg.matrix_norm(jacobian, ord=2), rtol=0, atol=1e-12)


def test_several_origins_are_averaged():
    _, driven = net(0.9)
    rows = inputs(60)
    several = input_sensitivity(driven, rows, torch.zeros(1, 6), lags=5, origins=7)
    assert several.shape == (6,)
    assert bool((several > 0).all())


def test_what_cannot_be_answered_is_named():
    _, driven = net()
    with pytest.raises(ArgumentError, match="`starts` must differ: expected two states or more, got 2 that are one"):
        forgetting(driven, inputs(5), torch.zeros(2, 6))
    with pytest.raises(DataError, match="`inputs` must be longer than the delays: expected more than 100 steps, got 5"):
        input_sensitivity(driven, inputs(5), torch.zeros(1, 6))
