"""Free runs: a loop that shows the network its whole history anew is the oracle."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import forward_ad

from pendula.errors import ArgumentError, TooLargeError
from pendula.nn import Network, build, continue_run, free_run, kernels, native_forecaster, rollout

native = pytest.mark.skipif(not kernels.available(), reason="there is no compiled core")
OPTIONS = [
    {"residual": residual, "increments": increments, "linear_lags": lags, "leads": leads}
    for residual, increments, lags, leads in itertools.product([True, False], [True, False], [0, 1, 4], [1, 3])
]
PRECISIONS = list(itertools.product([torch.float32, torch.float64], repeat=2))


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
            forecaster.linear.bias.copy_(torch.linspace(0.01, 0.02, shape[1], dtype=torch.float64))
        forecaster.output_scale.copy_(torch.linspace(0.5, 0.9, forecaster.output_scale.numel()).reshape(-1, channels))
        forecaster.increment_scale.copy_(torch.linspace(0.7, 1.3, channels))
    return forecaster


@pytest.fixture
def looped(monkeypatch):
    """Run by the loop over torch's operations."""

    def run(*arguments, call=free_run):
        with monkeypatch.context() as patch:
            patch.setattr(rollout, "runs_natively", lambda *_: False)
            return call(*arguments)

    return run


@pytest.fixture
def native_runs(monkeypatch):
    """Count the runs that the core takes."""
    runs, run = [], native_forecaster.NativeForecaster.run
    monkeypatch.setattr(
        native_forecaster.NativeForecaster, "run", lambda self, *rest: (runs.append(rest), run(self, *rest))[1]
    )
    return runs


