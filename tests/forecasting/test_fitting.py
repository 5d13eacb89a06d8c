"""The verb fit, from a data set to a scored fit."""

import json
import shutil
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError, DivergedError, InterruptedRunError, RunError
from pendula.forecasting import choose_target, default_window, fit_record, resume
from pendula.nn import LSTM, Network
from pendula.runs import Recipe
from pendula.series import record
from pendula.training import EpochFinished, Outcome, Training, TrainingFinished

SCORES = {
    "mse", "rmse", "mae", "r2", "nrmse", "smape",
    "free_run_rmse", "free_run_nrmse", "free_run_steps", "valid_prediction_time",
}  # fmt: skip


def bits(fit):
    """All that training came to, bit for bit."""
    weights = {name: tensor.numpy().tobytes() for name, tensor in fit.model.forecaster.state_dict().items()}
    scores = {name: {**score, "seconds": 0} for name, score in fit.scores["models"].items()}
    return weights, scores, fit.history, fit.best_epoch, fit.calibration.errors.tobytes()


def trajectories(sizes=(60, 60, 60, 60)):
    """Sines of 20 steps with different phases, one after the other."""
    blocks = [np.sin(2 * np.pi * np.arange(size) / 20 + index) for index, size in enumerate(sizes)]
    time = np.concatenate([np.arange(size) * 0.1 for size in sizes])
    names = np.repeat(np.arange(len(sizes)), sizes)
    return xr.Dataset({"x": ("time", np.concatenate(blocks))}, coords={"time": time, "trajectory": ("time", names)})


def test_a_fit_holds_its_parts_and_all_scores(sine_fit):
    assert (sine_fit.train_stop, sine_fit.validation_stop, len(sine_fit.record)) == (96, 120, 160)
    told = {"models", "baselines", "controls", "rolling", "rows", "seen_rows", "intervals", "units"}
    assert set(sine_fit.scores) == told
    assert sine_fit.scores["controls"] == []
    assert set(sine_fit.scores["models"]) == {"network"}
    assert set(sine_fit.scores["models"]["network"]) == SCORES | {"seconds"}
    assert set(sine_fit.scores["baselines"]) == {"persistence", "seasonal", "linear"}
    assert set(sine_fit.scores["baselines"]["persistence"]) == SCORES
    assert set(sine_fit.scores["baselines"]["linear"]) == SCORES | {"seconds"}
    assert sine_fit.scores["rows"] == 40
    assert sine_fit.scores["units"] == {"value": "rad", "time": "s"}
    assert json.loads(json.dumps(sine_fit.scores, allow_nan=False)) == sine_fit.scores


def test_a_fit_remembers_every_choice(sine_fit, network, brief):
    assert sine_fit.recipe == Recipe(network=network, training=brief, window=8)
    assert (sine_fit.model.names, sine_fit.model.units) == (("x",), ("rad",))
    assert (sine_fit.model.window, sine_fit.model.context) == (8, 8)
    assert sine_fit.model.axis == sine_fit.record.axis
    assert [line.epoch for line in sine_fit.history] == [0, 1, 2]
    assert sine_fit.outcome is Outcome.COMPLETED
    assert sine_fit.seconds > 0
    assert sine_fit.notes == ()


