import json
from dataclasses import replace

import pytest

from pendula.experiments import EXPERIMENTS


def test_the_help_names_every_experiment(pendula):
    words = pendula("experiment", "--help").out.replace("│", " ").replace(",", " ").split()
    assert set(EXPERIMENTS) <= {word.rstrip(".") for word in words}


def test_the_list_names_every_experiment_and_setting(pendula):
    out = pendula("experiment", "--list").out
    for name, each in EXPERIMENTS.items():
        assert f"{name}: {each.summary}" in out
    assert [each["name"] for each in pendula("experiment", "--list", "--json").content["experiments"]] == [*EXPERIMENTS]


def test_the_demo(pendula, folder):
    answer = pendula("demo", "--set", "epochs=1", "--seed", "3")
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == "Report: runs/demo/report.html"
    assert "persistence" in answer.out
    assert "seed = 3" in answer.err
    page = (folder / "runs/demo/report.html").read_text()
    assert '<th scope="row">epochs</th><td>1</td>' in page
    assert '<th scope="row">seed</th><td>3</td>' in page
    assert json.loads((folder / "runs/demo/results.json").read_text())
    fit = next((folder / "runs/demo/fits").iterdir())
    assert pendula("forecast", fit, "--steps", "2").code == 0
    forecasts = folder / "runs/demo/forecasts"
    assert {path.name for path in forecasts.iterdir()} == {"forecast.csv", "forecast.nc"}
    assert (forecasts / "forecast.csv").read_text().startswith("time [year],sunspots")
    assert not [*(folder / "runs/demo").glob("*.csv"), *(folder / "runs/demo").glob("*.nc")]
    assert pendula("demo", "--set", "epochs=1").code == 0  # its own earlier results may be replaced


def test_the_json_object_holds_counts_and_scores_at_its_top(pendula, folder):
    words = ("--protocol", "lecture", "--set", "epochs=1", "--set", "points=120", "--json")
    content = pendula("experiment", "lecture-sine", *words).content
    assert (content["windows"], content["train"], content["test"]) == (70, 52, 18)
    assert {"rnn", "lstm", "gru"} == set(content["models"])
    assert {"persistence", "linear"} <= set(content["baselines"])
    assert {"mse", "rmse", "mae", "r2", "free_run_rmse", "free_run_nrmse", "seconds"} <= set(content["models"]["gru"])
    assert content["report"].endswith("report.html")


def test_settings_reach_the_experiment(pendula, folder, monkeypatch):
    heard = []

    def run(settings, progress):
        heard.append(settings)
        raise KeyboardInterrupt

    name = "lecture-sine"
    monkeypatch.setitem(EXPERIMENTS, name, replace(EXPERIMENTS[name], run=run))
    assert pendula("experiment", name, "--protocol", "lecture", "--seed", "9", "--set", "epochs=2").code == 1
    assert (heard[0].protocol, heard[0].seed, heard[0].epochs) == ("lecture", 9, 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "`NAME` must be given"),
        ("lecture-sin", "`NAME` must be an experiment: expected one of"),
        ("lecture-sin", "Did you mean `lecture-sine`?"),
        ("lecture-sine --set epoch=3", "`epoch` must be a known setting. Did you mean `epochs`?"),
        ("lecture-sine --protocol fast", "`protocol` must have the right type"),
        ("lecture-sine --system lorenz63", "`system` must be a known setting"),
    ],
)
def test_bad_usage(pendula, folder, words, message):
    answer = pendula("experiment", *words.split())
    assert answer.code == 2
    assert message in answer.err
    assert not (folder / "runs").exists()


def test_a_fit_is_not_written_over(pendula, fitted):
    answer = pendula("demo", "-o", "run")
    assert answer.code == 1
    assert "must not hold a fit" in answer.err


def test_a_strangers_folder_is_left_alone(pendula, folder):
    (folder / "runs/demo").mkdir(parents=True)
    (folder / "runs/demo/report.html").write_text("precious")
    answer = pendula("demo", "--set", "epochs=1")
    assert answer.code == 1
    assert "must be empty, or hold earlier results of the same kind" in answer.err
    assert (folder / "runs/demo/report.html").read_text() == "precious"
    assert pendula("demo", "--set", "epochs=1", "--overwrite").code == 0
