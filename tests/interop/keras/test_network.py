"""Networks of Keras become Pendula's with the same outputs, from a live model and from files."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from pendula.errors import ModelError
from pendula.interop.keras import from_keras, keras_library
from pendula.nn import free_run
from tests.interop.keras.models import TOLERANCE, architectures, keras_model, outputs_here, outputs_of, sequences

FEW = settings(max_examples=10, deadline=None)


def agree(model, network, *, inputs, dtype):
    """Hold outputs against each other, relative to their size where Dense layers make them large."""
    shown = sequences(inputs, dtype=dtype)
    theirs, ours = outputs_of(model, shown), outputs_here(network, shown)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype == np.dtype(dtype)
    assert np.abs(ours - theirs).max() <= TOLERANCE[dtype] * max(1.0, np.abs(theirs).max())


@FEW
@given(architectures())
def test_outputs_are_those_of_the_live_model(architecture):
    model = keras_model(**architecture)
    network = from_keras(model)
    agree(model, network, inputs=architecture["inputs"], dtype=architecture["dtype"])
    assert network.window == architecture["window"]


@pytest.mark.filterwarnings("ignore:.*HDF5 file.*")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_holds_the_same_network_as_the_model(tmp_path_factory, suffix):
    path = tmp_path_factory.mktemp("models") / f"model{suffix}"

    @FEW
    @given(architectures())
    def holds(architecture):
        model = keras_model(**architecture)
        model.save(path)
        alive, read = from_keras(model), from_keras(path)
        for ours, theirs in zip(read.recurrent.parameters(), alive.recurrent.parameters(), strict=True):
            assert torch.equal(ours, theirs)
        shown = sequences(architecture["inputs"], dtype=architecture["dtype"])
        assert np.array_equal(outputs_here(read, shown), outputs_here(alive, shown))
        assert (read.window, read.every_step) == (architecture["window"], architecture["every_step"])

    holds()


def test_rectified_units_are_those_of_an_rnn_layer():
    model = keras_model(cell="rnn", units=(4, 4), activation="relu")
    network = from_keras(model)
    agree(model, network, inputs=1, dtype="float32")
    with pytest.raises(ModelError, match=r"`model` must have tanh units to be a forecaster: got relu"):
        network.forecaster()


def test_a_gru_with_the_reset_before_the_matrix_is_taken_where_both_are_the_same():
    # One unit, or a diagonal matrix: (r ∘ h) U = r ∘ (h U).
    model = keras_model(cell="gru", units=(1,), reset_after=False)
    agree(model, from_keras(model), inputs=1, dtype="float32")
    model = keras_model(cell="gru", units=(3,), reset_after=False)
    kernel, recurrent, bias, *head = [np.array(weight) for weight in map(_array, model.weights)]
    recurrent[:, 6:] = np.diag([0.5, -0.3, 0.9])
    model.set_weights([kernel, recurrent, bias, *head])
    agree(model, from_keras(model), inputs=1, dtype="float32")


def test_a_gru_with_the_reset_before_the_matrix_is_refused_otherwise():
    with pytest.raises(ModelError, match=r"expected reset_after=True, got False in GRU `gru.*train it anew"):
        from_keras(keras_model(cell="gru", units=(3,), reset_after=False))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_units_that_pad_a_smaller_layer_stay_at_zero_and_forget_at_once(cell):
    model = keras_model(cell=cell, units=(2, 5))
    network = from_keras(model)
    assert network.padding == 3
    first = type(network.recurrent)(1, 5, batch_first=True)
    first.load_state_dict({name: value for name, value in network.recurrent.state_dict().items() if "l0" in name})
    start = torch.ones(1, 3, 5)
    states, _ = first(torch.from_numpy(sequences(1, dtype="float32")), (start, start) if cell == "lstm" else start)
    assert not states[..., 2:].any()


def test_layers_that_padding_would_blow_up_are_refused():
    # 36 layers of one unit after one of 512: filled up they would be 37 times as large.
    model = keras_model(cell="rnn", units=(512,) + (1,) * 36)
    with pytest.raises(ModelError, match=r"`model` must have layers of like sizes: got 1 to 512 units, .* to 19398656"):
        from_keras(model)


def test_a_forecaster_runs_as_the_loop_over_keras_does():
    model = keras_model(cell="lstm", units=(5, 5), inputs=2, dense=(2,), dtype="float64")
    context = sequences(2, dtype="float64", steps=6)
    known = context
    for _ in range(8):
        known = np.concatenate([known, outputs_of(model, known)[:, None]], axis=1)
    run = free_run(from_keras(model).forecaster(), torch.from_numpy(context), 8)
    assert np.abs(run.numpy() - known[:, 6:]).max() < 1e-12


def test_a_head_of_several_steps_is_a_direct_forecast():
    forecaster = from_keras(keras_model(inputs=2, dense=(6,))).forecaster()
    assert (forecaster.network.leads, forecaster.channels) == (3, 2)
    with pytest.raises(ModelError, match=r"must predict what it is shown: expected 2 outputs, .* got 3\. It cannot"):
        from_keras(keras_model(inputs=2, dense=(3,))).forecaster()


def test_a_stack_without_a_head_is_a_stack():
    network = from_keras(keras_model(dense=()))
    with pytest.raises(
        ModelError, match=r"must have a head: expected a Dense layer after the recurrent ones, got none"
    ):
        network.readout()


def test_layers_that_only_act_in_training_are_left_out():
    keras = keras_library()
    model = keras.Sequential([
        keras.Input((None, 1)),
        keras.layers.GaussianNoise(0.1),
        keras.layers.LSTM(3, return_sequences=True, dropout=0.2, recurrent_dropout=0.1),
        keras.layers.Dropout(0.5),
        keras.layers.LSTM(3, return_sequences=True),
        keras.layers.TimeDistributed(keras.layers.Dense(1)),
    ])
    agree(model, from_keras(model), inputs=1, dtype="float32")


def test_what_is_no_model_is_told():
    with pytest.raises(ModelError, match=r"`model` must be a model of Keras, or the path of one: got int"):
        from_keras(3)


def _array(weight):
    return keras_library().ops.convert_to_numpy(weight)
