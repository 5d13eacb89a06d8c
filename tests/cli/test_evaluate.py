import json

import numpy as np


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
