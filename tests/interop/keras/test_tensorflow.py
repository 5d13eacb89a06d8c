"""Keras on TensorFlow: run by name with `make test-tensorflow`, in an environment of its own."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings

import pendula
from pendula.forecasting import fit_record, resume
from pendula.interop.keras import from_keras, keras_library, to_keras
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.series import record
from pendula.training import EpochFinished, Training
from tests.interop.keras.models import TOLERANCE, architectures, keras_model, outputs_here, outputs_of, sequences

pytestmark = pytest.mark.tensorflow
FEW = settings(max_examples=10, deadline=None)


def differ(first, second, *, dtype):
    return np.abs(first - second).max() / TOLERANCE[dtype] / max(1.0, np.abs(second).max())


def test_tensorflow_is_the_backend_where_it_is_installed():
    assert keras_library().backend.backend() == "tensorflow"


@FEW
@given(architectures())
def test_outputs_are_those_of_the_live_model_and_of_its_twin(architecture):
    model, dtype = keras_model(**architecture), architecture["dtype"]
    keras_library().config.set_floatx(dtype)
    shown = sequences(architecture["inputs"], dtype=dtype)
    network = from_keras(model)
    theirs = outputs_of(model, shown)
    assert differ(outputs_here(network, shown), theirs, dtype=dtype) <= 1
    if network.head is not None:
        assert differ(outputs_of(to_keras(network.readout()), shown), theirs, dtype=dtype) <= 1
    keras_library().config.set_floatx("float32")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_files_that_tensorflow_wrote_hold_the_same_network(tmp_path, suffix, cell, dtype):
    model = keras_model(cell=cell, units=(4, 3), inputs=2, dense=(2,), window=7, dtype=dtype, functional=cell == "gru")
    model.compile("adam", "mse")
    path = tmp_path / f"model{suffix}"
    model.save(path)
    shown = sequences(2, dtype=dtype)
    read = from_keras(path)
    assert differ(outputs_here(read, shown), outputs_of(model, shown), dtype=dtype) <= 1
    assert torch.equal(read.recurrent.weight_hh_l0, from_keras(model).recurrent.weight_hh_l0)
    assert read.window == 7


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_it_learns_and_a_stopped_training_goes_on_as_if_nothing_had_happened(tmp_path, precision):
    recipe = Recipe(
        network=Network(cell="lstm", hidden_size=3),
        training=Training(engine="keras", epochs=4, batch_size=16, precision=precision),
        window=8,
    )
    rows = record(xr.Dataset({"x": ("time", np.sin(0.2 * np.arange(120)))}))
    whole = fit_record(rows, recipe, score=False)
    assert whole.history[-1].train_loss < whole.history[1].train_loss

    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(pendula.PendulaError, match="after epoch 2"):
        fit_record(rows, recipe, run=tmp_path / "run", listener=stop)
    resumed = resume(tmp_path / "run")
    assert resumed.history == whole.history
    for ours, theirs in zip(resumed.model.forecaster.parameters(), whole.model.forecaster.parameters(), strict=True):
        assert torch.equal(ours, theirs)
