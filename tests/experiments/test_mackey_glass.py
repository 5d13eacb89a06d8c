"""Mackey–Glass by the protocol of 2001: what is scored, and how well."""

import numpy as np
import pytest

from pendula.errors import ArgumentError, DataError
from pendula.experiments import EXPERIMENTS, MackeyGlassProtocol
from pendula.experiments import mackey_glass as module
from pendula.training import silent


def run(**settings):
    return EXPERIMENTS["mackey-glass"].run(MackeyGlassProtocol(**settings), lambda _: silent)


@pytest.fixture(scope="module")
def small():
    return run(units=150, seeds=2, trials=20)


def test_each_seed_is_scored_and_none_is_chosen(small):
    scores = small.results["nrmse84"]
    assert len(scores) == len(small.results["seconds_per_seed"]) == 2
    assert small.results["mean"] == pytest.approx(np.mean(scores))
    assert scores[0] != scores[1]
    # 150 units: between the figures published for 400 and what a linear readout of the past reaches.
    assert max(scores) < 0.05


def test_a_seed_gives_the_same_score_again(small):
    assert run(units=150, seeds=1, seed=1, trials=20).results["nrmse84"] == [small.results["nrmse84"][1]]


def test_the_series_is_eulers_with_step_a_tenth():
    settings = MackeyGlassProtocol(units=10)
    signal = module._signal(settings, 0)
    assert len(signal) == 3000 + 1000 + 100 * 50 + 400
    start = 1.2 + np.random.default_rng([0, 17]).uniform(-0.2, 0.2)
    y = [start] * 171
    for _ in range(10 * 1100):
        y.append(y[-1] + 0.1 * (0.2 * y[-171] / (1 + y[-171] ** 10) - 0.1 * y[-1]))
    np.testing.assert_allclose(signal[:100], y[170:][10_000:11_000:10], rtol=0, atol=1e-9)


def test_the_report_holds_verdict_and_figure(small):
    assert [figure.name for figure in small.content.figures] == ["mackey-glass"]
    assert small.figures["mackey-glass"].startswith(b"\x89PNG")
    assert "2 reservoirs of 150 units that were not selected" in small.content.verdict[0]


def test_settings_that_break_the_protocol_are_refused():
    with pytest.raises(ArgumentError, match=r"`trials` must be large enough: expected 20 or more, got 19\. The"):
        MackeyGlassProtocol(trials=19)
    with pytest.raises(DataError, match=r"`washout` must leave rows to learn from: expected at most 2998 of 3000 rows"):
        run(units=20, seeds=1, trials=20, washout=3000)


@pytest.mark.slow
@pytest.mark.parametrize(("units", "limit"), [(1000, 7e-5), (400, 6e-4)])
def test_five_reservoirs_reach_the_published_figures(units, limit):
    assert run(units=units).results["mean"] <= limit
