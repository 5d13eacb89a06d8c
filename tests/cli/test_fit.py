import json
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

import pendula as library
from pendula.nn.kernels import memory

TINY = ("--hidden-size", "4", "--epochs", "1", "--window", "8")


def write(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)


def test_a_file_alone_is_enough(pendula, folder):
    answer = pendula("fit", "swing.csv", "--epochs", "1")
    assert answer.code == 0
    assert {"data      swing.csv, 120 rows", "target    x (rad)"} <= set(answer.err.splitlines())
    assert "time      t (s) from 0 to 11.9, a step of 0.1 s" in answer.err
    assert "parts     train 72, validation 18, test 30 rows" in answer.err
    assert "window    18 rows" in answer.err
    assert "network   gru, 64 units, 1 layer" in answer.err
    assert "persistence" in answer.out
    assert "One-step" in answer.out
    assert answer.out.splitlines()[-1] == "Report: runs/swing/report.html"
    page = (folder / "runs/swing/report.html").read_text(encoding="utf-8")
    assert "Fit of x with a GRU" in page
    assert (folder / "runs/swing/figures/forecast.png").read_bytes().startswith(b"\x89PNG")
    assert "linear" in json.loads((folder / "runs/swing/scores.json").read_text())["baselines"]
    assert "Forecast: runs/swing/forecast.nc" in answer.out


def test_a_network_that_does_not_fit_in_memory_is_refused_by_name(pendula, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 20 << 30)
    wave = np.sin(0.3 * np.arange(200.0))
    write("pair.csv", t=np.arange(200.0), u=wave, x=np.roll(wave, 3))
    for shown in ((), ("--input", "u")):
        answer = pendula("fit", "pair.csv", "--target", "x", *shown, "--hidden-size", "20000")
        assert answer.code != 0
        assert "`hidden_size` and `num_layers` must leave weights that fit in memory" in answer.err
        assert "Traceback" not in answer.err


def test_a_target_too_small_to_be_told_apart_is_told(pendula):
    write("small.csv", t=np.arange(200.0), x=1e-200 * np.sin(0.3 * np.arange(200.0)))
    answer = pendula("fit", "small.csv", "--target", "x", *TINY)
    assert answer.code != 0
    assert "`x` must have values that can be told apart" in answer.err
    assert "Rescale it" in answer.err


def test_a_small_reservoir_is_fit_and_read_again(pendula, bare_reports):
    assert pendula("fit", "swing.csv", "--cell", "esn", "--hidden-size", "8", "-o", "small").code == 0
    assert pendula("forecast", "small", "--steps", "5").code == 0
    assert library.load("small").recipe.network.hidden_size == 8


def test_json_is_one_object(pendula, bare_reports):
    answer = pendula("fit", "swing.csv", *TINY, "--json")
    content = answer.content
    assert answer.out.count("\n") == 1
    assert content["run"] == "runs/swing"
    assert content["chosen"]["target"] == {"x": "rad"}
    assert content["chosen"]["recipe"]["window"] == 8
    assert set(content["scores"]["models"]) == {"network"}
    assert content["scores"]["units"] == {"value": "rad", "time": "s"}
    assert content["epochs"] == 1
    assert content["scores"] == json.loads(Path("runs/swing/scores.json").read_text())
    assert "persistence" in answer.err


def test_gradients_are_watched_on_request(pendula, bare_reports, folder):
    watched = pendula("fit", "swing.csv", *TINY, "--watch-gradients", "--json").content
    assert [(row["epoch"], row["layer"]) for row in watched["gradients"]] == [(0, 1), (1, 1)]
    assert len((folder / "runs/swing/gradients.jsonl").read_text().splitlines()) == 2
    plain = pendula("fit", "swing.csv", *TINY, "-o", "runs/plain", "--json").content
    assert "gradients" not in plain
    assert plain["scores"]["models"]["network"]["mse"] == watched["scores"]["models"]["network"]["mse"]


def test_quiet_leaves_the_result_alone(pendula, bare_reports):
    answer = pendula("fit", "swing.csv", *TINY, "--quiet")
    assert answer.err == ""
    assert "persistence" in answer.out