@pytest.fixture
def threads():
    """Set the number of threads, and set it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def context_of(channels, *, batch=3, time=6):
    return torch.randn(batch, time, channels, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("leads", [1, 3])
@pytest.mark.parametrize("lags", [0, 4])
@pytest.mark.parametrize("loop", [True, False])
def test_a_free_run_equals_showing_the_whole_history_anew(oracle, looped, cell, leads, lags, loop):
    network = Network(cell=cell, hidden_size=5, num_layers=2, leads=leads, linear_lags=lags, residual=lags == 0)
    forecaster, context = contracting(network, 2), context_of(2)
    run = looped(forecaster, context, 20) if loop else free_run(forecaster, context, 20)
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
    torch.testing.assert_close(run, free_run(forecaster, context, 7), rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_going_on_gives_the_given_block_first(steps):
    forecaster, context = contracting(Network(hidden_size=4, leads=3), 1), context_of(1)
    with torch.no_grad():
        predictions, state = forecaster(context)
        run = continue_run(forecaster, predictions[:, -1], state, steps)
    assert run.shape == (3, steps, 1)
    assert torch.equal(run[:, :3], predictions[:, -1, :steps])


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


@native
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("weights", "values"), PRECISIONS)
def test_the_core_agrees_with_the_loop(looped, native_runs, cell, options, weights, values):
    forecaster = contracting(Network(cell=cell, hidden_size=5, num_layers=2, **options), 2).to(weights)
    context = context_of(2).to(values)
    tolerance = 1e-12 if weights == values == torch.float64 else 1e-5
    run = free_run(forecaster, context, 10)
    assert run.dtype is values
    torch.testing.assert_close(run, looped(forecaster, context, 10), rtol=tolerance, atol=tolerance)
    with torch.no_grad():
        predictions, state = forecaster(context)
        start = (forecaster, predictions[:, -1], state, 10)
        went_on, expected = continue_run(*start), looped(*start, call=continue_run)
    torch.testing.assert_close(went_on, expected, rtol=tolerance, atol=tolerance)
    assert len(native_runs) == 2


@native
@given(st.data())
def test_the_core_agrees_with_the_loop_whatever_the_sizes(data):
    draw = lambda low, high: data.draw(st.integers(low, high))  # noqa: E731
    network = Network(
        cell=data.draw(st.sampled_from(["rnn", "gru", "lstm"])),
        hidden_size=draw(1, 40),
        num_layers=draw(1, 3),
        leads=draw(1, 5),
        linear_lags=draw(0, 20),
        residual=False,
    )
    channels = draw(1, 6)
    forecaster, context = contracting(network, channels), context_of(channels, batch=draw(1, 9), time=draw(1, 12))
    run = free_run(forecaster, context, 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout, "runs_natively", lambda *_: False)
        torch.testing.assert_close(run, free_run(forecaster, context, 6), rtol=1e-11, atol=1e-11)


@native
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_neither_company_nor_threads_nor_layout_change_a_bit(threads, cell, dtype):
    network = Network(cell=cell, hidden_size=37, num_layers=2, leads=2, linear_lags=3, residual=False)
    forecaster, context = contracting(network, 2).to(dtype), context_of(2, batch=131, time=9)
    threads(2)
    run = free_run(forecaster, context, 41)
    assert run.isfinite().all()
    assert torch.equal(free_run(forecaster, context, 41), run)
    assert torch.equal(free_run(forecaster, context.transpose(0, 1).contiguous().transpose(0, 1), 41), run)
    for count in (1, 2, 3, 5, 7, 50):
        assert torch.equal(free_run(forecaster, context[:count], 41), run[:count])
    order = torch.randperm(131, generator=torch.Generator().manual_seed(0))
    assert torch.equal(free_run(forecaster, context[order], 41), run[order])
    for count in (1, 3):
        threads(count)
        assert torch.equal(free_run(forecaster, context, 41), run)


@native
@pytest.mark.parametrize("leads", [1, 3])
def test_a_long_run_in_several_calls_has_the_bits_of_one(monkeypatch, leads):
    network = Network(cell="lstm", hidden_size=6, num_layers=2, leads=leads, linear_lags=5, residual=False)
    forecaster, context = contracting(network, 2), context_of(2)
    run = free_run(forecaster, context, 20)
    monkeypatch.setattr(native_forecaster, "PRODUCTS_PER_CALL", 1)
    assert torch.equal(free_run(forecaster, context, 20), run)


@native
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e300, 1e-310])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_extreme_values_go_on_as_in_torch(looped, cell, value):
    forecaster = contracting(Network(cell=cell, hidden_size=4, num_layers=2, linear_lags=2), 2)
    context = context_of(2)
    context[1, 3, 0] = value
    run, expected = free_run(forecaster, context, 8), looped(forecaster, context, 8)
    torch.testing.assert_close(run, expected, rtol=1e-10, atol=1e-12, equal_nan=True)
    assert run[[0, 2]].isfinite().all()


@native
def test_a_single_precision_run_overflows_as_in_torch(looped):
    forecaster = build(Network(linear_lags=1, residual=False), 1)
    forecaster.linear.weight.fill_(-1e30)
    run = free_run(forecaster, torch.ones(1, 2, 1), 5)
    torch.testing.assert_close(run, looped(forecaster, torch.ones(1, 2, 1), 5), equal_nan=True)
    assert run[0, 1, 0] == math.inf


@native
def test_parameters_need_not_be_contiguous(looped):
    forecaster, context = contracting(Network(hidden_size=4, linear_lags=3, residual=False), 2), context_of(2)
    with torch.no_grad():
        for parameter in forecaster.parameters():
            if parameter.dim() == 2:
                parameter.set_(parameter.t().contiguous().t())
        forecaster.head.bias.set_(torch.stack([forecaster.head.bias.detach()] * 2, dim=1)[:, 0])
    torch.testing.assert_close(free_run(forecaster, context, 5), looped(forecaster, context, 5), rtol=0, atol=1e-12)


@native
def test_the_weights_of_the_moment_are_taken():
    forecaster, context = contracting(Network(hidden_size=4), 1), context_of(1)
    before = free_run(forecaster, context, 5)
    with torch.no_grad():
        forecaster.head.weight.mul_(2)
    assert not torch.equal(free_run(forecaster, context, 5), before)


def test_dropout_acts_where_the_network_is_left_in_training(native_runs):
    forecaster = contracting(Network(hidden_size=8, num_layers=2, dropout=0.5), 1).train()
    context = context_of(1)
    assert not torch.equal(free_run(forecaster, context, 5), free_run(forecaster, context, 5))
    assert not native_runs
    forecaster.eval()
    assert torch.equal(free_run(forecaster, context, 5), free_run(forecaster, context, 5))


def test_hooks_see_every_step(native_runs):
    forecaster, seen = contracting(Network(hidden_size=4), 1), []
    forecaster.recurrent.register_forward_hook(lambda *_: seen.append(1))
    free_run(forecaster, context_of(1), 5)
    assert len(seen) == 5
    assert not native_runs


def test_automatic_casts_are_left_to_torch(native_runs):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        free_run(contracting(Network(hidden_size=4), 1).float(), context_of(1).float(), 3)
    assert not native_runs


def test_gradients_flow_through_a_run_that_is_gone_on_with(native_runs):
    forecaster, context = contracting(Network(hidden_size=4), 1), context_of(1).requires_grad_()
    predictions, state = forecaster(context)
    continue_run(forecaster, predictions[:, -1], state, 4)[:, -1].sum().backward()
    assert (context.grad.abs() > 0).all()
    assert not native_runs


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")  # torch's own, when it first goes forward
def test_forward_derivatives_flow_through_a_run(native_runs):
    forecaster, context = contracting(Network(hidden_size=4, linear_lags=3, residual=False), 1), context_of(1)
    direction, step = torch.ones_like(context), 1e-6
    with forward_ad.dual_level():
        run = forward_ad.unpack_dual(free_run(forecaster, forward_ad.make_dual(context, direction), 4))
    assert not native_runs
    there, back = (free_run(forecaster, context + sign * step * direction, 4) for sign in (1, -1))
    torch.testing.assert_close(run.tangent, (there - back) / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_other_precisions_run_in_torch(native_runs, dtype):
    run = free_run(contracting(Network(hidden_size=4), 1).to(dtype), context_of(1), 3)
    assert run.isfinite().all()
    assert not native_runs


def test_no_start_gives_no_run():
    assert free_run(build(Network(hidden_size=4), 2), torch.zeros(0, 4, 2), 3).shape == (0, 3, 2)


def test_a_context_of_other_channels_is_refused():
    with pytest.raises(RuntimeError):
        free_run(build(Network(hidden_size=4), 2), torch.zeros(1, 4, 3), 3)


@native
def test_a_run_that_does_not_fit_in_memory_is_refused_before_anything_is_allocated():
    with pytest.raises(TooLargeError, match=r"for 1000 free runs of 1000000000000 steps"):
        free_run(build(Network(hidden_size=4), 1), torch.zeros(1000, 4, 1), 10**12)
