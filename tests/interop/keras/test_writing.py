"""Networks of Pendula become Keras's with the same outputs, and come back with the same bits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pendula.errors import ArgumentError, ModelError
from pendula.interop.keras import from_keras, keras_library, save_keras, to_keras
from pendula.nn import (
    CELLS,
    GRU,
    LSTM,
    RNN,
    EnsembleForecaster,
    Forecaster,
    Network,
    Readout,
    Reservoir,
    ReservoirForecaster,
    build,
)
from tests.interop.keras.models import TOLERANCE, outputs_of, sequences


def random_forecaster(network, channels):
    """A forecaster that does not start from persistence."""
    forecaster, generator = build(network, channels, seed=3), torch.Generator().manual_seed(3)
    with torch.no_grad():
        forecaster.head.weight.normal_(0, 0.3, generator=generator)
        forecaster.head.bias.normal_(0, 0.3, generator=generator)
        forecaster.increment_scale.uniform_(0.3, 2.0, generator=generator)
        forecaster.output_scale.uniform_(0.3, 2.0, generator=generator)
    return forecaster


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


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(list(CELLS)), st.integers(1, 2), st.integers(1, 3), st.integers(1, 2), st.integers(1, 7),
    st.sampled_from([(True, True), (True, False), (False, True)]), st.sampled_from(["float32", "float64"]),
)  # fmt: skip
def test_increments_and_the_last_value_become_layers(cell, layers, leads, channels, window, beside, dtype):
    residual, increments = beside
    network = Network(
        cell=cell, hidden_size=4, num_layers=layers, leads=leads, residual=residual, increments=increments
    )
    forecaster = random_forecaster(network, channels).to(getattr(torch, dtype))
    model = to_keras(forecaster, window=window)
    shown = sequences(channels, dtype=dtype, steps=window)
    with torch.no_grad():
        expected = forecaster(torch.from_numpy(shown))[0][:, -1].flatten(1).numpy()
    assert np.abs(outputs_of(model, shown) - expected).max() <= TOLERANCE[dtype] * max(1.0, np.abs(expected).max())


@pytest.mark.filterwarnings("ignore:.*HDF5 file.*")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_default_network_is_whole_in_a_file_that_keras_loads(tmp_path, suffix):
    forecaster = random_forecaster(Network(hidden_size=4), 2)
    path = save_keras(forecaster, tmp_path / f"model{suffix}", window=9)
    shown = sequences(2, dtype="float32", steps=9)
    again = keras_library().models.load_model(path, compile=False)
    with torch.no_grad():
        expected = forecaster(torch.from_numpy(shown))[0][:, -1, 0].numpy()
    np.testing.assert_allclose(outputs_of(again, shown), expected, atol=1e-6)
    with pytest.raises(ModelError, match="must be a chain of layers"):
        from_keras(path)


def test_what_a_forecaster_has_beside_its_layers_is_refused():
    with pytest.raises(ArgumentError, match=r"`linear_lags` must be 0 in a network that becomes .*: got 2\. Train one"):
        to_keras(build(Network(hidden_size=3, linear_lags=2), 1), window=5)
    with pytest.raises(ArgumentError, match=r"`window` must be given to a network with residual or increments"):
        to_keras(build(Network(hidden_size=3), 1))


def test_what_keras_does_not_have_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"`bidirectional` must be False in a stack that becomes"):
        to_keras(LSTM(1, 2, bidirectional=True))
    with pytest.raises(ArgumentError, match=r"`proj_size` must be 0"):
        to_keras(LSTM(1, 4, proj_size=2))
    with pytest.raises(ArgumentError, match=r"`washout` must be 0 in a Keras model: got 2"):
        to_keras(Readout(GRU(1, 2, batch_first=True), nn.Linear(2, 1), scored="every", washout=2))
    with pytest.raises(ArgumentError, match=r"`path` must end in a suffix that Keras knows: .* got \.pt"):
        save_keras(RNN(1, 2), tmp_path / "model.pt")


def test_what_is_no_single_stack_is_refused_by_name():
    members = [build(Network(hidden_size=3), 1, seed=seed) for seed in range(2)]
    with pytest.raises(ArgumentError, match=r"`network` must be one network to become a Keras model: .* ensemble of 2"):
        to_keras(EnsembleForecaster(members), window=5)
    network = Network(cell="esn", hidden_size=10, reservoir=Reservoir())
    with pytest.raises(ArgumentError, match="`network` must be a trained recurrent network to become a Keras model: "):
        to_keras(ReservoirForecaster(network, 1, [network.reservoir]), window=5)