def test_every_choice_reaches_the_recipe(pendula, bare_reports, folder):
    words = (
        "--cell gru --hidden-size 3 --num-layers 2 --linear-lags 2 --window 9 --epochs 2 --batch-size 16 "
        "--learning-rate 0.01 --horizon 2 --input-noise 0.1 --transform asinh --scaling range --test 0.3 "
        "--validation 0.3 --seed 7 --set training.patience=1 --set network.dropout=0.5 --set baseline_lags=3"
    )
    assert pendula("fit", "swing.csv", *words.split(), "-o", "all").code == 0
    recipe = library.load(folder / "all").recipe
    assert (recipe.network.cell, recipe.network.hidden_size, recipe.network.num_layers) == ("gru", 3, 2)
    assert (recipe.network.linear_lags, recipe.network.dropout, recipe.window) == (2, 0.5, 9)
    assert (recipe.training.epochs, recipe.training.batch_size, recipe.training.learning_rate) == (2, 16, 0.01)
    assert (recipe.training.horizon, recipe.training.input_noise, recipe.training.patience) == (2, 0.1, 1)
    assert (recipe.transform, recipe.scaling, recipe.test, recipe.validation) == ("asinh", "range", 0.3, 0.3)
    assert (recipe.seed, recipe.baseline_lags) == (7, 3)


def test_options_stand_above_the_experiment_file(pendula, bare_reports, folder):
    (folder / "lab.toml").write_text(
        'window = 9\nseed = 4\n[data]\nfile = "swing.csv"\nunits = { x = "deg" }\n'
        '[network]\nhidden_size = 4\ncell = "rnn"\n[training]\nepochs = 1\n'
    )
    assert pendula("fit", "--config", "lab.toml", "--cell", "gru", "-o", "run").code == 0
    fit = library.load(folder / "run")
    assert (fit.recipe.window, fit.recipe.seed, fit.recipe.network.cell) == (9, 4, "gru")
    assert fit.model.units == ("deg",)


def test_the_seed_decides_the_bits(pendula, bare_reports, folder):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert pendula("fit", "swing.csv", *TINY, "--seed", seed, "-o", name).code == 0
    weights = [(folder / name / "model/weights.safetensors").read_bytes() for name in "abc"]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


def test_test_from_is_a_time(pendula, bare_reports):
    content = pendula("fit", "swing.csv", *TINY, "--test-from", "10.0", "--json").content
    assert content["chosen"]["parts"]["test"] == 20


def test_no_test_part_is_said(pendula, bare_reports):
    answer = pendula("fit", "swing.csv", *TINY, "--test", "0", "--json")
    assert answer.code == 0
    assert answer.content["scores"] == {}
    assert "not known what the network is worth" in answer.err


def test_a_shipped_record_has_a_name(pendula, bare_reports):
    content = pendula("fit", "sunspots", *TINY, "--json").content
    assert content["run"] == "runs/sunspots"
    assert content["chosen"]["time"]["column"] == "year"


def test_two_targets(pendula, bare_reports, folder):
    t = 0.1 * np.arange(90)
    write(folder / "two.csv", t=t, x=np.sin(t), v=np.cos(t), w=t)
    answer = pendula("fit", "two.csv", "--target", "x,v", "--unit", "x=rad", "--unit", "v=rad/s", *TINY)
    assert answer.code == 0
    assert "target    x (rad), v (rad/s)" in answer.err
    future = pendula("forecast", "runs/two", "--steps", "2", "--json").content["forecast"]
    assert {name: band["units"] for name, band in future.items()} == {"x": "rad", "v": "rad/s"}


def test_trajectories(pendula, bare_reports, folder):
    t = np.tile(0.1 * np.arange(40), 4)
    write(folder / "runs.csv", t=t, x=np.sin(t + np.repeat(np.arange(4), 40)), run=np.repeat(np.arange(4), 40))
    answer = pendula("fit", "runs.csv", "--trajectory", "run", "--target", "x", *TINY, "--json")
    assert answer.code == 0
    assert answer.content["chosen"]["recipe"]["by"] == "trajectory"
    assert answer.content["chosen"]["parts"] == {"train": 80, "validation": 40, "test": 40}
    assert "160 rows in 4 trajectories" in answer.err


def test_a_group_of_a_file(pendula, bare_reports, folder):
    with h5py.File(folder / "runs.h5", "w") as file:
        for name, phase in (("first", 0.0), ("second", 1.0)):
            file[f"{name}/t"] = 0.1 * np.arange(120)
            file[f"{name}/x"] = np.sin(0.1 * np.arange(120) + phase)
    assert pendula("fit", "runs.h5", "--group", "second", *TINY, "--quiet").code == 0
    answer = pendula("fit", "runs.h5", "--group", "third", *TINY)
    assert answer.code == 1
    assert "`--group` must name a group of the file: expected one of first, second, got third" in answer.err


