"""Free runs: a loop that shows the network its whole history anew is the oracle."""

import itertools
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import forward_ad

from pendula.errors import ArgumentError, ShapeError, TooLargeError
from pendula.nn import Network, build, continue_run, free_run, kernels, native_forecaster, rollout

native = pytest.mark.skipif(not kernels.available(), reason="there is no compiled core")
OPTIONS = [
    {"residual": residual, "increments": increments, "linear_lags": lags, "leads": leads}
    for residual, increments, lags, leads in itertools.product([True, False], [True, False], [0, 1, 4], [1, 3])
]
PRECISIONS = list(itertools.product([torch.float32, torch.float64], repeat=2))


def contracting(network, channels, controls=0):
    """Build a forecaster in float64 whose free runs stay bounded."""
    forecaster = build(network, channels, controls, seed=1).double()
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

    def run(*arguments, call=free_run, **options):
        with monkeypatch.context() as patch:
            patch.setattr(rollout, "runs_natively", lambda *_: False)
            return call(*arguments, **options)

    return run


@pytest.fixture
def native_runs(monkeypatch):
    """Count the runs that the core takes."""
    runs, run = [], native_forecaster.NativeForecaster.run
    monkeypatch.setattr(
        native_forecaster.NativeForecaster,
        "run",
        lambda self, *job, **more: (runs.append(job), run(self, *job, **more))[1],
    )
    return runs