def test_the_scaler_is_fitted_on_the_training_part(sine_fit):
    known = sine_fit.record.values[:96]
    np.testing.assert_allclose(sine_fit.model.scaler.center, known.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(sine_fit.model.scaler.scale, known.std(axis=0), rtol=1e-14)


def test_the_epoch_with_the_smallest_validation_error_is_kept(dataset, wave, network):
    training = Training(epochs=6, batch_size=16, learning_rate=0.3, schedule="constant", patience=None)
    made = pendula.fit(dataset(wave()), model=network, training=training, window=8)
    errors = [line.validation_one_step for line in made.history]
    assert len(set(errors)) == 7
    assert made.best_epoch == int(np.argmin(errors))


def test_the_one_step_validation_error_is_that_of_the_kept_model(sine_fit):
    values, scaler = sine_fit.record.values, sine_fit.model.scaler
    made = sine_fit.model.run(np.stack([values[row - 8 : row] for row in range(96, 120)]), steps=1)[:, 0]
    error = np.sqrt(np.mean(((made - values[96:120]) / scaler.scale) ** 2))
    assert sine_fit.history[sine_fit.best_epoch].validation_one_step == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(dataset, wave, brief, cell):
    def made(seed):
        network = Network(cell=cell, hidden_size=3, num_layers=2, dropout=0.2)
        training = replace(brief, input_noise=0.1, select_by="last_epoch")
        return bits(pendula.fit(dataset(wave()), model=network, training=training, window=8, seed=seed))

    first = made(0)
    torch.rand(3)  # whatever else draws random numbers does not matter
    assert made(0) == first
    assert made(1)[0] != first[0]


def test_global_random_states_are_left_alone(dataset, wave, brief):
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    network = Network(cell="gru", hidden_size=3, num_layers=2, dropout=0.2)
    pendula.fit(dataset(wave()), model=network, training=brief, window=8)
    assert torch.equal(torch.get_rng_state(), torch_before)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


def test_training_lowers_the_error(dataset):
    values = np.sin(2 * np.pi * np.arange(300) / 20) ** 3
    training = Training(epochs=15, batch_size=16, learning_rate=0.02)
    made = pendula.fit(dataset(values), model=Network(cell="gru", hidden_size=8), training=training, window=12)
    assert made.history[made.best_epoch].validation_one_step < 0.2 * made.history[0].validation_one_step
    assert made.scores["models"]["network"]["rmse"] < 0.2 * made.scores["baselines"]["persistence"]["rmse"]


@pytest.mark.parametrize(("size", "test", "validation", "window"), [
    (1000, 0.25, 0.2, 50), (309, 0.25, 0.2, 46), (100, 0.25, 0.2, 15), (100, 0, 0, 25), (4, 0.25, 0.2, 1),
])  # fmt: skip
def test_the_window_is_fifty_or_a_quarter_of_the_training_part(dataset, wave, size, test, validation, window):
    assert default_window(record(dataset(wave(size))), test=test, validation=validation) == window


def test_the_default_window_leaves_room_for_what_comes_before_a_given_test():
    rows = record(pendula.load_dataset("sunspots"))
    assert default_window(rows, test=0.25, validation=0.2, test_from=1740) == 8


def test_the_default_window_is_that_of_the_longest_stretch(dataset, wave, network, brief):
    values = wave()
    values[40] = np.nan
    made = pendula.fit(dataset(values), model=network, training=brief)
    assert made.model.window == int(119 * 0.75 * 0.8) // 4


def test_several_targets_are_learned_together_in_their_order(dataset, wave, network, brief):
    data = dataset({"x": wave(), "y": wave(seed=1), "v": 1e3 * wave(seed=2)})
    made = pendula.fit(data, target=["v", "x"], model=network, training=brief, window=8)
    assert made.model.names == ("v", "x")
    np.testing.assert_array_equal(made.record.values, np.stack([data.v.values, data.x.values], axis=1))
    future = pendula.forecast(made, 3)
    assert set(future) == {"v", "v_lower", "v_upper", "x", "x_lower", "x_upper"}
    assert abs(future.v).max() > 10 > abs(future.x).max()


def test_trajectories_are_kept_whole(network, brief):
    made = pendula.fit(trajectories(), model=network, training=brief, window=8)
    assert made.recipe.by == "trajectory"  # the usual way where there are several
    assert (made.train_stop, made.validation_stop) == (120, 180)
    assert made.scores["rows"] == 60 - 8
    assert made.scores["models"]["network"]["free_run_steps"] == 52
    np.testing.assert_allclose(made.model.scaler.center, made.record.values[:120].mean(axis=0), atol=1e-15)
    # The half of the validation part that is run freely starts after the window.
    assert made.calibration.errors.shape == (60 - 8 - 30 + 1, 30, 1)


def test_gaps_are_learned_around(dataset, wave, network, brief):
    values = wave(200)
    values[[30, 31, 100, 135, 175]] = np.nan
    made = pendula.fit(dataset(values), model=network, training=brief, window=8)
    assert made.scores["rows"] == 50 - 9
    assert all(np.isfinite(line.train_loss) for line in made.history[1:])
    assert all(score["rmse"] is not None for score in made.scores["baselines"].values())


def test_without_a_test_part_there_are_no_scores(dataset, wave, network, brief):
    made = pendula.fit(dataset(wave()), model=network, training=brief, window=8, test=0)
    assert made.scores == {}
    assert (made.train_stop, made.validation_stop) == (128, 160)
    assert made.calibration is not None


def test_without_a_validation_part_the_last_epoch_is_kept_and_nothing_is_calibrated(dataset, wave, network):
    training = Training(epochs=3, batch_size=16, patience=1, learning_rate=0.5)
    made = pendula.fit(dataset(wave()), model=network, training=training, window=8, validation=0)
    assert made.best_epoch == 3
    assert made.outcome is Outcome.COMPLETED
    assert {line.validation_one_step for line in made.history} == {None}
    assert made.calibration is None
    assert (made.train_stop, made.validation_stop) == (120, 120)


def test_training_stops_when_the_validation_error_no_longer_falls(dataset, wave, network):
    training = Training(epochs=50, batch_size=16, patience=2, learning_rate=1.0, schedule="constant")
    made = pendula.fit(dataset(wave()), model=network, training=training, window=8)
    assert made.outcome is Outcome.STOPPED_EARLY
    assert made.history[-1].epoch == made.best_epoch + 2 < 50


@pytest.mark.parametrize("test_from", [1980, "1980"])
def test_the_test_part_can_start_at_a_year(network, brief, test_from):
    series = pendula.load_dataset("sunspots")
    made = pendula.fit(series, model=network, training=brief, window=20, test_from=test_from)
    assert made.record.time[made.validation_stop] == 1980
    assert made.scores["rows"] == 2008 - 1980 + 1
    assert made.scores["units"]["time"] == "year"


def test_the_test_part_can_start_at_a_date(dataset, wave, network, brief):
    data = dataset(wave(), pd.date_range("2020-01-01", periods=160, freq="D"), time_units="")
    made = pendula.fit(data, model=network, training=brief, window=8, test_from="2020-05-01")
    assert made.record.time[made.validation_stop] == np.datetime64("2020-05-01")
    assert made.scores["units"]["time"] == "steps"


def test_counts_under_a_square_root_are_never_forecast_below_zero(network, brief):
    series = pendula.load_dataset("sunspots")
    made = pendula.fit(series, model=network, training=brief, window=20, transform="sqrt")
    assert {"linear", "linear (sqrt)"} < set(made.scores["baselines"])
    future = pendula.forecast(made, 30)
    assert float(future.sunspots.min()) >= 0
    assert float(future.sunspots_lower.min()) >= 0


@pytest.mark.parametrize("transform", ["log", "asinh"])
def test_a_transform_is_undone(dataset, wave, network, brief, transform):
    made = pendula.fit(dataset(np.exp(wave())), model=network, training=brief, window=8, transform=transform)
    assert f"linear ({transform})" in made.scores["baselines"]
    assert 0 < made.scores["models"]["network"]["rmse"] < 1


def test_a_direct_forecaster_hands_on_whole_blocks(dataset, wave, brief):
    network = Network(cell="gru", hidden_size=3, leads=5)
    made = pendula.fit(dataset(wave()), model=network, training=brief, window=8)
    values, scaler = made.record.values[None, -8:], made.model.scaler
    forecaster = made.model.forecaster
    with torch.no_grad():
        first, state = forecaster(torch.from_numpy(scaler.transform(values)))
        second, _ = forecaster(first[:, -1], state)
    blocks = np.concatenate([first[0, -1].numpy(), second[0, -1].numpy()])[:7]
    np.testing.assert_allclose(made.model.run(values, steps=7)[0], scaler.inverse(blocks), rtol=1e-5)
    assert len(pendula.forecast(made, 7).time) == 7


@pytest.mark.parametrize(("model", "network"), [
    ("rnn", Network(cell="rnn")),
    (LSTM(1, 4, num_layers=2), Network(cell="lstm", hidden_size=4, num_layers=2)),
])  # fmt: skip
def test_a_network_has_several_names(dataset, wave, model, network):
    made = pendula.fit(dataset(wave(80)), model=model, training=Training(epochs=1), window=4)
    assert made.recipe.network == network


def test_notes_and_events_are_handed_on(dataset, wave, network, brief):
    heard = []
    recipe = Recipe(network=network, training=brief, window=8)
    made = fit_record(record(dataset(wave())), recipe, notes=["3 samples were filled in."], listener=heard.append)
    assert made.notes == ("3 samples were filled in.",)
    assert [event.record for event in heard if isinstance(event, EpochFinished)] == list(made.history)
    assert isinstance(heard[-1], TrainingFinished)
    assert heard[-1].best_epoch == made.best_epoch


def test_scores_can_be_left_out(dataset, wave, network, brief):
    recipe = Recipe(network=network, training=brief, window=8)
    assert fit_record(record(dataset(wave())), recipe, score=False).scores == {}


def test_free_runs_choose_the_epoch_on_request(dataset, wave, network):
    training = Training(epochs=5, batch_size=16, learning_rate=0.1, select_by="free_run")
    made = pendula.fit(dataset(wave()), model=network, training=training, window=8)
    errors = [line.validation_free_run for line in made.history]
    assert made.best_epoch == int(np.argmin(errors))
    assert len(set(errors)) == len(errors)


def test_the_lectures_cut_counts_windows(dataset, wave, network):
    training = Training(epochs=1, steps_per_epoch=2, select_by="last_epoch")
    recipe = Recipe(network=network, training=training, validation=0, cut="windows", watch="test")
    made = fit_record(record(dataset(wave(1000))), recipe)
    assert made.train_stop == made.validation_stop == 50 + 712
    assert made.scores["rows"] == 238
    values, scaler = made.record.values, made.model.scaler
    contexts = np.stack([values[row - 50 : row] for row in range(762, 1000)])
    error = np.sqrt(np.mean(((made.model.run(contexts, steps=1)[:, 0] - values[762:]) / scaler.scale) ** 2))
    assert made.history[-1].validation_one_step == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize(
    "change", [{"validation": 0.2}, {"validation": 0, "window": 159}, {"validation": 0, "gap": 40}]
)
def test_windows_can_be_counted_in_one_stretch_alone(dataset, wave, network, brief, change):
    values = wave()
    if gap := change.pop("gap", None):
        values[gap] = np.nan
    recipe = replace(Recipe(network=network, training=brief, window=8, cut="windows"), **change)
    with pytest.raises(ArgumentError, match=r"`cut` must be rows for this record: windows are counted in one gap-free"):
        fit_record(record(dataset(values)), recipe)


@pytest.mark.parametrize("network", [Network(cell="gru", hidden_size=3), Network(hidden_size=3, linear_lags=2)])
def test_the_test_part_must_not_choose(network, brief):
    select_by = "last_epoch" if network.linear_lags else "one_step"
    with pytest.raises(ArgumentError, match=r"`watch` must be validation where errors choose something"):
        Recipe(network=network, training=replace(brief, select_by=select_by), watch="test")


def test_a_kept_fit_is_the_same_as_the_fit(dataset, wave, network, brief, tmp_path):
    made = pendula.fit(dataset(wave()), model=network, training=brief, window=8, run=tmp_path / "wave")
    kept = pendula.load(tmp_path / "wave")
    assert bits(kept) == bits(made)
    assert kept.recipe == made.recipe
    xr.testing.assert_identical(pendula.forecast(kept, 5), pendula.forecast(made, 5))


def test_a_folder_that_exists_is_replaced_on_request_alone(dataset, wave, network, brief, tmp_path):
    def again(**arguments):
        return pendula.fit(dataset(wave()), model=network, training=brief, window=8, run=tmp_path / "wave", **arguments)

    again()
    with pytest.raises(RunError, match=r"must not exist: .* Use `--overwrite`"):
        again()
    replaced = again(seed=1, overwrite=True)
    assert bits(pendula.load(tmp_path / "wave")) == bits(replaced)


def test_a_stopped_training_goes_on_as_if_nothing_had_happened(dataset, wave, network, tmp_path):
    training = Training(epochs=4, batch_size=16, input_noise=0.1, select_by="last_epoch")
    arguments = {"model": network, "training": training, "window": 8}
    whole = pendula.fit(dataset(wave()), **arguments)

    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError, match="interrupted after epoch 2"):
        pendula.fit(dataset(wave()), **arguments, run=tmp_path / "wave", listener=stop)
    resumed = resume(tmp_path / "wave")
    assert bits(resumed) == bits(whole)
    assert bits(pendula.load(tmp_path / "wave")) == bits(whole)
    with pytest.raises(RunError, match="must be half-written to be resumed"):
        resume(tmp_path / "wave")