def with_gap(folder, rows=(40, 41)):
    t = 0.1 * np.arange(120)
    x = np.sin(t)
    x[list(rows)] = np.nan
    write(folder / "gaps.csv", t=t, x=x)


def test_gaps_are_kept_and_said(pendula, bare_reports, folder):
    with_gap(folder)
    answer = pendula("fit", "gaps.csv", *TINY)
    assert answer.code == 0
    assert "2 of 120 rows lack a sample and no window covers them; --gaps fill interpolates." in answer.err


def test_gaps_are_filled_on_request_and_said(pendula, bare_reports, folder):
    with_gap(folder)
    answer = pendula("fit", "gaps.csv", "--gaps", "fill", *TINY, "--json")
    notes = (
        "2 missing samples were filled by linear interpolation.",
        "Filled samples are interpolated between the values around their gap, and scores near them are too good.",
    )
    assert tuple(answer.content["notes"][:2]) == notes
    assert answer.content["chosen"]["gaps"] == 0
    assert library.load(folder / "runs/gaps").notes == notes
    assert notes[1] in (folder / "runs/gaps/report.html").read_text(encoding="utf-8")


def test_a_gap_across_a_cut_is_not_filled_and_said(pendula, bare_reports, folder):
    with_gap(folder, rows=(40, 88, 89, 90, 91))  # the test part starts at row 90
    answer = pendula("fit", "gaps.csv", "--gaps", "fill", *TINY, "--json")
    assert answer.content["notes"][0] == "1 missing sample was filled by linear interpolation."
    assert answer.content["notes"][2] == (
        "4 of 120 rows still lack a sample: gaps are not filled across the cuts between the parts, nor beyond the "
        "record's ends."
    )
    assert answer.content["chosen"]["gaps"] == 4


def test_an_irregular_axis_is_resampled_on_request(pendula, bare_reports, folder):
    t = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.15, 150))
    write(folder / "uneven.csv", t=t, x=np.sin(t))
    refused = pendula("fit", "uneven.csv", *TINY)
    assert refused.code == 1
    assert "--resample" in refused.err
    answer = pendula("fit", "uneven.csv", *TINY, "--resample", "0.1", "--json")
    assert answer.code == 0
    assert answer.content["chosen"]["time"]["step"] == "0.1"
    assert answer.content["notes"][0].startswith("The record was resampled from 150 to ")
    assert answer.content["notes"][1] == "Resampled values lie between measured neighbors: one-step scores flatter."


def test_dates(pendula, bare_reports, folder):
    days = pd.date_range("2001-01-01", periods=120, freq="D").strftime("%Y-%m-%d")
    write(folder / "days.csv", date=days, level=np.sin(0.1 * np.arange(120)))
    answer = pendula("fit", "days.csv", *TINY, "--test-from", "2001-04-11")
    assert answer.code == 0
    assert "date from 2001-01-01 to 2001-04-30, a step of 1 day" in answer.err
    future = pendula("forecast", "runs/days", "--steps", "2").out.splitlines()
    assert [line.split(",")[0] for line in future] == ["date", "2001-05-01", "2001-05-02"]


def test_an_unknown_unit_stays_as_it_is(pendula, bare_reports):
    assert pendula("fit", "swing.csv", "--unit", "x=furlong/fortnight", *TINY).code == 0
    header = pendula("forecast", "runs/swing", "--steps", "1").out.splitlines()[0]
    names = "t [s],x [furlong/fortnight],x_lower [furlong/fortnight],x_upper [furlong/fortnight],effective_origins"
    assert header == names


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--window 0", "`window` must be positive: expected 1 or more, got 0"),
        ("--test -0.5", "`test` must"),
        ("--validation 1.5", "`validation` must"),
        ("--seed -1", "`seed` must be a whole number: expected 0 or more and below 2⁶³, got -1"),
        ("--test nan", "`test` must have the right type: input should be a finite number, got nan"),
        ("--epochs 0", "`epochs` must be a whole number: expected 1 or more, got 0"),
        ("--hidden-size 1000000000", "`hidden_size` must be a whole number: expected 1 to 65536"),
        ("--linear-lags 99 --window 9", "`linear_lags` must fit into the window"),
        ("--cell lst", 'Invalid value "lst" for --cell'),
        ("--epochs 2.5", "Invalid value for --epochs: expected a whole number, got 2.5."),
        ("--seed 1e-1", "expected a whole number, got 1e-1"),
        ("--hidden-size inf", "expected a whole number, got inf"),
        ("--epochs many", "expected a whole number, got many"),
        ("--set training.epoch=3", "`training.epoch` must be a known setting. Did you mean `training.epochs`?"),
        ("--set hidden_size=3", "Did you mean `network.hidden_size`?"),
        ("--set training.epochs=ten", "`training.epochs` must have the right type"),
        ("--set epochs", "`--set` must be an assignment"),
        ("--unit x", "`--unit` must name a column and its unit"),
        ("--windw 3", "Unknown option: --windw. Did you mean --window?"),
        ("--config none.toml", "`none.toml` must be readable"),
        ("--gaps drop", 'Invalid value "drop" for --gaps'),
        ("another.csv", "another.csv"),
        ("--resample 0", "`step` must be a duration on the record's axis"),
    ],
)
def test_bad_usage_is_told_in_one_line(pendula, folder, words, message):
    answer = pendula("fit", "swing.csv", *words.split())
    assert answer.code == 2
    assert message in answer.err
    assert answer.err.startswith("pendula: error: ")
    assert answer.err.endswith("See: pendula fit --help\n")
    assert answer.out == ""
    assert not (folder / "runs").exists()


