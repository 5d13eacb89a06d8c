"""Forecasts under controls, on the command line."""

import shutil

import numpy as np
import pytest

FIT = ("heater.csv", "--time", "clock", "--target", "temperature")
TINY = ("--hidden-size", "4", "--epochs", "1", "--window", "8", "--quiet")


@pytest.fixture
def heater(folder, bare_reports):
    """A record heater.csv of a temperature under a power, a plan of the power, and both in one file."""
    u, y = np.random.default_rng(0).normal(size=230), np.zeros(230)
    for t in range(229):
        y[t + 1] = 0.8 * y[t] + 0.5 * u[t + 1]
    rows = [f"{0.5 * t},{a},{b}" for t, (a, b) in enumerate(zip(u, y, strict=True))]
    plan = [f"{0.5 * t},{u[t]}" for t in range(200, 230)]
    head = "clock [min],power [W],temperature [K]"
    (folder / "heater.csv").write_text("\n".join([head, *rows[:200]]))
    (folder / "held-out.csv").write_text("\n".join([head, *rows[100:]]))
    (folder / "plan.csv").write_text("\n".join(["clock [min],power [W]", *plan]))
    (folder / "both.csv").write_text("\n".join([head, *rows[:200], *(f"{each}," for each in plan)]))
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder that the first fit is kept in for all, and what it said."""
    return {"folder": tmp_path_factory.mktemp("kept")}


@pytest.fixture
def run(pendula, heater, kept):
    """A run of heater.csv under its power, and what was said when it was made."""
    words = ("heater.csv", "--time", "clock", "--target", "temperature", "--control", "power", *TINY, "-o", "run")
    if "made" not in kept:
        kept["made"] = pendula("fit", *words, "--json")
        assert kept["made"].code == 0, kept["made"].err
        shutil.copytree(heater / "run", kept["folder"] / "run")
    else:
        shutil.copytree(kept["folder"] / "run", heater / "run")
    return kept["made"]


def test_a_distribution_is_told_under_a_plan(pendula, heater):
    made = pendula("fit", *FIT, "--control", "power", "--head", "gaussian", *TINY, "-o", "run", "--json")
    assert made.code == 0, made.err
    scores = pendula("evaluate", "run", "--json").content["scores"]
    assert scores == made.content["scores"]
    assert {"log_likelihood", "energy_score"} <= set(scores["models"]["network"]) & set(scores["baselines"]["linear"])
    future = pendula("forecast", "run", "plan.csv", "--samples", "20", "--json")
    assert future.code == 0, future.err
    band = future.content["forecast"]["temperature"]
    assert (np.array(band["lower"]) < band["upper"]).all()
    assert len(band["mean"]) == 30
    refused = pendula("forecast", "run", "plan.csv", "--samples", "20", "--start", "nothing")
    assert refused.code == 2
    assert "`start` must be a time under controls: expected one of the record, got nothing" in refused.err


def test_fit_evaluate_forecast_report(pendula, heater, run):
    assert run.content["chosen"]["target"] == {"temperature": "K"}
    assert run.content["chosen"]["control"] == {"power": "W"}
    assert run.content["scores"]["baselines"]["linear"]["rmse"] < 1e-9
    assert pendula("evaluate", "run", "--json").content["scores"] == run.content["scores"]
    held_out = pendula("evaluate", "run", "held-out.csv", "--json")
    assert held_out.content["scores"]["seen_rows"] > 0
    future = pendula("forecast", "run", "plan.csv", "-o", "future.csv", "--json")
    assert future.code == 0, future.err
    assert len(future.content["forecast"]["temperature"]["mean"]) == 30
    assert future.content["time"]["values"][0] == 100.0
    assert (heater / "future.csv").read_text().startswith("time [min],temperature [K],")
    fewer = pendula("forecast", "run", "plan.csv", "--steps", "5", "--json").content["forecast"]["temperature"]
    assert fewer["mean"] == future.content["forecast"]["temperature"]["mean"][:5]
    again = pendula("evaluate", "run", "--refit", "every:25", "--json")
    assert again.content["rolling"]["rmse"]["linear"][-1] < 1e-9
    assert pendula("report", "run").code == 0
    assert "control" in pendula("fit", "heater.csv", "--time", "clock", "--target", "temperature", "--control", "power",
                                "--hidden-size", "4", "--epochs", "1", "--window", "8", "-o", "told").err  # fmt: skip


def test_a_plan_beyond_the_training_part_is_warned_of(pendula, heater, run):
    (heater / "far.csv").write_text("clock [min],power [W]\n100,0\n100.5,5000\n")
    far = pendula("forecast", "run", "far.csv", "--json")
    assert "warning: `power` goes from 0 to 5000 W, in the training part from" in far.err
    assert far.content["outside"].endswith("and the interval was not measured there.")
    (heater / "near.csv").write_text("clock [min],power [W]\n100,0\n100.5,1\n")
    assert "warning: `power`" not in pendula("forecast", "run", "near.csv").err
    steady = (heater / "heater.csv").read_text().splitlines()
    rows = [f"{t},7,{y}" for t, _, y in (row.split(",") for row in steady[1:])]
    (heater / "steady.csv").write_text("\n".join([steady[0], *rows]))
    words = ("steady.csv", "--time", "clock", "--target", "temperature", "--control", "power", *TINY, "-o", "steady")
    assert (
        "`power` is constant in the training part: it cannot be learned from."
        in pendula("fit", *words, "--json").content["notes"]
    )


def test_plans_may_have_one_row_or_times_alone(pendula, heater, run):
    (heater / "one.csv").write_text("clock [min],power [W]\n100,0\n")
    one = pendula("forecast", "run", "one.csv", "--json")
    (heater / "two.csv").write_text("clock [min],power [W]\n100,0\n100.5,0\n")
    two = pendula("forecast", "run", "two.csv", "--json").content["forecast"]["temperature"]["mean"]
    assert one.content["forecast"]["temperature"]["mean"] == two[:1]
    t = np.cumsum(np.random.default_rng(1).uniform(0.1, 1.0, size=120))
    (heater / "visits.csv").write_text("t [s],x [m]\n" + "".join(f"{a},{np.sin(a)}\n" for a in t[:110]))
    (heater / "times.csv").write_text("t [s]\n" + "".join(f"{a}\n" for a in t))
    assert pendula("fit", "visits.csv", "--target", "x", "--irregular", *TINY, "-o", "visits").code == 0
    future = pendula("forecast", "visits", "times.csv", "--json")
    assert future.content["time"] == {"column": "t", "units": "s", "values": t[110:].tolist()}
    assert pendula("forecast", "visits", "--start", "90", "--steps", "2").out.startswith("row,x [m],")
    assert pendula("forecast", "visits", "times.csv", "--start", "90", "--steps", "2").out.startswith("t [s],x [m],")
    assert "expected a file with the times to come, got none" in pendula("forecast", "visits").err


def test_a_plan_without_times_is_told_so(pendula, heater):
    rows = (heater / "heater.csv").read_text().replace("clock", "t", 1)
    (heater / "timed.csv").write_text(rows)
    assert pendula("fit", "timed.csv", "--target", "temperature", "--control", "power", *TINY, "-o", "timed").code == 0
    (heater / "untimed.csv").write_text("power [W]\n0\n0\n0\n")
    said = pendula("forecast", "timed", "untimed.csv").err
    assert "`controls` must have the times that they are planned for: expected a step of 0.5 min, got rows" in said


def test_one_file_can_hold_the_record_and_the_plan(pendula, run):
    words = ("both.csv", "--time", "clock", "--target", "temperature", "--control", "power", *TINY, "-o", "other")
    made = pendula("fit", *words, "--json")
    assert made.content["chosen"]["rows"] == 200
    assert made.content["notes"][0] == (
        "30 rows after the last target hold controls alone; `forecast` takes them from the same file."
    )
    ours = pendula("forecast", "other", "both.csv", "--json").content["forecast"]
    assert ours == pendula("forecast", "run", "plan.csv", "--json").content["forecast"]


def test_the_target_is_the_other_column_and_an_experiment_file_names_both(pendula, heater):
    (heater / "lab.toml").write_text('[data]\ntime = "clock"\ncontrol = ["power"]\n')
    made = pendula("fit", "heater.csv", "--config", "lab.toml", *TINY, "-o", "run", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["target"] == {"temperature": "K"}
    assert made.content["chosen"]["control"] == {"power": "W"}


def test_a_control_that_is_the_target_by_another_name_is_told(pendula, heater):
    lines = (heater / "heater.csv").read_text().splitlines()
    twice = [f"{line},{line.split(',')[2]}" for line in lines[1:]]
    (heater / "twice.csv").write_text("\n".join([f"{lines[0]},again [K]", *twice]))
    made = pendula("fit", "twice.csv", "--time", "clock", "--target", "temperature", "--control", "again", *TINY[:-1])
    assert "The control again goes along with temperature row by row (correlation 1.0000)" in made.err + made.out


def test_networks_are_compared(pendula, heater):
    words = ("heater.csv", "--time", "clock", "--target", "temperature", "--control", "power")
    table = pendula("compare", *words, "--cells", "rnn,lstm", *TINY, "--json")
    assert table.code == 0, table.err
    assert table.content["scores"]["baselines"]["linear"]["rmse"] < 1e-9


def test_networks_are_compared_over_irregular_times_and_missing_targets(pendula, heater):
    t = np.cumsum(np.random.default_rng(1).uniform(0.1, 1.0, size=120))
    rows = [f"{a},{'' if row % 20 == 5 else np.sin(a)}" for row, a in enumerate(t)]
    (heater / "visits.csv").write_text("\n".join(["t [s],x [m]", *rows]))
    words = ("visits.csv", "--target", "x", "--irregular", "--missing", "last", *TINY)
    table = pendula("compare", *words, "--cells", "rnn,gru", "--json")
    assert table.code == 0, table.err
    assert table.content["chosen"]["control"] == {"interval": "s"}
    assert table.content["scores"]["controls"] == ["interval"]
    alone = pendula("fit", *words, "--cell", "rnn", "-o", "alone", "--json").content["scores"]
    assert table.content["scores"]["rows"] == alone["rows"] == 30 - 1  # row 105 of 90 to 119 is missing
    assert table.content["scores"]["models"]["rnn"]["rmse"] == alone["models"]["network"]["rmse"]


def test_rows_at_irregular_times_are_steps(pendula, heater):
    t = np.cumsum(np.random.default_rng(1).uniform(0.1, 1.0, size=120))
    rows = [f"{a},{b}" for a, b in zip(t, np.sin(t), strict=True)]
    (heater / "visits.csv").write_text("\n".join(["t [s],x [m]", *rows[:110], *(f"{a}," for a in t[110:])]))
    (heater / "more.csv").write_text("\n".join(["t [s],x [m]", *rows[40:]]))
    made = pendula("fit", "visits.csv", "--target", "x", "--irregular", *TINY, "-o", "visits", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["control"] == {"interval": "s"}
    assert made.content["chosen"]["recipe"]["irregular"]
    future = pendula("forecast", "visits", "visits.csv", "--json")
    assert future.code == 0, future.err
    assert future.content["time"]["values"] == t[110:].tolist()
    # A time column of an unusual name is named once.
    (heater / "looks.csv").write_text("\n".join(["look [s],x [m]", *rows[:110], *(f"{a}," for a in t[110:])]))
    words = ("fit", "looks.csv", "--target", "x", "--irregular", *TINY, "--json")
    again = pendula(*words, "--time", "look", "-o", "looks")
    assert not any("equally far apart" in note for note in again.content["notes"])
    assert pendula("forecast", "looks", "looks.csv", "--json").content["forecast"] == future.content["forecast"]
    assert any("name the column of their times" in note for note in pendula(*words, "-o", "counted").content["notes"])
    assert pendula("evaluate", "visits", "more.csv", "--json").code == 0
    assert "Hand in a series or a file of the times to come" in pendula("forecast", "visits", "--steps", "3").err
    # What comes after the record's last row need not stand behind its rows.
    (heater / "after.csv").write_text("\n".join(["t [s]", *(str(a) for a in t[110:])]))
    after = pendula("forecast", "visits", "after.csv", "--json")
    assert {**after.content, "file": None} == {**future.content, "file": None}
    (heater / "amid.csv").write_text("\n".join(["t [s]", *(str(a) for a in t[105:])]))
    refused = pendula("forecast", "visits", "amid.csv").err
    assert f"expected its 110 rows, and those to come after them, or times after {t[109]:.10g} alone, got" in refused
    (heater / "minutes.csv").write_text("t [min]\n200\n201\n")
    assert "must have the unit of the fit: expected s, got min" in pendula("forecast", "visits", "minutes.csv").err


def test_windows_reach_over_missing_targets(pendula, heater):
    rows = (heater / "heater.csv").read_text().splitlines()
    holed = [row if number % 9 else row.rpartition(",")[0] + "," for number, row in enumerate(rows[1:], start=1)]
    (heater / "holed.csv").write_text("\n".join([rows[0], *holed]))
    words = ("holed.csv", "--time", "clock", "--target", "temperature", "--control", "power", *TINY)
    made = pendula("fit", *words, "--missing", "last", "-o", "holed", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["recipe"]["missing"] == "last"
    assert not any("no window covers" in note for note in made.content["notes"])
    assert made.content["scores"]["rows"] == 50 - sum(number % 9 == 0 for number in range(151, 201))
    assert pendula("forecast", "holed", "plan.csv", "--json").code == 0
    refused = pendula("fit", *words, "--missing", "last", "--cell", "esn", "-o", "other")
    assert "`cell` must take controls" in refused.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("forecast", "run"), "`FILE` must hold what is planned for the steps to forecast: expected a file with power"),
        (("forecast", "run", "--start", "2000"), "`FILE` must hold what is planned for the steps to forecast"),
        (("forecast", "run", "counted.csv", "--time", "hour"), "`controls` must have the time step of the fit"),
        (("fit", *FIT, "--control", "nope"), "`--control` must name a column: expected one of clock, power, temp"),
        (("fit", "heater.csv", "--time", "clock", "--control", "nope"), "`--control` must name variables of the data"),
        (
            ("fit", "heater.csv", "--time", "clock", "--target", "no", "--control", "power"),
            "`--target` must name a col",
        ),
        (("fit", *FIT, "--control", "power,power"), "`--control` must name different variables"),
        (
            ("fit", *FIT, "--control", "clock"),
            "`--control` must not be the time: expected columns beside it, got clock",
        ),
        (
            ("fit", *FIT, "--irregular", "--resample", "0.5"),
            "`--resample` must be left out with --irregular: got a step",
        ),
        (
            ("fit", *FIT, "--input", "power", "--irregular", "--resample", "1"),
            "`--resample` must be left out with --irr",
        ),
        (("compare", *FIT, "--control", "power", "--cells", "gru,esn"), "`cell` must take controls"),
        (("compare", *FIT, "--irregular", "--cells", "gru,esn"), "got esn and interval"),
        (("compare", *FIT, "--missing", "last", "--cells", "gru,esn"), "where missing values are shown: got esn"),
        (("compare", *FIT, "--missing", "lost"), 'Invalid value "lost" for --missing'),
        (("compare", *FIT, "--irregular", "--resample", "1"), "`--resample` must be left out with --irregular"),
        (("forecast", "run", "--steps", "3"), "`controls` must be known for every step of a forecast: expected power"),
        (("forecast", "run", "plan.csv", "--steps", "31"), "got none at 115, step 31 of 31"),
        (("forecast", "run", "heater.csv"), "`controls` must reach beyond the known rows: expected them from 100 on"),
        (("forecast", "run", "plan.csv", "--unit", "power=mW"), "`power` must have the unit of the fit: expected W"),
        (("forecast", "run", "--unit", "power=mW", "--steps", "3"), "`FILE` must be named where options tell how it"),
        (("forecast", "run", "swing.csv"), "must"),
        (("fit", "heater.csv", "--input", "power", "--control", "power"), "`--control` must go with a forecast"),
        (("fit", "--resume", "run", "--control", "power"), "`--resume` must stand alone"),
        (("fit", "heater.csv", "--time", "clock", "--control", "power", "--cell", "esn"), "`cell` must take controls"),
        (("export", "run", "-o", "run.onnx"), "`model` must read its own values alone to become ONNX: got 1"),
        (("analyze", "run"), "`fit` must read its own values alone to be looked at as a dynamical system"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(pendula, heater, run, words, message):
    (heater / "counted.csv").write_text("hour,power\n" + "".join(f"{hour},0\n" for hour in range(9)))
    said = pendula(*words)
    assert said.code != 0
    assert message in said.err
    assert "window  " not in said.err  # refused before choices are told