@pytest.fixture
def threads():
    """Set the number of threads, and set it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def context_of(columns, *, batch=3, time=6):
    return torch.randn(batch, time, columns, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def ahead_of(controls, *, batch=3, steps=10):
    """Draw the controls beside all forecast values but the last, if there are any."""
    generator = torch.Generator().manual_seed(3)
    rows = torch.randn(batch, steps - 1, controls, generator=generator, dtype=torch.float64)
    return rows if controls else None


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
@pytest.mark.parametrize("controls", [0, 3])
@pytest.mark.parametrize(("weights", "values"), PRECISIONS)
def test_the_core_agrees_with_the_loop(looped, native_runs, cell, options, controls, weights, values):
    forecaster = contracting(Network(cell=cell, hidden_size=5, num_layers=2, **options), 2, controls).to(weights)
    context, ahead = context_of(2 + controls).to(values), ahead_of(controls)
    tolerance = 1e-12 if weights == values == torch.float64 else 1e-5
    run, expected = free_run(forecaster, context, 10, controls=ahead), looped(forecaster, context, 10, controls=ahead)
    assert run.dtype is values
    torch.testing.assert_close(run, expected, rtol=tolerance, atol=tolerance)
    with torch.no_grad():
        predictions, state = forecaster(context)
        start = (forecaster, predictions[:, -1], state, 10)
        went_on = continue_run(*start, controls=ahead)
        expected = looped(*start, call=continue_run, controls=ahead)
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
    channels, controls, batch = draw(1, 6), draw(0, 3), draw(1, 9)
    forecaster, context = (
        contracting(network, channels, controls),
        context_of(channels + controls, batch=batch, time=draw(1, 12)),
    )
    steps = draw(1, 8)
    ahead = ahead_of(controls, batch=batch, steps=steps)
    run = free_run(forecaster, context, steps, controls=ahead)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout, "runs_natively", lambda *_: False)
        torch.testing.assert_close(run, free_run(forecaster, context, steps, controls=ahead), rtol=1e-11, atol=1e-11)


@native
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("controls", [0, 2])
def test_neither_company_nor_threads_nor_layout_change_a_bit(threads, cell, dtype, controls):
    network = Network(cell=cell, hidden_size=37, num_layers=2, leads=2, linear_lags=3, residual=False)
    forecaster, context = contracting(network, 2, controls).to(dtype), context_of(2 + controls, batch=131, time=9)
    ahead = ahead_of(controls, batch=131, steps=41)

    def runs(choose):
        return free_run(forecaster, choose(context), 41, controls=None if ahead is None else choose(ahead))

    threads(2)
    run = runs(lambda rows: rows)
    assert run.isfinite().all()
    assert torch.equal(runs(lambda rows: rows), run)
    assert torch.equal(runs(lambda rows: rows.transpose(0, 1).contiguous().transpose(0, 1)), run)
    for count in (1, 2, 3, 5, 7, 50):
        assert torch.equal(runs(lambda rows, count=count: rows[:count]), run[:count])
    order = torch.randperm(131, generator=torch.Generator().manual_seed(0))
    assert torch.equal(runs(lambda rows: rows[order]), run[order])
    for count in (1, 3):
        threads(count)
        assert torch.equal(runs(lambda rows: rows), run)


@native
@pytest.mark.parametrize("leads", [1, 3])
@pytest.mark.parametrize("controls", [0, 2])
def test_a_long_run_in_several_calls_has_the_bits_of_one(monkeypatch, leads, controls):
    network = Network(cell="lstm", hidden_size=6, num_layers=2, leads=leads, linear_lags=5, residual=False)
    forecaster, context, ahead = (
        contracting(network, 2, controls),
        context_of(2 + controls),
        ahead_of(controls, steps=20),
    )
    run = free_run(forecaster, context, 20, controls=ahead)
    monkeypatch.setattr(native_forecaster, "PRODUCTS_PER_CALL", 1)
    assert torch.equal(free_run(forecaster, context, 20, controls=ahead), run)


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
    with pytest.raises(RuntimeError):
        free_run(build(Network(hidden_size=4), 2, 2), torch.zeros(1, 4, 3), 3, controls=torch.zeros(1, 2, 2))


@pytest.mark.parametrize("shape", [None, (3, 8, 2), (2, 9, 2), (3, 9, 1), (3, 9), (0,)])
@pytest.mark.parametrize("leads", [1, 3])
def test_controls_are_those_of_every_start_and_step(unchecked, shape, leads):
    forecaster, context = contracting(Network(hidden_size=4, leads=leads, linear_lags=2), 1, 2), context_of(3)
    rule = (
        r"`controls` must hold what stands beside the values that are handed on: expected shape \(3, 9 or more, 2\), "
        rf"got {'none' if shape is None else re.escape(str(shape))}\. Give a row for each step but the last\."
    )
    controls = None if shape is None else torch.zeros(shape)
    with pytest.raises(ShapeError, match=rule):
        free_run(forecaster, context, 10, controls=controls)
    with torch.no_grad():
        predictions, state = forecaster(context)
        with pytest.raises(ShapeError, match=rule):
            continue_run(forecaster, predictions[:, -1], state, 10, controls=controls)
    assert free_run(forecaster, context, leads).shape == (3, leads, 1)


def test_controls_go_with_forecasters_that_have_them():
    rule = (
        r"`controls` must be left out for a forecaster that has none: got shape \(3, 9, 2\)\. Build one under controls"
    )
    with pytest.raises(ArgumentError, match=rule):
        free_run(contracting(Network(hidden_size=4), 1), context_of(1), 10, controls=ahead_of(2))


@native
def test_controls_are_read_in_whatever_layout_and_precision(looped):
    forecaster, context, one = (
        contracting(Network(hidden_size=4, linear_lags=2), 1, 2),
        context_of(3),
        ahead_of(2, batch=1),
    )
    shared = one.float().mT.contiguous().mT.expand(3, -1, -1)  # a plan that all starts share, in memory once
    expected = looped(forecaster, context, 10, controls=shared.double().contiguous())
    torch.testing.assert_close(free_run(forecaster, context, 10, controls=shared), expected, rtol=0, atol=1e-12)


@native
def test_a_run_that_does_not_fit_in_memory_is_refused_before_anything_is_allocated():
    with pytest.raises(TooLargeError, match=r"for 1000 free runs of 1000000000000 steps"):
        free_run(build(Network(hidden_size=4), 1), torch.zeros(1000, 4, 1), 10**12)