def test_no_file_is_told(pendula):
    answer = pendula("fit")
    assert answer.code == 2
    assert "`FILE` must be named" in answer.err


def test_several_columns_need_a_target(pendula, folder):
    write(folder / "two.csv", t=np.arange(90), x=np.sin(np.arange(90)), v=np.cos(np.arange(90)))
    answer = pendula("fit", "two.csv")
    assert answer.code == 2
    assert "Write `--target x`, or `--target x,v` to learn them together." in answer.err


def test_a_forecast_from_the_records_end_is_written(pendula, bare_reports, folder):
    answer = pendula("fit", "swing.csv", *TINY, "--json")
    assert answer.content["forecast"] == "runs/swing/forecast.nc"
    made = library.load(folder / "runs/swing")
    written = library.read(folder / "runs/swing/forecast.nc")
    expected = library.forecast(made, made.calibration.leads, coverage=0.9)
    assert written.sizes["time"] == made.calibration.leads
    for name in ("x", "x_lower", "x_upper"):
        np.testing.assert_array_equal(written[name], expected[name])
    assert [*written["time"].values] == [*expected["time"].values]


def test_a_gap_at_the_end_leaves_no_forecast(pendula, bare_reports, folder):
    with_gap(folder, rows=(117, 118))
    answer = pendula("fit", "gaps.csv", *TINY, "--json")
    assert answer.code == 0
    assert answer.content["forecast"] is None
    assert "There is no forecast: the record has a gap within the window before its end." in answer.content["notes"]
    assert not (folder / "runs/gaps/forecast.nc").exists()


def test_that_the_network_added_nothing_is_said_below_the_verdict(pendula, fitted):
    made = library.load(fitted)
    replace(made, best_epoch=0).save(fitted, overwrite=True)
    note = "The recurrent part added nothing: the kept epoch is 0, so this is persistence alone."
    lines = pendula("evaluate", "run").out.splitlines()
    assert lines[-1] == note
    assert lines[-2] in pendula("evaluate", "run", "--json").content["verdict"]
    assert note in pendula("evaluate", "run", "--json").content["notes"]


def test_an_echo_state_network_needs_no_settings(pendula, folder, bare_reports):
    answer = pendula("fit", "swing.csv", "--cell", "esn", "--hidden-size", "20", "-o", "echo", "--json")
    assert answer.code == 0
    content = answer.content
    assert (content["outcome"], content["epochs"]) == ("The readout was solved for in one pass over the rows.", 0)
    assert len(content["members"]) == 5
    assert {"spectral_radius", "input_scaling", "leak", "penalty"} <= set(content["members"][0])
    assert content["chosen"]["recipe"]["network"]["reservoir"] is None
    assert "esn" not in content["scores"]["baselines"]
    again = pendula("fit", "swing.csv", "--cell", "esn", "--hidden-size", "20", "-o", "again", "--json")
    weights = [(folder / run / "model/weights.safetensors").read_bytes() for run in ("echo", "again")]
    assert weights[0] == weights[1]
    assert again.content["members"] == content["members"]
    forecast = pendula("forecast", "echo", "--steps", "5", "--json")
    assert forecast.code == 0


def test_people_hear_of_the_reservoirs(pendula, folder, bare_reports):
    answer = pendula("fit", "swing.csv", "--cell", "esn", "--hidden-size", "20")
    assert "network   esn, 20 units, chosen by free runs within the training part" in answer.err
    assert "training  ridge regression, seed 0" in answer.err
    assert "reservoir 54/54, smallest free-run error" in answer.err


