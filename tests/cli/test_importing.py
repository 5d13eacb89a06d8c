"""`pendula import`: a Keras model becomes a run, with a record and without one; mistakes are told in a line."""

import pytest
import torch
from torch import nn

from pendula.interop.keras import keras_library, save_keras
from pendula.nn import Network, build
from pendula.runs import load


def saved(path, *, channels=1, window=8, seed=0, **settings):
    network = Network(cell="rnn", hidden_size=5, residual=False, increments=False, **settings)
    forecaster = build(network, channels, seed=seed)
    with torch.no_grad():
        forecaster.recurrent.weight_hh_l0.mul_(4.0)  # so that it does not come to rest
        forecaster.recurrent.weight_ih_l0.mul_(4.0)
    save_keras(forecaster, path, window=window)
    return forecaster


def test_without_a_record_its_own_free_run_is_analyzed(folder, pendula, bare_reports):
    forecaster = saved(folder / "theirs.keras")
    told = pendula("import", "theirs.keras", "--dt", "0.5", "--json")
    assert told.code == 0
    assert "There was no record: the values are the network's own" in told.content["notes"][0]
    fit = load(folder / "runs" / "theirs")
    assert (fit.model.window, fit.record.axis.step, fit.model.names) == (8, 0.5, ("x",))
    assert torch.equal(fit.model.forecaster.recurrent.weight_hh_l0, forecaster.recurrent.weight_hh_l0)
    analyzed = pendula("analyze", "runs/theirs", "--steps", "150", "--no-memory", "--no-report", "--json")
    assert analyzed.code == 0
    assert analyzed.content["verdict"]["kind"]
    assert pendula("forecast", "runs/theirs", "--steps", "5", "--json").code == 0
    assert "Name a held-out file" in pendula("evaluate", "runs/theirs").err


def test_weights_of_torch_become_a_run(folder, pendula, bare_reports):
    torch.manual_seed(0)
    theirs = nn.ModuleDict({"body": nn.RNN(1, 5), "out": nn.Linear(5, 1)})
    torch.save(theirs.state_dict(), folder / "theirs.pt")
    assert pendula("import", "theirs.pt", "--window", "9", "--json").code == 0
    fit = load(folder / "runs" / "theirs")
    assert fit.model.window == 9
    assert torch.equal(fit.model.forecaster.recurrent.weight_hh_l0, theirs["body"].weight_hh_l0)


def test_a_hostile_file_of_torch_is_refused(folder, pendula):
    torch.save({"weight_hh_l0": Hostile()}, folder / "hostile.pt")
    told = pendula("import", "hostile.pt")
    assert told.code == 1
    assert "got a pickle that asks for more, which could run code. Nothing of it was run." in told.err
    assert not (folder / "it ran").exists()
    assert not (folder / "runs").exists()


class Hostile:
    """A pickle that makes a file where it is opened."""

    def __reduce__(self):
        return open, ("it ran", "w")


def test_the_record_is_a_free_run_of_the_network(folder, pendula, bare_reports):
    saved(folder / "theirs.keras")
    pendula("import", "theirs.keras", "--center", "2", "--scale", "3", "--quiet")
    fit = load(folder / "runs" / "theirs")
    rows = torch.from_numpy(fit.model.scaler.transform(fit.record.values))[None]
    with torch.no_grad():
        predicted = fit.model.forecaster(rows)[0][0, :, 0]
    # Shown its own run from a state of zero, it comes to predict it: it forgets where it started.
    assert (predicted[-100:-1] - rows[0, -99:]).abs().max() < 1e-5
    assert fit.model.scaler.center.tolist() == [2.0]


def test_with_a_record_it_is_scored_beside_the_baselines(folder, pendula, bare_reports):
    saved(folder / "theirs.h5", window=None)
    told = pendula(
        "import", "theirs.h5", "--data", "swing.csv", "--window", "10", "--center", "0.1", "--scale", "0.7", "-o",
        "run", "--json",
    )  # fmt: skip
    assert told.code == 0
    assert {"persistence", "linear"} <= told.content["scores"]["baselines"].keys()
    assert "trained elsewhere" in told.content["notes"][0]
    fit = load(folder / "run")
    values = fit.record.values
    shown = torch.from_numpy((values[:50] - 0.1) / 0.7)[None]
    with torch.no_grad():
        expected = fit.model.forecaster(shown[:, -10:])[0][0, -1, 0].numpy() * 0.7 + 0.1
    assert fit.model.run(values[None, :50], steps=1)[0, 0] == pytest.approx(expected, abs=1e-6)
    assert fit.calibration is not None
    assert fit.scores["models"]["network"]["rmse"] == told.content["scores"]["models"]["network"]["rmse"]
    assert pendula("evaluate", "run", "swing.csv", "--json").code == 0


