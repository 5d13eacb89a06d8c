"""Ensembles trained in one call: the same networks as alone, on disk and back, resumed, forecast and scored."""

import json

import numpy as np
import pytest
import torch

import pendula
from pendula.errors import ArgumentError, InterruptedRunError, RunError, TooLargeError
from pendula.forecasting import fit_record, forecast, resume
from pendula.nn import EnsembleForecaster, Network
from pendula.nn.kernels import memory
from pendula.report import fit_report
from pendula.runs import Recipe, load
from pendula.series import record
from pendula.training import EpochFinished, Training, TrainingFinished


@pytest.fixture(autouse=True)
def one_thread():
    """Members have the bits of networks that are trained on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def recipe_of(members, **changes):
    network = Network(cell="gru", hidden_size=3, linear_lags=2)
    training = Training(epochs=2, batch_size=16, learning_rate=0.01, checkpoint_seconds=0.0)
    return Recipe(network=network, training=training, window=8, members=members, **changes)


@pytest.fixture(scope="module")
def rows(dataset, wave):
    return record(dataset(wave()))


@pytest.fixture(scope="module")
def ensemble(rows):
    return fit_record(rows, recipe_of(3))


def test_members_are_the_networks_that_seeds_alone_give(rows, ensemble):
    assert isinstance(ensemble.model.forecaster, EnsembleForecaster)
    for seed, member in enumerate(ensemble.model.forecaster.each()):
        alone = fit_record(rows, recipe_of(1, seed=seed), score=False).model.forecaster
        for name, weights in alone.state_dict().items():
            np.testing.assert_array_equal(member.state_dict()[name], weights)


def test_history_and_seconds_are_those_of_all_members(rows, ensemble):
    alone = [fit_record(rows, recipe_of(1, seed=seed), score=False) for seed in range(3)]
    for epoch, line in enumerate(ensemble.history):
        errors = [fit.history[epoch].validation_one_step for fit in alone]
        assert line.validation_one_step == pytest.approx(np.mean(errors), rel=1e-12)
    assert ensemble.best_epoch == max(fit.best_epoch for fit in alone)


def test_a_forecast_tells_how_far_the_members_go_apart(ensemble):
    future = forecast(ensemble, 6)
    known = torch.from_numpy(ensemble.model.scaler.transform(ensemble.record.values[None, -8:]))
    runs = [
        ensemble.model.scaler.inverse(pendula.nn.free_run(member, known, 6).numpy())[0, :, 0]
        for member in ensemble.model.forecaster.each()
    ]
    np.testing.assert_allclose(future.x, np.median(runs, axis=0), rtol=1e-12)
    np.testing.assert_allclose(future.x_spread, np.std(runs, axis=0), rtol=1e-9, atol=1e-12)
    assert future.x_spread.attrs["units"] == "rad"


def test_it_is_scored_saved_loaded_analyzed_and_reported(ensemble, tmp_path):
    assert set(ensemble.scores["models"]) == {"network"}
    again = load(ensemble.save(tmp_path / "run"))
    assert again.recipe == ensemble.recipe
    assert json.loads((tmp_path / "run/model/model.json").read_text())["members"] == 3
    np.testing.assert_array_equal(forecast(again, 5).x, forecast(ensemble, 5).x)
    assert fit_report(again).settings["Members"] == "3, whose median forecasts"
    assert any("3 members" in note for note in pendula.analyze(again).notes)
    stream = again.model.stream()
    for value in again.record.values:
        prediction = stream.step(value)
    np.testing.assert_allclose(prediction[0], again.model.run(again.record.values[None], steps=1)[0, 0], rtol=0.2)


def test_a_number_of_members_that_is_not_there_is_refused(ensemble, tmp_path):
    ensemble.save(tmp_path / "run")
    file = tmp_path / "run/model/model.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"members": 4}))
    with pytest.raises(RunError, match=r"must hold the tensor `members\.3\.head\.bias`"):
        pendula.runs.load_model(tmp_path / "run/model")
    file.write_text(json.dumps(content | {"members": 0}))
    with pytest.raises(RunError, match="expected `members` to be a whole number from 1 to 100, got 0"):
        pendula.runs.load_model(tmp_path / "run/model")


def test_an_interrupted_ensemble_ends_with_the_same_bits(rows, ensemble, tmp_path):
    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch >= 4:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError):
        fit_record(rows, recipe_of(3), run=tmp_path / "run", listener=stop)
    with pytest.raises(RunError, match=r"training stopped after epoch [01] of 2"):
        load(tmp_path / "run")
    made = resume(tmp_path / "run")
    for name, weights in ensemble.model.forecaster.state_dict().items():
        np.testing.assert_array_equal(made.model.forecaster.state_dict()[name], weights)


def test_epochs_of_all_members_are_counted_together(rows):
    events = []
    fit_record(rows, recipe_of(3), score=False, listener=events.append)
    epochs = [event for event in events if isinstance(event, EpochFinished)]
    assert [event.record.epoch for event in epochs][-1] == epochs[0].epochs == 6
    assert [type(event) for event in events].count(TrainingFinished) == 1


@pytest.mark.parametrize("members", [0, 101, True])
def test_numbers_of_members_that_make_no_sense_are_refused(members):
    with pytest.raises(ArgumentError, match="`members` must be a whole number: expected 1 to 100"):
        recipe_of(members)


def test_networks_that_fit_in_memory_only_alone_are_refused_together(rows, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1 << 29)
    training = Training(epochs=1, precision="float64")
    recipe = Recipe(network=Network(cell="rnn", hidden_size=1000), training=training, window=8, members=10)
    with pytest.raises(
        TooLargeError, match=r"at most 0\.5 GiB, got 0\.6 GiB for 10 networks with 1 layer of 1000 units\. Choose fewer"
    ):
        fit_record(rows, recipe)


def test_cells_and_tools_without_members_are_refused():
    with pytest.raises(ArgumentError, match=r"`members` must be 1 for the cell esn: got 3"):
        Recipe(network=Network(cell="esn"), training=Training(), members=3)
    with pytest.raises(
        ArgumentError, match=r"`members` must be 1 where another tool trains: got 2 and the engine keras"
    ):
        Recipe(training=Training(engine="keras"), members=2)
