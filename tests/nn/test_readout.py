"""Readouts: torch's own layers, run on each sequence alone, are the oracle."""

import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError
from pendula.nn import GRU, LSTM, RNN, Readout

CELLS = {"rnn_tanh": RNN, "gru": GRU, "lstm": LSTM}
OF_TORCH = {RNN: nn.RNN, GRU: nn.GRU, LSTM: nn.LSTM}


def drawn(kind, *, num_layers=2, **options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = kind(2, 3, num_layers, batch_first=True, dtype=torch.float64)
        readout = Readout(layer, nn.Linear(3, 4, dtype=torch.float64), **options)
        return readout, torch.randn(5, 6, 2, dtype=torch.float64)


def expected(readout, kind, rows):
    """Outputs after every step, and the states of each layer."""
    layer = OF_TORCH[kind](2, 3, readout.recurrent.num_layers, batch_first=True, dtype=torch.float64)
    layer.load_state_dict(readout.recurrent.state_dict())
    shallow = OF_TORCH[kind](2, 3, 1, batch_first=True, dtype=torch.float64)
    shallow.load_state_dict({name: weight for name, weight in layer.state_dict().items() if name.endswith("l0")})
    states, below = layer(rows)[0], shallow(rows)[0]
    return readout.head(states), (below, states)


@pytest.mark.parametrize("cell", CELLS)
def test_it_reads_the_last_step_or_every_one(cell):
    kind = CELLS[cell]
    for options in ({}, {"scored": "every"}, {"scored": "every", "washout": 2}):
        readout, rows = drawn(kind, **options)
        assert readout.cell == cell
        outputs, hidden = expected(readout, kind, rows)
        found = readout(rows)
        chosen = outputs[:, options.get("washout", 0) :] if options else outputs[:, -1]
        torch.testing.assert_close(found.outputs, chosen, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(found.hidden, hidden, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_each_sequence_is_read_at_its_own_end(cell):
    kind = CELLS[cell]
    readout, rows = drawn(kind)
    lengths = torch.tensor([6, 1, 3, 5, 2])
    found = readout(rows, lengths)
    for index, length in enumerate(lengths):
        outputs, hidden = expected(readout, kind, rows[index : index + 1, :length])
        torch.testing.assert_close(found.outputs[index], outputs[0, -1], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(found.hidden[1][index, :length], hidden[1][0], rtol=1e-12, atol=1e-12)
        assert not found.hidden[1][index, length:].any()


@pytest.mark.parametrize("options", [{}, {"scored": "every"}, {"scored": "every", "washout": 2}, {"ragged": True}])
def test_writing_is_the_transpose_of_reading(options):
    lengths = torch.tensor([6, 1, 3, 5, 2]) if options.pop("ragged", False) else None
    readout, _ = drawn(RNN, **options)
    states = torch.randn(5, 6, 3, dtype=torch.float64)
    read = readout.read(states, lengths)
    vector = torch.randn_like(read)
    written = readout.write(vector, lengths, torch.zeros_like(states))
    assert float((read * vector).sum()) == pytest.approx(float((states * written).sum()))


def test_to_train_a_readout_is_to_train_its_layers():
    readout, rows = drawn(GRU)
    readout(rows).outputs.sum().backward()
    assert all(parameter.grad is not None for parameter in readout.parameters())
    assert readout.recurrent.weight_ih_l0.grad.any()


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (RNN(1, 2), {}, "`recurrent` must be a causal stack of whole sequences: got batch_first=False"),
        (RNN(1, 2, batch_first=True, bidirectional=True), {}, "got bidirectional=True"),
        (LSTM(1, 2, batch_first=True, proj_size=1), {}, "got proj_size=1"),
        (RNN(1, 2, 2, batch_first=True, dropout=0.5), {}, r"got dropout=0\.5"),
        (RNN(1, 2, batch_first=True), {"washout": -1}, "`washout` must not be negative: expected 0 or more, got -1"),
        (RNN(1, 2, batch_first=True), {"washout": 1}, "`washout` must be 0 where the last step alone is scored"),
    ],
)
def test_other_layers_are_refused(layer, options, message):
    with pytest.raises(ArgumentError, match=message):
        Readout(layer, nn.Linear(2, 1), **options)