def test_scaling_can_be_that_of_the_training_part(folder, pendula, bare_reports):
    saved(folder / "theirs.keras")
    assert pendula("import", "theirs.keras", "--data", "swing.csv", "--scaling", "standard", "-o", "run").code == 0
    fit = load(folder / "run")
    assert fit.model.scaler.center[0] == pytest.approx(fit.record.values[: fit.train_stop].mean())


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("--scaling", "standard"), "`scaling` must be left out here: got standard and no record to find it on"),
        (("--center", "1,2"), "`center` must have 1 numbers, joined by commas: got 1,2"),
        (("--scale", "0"), "`scale` must have 1 positive numbers, joined by commas: got 0"),
        (("--target", "x,v"), "`target` must name each channel of the network: expected 1 names, got x, v"),
        (("--dt", "0"), "`dt` must be positive: expected the time of a step, got 0"),
    ],
)
def test_mistakes_are_told(folder, pendula, words, match):
    saved(folder / "theirs.keras")
    told = pendula("import", "theirs.keras", *words)
    assert told.code == 2
    assert match in told.err
    assert not (folder / "runs").exists()


def test_a_record_of_other_channels_is_told(folder, pendula):
    saved(folder / "theirs.keras", channels=2)
    told = pendula("import", "theirs.keras", "--data", "swing.csv")
    assert (told.code, "expected 2, got x" in told.err) == (2, True)


def test_units_that_were_added_are_told(folder, pendula, bare_reports):
    keras = keras_library()
    layers = [keras.layers.LSTM(3, return_sequences=True), keras.layers.LSTM(5), keras.layers.Dense(1)]
    keras.Sequential([keras.Input((8, 1)), *layers]).save(folder / "theirs.keras")
    told = pendula("import", "theirs.keras", "--json")
    assert "filled up with 2 units that stay at zero" in " ".join(told.content["notes"])
    assert load(folder / "runs" / "theirs").model.forecaster.network.hidden_size == 5


@pytest.mark.parametrize(
    ("name", "got", "advice"),
    [
        ("theirs.onnx", ".onnx", "ONNX is written by `pendula export`, not read: import the file of the tool"),
        ("theirs.safetensors", ".safetensors", "Load it into its model in torch, then torch.save"),
        ("swing.csv", ".csv", "Save it with model.save('name.keras') or torch.save(model.state_dict(), 'name.pt')."),
        ("saved_model", "no suffix", "Save it with model.save('name.keras')"),
    ],
)
def test_a_file_of_another_kind_is_told_what_can_be_imported(folder, pendula, name, got, advice):
    told = pendula("import", name)
    assert told.code == 1
    expected = "expected a .keras or .h5 file of Keras, or a .pt file of torch with a state dictionary"
    assert f"`{name}` must be a network that can be imported: {expected}, got {got}. {advice}" in told.err
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(("recurrent", "lasts"), [(5.0, False), (0.0, True)])
def test_a_state_that_lasts_no_longer_than_a_window_is_told(folder, pendula, bare_reports, recurrent, lasts):
    # From zero, 10 tanh(x / 10) is nearly x; a state that is handed on with weight 5 is driven to the end of its scale.
    weights = {"rnn.weight_ih_l0": 0.1, "rnn.weight_hh_l0": recurrent, "out.weight": 10.0}
    torch.save({name: torch.tensor([[value]]) for name, value in weights.items()}, folder / "theirs.pt")
    told = pendula("import", "theirs.pt", "--data", "swing.csv", "--window", "1", "-o", "run")
    assert told.code == 0, told.err
    for said in (told.out + told.err, " ".join(load(folder / "run").notes)):
        assert ("started from zero on its last 1 values at each step" in said) is not lasts