def test_a_resumed_training_can_have_more_epochs(dataset, wave, network, tmp_path):
    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 1:
            raise KeyboardInterrupt

    training = Training(epochs=2, schedule="constant", select_by="last_epoch")
    with pytest.raises(InterruptedRunError):
        pendula.fit(dataset(wave()), model=network, training=training, window=8, run=tmp_path / "wave", listener=stop)
    made = resume(tmp_path / "wave", epochs=3)
    assert made.best_epoch == made.recipe.training.epochs == 3


def test_a_new_number_of_epochs_outlives_a_second_interruption(dataset, wave, network, tmp_path):
    def stop_after(epoch):
        def stop(event):
            if isinstance(event, EpochFinished) and event.record.epoch == epoch:
                raise KeyboardInterrupt

        return stop

    training = Training(epochs=3, schedule="constant", select_by="last_epoch")
    with pytest.raises(InterruptedRunError, match="after epoch 1"):
        pendula.fit(
            dataset(wave()), model=network, training=training, window=8, run=tmp_path / "wave", listener=stop_after(1)
        )
    with pytest.raises(InterruptedRunError, match="after epoch 2"):
        resume(tmp_path / "wave", epochs=5, listener=stop_after(2))
    with pytest.raises(RunError, match="training stopped after epoch 2 of 5"):
        pendula.load(tmp_path / "wave")
    made = resume(tmp_path / "wave")
    whole = pendula.fit(dataset(wave()), model=network, training=replace(training, epochs=5), window=8)
    assert made.recipe == pendula.load(tmp_path / "wave").recipe == whole.recipe
    assert bits(made) == bits(whole)


