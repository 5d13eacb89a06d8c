"""From a record of inputs and targets to a fit: nothing leaks, nothing depends on what must not matter."""

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
        ({"model": Network(leads=2)}, "`leads` must be left out where inputs are given: got 2"),
        ({"training": Training(horizon=3)}, "`horizon` must be left out where inputs are given: got 3"),
        ({"training": Training(method="hessian-free")}, "`method` must be one along the gradient"),
    ],
)
def test_bad_use_is_told(driven, arguments, message):
    with pytest.raises((ArgumentError, DataError), match=message):
        pendula.fit(driven(), **{"inputs": "u", **arguments})


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
