import json

import numpy as np
import pytest


def write(path, step=0.1, header="t [s],x [rad]", phase=1.0):
    t = step * np.arange(80)
    np.savetxt(path, np.column_stack([t, np.sin(t + phase)]), delimiter=",", header=header, comments="", fmt="%.17g")


def test_its_own_test_part(pendula, fitted):
    answer = pendula("evaluate", "run", "--json")
    stored = json.loads((fitted / "scores.json").read_text())
    assert answer.content["scores"]["models"]["network"]["rmse"] == stored["models"]["network"]["rmse"]
    assert answer.content["verdict"]


def test_people_get_a_table_and_sentences(pendula, fitted):
    answer = pendula("evaluate", "run")
    assert answer.code == 0
    assert {"network", "persistence", "linear"} <= {line.split()[0] for line in answer.out.splitlines() if line}
    assert "The network is" in answer.out


def test_a_held_out_file(pendula, fitted, folder):
    write(folder / "held.csv")
    answer = pendula("evaluate", "run", "held.csv", "--json")
    assert answer.code == 0
    assert answer.content["held_out"] == "held.csv"
    assert answer.content["scores"]["rows"] == 72


def test_a_file_that_is_too_short_is_told_what_it_lacks(pendula, fitted, folder):
    write(folder / "held.csv")
    (folder / "short.csv").write_text("".join((folder / "held.csv").read_text().splitlines(keepends=True)[:6]))
    for words in ((), ("--refit", "never"), ("--surprise", "s.csv", "--alarm-rate", "0.1")):
        answer = pendula("evaluate", "run", "short.csv", *words)
        assert answer.code == 1
        assert "must have more rows in a row than the window of the fit: expected at least 9, got 5. Name" in answer.err
        assert "--window" not in answer.err


def test_another_unit_is_refused(pendula, fitted, folder):
    write(folder / "held.csv", header="t [s],x [deg]")
    answer = pendula("evaluate", "run", "held.csv")
    assert answer.code == 1
    assert "must have the unit of the fit: expected rad, got deg" in answer.err


def test_another_step_is_refused_or_resampled(pendula, fitted, folder):
    write(folder / "held.csv", step=0.2)
    answer = pendula("evaluate", "run", "held.csv")
    assert answer.code == 1
    assert "Resample it with `--resample`" in answer.err
    assert pendula("evaluate", "run", "held.csv", "--resample", "0.1").code == 0


def test_a_column_that_is_missing(pendula, fitted, folder):
    write(folder / "held.csv", header="t [s],y [rad]")
    answer = pendula("evaluate", "run", "held.csv")
    assert answer.code == 1
    assert "got x" in answer.err


def test_report_makes_the_page_again(pendula, fitted, bare_reports):
    (fitted / "report.html").write_text("old")
    answer = pendula("report", "run")
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == "Report: run/report.html"
    assert "Fit of x" in (fitted / "report.html").read_text(encoding="utf-8")
    assert pendula("forecast", "run", "--steps", "1").code == 0


def test_rows_that_the_fit_has_seen_are_told(pendula, fitted):
    answer = pendula("evaluate", "run", "swing.csv", "--json")
    note = "82 of 112 scored rows were in the training or validation part: these scores flatter."
    assert answer.content["scores"]["seen_rows"] == 90 - 8  # three quarters, without the first window
    assert answer.content["notes"] == [note]
    assert answer.content["verdict"][0] == note
    assert note in pendula("evaluate", "run", "swing.csv").out


def test_new_rows_are_not_called_seen(pendula, fitted, folder):
    write(folder / "held.csv")
    answer = pendula("evaluate", "run", "held.csv", "--json")
    assert answer.content["scores"]["seen_rows"] == 0
    assert answer.content["notes"] == []


def test_what_the_intervals_held_is_told(pendula, fitted):
    plain = pendula("evaluate", "run", "--coverage", "0.5")
    assert "Intervals of 50 % held " in plain.out
    assert "calibrated by" in plain.out
    adaptive = pendula("evaluate", "run", "--coverage", "0.5", "--adaptive", "--json").content["scores"]["intervals"]
    assert adaptive["adaptive"]
    assert adaptive["coverage"] == 0.5
    assert len(adaptive["bound"]) == len(adaptive["leads"])


def test_a_rolling_backtest_with_its_figure(pendula, fitted, folder):
    answer = pendula("evaluate", "run", "--refit", "every:20", "--leads", "3", "--figure", "back.png", "--json")
    assert answer.code == 0
    assert answer.content["refit"] == {"every": 20, "past": "expanding", "fits": 2}
    assert answer.content["rolling"]["leads"] == [1, 2, 3]
    assert (folder / "back.png").read_bytes()[1:4] == b"PNG"
    told = pendula("evaluate", "run", "--refit", "never", "--leads", "3").out
    assert "origins; never fitted anew." in told
    assert {"RMSE", "network", "persistence", "linear"} <= {line.split()[0] for line in told.splitlines() if line}


def test_surprise_goes_to_a_file(pendula, fitted, folder):
    answer = pendula("evaluate", "run", "--surprise", "s.csv", "--alarm-rate", "0.1", "--figure", "s.svg", "--json")
    assert answer.code == 0
    assert answer.content["rows"] == len((folder / "s.csv").read_text().splitlines()) - 1
    assert answer.content["alarms"] == len(answer.content["alarm_times"])
    assert (folder / "s.csv").read_text().startswith("t [s],x [rad],x_expected [rad],size,p_value,surprise,alarm")
    assert "<svg" in (folder / "s.svg").read_text()
    assert (
        "values give an alarm; "
        in pendula("evaluate", "run", "--surprise", "s.csv", "--alarm-rate", "0.1", "--overwrite").out
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--refit", "soon"), "`--refit` must be never or every:N: expected as in every:500, got soon"),
        (("--refit", "every:0"), "`every` must be a number of rows: expected 1 or more, got 0"),
        (("--refit", "never", "--surprise", "s.csv"), "`--refit` must not go with `--surprise`"),
        (("--past", "sliding"), "`--past` must go with --refit: got it alone"),
        (("--leads", "3"), "`--leads` must go with --refit: got it alone"),
        (("--alarm-rate", "0.1"), "`--alarm-rate` must go with --surprise: got it alone"),
        (("--figure", "a.png"), "`--figure` must go with --refit or --surprise: got it alone"),
        (("--refit", "never", "--adaptive"), "`--adaptive` must stand alone"),
        (("--surprise", "s.csv", "--alarm-rate", "1e-6"), "`alarm_rate` must not be finer than the calibration"),
        (("--refit", "never", "--leads", "0"), "`leads` must be positive: expected 1 or more, got 0"),
        (
            ("--refit", "never", "--figure", "a.xyz"),
            "`a.xyz` must have a known suffix: expected one of .png, .pdf, .svg",
        ),
        (("--surprise", "s.xyz"), "`s.xyz` must have a known suffix: expected one of .csv"),
        (("--coverage", "1.5"), "`coverage` must lie between 0 and 1: expected a probability, got 1.5"),
    ],
)
def test_options_that_make_no_sense_together_are_bad_usage(pendula, fitted, words, message):
    answer = pendula("evaluate", "run", *words)
    assert answer.code == 2
    assert message in answer.err
