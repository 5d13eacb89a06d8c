"""Free runs: a loop that shows the network its whole history anew is the oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.nn import Network, build, continue_run, free_run


def contracting(network, channels):
    """Build a forecaster in float64 whose free runs stay bounded."""
    forecaster = build(network, channels, seed=1).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in forecaster.head.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        if forecaster.linear is not None:
            shape = forecaster.linear.weight.shape
            forecaster.linear.weight.copy_(0.05 * torch.randn(shape, generator=generator, dtype=torch.float64))
    return forecaster


def context_of(channels, *, batch=3, time=6):
    return torch.randn(batch, time, channels, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("leads", [1, 3])
@pytest.mark.parametrize("lags", [0, 4])
def test_a_free_run_equals_showing_the_whole_history_anew(oracle, cell, leads, lags):
    network = Network(cell=cell, hidden_size=5, num_layers=2, leads=leads, linear_lags=lags, residual=lags == 0)
    forecaster, context = contracting(network, 2), context_of(2)
    run = free_run(forecaster, context, 20)
    assert run.shape == (3, 20, 2)
    for got, history in zip(run.numpy(), context.numpy(), strict=True):
        np.testing.assert_allclose(got, oracle.run_on(forecaster, history, 20), rtol=0, atol=1e-12)


@given(st.integers(1, 12), st.integers(1, 4))
def test_a_shorter_run_is_the_start_of_a_longer_one(steps, leads):
    forecaster, context = contracting(Network(hidden_size=4, leads=leads), 1), context_of(1)
    assert torch.equal(free_run(forecaster, context, steps), free_run(forecaster, context, 12)[:, :steps])


def test_a_direct_forecaster_hands_on_whole_blocks():
    forecaster, context = contracting(Network(hidden_size=4, leads=3), 1), context_of(1)
    with torch.no_grad():
        first = forecaster(context)[0][:, -1]
        second = forecaster(torch.cat([context, first], dim=1))[0][:, -1]
    expected = torch.cat([first, second], dim=1)
    torch.testing.assert_close(free_run(forecaster, context, 6), expected, rtol=0, atol=1e-12)


def test_starts_in_one_batch_do_not_see_each_other():
    forecaster, context = contracting(Network(hidden_size=4, linear_lags=3), 2), context_of(2)
    alone = torch.cat([free_run(forecaster, one[None], 9) for one in context])
    torch.testing.assert_close(free_run(forecaster, context, 9), alone, rtol=0, atol=1e-12)


def test_a_run_can_be_gone_on_with():
    forecaster, context = contracting(Network(hidden_size=4), 1), context_of(1)
    with torch.no_grad():
        predictions, state = forecaster(context)
        run = continue_run(forecaster, predictions[:, -1], state, 7)
    assert torch.equal(run, free_run(forecaster, context, 7))


def test_a_run_that_leaves_the_finite_numbers_goes_on():
    forecaster = build(Network(linear_lags=1, residual=False), 1)
    forecaster.linear.weight.fill_(1e30)
    run = free_run(forecaster, torch.ones(1, 2, 1), 5)
    assert run.shape == (1, 5, 1)
    assert not torch.isfinite(run[0, -1])


def test_a_run_keeps_no_graph():
    assert not free_run(contracting(Network(), 1), context_of(1), 3).requires_grad


@pytest.mark.parametrize("steps", [0, -1])
def test_a_run_needs_a_step(steps):
    rule = rf"`steps` must be positive: expected 1 or more, got {steps}\. Ask for one step at least\."
    with pytest.raises(ArgumentError, match=rule):
        free_run(build(Network(), 1), torch.ones(1, 2, 1), steps)
