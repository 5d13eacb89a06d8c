"""Targets told from inputs, on the command line."""

import re

import numpy as np
import pytest


@pytest.fixture
def circuit(folder):
    """A record circuit.csv of a current told from a voltage, and a file of voltages alone."""
    u = np.random.default_rng(0).normal(size=200)
    y = 2 * u + np.concatenate([[0.0], u[:-1]]) ** 2
    rows = [f"{0.5 * t},{a},{b}" for t, (a, b) in enumerate(zip(u, y, strict=True))]
    (folder / "circuit.csv").write_text("\n".join(["t [s],u [V],i [mA]", *rows]))
    (folder / "inputs.csv").write_text("\n".join(["t [s],u [V]", *(row.rpartition(",")[0] for row in rows[:40])]))
    return folder


THREE = ("--hidden-size", "4", "--epochs", "3", "--window", "20", "--washout", "5")
TINY = ("--hidden-size", "4", "--epochs", "1", "--window", "20", "--washout", "5", "--quiet")


def test_fit_evaluate_forecast_report(pendula, circuit):
    made = pendula("fit", "circuit.csv", "--input", "u", "--target", "i", *TINY, "-o", "run", "--json")
    assert made.code == 0, made.err
    assert made.content["chosen"]["inputs"] == {"u": "V"}
    assert made.content["chosen"]["recipe"]["network"]["linear_lags"] == 5
    assert set(made.content["scores"]["baselines"]) == {"linear", "mean"}
    assert (circuit / "run" / "report.html").is_file()
    again = pendula("evaluate", "run", "--json")
    assert again.content["scores"] == made.content["scores"]
    held_out = pendula("evaluate", "run", "circuit.csv", "--json")
    assert held_out.content["scores"]["seen_rows"] == 150
    told = pendula("forecast", "run", "inputs.csv", "-o", "told.csv", "--json")
    assert told.code == 0, told.err
    assert len(told.content["told"]["i"]["values"]) == 40
    assert told.content["told"]["i"]["units"] == "mA"
    assert (circuit / "told.csv").read_text().startswith("t [s],i [mA]")
    assert "i [mA]" in pendula("forecast", "run", "inputs.csv").out
    assert pendula("report", "run", "--json").content["verdict"] == made.content["verdict"]
    lines = pendula("evaluate", "run").out
    assert "RMSE (mA)" in lines
    assert "One-step" not in lines


def test_the_target_is_the_other_column(pendula, circuit):
    made = pendula("fit", "circuit.csv", "--input", "u", *TINY, "-o", "run", "--json")
    assert made.content["chosen"]["target"] == {"i": "mA"}


def test_the_start_is_chosen_and_told(pendula, circuit):
    words = ("fit", "circuit.csv", "--input", "u", "--target", "i", "--hidden-size", "4", "--epochs", "1")
    usual = pendula(*words, "-o", "run")
    assert "start     what the network settles to with inputs at their mean" in usual.err
    made = pendula(*words, "--window", "20", "--initial-state", "learned", "-o", "other", "--json").content
    assert (made["chosen"]["recipe"]["initial_state"], made["chosen"]["recipe"]["washout"]) == ("learned", 0)


def test_a_file_that_continues_the_record_is_run_up_to(pendula, circuit):
    pendula("fit", "circuit.csv", "--input", "u", "--target", "i", *TINY, "-o", "run")
    header, *lines = (circuit / "circuit.csv").read_text().split("\n")
    for name, begin in (("end.csv", 150), ("third.csv", 3)):
        (circuit / name).write_text("\n".join([header, *lines[begin:]]))
    cold = "row after a start are uncertain|rows after a start are uncertain"
    warm = pendula("forecast", "run", "end.csv", "--json")
    assert warm.content["run_up"] == 20
    assert "continues the record of the fit: the run begins in the last 20 rows before it" in warm.err
    assert not re.search(cold, warm.err)
    nearly = pendula("forecast", "run", "third.csv")
    assert "the run begins in the last 3 rows before it" in nearly.err
    assert "The first 2 rows after a start are uncertain" in nearly.err
    anew = pendula("forecast", "run", "inputs.csv")
    assert "The first 5 rows after a start are uncertain: the inputs before them are not known, and are" in anew.err
    assert "continues" not in anew.err
    (circuit / "two.csv").write_text("t [s],u [V]\n100,0.5\n100.5,0.1\n")
    (circuit / "one.csv").write_text("t [s],u [V]\n100,0.5\n")
    two, one = (pendula("forecast", "run", f"{name}.csv", "--json") for name in ("two", "one"))
    assert (one.code, one.content["run_up"]) == (0, 20)
    assert one.content["told"]["i"]["values"] == two.content["told"]["i"]["values"][:1]
    filled = pendula("forecast", "run", "one.csv", "--gaps", "fill", "--json")
    assert filled.content["told"] == one.content["told"]
    (circuit / "alone.csv").write_text("t [s],u [V]\n700,0.5\n")
    alone = pendula("forecast", "run", "alone.csv", "--json")
    assert (alone.content["run_up"], alone.content["time"]["values"]) == (0, [700])
    (circuit / "dated.csv").write_text("t,u [V]\n2020-01-01,0.5\n")
    assert (
        "`series` must have numbers for times, as the record: got dates" in pendula("forecast", "run", "dated.csv").err
    )
    (circuit / "none.csv").write_text("t [s],u [V]\n")
    assert "`none.csv` must hold a series: expected at least 1 row, got 0" in pendula("forecast", "run", "none.csv").err
    scored = pendula("evaluate", "run", "end.csv", "--json")
    assert "the run begins in the last 20 rows before it" in scored.err
    whole = pendula("evaluate", "run", "circuit.csv")
    assert "The first 5 rows after a start are uncertain" in whole.err
    own = pendula("evaluate", "run", "--json")
    assert "the run begins" not in own.err
    assert scored.content["scores"]["models"]["network"]["rmse"] == own.content["scores"]["models"]["network"]["rmse"]