def test_settings_of_a_reservoir_are_taken_as_they_are(pendula, folder, bare_reports):
    words = ("--hidden-size", "15", "--set", "network.reservoir.leak=0.5", "--set", "network.reservoir.connections=4")
    answer = pendula("fit", "swing.csv", "--cell", "esn", *words, "-o", "echo", "--json")
    assert [(row["leak"], row["connections"]) for row in answer.content["members"]] == [(0.5, 4)]
    for words, message in (
        (("--set", "network.reservoir.spectral_radius=0"), "`spectral_radius` must be positive"),
        (("--num-layers", "2"), "`num_layers` must be left out for an echo state network"),
        (("--method", "adam"), "`method` must suit the cell: expected ridge for esn, got adam"),
        (("--window", "200"), "`window` must be shorter than the longest gap-free stretch"),
        (("--watch-gradients",), "`watch_gradients` must be off for the cell esn"),
    ):
        answer = pendula("fit", "swing.csv", "--cell", "esn", "--hidden-size", "15", *words, "-o", "bad")
        assert answer.code != 0
        assert message in answer.err
        assert not (folder / "bad").exists()


def test_a_next_generation_reservoir_needs_no_settings(pendula, folder, bare_reports):
    answer = pendula("fit", "swing.csv", "--cell", "ngrc", "-o", "poly", "--json")
    assert answer.code == 0
    content = answer.content
    assert (content["outcome"], content["epochs"]) == ("The readout was solved for in one pass over the rows.", 0)
    assert {"delays", "stride", "degree", "penalty"} == set(content["members"][0])
    assert content["chosen"]["recipe"]["training"] == {"method": "ridge"}
    again = pendula("fit", "swing.csv", "--cell", "ngrc", "--seed", "5", "-o", "again", "--json")
    assert again.content["members"] == content["members"]  # nothing is drawn
    assert pendula("forecast", "poly", "--steps", "5", "--json").code == 0
    assert pendula("evaluate", "poly", "--json").content["scores"] == content["scores"]


def test_settings_of_a_polynomial_are_taken_as_they_are(pendula, folder, bare_reports):
    words = ("--set", "network.polynomial.delays=3", "--set", "network.polynomial.stride=2")
    answer = pendula("fit", "swing.csv", "--cell", "ngrc", *words, "-o", "poly", "--json")
    assert [(row["delays"], row["stride"], row["degree"]) for row in answer.content["members"]] == [(3, 2, 2)]
    for words, message in (
        (("--set", "network.polynomial.degree=0"), "`degree` must be a whole number: expected 1 to 9, got 0"),
        (("--set", "network.polynomial.delays=60"), "`delays` must look back no further than the window"),
        (("--set", "network.polynomial.delay=2"), "Did you mean `network.polynomial.delays`?"),
        (("--hidden-size", "20"), "`hidden_size` must be left out for a next-generation reservoir"),
        (("--method", "hessian-free"), "`method` must suit the cell: expected ridge for ngrc, got hessian-free"),
        (("--watch-gradients",), "`watch_gradients` must be off for the cell ngrc"),
    ):
        answer = pendula("fit", "swing.csv", "--cell", "ngrc", *words, "-o", "bad")
        assert answer.code != 0
        assert message in answer.err
        assert not (folder / "bad").exists()


def test_settings_that_a_method_has_no_use_for_are_told(pendula, folder, bare_reports):
    words = ("--cell", "esn", "--hidden-size", "10", "--epochs", "3", "--batch-size", "4")
    answer = pendula("fit", "swing.csv", *words, "-o", "echo")
    note = "The method ridge has no use for `epochs`, `batch_size`."
    assert f"note      {note}" in answer.err
    content = pendula("fit", "swing.csv", *words, "-o", "again", "--json").content
    assert note in content["notes"]
    assert content["chosen"]["recipe"]["training"] == {"method": "ridge", "washout": 0}


def test_a_fit_without_keras_names_the_extra_and_leaves_nothing_in_the_way(pendula, folder, bare_reports, monkeypatch):
    words = ("fit", "swing.csv", *TINY, "--engine", "keras", "-o", "run")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "keras", None)
        told = pendula(*words)
    assert told.code == 1
    assert "needs keras. Install it with: pip install 'pendula[keras]'." in told.err
    assert [path.name for path in folder.iterdir()] == ["swing.csv"]
    assert pendula(*words).code == 0
