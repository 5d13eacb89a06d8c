"""Encoder and decoder: torch's own cells, step by step, are the oracle."""

import pytest
import torch
from torch import nn

from pendula.errors import ArgumentError, ShapeError
from pendula.nn import Network, draw_encoder_decoder


def model_of(cell="gru", *, written="numbers", layers=1, outputs=2, seed=0):
    model = draw_encoder_decoder(
        Network(cell=cell, hidden_size=5, num_layers=layers), 3, outputs, written=written, seed=seed
    ).double()
    with torch.no_grad():
        model.start.copy_(torch.linspace(-1, 1, outputs))
    return model


def sequences(batch=4, steps=6, channels=3, seed=1):
    return torch.randn(batch, steps, channels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive(model, sequence, steps, *, truth=None, forced=None):
    """Read and write one sequence with torch's cells, one step at a time."""
    kind = {"RNN_TANH": nn.RNNCell, "GRU": nn.GRUCell, "LSTM": nn.LSTMCell}[model.encoder.mode]

    def cell_of(layer):
        cell = kind(layer.input_size, layer.hidden_size, dtype=torch.float64)
        cell.load_state_dict({name: getattr(layer, f"{name}_l0") for name in cell.state_dict()})
        return cell

    reader, writer, state, written = cell_of(model.encoder), cell_of(model.decoder), None, []
    for value in sequence:
        state = reader(value[None], state)
    value = model.start
    for step in range(steps):
        state = writer(value[None], state)
        output = model.head(state[0] if isinstance(state, tuple) else state)[0]
        written.append(output)
        fed = output
        if model.written == "classes":
            fed = torch.eye(len(output), dtype=torch.float64)[int(output.argmax())]
        value = truth[step] if forced is not None and forced[step] else fed
    return torch.stack(written)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("written", ["numbers", "classes"])
def test_it_is_the_loop_over_cells(cell, written):
    model, inputs = model_of(cell, written=written), sequences()
    for sequence, got in zip(inputs, model(inputs, 5), strict=True):
        torch.testing.assert_close(got, naive(model, sequence, 5), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_forced_steps_are_shown_the_truth(share):
    model, inputs, truth = model_of(), sequences(), sequences(4, 5, 2, seed=2)
    forced = torch.rand(4, 5, generator=torch.Generator().manual_seed(3)) < share
    got = model(inputs, 5, truth=truth, forced=forced)
    for row in range(4):
        expected = naive(model, inputs[row], 5, truth=truth[row], forced=forced[row])
        torch.testing.assert_close(got[row], expected, rtol=1e-10, atol=1e-12)


def test_forced_classes_are_shown_as_unit_vectors():
    model, inputs = model_of(written="classes", outputs=3), sequences()
    truth = torch.randint(3, (4, 5), generator=torch.Generator().manual_seed(4))
    got = model(inputs, 5, truth=truth, forced=torch.ones(4, 5, dtype=torch.bool))
    shown = torch.eye(3, dtype=torch.float64)[truth]
    for row in range(4):
        expected = naive(model, inputs[row], 5, truth=shown[row], forced=[True] * 5)
        torch.testing.assert_close(got[row], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_padding_changes_no_bit(cell, layers):
    model, lengths = model_of(cell, layers=layers), torch.tensor([6, 2, 5, 1])
    inputs = sequences()
    for row, length in enumerate(lengths.tolist()):
        inputs[row, length:] = float("nan")
    with torch.no_grad():
        padded = model(inputs, 3, lengths=lengths)
        other = model(inputs.nan_to_num(7.0), 3, lengths=lengths)
        assert torch.equal(padded, other)
        for row, length in enumerate(lengths.tolist()):
            alone = model(inputs[row : row + 1, :length], 3)
            torch.testing.assert_close(padded[row : row + 1], alone, rtol=1e-12, atol=1e-14)


def test_the_seed_decides():
    assert torch.equal(*(model_of(seed=seed).encoder.weight_hh_l0 for seed in (1, 1)))
    assert not torch.equal(*(model_of(seed=seed).encoder.weight_hh_l0 for seed in (1, 2)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"network": Network(cell="esn")}, "`cell` must be one that is trained: expected rnn, gru, lstm, got esn"),
        ({"inputs": 0}, "`inputs` must be positive: expected 1 or more, got 0"),
        ({"outputs": 0}, "`outputs` must be positive: expected 1 or more, got 0"),
        ({"written": "words"}, r"`written` must be a known choice: expected one of numbers, classes, got words"),
    ],
)
def test_bad_sizes(options, message, unchecked):
    with pytest.raises(ArgumentError, match=message):
        draw_encoder_decoder(**({"network": Network(), "inputs": 1, "outputs": 1} | options))


def test_bad_calls():
    model, inputs = model_of(), sequences()
    with pytest.raises(ArgumentError, match="`steps` must be positive: expected 1 or more, got 0"):
        model(inputs, 0)
    with pytest.raises(ArgumentError, match="`lengths` must lie within the input: expected 1 to 6, got 0 to 9"):
        model(inputs, 2, lengths=torch.tensor([0, 1, 2, 9]))
    with pytest.raises(ArgumentError, match="`truth` must be given where steps are forced: got none"):
        model(inputs, 2, forced=torch.ones(4, 2, dtype=torch.bool))
    with pytest.raises(ShapeError, match=r"expected shapes \(4, 2, 2\) and \(4, 2\), got \(4, 3, 2\) and \(4, 2\)"):
        model(inputs, 2, truth=torch.zeros(4, 3, 2), forced=torch.ones(4, 2, dtype=torch.bool))
