"""Products of Jacobians: autograd through many steps and closed forms are the oracles."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from pendula.dynamics import gradient_flow, jacobian_products
from pendula.errors import ArgumentError
from pendula.nn import GRU, LSTM, RNN

KINDS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}
STEPS = 5


def drawn(kind):
    torch.manual_seed(2)
    layer = KINDS[kind](2, 3, 2, dtype=torch.float64)
    for weight in layer.parameters():
        weight.data.mul_(2.0)
    return layer, torch.randn(2, STEPS, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_singular_values_are_those_of_autograds_product(oracle, kind):
    layer, inputs = drawn(kind)
    products = jacobian_products(layer, inputs, lags=[1, 3, STEPS])
    for at, lag in enumerate((1, 3, STEPS)):
        # The last steps alone, from the state before them.
        state = layer(inputs[:, : STEPS - lag].double().transpose(0, 1))[1] if lag < STEPS else None
        _, lower, _ = oracle.unroll(layer, inputs)
        for k in range(2):
            for sequence in range(2):
                rows = inputs.double() if k == 0 else torch.stack(lower[0][1:], dim=1).detach()
                matrix = _jacobian(oracle, layer, k, rows[sequence, STEPS - lag :], state, sequence)
                expected = torch.linalg.svdvals(matrix).numpy()
                got = np.exp(products.log_singular_values[k, sequence, at])
                np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12 * expected[0])
                rms = math.sqrt(np.mean(expected**2))
                assert math.exp(products.log_rms[k, sequence, lag]) == pytest.approx(rms, rel=1e-11)


def _jacobian(oracle, layer, k, rows, state, sequence):
    cell = oracle.cell_of(layer, k)
    is_lstm = layer.mode == "LSTM"
    zero = torch.zeros(3, dtype=torch.float64)
    if state is None:
        first = torch.cat([zero, zero]) if is_lstm else zero
    else:
        first = torch.cat([part[k, sequence] for part in state]) if is_lstm else state[k, sequence]

    def run(s):
        for x in rows:
            s = torch.cat(cell(x, (s[:3], s[3:]))) if is_lstm else cell(x, s)
        return s

    return torch.autograd.functional.jacobian(run, first.detach())


def test_a_product_carries_the_gradients_back():
    _, inputs = drawn("rnn")
    layer = RNN(2, 3, dtype=torch.float64)
    products = jacobian_products(layer, inputs, lags=range(STEPS))
    # Over all directions of the error, the mean square of the norm is that of the singular values.
    flows = [gradient_flow(layer, inputs, row.expand(2, 3)) for row in torch.eye(3, dtype=torch.float64)]
    squares = np.mean([np.exp(2 * flow.log_norms[0]) for flow in flows], axis=0)
    np.testing.assert_allclose(np.exp(2 * products.log_rms[0]), squares, rtol=1e-11)


def test_at_rest_products_are_powers_of_the_recurrent_matrix():
    layer = nn.RNN(1, 4, bias=False, dtype=torch.float64)
    products = jacobian_products(layer, torch.zeros(1, 40, 1), lags=[0, 7, 40])
    for at, lag in enumerate((0, 7, 40)):
        power = np.linalg.matrix_power(layer.weight_hh_l0.detach().numpy(), lag)
        expected = np.linalg.svd(power, compute_uv=False)
        np.testing.assert_allclose(np.exp(products.log_singular_values[0, 0, at]), expected, atol=1e-12 * expected[0])


def test_an_orthogonal_matrix_at_rest_keeps_every_direction():
    layer = nn.RNN(1, 6, bias=False, dtype=torch.float64)
    nn.init.orthogonal_(layer.weight_hh_l0)
    products = jacobian_products(layer, torch.zeros(1, 300, 1))
    assert np.abs(products.log_singular_values).max() < 1e-10
    assert products.decay().flow.name == "HEALTHY"
    assert products.lags[0] == 0
    assert products.lags[-1] == 300


def test_the_state_of_the_lstm_is_h_and_c_together():
    layer, inputs = drawn("lstm")
    assert jacobian_products(layer, inputs).log_singular_values.shape[-1] == 6


def test_products_beyond_float64_are_measured():
    layer = RNN(1, 2, bias=False)
    layer.weight_hh_l0.data.copy_(torch.diag(torch.tensor([2.0**-10, 2.0**-5])))
    products = jacobian_products(layer, torch.zeros(1, 250, 1), lags=[20, 250])
    np.testing.assert_allclose(
        products.log_singular_values[0, 0, 0], -100 * math.log(2) * np.array([1.0, 2.0]), rtol=1e-13
    )
    assert products.log_singular_values[0, 0, 1, 0] == pytest.approx(-1250 * math.log(2), rel=1e-13)


@pytest.mark.parametrize(("lags", "named"), [([6], "6"), ([-1, 2], "-1, 2"), ([], "none")])
def test_lags_lie_within_the_sequences(lags, named):
    with pytest.raises(ArgumentError, match=rf"`lags` must lie within .*: expected numbers from 0 to 5, got {named}\."):
        jacobian_products(RNN(1, 2), torch.zeros(1, 5, 1), lags=lags)
