import json

import numpy as np
import xarray as xr

from pendula.cli.task import recipe_for
from pendula.series import record

TINY = ("--hidden-size", "4", "--epochs", "1", "--window", "8")


def test_one_table_for_all(pendula):
    answer = pendula("compare", "swing.csv", "--cells", "rnn,gru", *TINY)
    assert answer.code == 0
    names = {line.split()[0] for line in answer.out.splitlines() if line}
    assert {"rnn", "gru", "persistence", "linear"} <= names
    assert "network   rnn, gru" in answer.err
    assert "rnn: epoch" in answer.err
    assert "Report:" not in answer.out


def test_a_folder_gets_scores_and_report(pendula, folder):
    answer = pendula("compare", "swing.csv", "--cells", "rnn,lstm", *TINY, "-o", "both", "--json")
    assert answer.content["report"] == "both/report.html"
    assert json.loads((folder / "both/scores.json").read_text()) == answer.content["scores"]
    assert set(answer.content["scores"]["models"]) == {"rnn", "lstm"}
    assert list((folder / "both/figures").glob("*.png"))
    assert "RNN" in (folder / "both/report.html").read_text(encoding="utf-8")


def test_bad_usage(pendula, fitted):
    for words, message in (
        (
            ("--cells", "rnn,grue"),
            "`--cells` must name recurrent layers: expected some of rnn, gru, lstm, esn, ngrc, integrator, got grue",
        ),
        (("--cells", "rnn,rnn"), "`--cells` must name different layers"),
        (("--cell", "rnn"), "`--cell` must be left out"),
    ):
        answer = pendula("compare", "swing.csv", *words)
        assert answer.code == 2
        assert message in answer.err


def test_a_fit_is_not_written_over(pendula, fitted):
    before = (fitted / "report.html").read_bytes()
    answer = pendula("compare", "swing.csv", *TINY, "-o", "run")
    assert answer.code == 1
    assert "must not hold a fit" in answer.err
    assert (fitted / "report.html").read_bytes() == before


def test_a_strangers_folder_is_left_alone(pendula, folder):
    (folder / "mine").mkdir()
    (folder / "mine/report.html").write_text("precious")
    words = ("compare", "swing.csv", "--cells", "rnn", *TINY, "-o", "mine")
    answer = pendula(*words)
    assert answer.code == 1
    assert "`mine` must be empty, or hold earlier results of the same kind" in answer.err
    assert (folder / "mine/report.html").read_text() == "precious"
    (folder / "mine/scores.json").write_text('{"alice": 3}')
    assert pendula(*words).code == 1
    assert pendula(*words, "--overwrite").code == 0
    assert pendula(*words).code == 0  # now it holds an earlier comparison


def test_notes_on_the_record_stand_in_the_report(pendula, folder):
    words = ("--cells", "rnn", *TINY, "--resample", "0.05", "-o", "fine")
    assert pendula("compare", "swing.csv", *words).code == 0
    assert "Resampled values lie between measured neighbors" in (folder / "fine/report.html").read_text("utf-8")


def test_an_echo_state_network_stands_beside_trained_cells(pendula, folder):
    words = ("--cells", "rnn,esn", "--hidden-size", "12", "--epochs", "1", "-o", "both", "--json")
    answer = pendula("compare", "swing.csv", *words)
    assert answer.code == 0
    assert set(answer.content["scores"]["models"]) == {"rnn", "esn"}
    assert "esn" not in answer.content["scores"]["baselines"]
    assert "Echo state network" in (folder / "both/report.html").read_text(encoding="utf-8")


def test_a_likelihood_head_is_that_of_the_cells_that_are_trained():
    rows = record(xr.Dataset({"x": ("time", np.arange(100.0))}))
    choices = {"network": {"head": "mixture", "components": 2}}
    assert recipe_for(rows, choices, cell="gru").network.components == 2
    assert recipe_for(rows, choices, cell="esn").network.head == "point"