def test_a_checkpoint_of_another_recipe_is_refused(dataset, wave, network, tmp_path):
    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 1:
            raise KeyboardInterrupt

    training = Training(epochs=3, checkpoint_seconds=0.0)
    with pytest.raises(InterruptedRunError):
        pendula.fit(dataset(wave()), model=network, training=training, window=8, run=tmp_path / "wave", listener=stop)
    manifest = tmp_path / "wave.partial" / "manifest.toml"
    text = manifest.read_text(encoding="utf-8")
    assert text.count("input_noise = 0.0") == 1
    manifest.write_text(text.replace("input_noise = 0.0", "input_noise = 0.5"), encoding="utf-8")
    with pytest.raises(RunError, match="must belong to the same data and settings"):
        resume(tmp_path / "wave")
    manifest.write_text(text.replace("checkpoint_seconds = 0.0", "checkpoint_seconds = 5.0"), encoding="utf-8")
    assert resume(tmp_path / "wave").history[-1].epoch == 3


def test_a_run_in_training_is_not_taken_away(dataset, wave, network, brief, tmp_path):
    arguments = {"model": network, "training": brief, "window": 8, "run": tmp_path / "wave"}
    refused = []

    def meddle(event):
        if isinstance(event, EpochFinished) and event.record.epoch:
            for begin in (
                lambda: pendula.fit(dataset(wave()), **arguments, overwrite=True),
                lambda: resume(tmp_path / "wave"),
                lambda: made_before.save(tmp_path / "wave", overwrite=True),
            ):
                with pytest.raises(RunError, match=r"wave` must be free: .* being trained by another process"):
                    begin()
                refused.append(begin)

    made_before = pendula.fit(dataset(wave()), **arguments)
    made = pendula.fit(dataset(wave()), **arguments, seed=1, overwrite=True, listener=meddle)
    assert len(refused) == 6
    assert bits(pendula.load(tmp_path / "wave")) == bits(made) != bits(made_before)
    assert [path.name for path in tmp_path.iterdir()] == ["wave"]


