"""The Silverbox's protocol on a made-up record of the same shape: a Duffing oscillator driven by noise."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DataError
from pendula.experiments.silverbox import SilverboxRun, run
from pendula.experiments.silverbox_data import RATE, Silverbox, read_silverbox, silverbox_scores
from pendula.experiments.silverbox_physics import UNIT
from pendula.nn import IntegratorCell, unroll
from pendula.systems import Duffing
from pendula.training import silent

ROWS = 127_400


def made_up(rows, *, seed=0):
    """Input and output of an oscillator with a cubic spring, a force of half the input's size."""
    u = np.random.default_rng(seed).normal(size=rows)
    cell = IntegratorCell(Duffing(delta=0.3, alpha=1.1, beta=0.2, drive=0.0), dt=UNIT / RATE)
    force = torch.from_numpy(np.stack([np.zeros(rows), 0.5 * u], axis=1))
    with torch.no_grad():
        y = unroll(cell, torch.zeros(2, dtype=torch.float64), rows - 1, force=force[:-1])[:, 0].numpy()
    return np.stack([0.02 * u, 0.05 * y], axis=1)


def test_scores_are_root_mean_squares_in_millivolts():
    generator = np.random.default_rng(0)
    data = Silverbox(
        known=np.zeros((1, 2)), multisine=generator.normal(size=(90, 2)), arrow=generator.normal(size=(32_100, 2))
    )
    off, late = data.multisine[:, 1] + 1e-3, data.arrow[:, 1].copy()
    off[:50] += 1e-3
    late[32_000:] += 0.1
    scores = silverbox_scores(data, multisine=off, arrow=late)
    assert scores["multisine_mv"] == pytest.approx(1.0)
    assert scores["multisine_all_mv"] == pytest.approx(np.sqrt((50 * 4 + 40) / 90))
    assert scores["arrow_no_extrapolation_mv"] == 0
    assert scores["arrow_full_mv"] == pytest.approx(100 * np.sqrt(100 / 32_100))


def test_the_parts_are_those_of_the_benchmark(tmp_path):
    rows = np.arange(2.0 * ROWS).reshape(ROWS, 2)
    np.savetxt(tmp_path / "record.csv", rows, delimiter=",", header="V1,V2", comments="", fmt="%d")
    data = read_silverbox(tmp_path / "record.csv")
    assert data.arrow[[0, -1], 0].tolist() == [200, 2 * 40_574]
    assert data.known[0, 0] == 2 * 40_650
    assert data.multisine[[0, -1], 0].tolist() == [2 * (40_650 + 65_062), 2 * (ROWS - 1)]
    assert len(data.known) == 65_062
    np.savetxt(tmp_path / "short.csv", rows[:9], delimiter=",", header="V1,V2", comments="")
    with pytest.raises(DataError, match="`data` must be the whole record of the Silverbox: expected 127400 whole rows"):
        read_silverbox(tmp_path / "short.csv")
    np.savetxt(tmp_path / "other.csv", rows[:9], delimiter=",", header="a,b", comments="")
    with pytest.raises(DataError, match="expected the columns V1 and V2, got a, b"):
        read_silverbox(tmp_path / "other.csv")


def test_a_small_run(monkeypatch):
    rows = made_up(900)
    data = Silverbox(known=rows[:600], multisine=rows[600:], arrow=rows)
    monkeypatch.setattr("pendula.experiments.silverbox.read_silverbox", lambda _: data)
    settings = SilverboxRun(
        data="made-up",
        model="both",
        hidden_size=2,
        window=60,
        washout=20,
        batch_size=4,
        epochs=1,
        steps=2,
        units=0,
        rows=200,
        seeds=2,
    )
    made = run(settings, lambda _: silent)
    assert set(made.results["seeds"]) == {"duffing", "lstm"}
    assert [one["seed"] for one in made.results["seeds"]["lstm"]] == [0, 1]
    assert made.results["multisine_mv"] == made.results["seeds"]["lstm"][0]["multisine_mv"]
    assert made.results["duffing"]["multisine_mv"] < made.results["multisine_mv"]
    assert made.figures["silverbox"][1:4] == b"PNG"
    assert set(made.paired_fits) == {"lstm-0", "lstm-1"}
    assert len(made.results["verdict"]) >= 2


def test_bad_settings_are_told():
    with pytest.raises(ArgumentError, match="`data` must name the file of the benchmark: got none"):
        run(SilverboxRun(), lambda _: silent)
    with pytest.raises(ArgumentError, match="`model` must be one of lstm, duffing, both: got gru"):
        SilverboxRun(model="gru")
    with pytest.raises(ArgumentError, match="`window` must be at least 151: got 150"):
        SilverboxRun(window=150)
