import importlib
import json
import shutil
from dataclasses import dataclass

import numpy as np
import pytest

from pendula.cli.main import main

TINY = ("--hidden-size", "4", "--epochs", "1", "--window", "8")


@dataclass(frozen=True)
class Answer:
    """What the program said."""

    code: int
    out: str
    err: str

    @property
    def content(self):
        """The one JSON object on standard output."""
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with a record `swing.csv` of 120 rows."""
    monkeypatch.chdir(tmp_path)
    write_swing(tmp_path / "swing.csv")
    return tmp_path


@pytest.fixture
def pendula(folder, capfd):
    """Runs the program in this process."""

    def call(*words):
        capfd.readouterr()
        code = main([str(word) for word in words])
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        return Answer(code=code, out=said.out, err=said.err)

    return call


@pytest.fixture
def bare_reports(monkeypatch):
    """Leave the figures out: they take most of the time, and have their own tests."""
    without_figures(monkeypatch)


@pytest.fixture(scope="session")
def fitted_once(tmp_path_factory):
    """A run of a record whose header names its units."""
    place = tmp_path_factory.mktemp("fitted")
    write_swing(place / "swing.csv")
    with pytest.MonkeyPatch.context() as patched:
        without_figures(patched)
        assert main(["fit", str(place / "swing.csv"), *TINY, "-o", str(place / "run"), "--quiet"]) == 0
    return place / "run"


@pytest.fixture
def fitted(folder, fitted_once):
    """A copy of that run, in the folder to work in."""
    shutil.copytree(fitted_once, folder / "run")
    return folder / "run"


def without_figures(monkeypatch):
    module = importlib.import_module("pendula.report.fit_report")  # a function of that name hides it
    monkeypatch.setattr(module, "_figures", lambda *_: ([], []))


def write_swing(path, rows=120, header="t [s],x [rad]"):
    t = 0.1 * np.arange(rows)
    np.savetxt(path, np.column_stack([t, np.sin(t)]), delimiter=",", header=header, comments="", fmt="%.17g")
