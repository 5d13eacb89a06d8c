"""The flow of gradients: autograd over a stack unrolled cell by cell is the oracle."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from pendula.dynamics import Flow, forecast_flow, gradient_flow
from pendula.errors import ShapeError
from pendula.nn import GRU, LSTM, RNN, Network, build
from pendula.nn.textbook import Parameters, backward, forward
from pendula.training import Objective

KINDS = {"rnn": RNN, "gru": nn.GRU, "lstm": LSTM}
STEPS = 6


def drawn(kind, *, layers=2, batch=3, hidden=4):
    torch.manual_seed(1)
    layer = KINDS[kind](2, hidden, layers, dtype=torch.float64)
    for weight in layer.parameters():
        weight.data.mul_(1.5)
    h, c = torch.randn(2, layers, batch, hidden, dtype=torch.float64)
    state = (h, c) if kind == "lstm" else h
    return layer, torch.randn(batch, STEPS, 2), torch.randn(batch, hidden, dtype=torch.float64), state


def by_lag(nodes, total):
    """Norms of autograd's gradients by the states after each step, the last step first: [sequence, lag]."""
    found = torch.autograd.grad(total, nodes[:0:-1], retain_graph=True, allow_unused=True)
    zeros = torch.zeros_like(nodes[0])
    return np.stack([(zeros if each is None else each).norm(dim=1).numpy() for each in found], axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_norms_are_those_of_autograd_in_every_layer(oracle, kind):
    layer, inputs, error, state = drawn(kind)
    flow = gradient_flow(layer, inputs, error, state=state)
    _, hs, cs = oracle.unroll(layer, inputs, state)
    total = (hs[-1][-1] * error).sum()
    for k in range(2):
        np.testing.assert_allclose(flow.norms[k], by_lag(hs[k], total), rtol=1e-11)
        if kind == "lstm":
            np.testing.assert_allclose(np.exp(flow.log_cell_norms[k]), by_lag(cs[k], total), rtol=1e-11)
    assert (flow.log_cell_norms is None) == (kind != "lstm")


@pytest.mark.parametrize("kind", KINDS)
def test_every_lag_contributes_what_weights_of_its_own_would_get(oracle, kind):
    layer, inputs, error, state = drawn(kind)
    flow = gradient_flow(layer, inputs, error, state=state)
    cells, hs, _ = oracle.unroll(layer, inputs, state)
    mean = (hs[-1][-1] * error).sum() / len(inputs)
    for k in range(2):
        for lag in range(STEPS):
            found = torch.autograd.grad(mean, list(cells[k][-1 - lag].parameters()), retain_graph=True)
            norm = math.sqrt(sum(float(each.square().sum()) for each in found))
            assert math.exp(flow.log_contributions[k, lag]) == pytest.approx(norm, rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_all_lags_together_are_the_gradient_of_the_layer(kind):
    layer, inputs, error, state = drawn(kind)
    flow = gradient_flow(layer, inputs, error, state=state)
    _, last = layer(inputs.double().transpose(0, 1), state)
    h = last[0] if kind == "lstm" else last
    found = torch.autograd.grad((h[-1] * error).sum() / len(inputs), list(layer.parameters()))
    assert flow.gradient_norm == pytest.approx(math.sqrt(sum(float(each.square().sum()) for each in found)), rel=1e-12)


def test_the_textbooks_gradients_by_the_states_have_these_norms():
    layer, inputs, _, _ = drawn("rnn", layers=1, batch=1)
    U, W, b_ih, b_hh = (each.detach().numpy() for each in layer.parameters())
    V, x, last = np.random.default_rng(0).normal(size=(2, 4)), inputs[0].double().numpy(), np.eye(STEPS)[-1]
    parameters = Parameters(U, W, V, b_ih + b_hh, np.zeros(2))
    activities = forward(parameters, x)
    textbook = backward(parameters, x, activities, np.ones((STEPS, 2)), scored=last)
    flow = gradient_flow(layer, inputs, torch.from_numpy(textbook.h[-1:]))
    np.testing.assert_allclose(flow.norms[0, 0], np.linalg.norm(textbook.h, axis=1)[::-1], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_error_is_twice_every_norm_to_the_last_bits(kind):
    layer, inputs, error, _ = drawn(kind)
    once, twice = (gradient_flow(layer, inputs, factor * error) for factor in (1, 2))
    # The passes differ in exponents of two alone; the logarithm's own rounding is left.
    np.testing.assert_allclose(twice.log_norms - once.log_norms, math.log(2), rtol=0, atol=1e-14)
    assert twice.gradient_norm == pytest.approx(2 * once.gradient_norm, rel=1e-14)


@pytest.mark.parametrize(("factor", "flow"), [(0.01, Flow.VANISHING), (1.0, Flow.HEALTHY), (100.0, Flow.EXPLODING)])
def test_norms_beyond_float64_are_measured(factor, flow):
    layer = RNN(1, 2, bias=False)
    layer.weight_hh_l0.data.copy_(factor * torch.eye(2))
    rate = math.log(np.float32(factor))  # the weights are float32
    found = gradient_flow(layer, torch.zeros(1, 200, 1), torch.ones(1, 2))  # at rest: W at every step
    np.testing.assert_allclose(found.log_norms[0, 0], 0.5 * math.log(2) + rate * np.arange(200), rtol=1e-12)
    decay = found.decay()
    assert (decay.flow, decay.lags) == (flow, 199)
    assert decay.rate == pytest.approx(rate, abs=1e-12)


def test_a_sequence_without_error_is_silent_and_the_others_are_not():
    layer, inputs, error, _ = drawn("gru")
    error[1] = 0.0
    flow = gradient_flow(layer, inputs, error)
    alone = gradient_flow(layer, inputs[:1], error[:1])
    assert np.isneginf(flow.log_norms[:, 1]).all()
    np.testing.assert_allclose(flow.log_norms[:, 0], alone.log_norms[:, 0], rtol=0, atol=1e-13)
    assert np.isfinite(flow.log_contributions).all()


def test_clipping_multiplies_all_lags_alike():
    layer, inputs, error, _ = drawn("rnn")
    flow = gradient_flow(layer, inputs, error)
    clip_norm = flow.gradient_norm / 4
    factor = flow.clipping_factor(clip_norm)
    clipped = gradient_flow(layer, inputs, factor * error)
    assert clipped.gradient_norm == pytest.approx(clip_norm, rel=1e-13)
    np.testing.assert_allclose(clipped.norms / flow.norms, 0.25, rtol=1e-12)
    assert flow.clipping_factor(2 * flow.gradient_norm) == 1.0
    assert gradient_flow(layer, inputs, 0 * error).clipping_factor(1.0) == 1.0


def test_typical_norms_are_geometric_means():
    layer, inputs, error, _ = drawn("gru")
    flow = gradient_flow(layer, inputs, error)
    expected = flow.norms.prod(axis=1) ** (1 / 3)
    np.testing.assert_allclose(np.exp(flow.typical_log_norms), expected, rtol=1e-12)
    error[0] = 0.0  # this sequence has no gradient, and does not count
    expected = flow.norms[:, 1:].prod(axis=1) ** (1 / 2)
    np.testing.assert_allclose(np.exp(gradient_flow(layer, inputs, error).typical_log_norms), expected, rtol=1e-12)
    assert np.isneginf(gradient_flow(layer, inputs, 0 * error).typical_log_norms).all()


NETWORKS = [
    Network(cell="rnn", hidden_size=5, linear_lags=3),
    Network(cell="gru", hidden_size=5, num_layers=2, leads=2, increments=False),
    Network(cell="lstm", hidden_size=5, residual=False),
]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.cell)
def test_a_forecasters_flow_is_that_of_its_training_loss(network):
    forecaster = build(network, 2, seed=3)
    torch.manual_seed(0)
    nn.init.normal_(forecaster.head.weight)
    forecaster.output_scale.copy_(torch.rand(network.leads, 2) + 0.5)
    pieces = torch.randn(4, 7 + network.leads, 2)
    flow = forecast_flow(forecaster, pieces)
    twin = copy.deepcopy(forecaster).double()
    objective = Objective(
        window=7, loss="last", washout=0, horizon=1, teacher_forcing=0.0, input_noise=0.0, generator=torch.Generator()
    )
    loss, _ = objective(twin, pieces.double())
    found = torch.autograd.grad(loss, list(twin.recurrent.parameters()))
    assert flow.gradient_norm == pytest.approx(math.sqrt(sum(float(each.square().sum()) for each in found)), rel=1e-11)
    # By the last state: the head carries back 2 (error / scale) / numbers, once for the mean and once for the scale.
    predictions, _ = twin(pieces[:, :7].double())
    errors = (predictions[:, -1] - pieces[:, 7:].double()) / twin.output_scale
    by_output = (2 * errors / errors[0].numel()).flatten(1)  # the scale of the output cancels one of the two
    expected = (by_output @ twin.head.weight).norm(dim=1).detach().numpy()
    np.testing.assert_allclose(flow.norms[-1, :, 0], expected, rtol=1e-11)


def test_a_forecaster_is_left_as_it_was():
    forecaster = build(Network(cell="gru", hidden_size=4, num_layers=2, dropout=0.5), 1).train()
    nn.init.ones_(forecaster.head.weight)
    before, random = copy.deepcopy(forecaster.state_dict()), torch.get_rng_state()
    pieces = torch.randn(3, 8, 1, generator=torch.Generator().manual_seed(0))
    first, second = forecast_flow(forecaster, pieces), forecast_flow(forecaster.eval(), pieces)
    assert np.array_equal(first.log_norms, second.log_norms)  # dropout is left out
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[name]) for name, value in forecaster.state_dict().items())
    assert all(weight.grad is None for weight in forecaster.parameters())
    assert not forecaster.recurrent._forward_hooks


def test_the_flow_can_be_measured_where_gradients_are_off():
    forecaster = build(Network(cell="rnn", hidden_size=4, residual=False), 1)
    pieces = torch.randn(3, 8, 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        off = forecast_flow(forecaster, pieces)
    assert np.array_equal(off.log_norms, forecast_flow(forecaster, pieces).log_norms)


def test_what_does_not_fit_is_named(unchecked):
    with pytest.raises(
        ShapeError, match=r"`error` must hold .*: expected shape \(1, 3\), got \(2, 3\)\. Check its axes"
    ):
        gradient_flow(GRU(1, 3), torch.zeros(1, 4, 1), torch.zeros(2, 3))
    with pytest.raises(ShapeError, match=r"`pieces` must hold inputs and 2 values after them: .* got 2\. Cut longer"):
        forecast_flow(build(Network(leads=2), 1), torch.zeros(1, 2, 1))
