"""A readout of every step beside a linear filter: torch's own layers and sums written out are the oracle."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ArgumentError
from pendula.nn import CausalFilter, Network, draw_filter
from pendula.nn.kernels import available


def random_filter(cell="gru", *, lags=3, hidden=5, layers=1, seed=0):
    network = Network(cell=cell, hidden_size=hidden, num_layers=layers, linear_lags=lags)
    made = draw_filter(network, 2, 3, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        made.readout.head.weight.normal_(generator=generator)
        made.output_scale.copy_(torch.tensor([0.5, 1.0, 2.0]))
        if made.linear is not None:
            made.linear.weight.normal_(generator=generator)
            made.linear.bias.normal_(generator=generator)
    return made


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_it_is_the_layer_the_head_and_the_sum(cell):
    made = random_filter(cell)
    inputs = torch.randn(2, 9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    layer = kind(2, 5, batch_first=True)
    layer.load_state_dict(made.readout.recurrent.state_dict())
    with torch.no_grad():
        told = made(inputs)
        expected = made.readout.head(layer(inputs.float())[0]).double() * made.output_scale
        for t in range(9):
            for k in range(3):
                if t >= k:
                    expected[:, t] += inputs[:, t - k] @ made.linear.weight[2 * k : 2 * k + 2]
        expected += made.linear.bias
    # The stack runs in float32.
    torch.testing.assert_close(told, expected, rtol=1e-5, atol=1e-5)
    assert told.dtype == torch.float64


def test_before_training_the_linear_path_speaks_alone():
    made = draw_filter(Network(hidden_size=4, linear_lags=1), 1, 1, seed=0)
    made.linear.weight.fill_(3.0)
    inputs = torch.linspace(-1, 1, 7, dtype=torch.float64)[None, :, None]
    assert torch.equal(made(inputs), 3.0 * inputs)


def test_long_series_are_filtered_in_pieces():
    made = random_filter(lags=4)
    inputs = torch.randn(1, 10_000, 2, generator=torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        late = made(inputs)[0, -1]
        padded = torch.cat([inputs.new_zeros(1, 3, 2), inputs], dim=1)
        linear = sum(padded[0, -1 - k] @ made.linear.weight[2 * k : 2 * k + 2] for k in range(4)) + made.linear.bias
        made.linear = None
        torch.testing.assert_close(late, made(inputs)[0, -1] + linear)


@settings(max_examples=25, deadline=None)
@given(
    cell=st.sampled_from(["rnn", "gru", "lstm"]),
    lengths=st.lists(st.integers(1, 12), min_size=2, max_size=5),
    extra=st.integers(0, 4),
    stray=st.sampled_from([0.0, 1e30, float("nan"), float("inf")]),
    seed=st.integers(0, 100),
)
def test_bits_depend_on_neither_padding_nor_company_nor_order(cell, lengths, extra, stray, seed):
    made = random_filter(cell, hidden=7, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randn(length, 2, generator=generator).double() for length in lengths]
    alone = [made(row[None])[0] for row in rows]
    width = max(lengths) + extra
    padded = torch.full((len(rows), width, 2), stray, dtype=torch.float64)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    order = torch.randperm(len(rows), generator=generator)
    with torch.no_grad():
        together = made(padded[order], torch.tensor(lengths)[order])
    for place, number in enumerate(order.tolist()):
        # Torch's products round by the size of the batch; the core's do not.
        within = 0.0 if available() else 1e-4
        torch.testing.assert_close(together[place, : lengths[number]], alone[number].detach(), rtol=within, atol=within)


def test_only_cells_that_are_trained():
    with pytest.raises(ArgumentError, match="`cell` must be one that is trained: expected rnn, gru, lstm, got esn"):
        draw_filter(Network(cell="esn"), 1, 1, seed=0)
    assert isinstance(draw_filter(Network(), 1, 2, seed=0), CausalFilter)
