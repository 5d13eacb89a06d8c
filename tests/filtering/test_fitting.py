"""From a record of inputs and targets to a fit: nothing leaks, nothing depends on what must not matter."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError, RunError
from pendula.filtering import fit_pairs, prepare_pairs, usual_recipe
from pendula.nn import Network
from pendula.runs import PairedFit, PairedRecipe, load_forecast
from pendula.runs.paired_model_file import load_paired_model
from pendula.series import leak_check, record
from pendula.series.record import assemble
from pendula.training import Training

SMALL = PairedRecipe(
    inputs=("u",),
    target=("y",),
    network=Network(cell="gru", hidden_size=4, linear_lags=3),
    training=Training(epochs=2, batch_size=32, learning_rate=0.02),
    window=20,
    washout=5,
)


def weights(fit):
    return {name: tensor.numpy().copy() for name, tensor in fit.model.network.state_dict().items()}


def test_it_is_better_than_the_linear_filter_and_the_mean(fitted):
    scores = fitted.scores
    assert scores["task"] == "filter"
    assert scores["models"]["network"]["rmse"] < 0.7 * scores["baselines"]["linear"]["rmse"]
    assert scores["baselines"]["linear"]["rmse"] < 0.9 * scores["baselines"]["mean"]["rmse"]
    assert scores["units"] == {"value": "mm"}
    assert fitted.history[0].epoch == 0
    assert fitted.history[0].train_loss is None
    assert (
        min(one.validation_one_step for one in fitted.history) == fitted.history[fitted.best_epoch].validation_one_step
    )


def test_nothing_leaks(driven):
    rows = record(driven(), ("u", "y"))

    def pipeline(known):
        made = fit_pairs(replace(known), SMALL)
        return weights(made) | {"center": made.model.inputs.scaler.center, "scale": made.model.targets.scaler.scale}

    leak_check(pipeline, rows, prepare_pairs(rows, SMALL).split.test.start)


def test_the_same_seed_gives_the_same_bits(driven):
    rows = record(driven(), ("u", "y"))
    first, second = weights(fit_pairs(rows, SMALL)), weights(fit_pairs(rows, SMALL))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_it_is_kept_without_pickle_and_tells_the_same(fitted, driven, tmp_path):
    fitted.save(tmp_path / "run")
    loaded = pendula.load(tmp_path / "run")
    assert isinstance(loaded, PairedFit)
    assert loaded.recipe == fitted.recipe
    assert loaded.scores == fitted.scores
    assert loaded.history == fitted.history
    inputs = driven(seed=5)[["u"]]
    assert np.array_equal(pendula.forecast(loaded, inputs=inputs).y, pendula.forecast(fitted, inputs=inputs).y)
    with pytest.raises(RunError, match="must hold a fit that forecasts: got one that tells y from u"):
        load_forecast(tmp_path / "run")


def test_a_run_is_made_where_it_is_asked_for(driven, tmp_path):
    rows = record(driven(), ("u", "y"))
    fit_pairs(rows, SMALL, run=tmp_path / "run", notes=["Noted."])
    assert pendula.load(tmp_path / "run").notes == ("Noted.",)
    with pytest.raises(RunError, match="must not exist"):
        fit_pairs(rows, SMALL, run=tmp_path / "run")
    with pytest.raises(DataError, match="`window` must fit into the training part"):
        fit_pairs(rows, replace(SMALL, window=1000), run=tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_a_stopped_run_goes_on_with_the_same_bits(driven, tmp_path):
    rows = record(driven(), ("u", "y"))
    recipe = replace(SMALL, training=replace(SMALL.training, epochs=4, checkpoint_seconds=0.0))

    def stop(event):
        if getattr(getattr(event, "record", None), "epoch", 0) == 2:
            raise KeyboardInterrupt

    with pytest.raises(pendula.PendulaError, match="the checkpoint of epoch 2 is kept"):
        fit_pairs(rows, recipe, run=tmp_path / "run", listener=stop)
    resumed, whole = weights(pendula.resume(tmp_path / "run")), weights(fit_pairs(rows, recipe))
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)


def test_rows_without_an_input_are_gaps_and_rows_without_a_target_are_not_scored(driven):
    series = driven()
    series["y"][100:110] = np.nan
    series["u"][200] = np.nan
    rows = record(series, ("u", "y"))
    stray = rows.values.copy()
    stray[200, 1] = 1e3  # a target that cannot be told
    prepared, again = prepare_pairs(rows, SMALL), prepare_pairs(replace(rows, values=stray), SMALL)
    assert prepared.segments.tolist() == [[0, 200], [201, 360]]
    left, other = prepared.to_tell().numpy(), again.to_tell().numpy()
    assert np.isnan(left[[*range(100, 110), 200]]).all()
    assert np.isfinite(np.delete(left[:360], [*range(100, 110), 200])).all()
    assert np.isnan(other[200])
    assert np.isfinite(fit_pairs(rows, SMALL).scores["models"]["network"]["rmse"])


def test_several_inputs_and_targets_and_trajectories():
    generator = np.random.default_rng(0)
    u, w = generator.normal(size=(2, 400))
    sizes = [90, 60, 110, 80, 60]
    series = xr.Dataset(
        {
            "u": ("time", u),
            "w": ("time", w),
            "a": ("time", u - w, {"units": "m"}),
            "b": ("time", 2 * u, {"units": "s"}),
        },
        coords={
            "time": np.concatenate([np.arange(size) for size in sizes]),
            "trajectory": ("time", np.repeat(np.arange(5), sizes)),
        },
    )
    made = pendula.fit(series, ("a", "b"), inputs=("u", "w"), training=Training(epochs=1), window=20, washout=4)
    assert made.recipe.by == "trajectory"
    network = made.scores["models"]["network"]
    assert "rmse" not in network  # metres and seconds
    assert network["channels"]["a"]["rmse"] < 1e-6  # the linear path alone
    assert made.model.targets.units == ("m", "s")


def test_what_is_usual_follows_from_the_record(driven):
    rows = assemble(driven(size=200), ("u", "y"))
    made = usual_recipe(rows, PairedRecipe(inputs=("u",), target=("y",)))
    assert (made.window, made.washout, made.network.linear_lags) == (60, 15, 15)
    chosen = usual_recipe(rows, PairedRecipe(inputs=("u",), target=("y",), window=90, washout=30), given={"washout"})
    assert (chosen.window, chosen.washout) == (60, 30)
    assert (made.initial_state, chosen.initial_state) == ("rest", "rest")
    scored = usual_recipe(rows, replace(made, washout=0, initial_state="zeros"), given={"washout"})
    assert (scored.washout, scored.initial_state) == (0, "zeros")
    zeros = usual_recipe(rows, replace(made, initial_state="zeros"), given={"initial_state"})
    assert (zeros.washout, zeros.initial_state) == (15, "zeros")


def test_a_record_that_begins_at_rest_is_told_from_its_first_row(driven):
    series = driven()
    series["u"] += 3.0
    rows = record(series, ("u", "y"))
    rest, zeros = (fit_pairs(rows, replace(SMALL, initial_state=start)) for start in ("rest", "zeros"))
    still = np.full((40, 1), rest.model.inputs.scaler.center[0])
    told, cold = rest.model.run(still), zeros.model.run(still)
    # A state is settled when it moves by less than 1e-6 of it in 100 steps.
    np.testing.assert_allclose(told, np.broadcast_to(told[-1:], told.shape), rtol=0, atol=1e-5)
    assert np.abs(cold - cold[-1:]).max() > 1e-3
    # Where a run begins does not matter to training, whose washouts are not scored.
    assert all(np.array_equal(weights(rest)[name], weights(zeros)[name]) for name in weights(zeros))


def test_a_learned_start_is_trained_kept_and_resumed(driven, tmp_path):
    rows = record(driven(), ("u", "y"))
    recipe = replace(
        SMALL, washout=0, initial_state="learned", training=replace(SMALL.training, checkpoint_seconds=0.0)
    )

    def stop(event):
        if getattr(getattr(event, "record", None), "epoch", 0) == 1:
            raise KeyboardInterrupt

    with pytest.raises(pendula.PendulaError, match="the checkpoint of epoch 1 is kept"):
        fit_pairs(rows, recipe, run=tmp_path / "run", listener=stop)
    resumed, whole = pendula.resume(tmp_path / "run"), fit_pairs(rows, recipe)
    assert np.abs(weights(whole)["readout.start.hidden"]).max() > 1e-3
    assert all(np.array_equal(weights(resumed)[name], weights(whole)[name]) for name in weights(whole))
    inputs = driven(seed=5)[["u"]]
    told = pendula.forecast(pendula.load(tmp_path / "run"), inputs=inputs)
    assert np.array_equal(told.y, pendula.forecast(whole, inputs=inputs).y)


def test_a_learned_start_scores_every_row_unless_it_is_told_otherwise(driven):
    made = pendula.fit(driven(), "y", inputs="u", initial_state="learned", window=24, training=Training(epochs=1))
    assert (made.recipe.washout, made.recipe.network.linear_lags) == (0, 6)


@pytest.mark.parametrize("start", ["zeros", "rest"])
def test_a_start_is_kept_and_runs_of_before_start_from_zeros(driven, tmp_path, start):
    made = fit_pairs(record(driven(), ("u", "y")), replace(SMALL, initial_state=start), run=tmp_path / "run")
    inputs = driven(seed=5)[["u"]]
    loaded = pendula.load(tmp_path / "run")
    assert loaded.recipe.initial_state == loaded.model.network.initial_state == start
    assert pendula.forecast(loaded, inputs=inputs).identical(pendula.forecast(made, inputs=inputs))
    folder = tmp_path / "run" / "model"
    content = json.loads((folder / "model.json").read_text())
    assert content.pop("initial_state") == start
    (folder / "model.json").write_text(json.dumps(content))
    assert load_paired_model(folder).network.initial_state == "zeros"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": "v"}, "`columns` must name variables of the data: expected some of u, y, got v"),
        ({"inputs": ("u", "y"), "target": "y"}, "`target` must not be an input, too: got y on both sides"),
        ({"inputs": ("u", "y")}, "`target` must be named: expected one column beside the inputs, got none"),
        ({"window": 30, "washout": 30}, "`washout` must leave rows of a window to score: expected 0 to 29, got 30"),
        ({"window": 5000}, "`window` must fit into the training part: expected at most 360 rows"),
        ({"washout": 5000}, "`washout` must leave rows|`window` must fit into the training part"),
        ({"transform": "sqrt"}, "`transform` must be left out where inputs are given: got sqrt"),
        (
            {"model": "esn"},
            "`cell` must be one that is trained where inputs are given: expected rnn, gru, lstm, got esn",
        ),
        ({"initial_state": "rest", "washout": 0}, "`initial_state` must be zeros or learned where pieces are scored"),
        ({"initial_state": "learned", "washout": 9}, "`washout` must be 0 for a learned start: got 9"),
        ({"model": Network(leads=2)}, "`leads` must be left out where inputs are given: got 2"),
        ({"training": Training(horizon=3)}, "`horizon` must be left out where inputs are given: got 3"),
        ({"training": Training(method="hessian-free")}, "`method` must be one along the gradient"),
    ],
)
def test_bad_use_is_told(driven, arguments, message):
    with pytest.raises((ArgumentError, DataError), match=message):
        pendula.fit(driven(), **{"inputs": "u", **arguments})


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_start_is_told():
    with pytest.raises(
        ArgumentError, match=r"known start: expected zeros, rest, learned, got test\. Did you mean `rest`"
    ):
        replace(SMALL, initial_state="test")


def test_a_washout_without_inputs_is_told(driven):
    with pytest.raises(ArgumentError, match="`washout` must go with `inputs`: got 5 and no inputs"):
        pendula.fit(driven(), "y", washout=5)


def test_the_network_is_left_alone_by_the_global_seed(driven):
    rows = record(driven(), ("u", "y"))
    torch.manual_seed(0)
    first = weights(fit_pairs(rows, SMALL))
    torch.manual_seed(1)
    second = weights(fit_pairs(rows, SMALL))
    assert all(np.array_equal(first[name], second[name]) for name in first)