def test_a_stopped_run_goes_on(pendula, circuit, monkeypatch):
    from pendula.training.trainer import Trainer

    plain = Trainer.conclude

    def stop(self, *found):
        if self.epoch == 1:
            raise KeyboardInterrupt
        return plain(self, *found)

    monkeypatch.setattr(Trainer, "conclude", stop)
    words = ("fit", "circuit.csv", "--input", "u", "--target", "i", *THREE, "-o", "run")
    stopped = pendula(*words)
    assert stopped.code == 1
    assert "Go on with: pendula fit --resume run" in stopped.err
    monkeypatch.setattr(Trainer, "conclude", plain)
    assert pendula("fit", "--resume", "run", "--json").content["epochs"] == 3


def test_missing_inputs_and_targets_are_told_apart(pendula, circuit):
    lines = (circuit / "circuit.csv").read_text().splitlines()
    for row in (60, 61, 90):
        lines[row] = lines[row].rpartition(",")[0] + ","
    time, _, current = lines[30].split(",")
    lines[30] = f"{time},,{current}"
    (circuit / "holes.csv").write_text("\n".join(lines))
    told = pendula("fit", "holes.csv", "--input", "u", "--target", "i", *THREE, "-o", "run").err
    assert "1 of 200 rows lacks a sample and no window covers it; --gaps fill interpolates." in told
    assert "3 of 200 rows lack a target and are not scored." in told


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--input", "v", "--target", "i"), 1, "`--input and --target`|`--input` and `--target` must name"),
        (("--input", "u", "--target", "u"), 2, "`target` must not be an input, too: got u on both sides"),
        (("--input", "u", "--transform", "sqrt"), 2, "`transform` must be left out where inputs are given: got sqrt"),
        (("--input", "u", "--horizon", "5"), 2, "`horizon` must be left out where inputs are given: got 5"),
        (("--input", "u", "--cell", "esn"), 2, "`cell` must be one that is trained where inputs are given"),
        (("--input", "u", "--config", "lab.toml"), 2, "`--config` must be left out where inputs are given"),
        (
            (
                "--washout",
                "5",
            ),
            2,
            "`--washout` must go with a target told from inputs",
        ),
        (
            (
                "--task",
                "filter",
            ),
            2,
            "`--input` must name a column for the task filter",
        ),
        (("--initial-state", "rest"), 2, "`--initial-state` must go with a target told from inputs"),
        (("--input", "u", "--initial-state", "learned", "--washout", "5"), 2, "`washout` must be 0 for a learned"),
        (("--task", "forecast", "--input", "u"), 2, "`--input` must go with a target told from inputs"),
        (("--input", "u", "--window", "20", "--washout", "20"), 2, "`washout` must leave rows of a window to score"),
        (("--input", "u", "--window", "500"), 1, "`window` must fit into the training part: expected at most 120"),
        (("--input", "u", "--epcohs", "5"), 2, "epcohs"),
    ],
)
def test_bad_use_is_told(pendula, circuit, words, code, message):
    answer = pendula("fit", "circuit.csv", *words, "-o", "run")
    assert answer.code == code
    assert re.search(message, answer.err)
    assert not (circuit / "run").exists()


def test_what_does_not_apply_says_so(pendula, circuit):
    pendula("fit", "circuit.csv", "--input", "u", "--target", "i", *TINY, "-o", "run")
    for words, code, message in [
        (("forecast", "run"), 1, "`FILE` must hold the inputs of the fit: expected a file with u, got none"),
        (("forecast", "run", "inputs.csv", "--steps", "5"), 2, "`--steps` must be left out for a fit that tells"),
        (("forecast", "run", "swing.csv"), 1, "`inputs` must have the inputs of the fit: expected u, got no u"),
        (("evaluate", "run", "inputs.csv"), 1, "`series` must have the columns of the fit: expected u, i, got no i"),
        (("evaluate", "run", "--refit", "never"), 2, "`--refit` must be left out for a fit that tells targets"),
        (("analyze", "run"), 1, "`run` must hold a fit that forecasts: got one that tells i from u"),
        (("export", "run", "-o", "model.onnx"), 1, "`run` must hold a fit that forecasts: got one that tells i from u"),
    ]:
        answer = pendula(*words)
        assert answer.code == code, answer.err
        assert message in answer.err


def test_a_forecast_needs_steps_and_no_inputs(pendula, circuit):
    pendula("fit", "swing.csv", "--hidden-size", "4", "--epochs", "1", "--window", "8", "-o", "run", "--quiet")
    for words in [("forecast", "run"), ("forecast", "run", "inputs.csv", "--steps", "3")]:
        answer = pendula(*words)
        assert answer.code == 2
        assert "`--steps` must be given to a fit that forecasts" in answer.err


def test_rows_that_lack_an_input_are_counted(pendula, circuit):
    pendula("fit", "circuit.csv", "--input", "u", "--target", "i", *TINY, "-o", "run")
    lines = (circuit / "inputs.csv").read_text().splitlines()
    for row in (20, 21, 22):
        lines[row] = lines[row].partition(",")[0] + ","
    (circuit / "holes.csv").write_text("\n".join(lines))
    answer = pendula("forecast", "run", "holes.csv", "-o", "told.csv")
    assert answer.code == 0
    assert "warning: 3 of 40 rows lack an input, i cannot be told there" in answer.err
    assert "lack an input" not in pendula("forecast", "run", "holes.csv", "--gaps", "fill").err
    assert "lack an input" not in pendula("forecast", "run", "inputs.csv").err
