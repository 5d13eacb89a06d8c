from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from pendula.forecasting import Comparison, compare
from pendula.nn import Network
from pendula.report import ReportContent, comparison_report, render_report
from pendula.training import Training

NETWORKS = {"small": Network(cell="gru", hidden_size=2), "wide": Network(cell="rnn", hidden_size=5)}


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    time = 0.1 * np.arange(160)
    values = np.sin(time) + 0.05 * np.random.default_rng(0).normal(size=160)
    series = xr.Dataset({"x": ("time", values, {"units": "m"})}, coords={"time": ("time", time, {"units": "s"})})
    return compare(series, models=NETWORKS, training=Training(epochs=2, steps_per_epoch=2), window=10)


@pytest.fixture(scope="module")
def content(comparison: Comparison) -> ReportContent:
    return comparison_report(comparison)


def test_one_table_and_one_verdict(content: ReportContent) -> None:
    assert content.title == "Comparison of small, wide on x"
    assert list(content.scores["models"]) == ["small", "wide"]
    assert content.verdict[0].startswith("The best network is ")
    page = render_report(content)
    assert page.count('<table class="scores">') == 1
    assert "One-step RMSE (m)" in page


def test_common_figures_show_every_network(content: ReportContent) -> None:
    assert list(content.images) == ["scores", "free-run", "one-step", "lead-times", "errors", "losses", "record"]
    words = {figure.name: figure.alt for figure in content.figures}
    for name in ("scores", "free-run", "one-step", "lead-times", "errors", "losses"):
        assert "small" in words[name]
        assert "wide" in words[name]


def test_settings_that_differ_are_told_apart(content: ReportContent) -> None:
    assert content.settings["Window"] == "10 steps"
    assert content.settings["Hidden size: small"] == 2
    assert content.settings["Hidden size: wide"] == 5
    assert "Hidden size" not in content.settings
    assert {reference.name for reference in content.references} >= {"Gated recurrent unit", "Simple recurrent network"}
    assert content.seed == 0


@pytest.mark.usefixtures("sketched")
def test_what_holds_for_all_is_said_once(comparison: Comparison) -> None:
    fits = {
        "small": replace(comparison.fits["small"], notes=("Gaps.",), best_epoch=0),
        "wide": replace(comparison.fits["wide"], notes=("Gaps.",), best_epoch=1),
    }
    notes = comparison_report(replace(comparison, fits=fits)).notes
    assert notes[:2] == ["Gaps.", "All epochs were done."]
    assert [note for note in notes if "the kept epoch is 0" in note] == [
        "small: The recurrent part added nothing: the kept epoch is 0, so this is persistence alone."
    ]
    assert not any("intervals" in note for note in notes)


@pytest.mark.usefixtures("sketched")
def test_different_seeds_are_not_reported_as_one(comparison: Comparison) -> None:
    wide = comparison.fits["wide"]
    fits = comparison.fits | {"wide": replace(wide, recipe=replace(wide.recipe, seed=7))}
    content = comparison_report(replace(comparison, fits=fits))
    assert content.seed is None
    assert content.settings["Seed: wide"] == 7
