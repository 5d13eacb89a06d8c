"""`pendula analyze`: one JSON object, a page, and words for a user's mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import pendula
from pendula.cli.main import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analyze") / "sine"
    series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(300)))}, coords={"time": 0.1 * np.arange(300)})
    made = pendula.fit(
        series,
        model=pendula.Network(hidden_size=4, linear_lags=4),
        window=10,
        training=pendula.Training(epochs=1),
    )
    return made.save(folder)


def test_it_prints_one_object_and_writes_a_page(run, capsys):
    assert main(["analyze", str(run), "--steps", "200", "--longest-cycle", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"fixed_points", "cycles", "lyapunov", "memory", "verdict"} <= told.keys()
    page = Path(told["report"])
    assert page.parent == run / "analysis"
    text = page.read_text(encoding="utf-8")
    assert "Kaplan–Yorke dimension" in text
    assert {path.stem for path in (page.parent / "figures").iterdir()} >= {"state-space", "exponents", "eigenvalues"}


def test_the_report_names_the_analysis_also_when_it_is_made_again(run, capsys):
    assert main(["report", str(run)]) == 0
    assert main(["analyze", str(run), "--steps", "100", "--longest-cycle", "0", "--no-memory"]) == 0
    for words in ([], ["report", str(run)]):
        assert not words or main(words) == 0
        assert 'href="analysis/report.html"' in (run / "report.html").read_text(encoding="utf-8")
    capsys.readouterr()


def test_it_tells_people_in_words_and_can_leave_things_out(run, capsys):
    assert main(["analyze", str(run), "--steps", "200", "--longest-cycle", "0", "--no-memory", "--no-report"]) == 0
    out = capsys.readouterr().out
    assert "In free run the network" in out
    assert "Fixed points of the free run" in out
    assert "capacity" not in out


def test_mistakes_are_told_in_a_line(run, capsys):
    assert main(["analyze", str(run), "--steps", "3"]) == 2
    assert "`steps` must be at least 100" in capsys.readouterr().err
    assert main(["analyze", str(run / "nothing")]) == 1
