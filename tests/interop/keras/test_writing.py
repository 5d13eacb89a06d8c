"""Networks of Pendula become Keras's with the same outputs, and come back with the same bits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pendula.errors import ArgumentError
from pendula.interop.keras import from_keras, save_keras, to_keras
from pendula.nn import CELLS, GRU, LSTM, RNN, Forecaster, Network, Readout, build
from tests.interop.keras.models import TOLERANCE, outputs_of, sequences


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(list(CELLS)), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3),
    st.booleans(), st.booleans(), st.sampled_from(["float32", "float64"]),
)  # fmt: skip
def test_outputs_are_those_of_the_readout(cell, units, layers, inputs, outputs, every_step, bias, dtype):
    torch.manual_seed(units)
    kind = getattr(torch, dtype)
    recurrent = CELLS[cell](inputs, units, layers, bias=bias, batch_first=True, dtype=kind)
    shown = sequences(inputs, dtype=dtype)
    with torch.no_grad():
        if outputs:
            network = Readout(
                recurrent, nn.Linear(units, outputs, dtype=kind), scored="every" if every_step else "last"
            )
            ours = network(torch.from_numpy(shown)).outputs.numpy()
        else:
            network, ours = recurrent, recurrent(torch.from_numpy(shown))[0].numpy()
    model = to_keras(network)
    theirs = outputs_of(model, shown)
    assert np.abs(ours - theirs).max() <= TOLERANCE[dtype]
    again = from_keras(model)
    assert torch.equal(again.recurrent.weight_hh_l0, recurrent.weight_hh_l0)


@pytest.mark.filterwarnings("ignore:.*HDF5 file.*")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("cell", list(CELLS))
def test_a_forecaster_comes_back_from_a_file(tmp_path, cell, suffix):
    network = Network(cell=cell, hidden_size=4, num_layers=2, residual=False, increments=False, leads=2)
    forecaster = build(network, 2, seed=3).double()
    forecaster.output_scale.copy_(torch.tensor([[0.5, 2.0], [3.0, 0.1]]))
    again = from_keras(save_keras(forecaster, tmp_path / f"model{suffix}", window=9))
    assert again.window == 9
    series = torch.from_numpy(sequences(2, dtype="float64"))
    assert isinstance(read := again.forecaster(), Forecaster)
    assert read.network == network
    with torch.no_grad():
        assert (read(series)[0] - forecaster(series)[0]).abs().max() < 1e-14


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({}, r"`residual` must be False in a network that becomes a Keras model.*got True\. Train one with --set"),
        ({"residual": False}, "`increments` must be False"),
        ({"residual": False, "increments": False, "linear_lags": 2}, "`linear_lags` must be 0"),
    ],
)
def test_what_a_forecaster_has_beside_its_layers_is_refused(settings, match):
    with pytest.raises(ArgumentError, match=match):
        to_keras(build(Network(hidden_size=3, **settings), 1))


def test_what_keras_does_not_have_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"`bidirectional` must be False in a stack that becomes"):
        to_keras(LSTM(1, 2, bidirectional=True))
    with pytest.raises(ArgumentError, match=r"`proj_size` must be 0"):
        to_keras(LSTM(1, 4, proj_size=2))
    with pytest.raises(ArgumentError, match=r"`washout` must be 0 in a Keras model: got 2"):
        to_keras(Readout(GRU(1, 2, batch_first=True), nn.Linear(2, 1), scored="every", washout=2))
    with pytest.raises(ArgumentError, match=r"`path` must end in a suffix that Keras knows: .* got \.pt"):
        save_keras(RNN(1, 2), tmp_path / "model.pt")
