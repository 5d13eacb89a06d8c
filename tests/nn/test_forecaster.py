"""The forecaster: its equation against a slow twin, its state, its random numbers."""

import copy
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.nn import Forecaster, ForecasterState, Network, build, detach

COMBINATIONS = [
    {"residual": residual, "increments": increments, "linear_lags": lags, "leads": leads}
    for residual, increments, lags, leads in itertools.product([True, False], [True, False], [0, 4], [1, 3])
]


def randomized(network, channels, *, seed=0):
    """Build a forecaster in float64 in which nothing is 0 or 1."""
    forecaster = build(network, channels, seed=seed).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in itertools.chain(forecaster.head.parameters(), forecaster.buffers()):
            tensor.copy_(0.3 * torch.randn(tensor.shape, generator=generator, dtype=torch.float64))
        forecaster.increment_scale.abs_().add_(0.1)
    return forecaster


def series_of(channels, *, batch=2, time=8, seed=0):
    return torch.randn(batch, time, channels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("options", COMBINATIONS)
def test_the_equation(oracle, cell, options):
    forecaster = randomized(Network(cell=cell, hidden_size=5, num_layers=2, **options), 2)
    series = series_of(2)
    predictions, _ = forecaster(series)
    assert predictions.shape == (2, 8, options["leads"], 2)
    for got, values in zip(predictions.detach().numpy(), series.numpy(), strict=True):
        np.testing.assert_allclose(got, oracle.predict(forecaster, values), rtol=0, atol=1e-12)


@given(st.sampled_from(["rnn", "gru", "lstm"]), st.sampled_from(COMBINATIONS), st.lists(st.integers(1, 7), max_size=3))
def test_splitting_a_series_anywhere_gives_the_same(cell, options, cuts):
    forecaster = randomized(Network(cell=cell, hidden_size=4, **options), 2)
    series = series_of(2)
    bounds = [0, *sorted(set(cuts)), 8]
    with torch.no_grad():
        whole, end = forecaster(series)
        state, parts = None, []
        for start, stop in itertools.pairwise(bounds):
            part, state = forecaster(series[:, start:stop], state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(tensors(state), tensors(end), rtol=0, atol=1e-12)


def tensors(state):
    hidden = state.hidden if isinstance(state.hidden, tuple) else (state.hidden,)
    return [part for part in (*hidden, state.last, state.past) if part is not None]


@pytest.mark.parametrize("options", COMBINATIONS[::3])
def test_the_series_of_a_batch_do_not_see_each_other(options):
    forecaster = randomized(Network(hidden_size=4, **options), 2)
    series = series_of(2, batch=3)
    together, _ = forecaster(series)
    alone = torch.cat([forecaster(one[None])[0] for one in series])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)


def test_no_prediction_sees_what_comes_later():
    forecaster = randomized(Network(hidden_size=4, linear_lags=3, leads=2), 1)
    series = series_of(1).requires_grad_()
    forecaster(series)[0][:, 4].sum().backward()
    assert torch.all(series.grad[:, 5:] == 0)
    assert torch.all(series.grad[:, :5] != 0)


@pytest.mark.parametrize("leads", [1, 3])
def test_an_untrained_residual_network_says_the_same_as_now(leads):
    series = series_of(2).float()
    predictions, _ = build(Network(leads=leads), 2)(series)
    assert torch.equal(predictions, series[:, :, None].expand(-1, -1, leads, -1))


def test_an_untrained_plain_network_has_a_drawn_head():
    assert build(Network(residual=False), 1).head.weight.abs().min() > 0


def test_building_is_seeded_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (build(Network(residual=False), 1, seed=seed) for seed in (7, 7, 8))
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    assert not torch.equal(first.recurrent.weight_hh_l0, other.recurrent.weight_hh_l0)
    torch.manual_seed(99)
    assert torch.equal(build(Network(residual=False), 1, seed=7).head.weight, first.head.weight)


def test_a_built_network_is_single_precision_on_the_processor():
    forecaster = build(Network(linear_lags=2), 3)
    assert isinstance(forecaster, Forecaster)
    assert {(p.dtype, p.device.type) for p in forecaster.parameters()} == {(torch.float32, "cpu")}


def test_a_network_needs_a_channel():
    with pytest.raises(
        ArgumentError, match=r"`channels` must be positive: expected 1 or more, got 0\. Name a target\."
    ):
        build(Network(), 0)


def test_dropout_acts_between_layers_and_only_while_training():
    forecaster = randomized(Network(hidden_size=8, num_layers=2, dropout=0.5), 1)
    series = series_of(1)
    assert not torch.equal(forecaster.train()(series)[0], forecaster(series)[0])
    assert torch.equal(forecaster.eval()(series)[0], forecaster(series)[0])


def test_a_deep_copy_is_equal_and_apart():
    forecaster = randomized(Network(hidden_size=4, linear_lags=2), 1)
    twin, series = copy.deepcopy(forecaster), series_of(1)
    assert torch.equal(twin(series)[0], forecaster(series)[0])
    twin.linear.weight.zero_()
    assert not torch.equal(twin(series)[0], forecaster(series)[0])


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("lags", [0, 3])
def test_detaching_keeps_the_values_and_cuts_the_graph(cell, lags):
    forecaster = randomized(Network(cell=cell, hidden_size=4, linear_lags=lags), 1)
    _, state = forecaster(series_of(1).requires_grad_())
    cut = detach(state)
    for before, after in zip(tensors(state), tensors(cut), strict=True):
        assert torch.equal(before, after)
        assert not after.requires_grad
    assert any(part.requires_grad for part in tensors(state))


def test_detaching_nothing_gives_nothing():
    assert detach(ForecasterState(None, None, None)) == ForecasterState(None, None, None)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_double_series_keeps_its_digits_in_a_single_precision_network(oracle, cell):
    # Values of 1e6 that change by 1e-3: single precision could not tell them apart.
    exact = randomized(Network(cell=cell, hidden_size=4, linear_lags=3), 1)
    exact.linear.weight.copy_(torch.tensor([[1.0], [-2.0], [1.0]]))
    exact.output_scale.fill_(1e-3)
    exact.increment_scale.fill_(1e-3)
    series = 1e6 + 1e-3 * series_of(1)
    with torch.no_grad():
        exact.recurrent.weight_ih_l0[:, 0] = 0  # the stack sees the increments alone
    single = copy.deepcopy(exact).float()
    predictions, state = single(series)
    assert predictions.dtype == state.last.dtype == state.past.dtype == torch.float64
    assert {parameter.dtype for parameter in single.parameters()} == {torch.float32}
    for got, values in zip(predictions.detach().numpy(), series.numpy(), strict=True):
        # The first steps of the path reach back into the zeros before the series.
        np.testing.assert_allclose(got[2:], oracle.predict(exact, values)[2:], rtol=0, atol=1e-8)


def test_a_single_precision_series_stays_single():
    predictions, state = build(Network(linear_lags=2), 1)(series_of(1).float())
    assert predictions.dtype == state.last.dtype == torch.float32