def test_a_run_that_was_removed_while_it_was_trained_does_not_come_back(dataset, wave, network, tmp_path):
    def remove(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            shutil.rmtree(tmp_path / "wave.partial")

    training = Training(epochs=4, batch_size=16, checkpoint_seconds=0.0)
    with pytest.raises(RunError, match=r"wave\.partial` must stay in place while it is trained in"):
        pendula.fit(dataset(wave()), model=network, training=training, window=8, run=tmp_path / "wave", listener=remove)
    assert not list(tmp_path.iterdir())


def test_the_only_variable_is_the_target(dataset, wave):
    assert choose_target(dataset(wave()), None) == ("x",)
    assert choose_target(dataset({"x": wave(), "v": wave()}), "v") == ("v",)


def test_several_columns_need_a_target(dataset, wave):
    message = (
        r"`target` must be named where there are several columns: expected some of x, v, got none\. "
        r"Write `--target x`, or `--target x,v`"
    )
    with pytest.raises(ArgumentError, match=message):
        pendula.fit(dataset({"x": wave(), "v": wave()}))


def test_a_mistyped_target_is_guessed(dataset, wave):
    with pytest.raises((ArgumentError, DataError), match=r"Did you mean `velocity`\?"):
        pendula.fit(dataset({"x": wave(), "velocity": wave()}), target="velocty")


@pytest.mark.parametrize("lags", [0, 4])
@pytest.mark.parametrize("window", [96, 150])
def test_a_window_longer_than_the_training_part_is_refused(dataset, wave, brief, lags, window):
    network = Network(cell="gru", hidden_size=3, linear_lags=lags)
    with pytest.raises(DataError, match=rf"`window` must be shorter than the longest .*, got {window}"):
        pendula.fit(dataset(wave()), model=network, training=brief, window=window)


def test_more_lags_than_the_window_has_steps_are_refused():
    with pytest.raises(ArgumentError, match=r"`linear_lags` must fit into the window: expected at most 8, got 9"):
        Recipe(network=Network(linear_lags=9), window=8)


def test_a_test_part_that_cannot_be_scored_is_refused_before_the_training(network, brief):
    heard = []
    with pytest.raises(DataError, match=r"`window` must be shorter .*, got 8"):
        pendula.fit(
            trajectories((60, 60, 60, 7)), model=network, training=brief, window=8, by="trajectory",
            listener=heard.append,
        )  # fmt: skip
    assert heard == []


def test_a_validation_part_without_a_whole_stretch_cannot_choose_by_free_runs(dataset, wave, network, brief):
    values = wave()
    values[[105, 115]] = np.nan  # rows 96 to 119 are for validation
    training = replace(brief, select_by="free_run")
    with pytest.raises(DataError, match=r"`validation` must be long enough to select by free runs: .* stretch of 12"):
        pendula.fit(dataset(values), model=network, training=training, window=8)
    made = pendula.fit(dataset(values), model=network, training=brief, window=8)
    assert made.calibration.leads == 24 // 8


def test_records_without_trajectories_cannot_be_cut_by_them(dataset, wave, network, brief):
    with pytest.raises(ArgumentError, match=r"`by` must suit the record"):
        pendula.fit(dataset(wave()), model=network, training=brief, window=8, by="trajectory")


def test_a_test_part_of_one_value_has_scores_that_are_none(dataset, wave, network, brief):
    values = wave()
    values[120:] = 0.5
    scores = pendula.fit(dataset(values), model=network, training=brief, window=8).scores
    network_scores = scores["models"]["network"]
    assert network_scores["r2"] is network_scores["valid_prediction_time"] is None
    assert network_scores["rmse"] > 0


def test_recipes_survive_as_plain_values(sine_fit):
    content = json.loads(json.dumps(sine_fit.recipe.to_dict()))
    assert Recipe.from_dict(content) == sine_fit.recipe
    assert content["network"] == asdict(sine_fit.recipe.network)


@pytest.mark.parametrize(("window", "training", "error"), [
    (170, Training(epochs=1), DataError),
    (8, Training(epochs=1, washout=8), ArgumentError),
    (8, Training(epochs=1, learning_rate=1e30, clip_norm=None), DivergedError),
])  # fmt: skip
def test_a_fit_that_is_refused_leaves_nothing_in_the_way(dataset, wave, tmp_path, window, training, error):
    with pytest.raises(error):
        pendula.fit(
            dataset(wave()), model=Network(hidden_size=4), training=training, window=window, run=tmp_path / "run"
        )
    assert list(tmp_path.iterdir()) == []
