"""Reports of real fits, small ones: what they say, and that they draw what there is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from pendula.forecasting import Evaluated, evaluate_fit, fit, fit_record
from pendula.nn import Network
from pendula.report import ReportContent, fit_figures, fit_report, render_report
from pendula.report.fit_report import idle_note
from pendula.runs import Fit, Recipe
from pendula.series import record
from pendula.training import Training

NETWORK = Network(cell="gru", hidden_size=3)
TRAINING = Training(epochs=2, steps_per_epoch=2)
ALL = ["scores", "forecast", "free-run", "one-step", "lead-times", "coverage", "errors", "losses", "network", "record"]


def wave(rows: int = 160, **units: str) -> xr.Dataset:
    time = 0.1 * np.arange(rows)
    generator = np.random.default_rng(0)
    names = units or {"x": "rad"}
    columns = {
        name: ("time", np.sin(time + place) + 0.05 * generator.normal(size=rows), {"units": unit})
        for place, (name, unit) in enumerate(names.items())
    }
    return xr.Dataset(columns, coords={"time": ("time", time, {"units": "s"})})


def made(series: xr.Dataset, **choices: Any) -> Fit:
    settings = {"model": NETWORK, "training": TRAINING, "window": 10, "target": list(series.data_vars)} | choices
    return fit(series, **settings)


@pytest.fixture(scope="module")
def plain() -> Fit:
    return replace(made(wave()), best_epoch=1, notes=("The clock was set twice.",))


@pytest.fixture(scope="module")
def evaluated(plain: Fit) -> Evaluated:
    return evaluate_fit(plain)


@pytest.fixture(scope="module")
def content(plain: Fit, evaluated: Evaluated) -> ReportContent:
    return fit_report(plain, evaluated)


def test_a_report_says_how_and_from_what(plain: Fit, content: ReportContent) -> None:
    assert content.title == "Fit of x with a GRU"
    assert content.settings["Cell"] == "gated recurrent unit (GRU)"
    assert content.settings["Parameters"] == sum(weights.numel() for weights in plain.model.forecaster.parameters())
    assert content.settings["Epochs"] == f"2 done of 2, epoch {plain.best_epoch} kept"
    assert content.settings["Added to the network"] == "the last value"
    assert content.data == {
        "Channels": "x (rad)",
        "Rows": 160,
        "From time": "0 s",
        "To time": "15.9 s",
        "Step": "0.1 s",
        "Gaps": "none",
        "Training part": "96 rows",
        "Validation part": "24 rows",
        "Test part": "40 rows",
    }
    assert content.seed == 0
    assert list(content.versions) == ["Pendula", "PyTorch", "NumPy", "Python"]
    assert [reference.name for reference in content.references][:2] == ["Forecaster", "Gated recurrent unit"]


def test_verdict_and_table_carry_units(evaluated: Evaluated, content: ReportContent) -> None:
    assert content.scores == evaluated.to_dict()
    assert content.verdict[1].startswith("One step ahead, the network has an RMSE of ")
    assert " rad: " in content.verdict[1]
    page = render_report(content)
    assert "One-step RMSE (rad)" in page
    assert "Valid prediction time (s)" in page


def test_every_figure_is_drawn_with_words(plain: Fit, evaluated: Evaluated, content: ReportContent) -> None:
    assert list(content.images) == ALL
    assert all(figure.caption.endswith(".") and len(figure.alt) > 20 for figure in content.figures)
    assert fit_figures(plain, evaluated) == content.images  # the same bits each time


def test_notes_tell_the_outcome_and_what_stands_behind_the_intervals(plain: Fit, content: ReportContent) -> None:
    notes = content.notes
    assert plain.calibration is not None
    assert notes[:2] == ["The clock was set twice.", plain.outcome.value]
    assert f"free runs from {plain.calibration.origins} origins" in notes[-1]
    assert f"up to {plain.calibration.leads} steps ahead" in notes[-1]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (Network(linear_lags=3), "this is the linear path alone"),
        (Network(), "this is persistence alone"),
        (Network(residual=False), "these are its weights before training"),
    ],
)
def test_a_network_that_added_nothing_is_called_so(plain: Fit, network: Network, expected: str) -> None:
    idle = replace(plain, best_epoch=0, recipe=replace(plain.recipe, network=network))
    (note,) = idle_note(idle)
    assert expected in note
    assert "the kept epoch is 0" in note
    assert idle_note(replace(plain, best_epoch=1)) == []


@pytest.mark.usefixtures("sketched")
def test_that_a_network_added_nothing_stands_directly_below_the_verdict(plain: Fit, evaluated: Evaluated) -> None:
    content = fit_report(replace(plain, best_epoch=0), evaluated)
    assert content.notes[0] == "The recurrent part added nothing: the kept epoch is 0, so this is persistence alone."
    page = render_report(content)
    assert page.index(content.verdict[-1][:20]) < page.index("The recurrent part added nothing") < page.index("<table")


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, "; the validation part chose the epoch and measured the intervals; the test part was not looked at."),
        ({"validation": 0.0}, "training part; the test part was not looked at."),
        ({"test": 0.0}, "; the validation part chose the epoch and measured the intervals."),
        ({"training": Training(epochs=1, select_by="last_epoch")}, "; the validation part measured the intervals; "),
    ],
)
@pytest.mark.usefixtures("sketched")
def test_the_record_says_what_each_part_was_for(choices: dict[str, Any], words: str) -> None:
    content = fit_report(made(wave(), **choices))
    assert words in next(figure.caption for figure in content.figures if figure.name == "record")


@pytest.mark.usefixtures("sketched")
def test_a_test_part_that_was_watched_is_called_so() -> None:
    recipe = Recipe(
        network=NETWORK,
        training=Training(epochs=1, steps_per_epoch=1, select_by="last_epoch"),
        window=10,
        validation=0.0,
        watch="test",
    )
    content = fit_report(fit_record(record(wave()), recipe))
    words = {figure.name: figure.caption for figure in content.figures}
    assert "; the test part was scored in every epoch." in words["record"]
    assert words["losses"].startswith("The test error is the root mean square of one-step predictions")
    assert content.settings["Kept"] == "the last epoch"


@pytest.mark.usefixtures("sketched")
def test_without_a_test_part_nothing_is_claimed() -> None:
    content = fit_report(made(wave(), test=0.0))
    assert content.verdict == ["No test part was kept, so it is not known what the network is worth."]
    assert list(content.images) == ["forecast", "losses", "network", "record"]
    assert content.data["Test part"] == "none"
    assert "Scores on the test part" not in render_report(content)


@pytest.mark.usefixtures("sketched")
def test_without_a_validation_part_there_are_no_intervals() -> None:
    content = fit_report(made(wave(), validation=0.0))
    words = {figure.name: figure.caption for figure in content.figures}
    assert "There is no interval" in words["forecast"]
    assert "There is no validation part" in words["losses"]
    assert any(note.startswith("There are no intervals") for note in content.notes)
    assert content.settings["Kept"] == "the last epoch"


@pytest.mark.usefixtures("sketched")
def test_channels_with_different_units_are_compared_by_nrmse() -> None:
    content = fit_report(made(wave(x="m", v="m/s")))
    assert content.title == "Fit of x, v with a GRU"
    assert "NRMSE" in content.verdict[1]
    assert not any("RMSE" in sentence.replace("NRMSE", "") for sentence in content.verdict)
    assert any("different units" in note for note in content.notes)
    assert not any(key in row for row in content.scores["models"].values() for key in ("rmse", "mae", "free_run_rmse"))
    assert content.scores["models"]["network"]["channels"].keys() == {"x", "v"}
    assert "divided by its channel's spread" in content.figures[0].caption


@pytest.mark.usefixtures("sketched")
def test_at_most_three_channels_are_drawn_and_that_is_said() -> None:
    content = fit_report(made(wave(a="m", b="m", c="m", d="m")))
    words = {figure.name: figure.caption for figure in content.figures}
    for name in ("forecast", "free-run", "one-step", "lead-times", "errors", "record"):
        assert "Only the first 3 of 4 channels are drawn." in words[name]


@pytest.mark.usefixtures("sketched")
def test_long_test_parts_are_shown_in_part() -> None:
    content = fit_report(made(wave(2600), test=0.5))
    words = {figure.name: figure.caption for figure in content.figures}
    assert "Drawn are the last " in words["one-step"]
    assert "Drawn are the first " in words["free-run"]
    assert words["one-step"].count("of 1300 rows") == 1


@pytest.mark.usefixtures("sketched")
def test_an_exact_baseline_does_not_push_the_network_off_scale() -> None:
    time = 0.1 * np.arange(200)
    exact = made(xr.Dataset({"x": ("time", np.sin(time))}, coords={"time": time}), validation=0.0)
    content = fit_report(exact)
    assert content.scores["baselines"]["linear"]["rmse"] < 1e-10
    words = {figure.name: figure.caption for figure in content.figures}
    assert "factor of 10 000 or more: linear." in words["errors"]
    assert "drawn at a billionth" in words["lead-times"]


def test_dates_gaps_and_a_gap_at_the_end() -> None:
    series = wave(200).assign_coords(time=np.datetime64("2001-01-01") + np.arange(200) * np.timedelta64(7, "D"))
    values = series["x"].values.copy()
    values[[60, 175, 195]] = np.nan
    content = fit_report(made(series.assign(x=("time", values, {"units": "rad"}))))
    assert content.data["From time"] == "2001-01-01"
    assert content.data["Step"] == "7 days"
    assert str(content.data["Gaps"]).startswith("3 rows missing; the longest stretch without a gap has 114 rows")
    assert "forecast" not in content.images
    assert any("has a gap within the window before its end" in note for note in content.notes)
    words = {figure.name: figure.caption for figure in content.figures}
    assert "It starts anew after each gap." in words["free-run"]


@pytest.mark.usefixtures("sketched")
def test_a_forecast_that_diverges_is_left_out(plain: Fit, evaluated: Evaluated) -> None:
    import copy

    import torch

    wild = copy.deepcopy(plain.model.forecaster)
    with torch.no_grad():
        wild.head.bias.fill_(torch.inf)
    content = fit_report(replace(plain, model=replace(plain.model, forecaster=wild)), evaluated)
    assert "forecast" not in content.images
    assert any("diverged within" in note for note in content.notes)


def test_trajectories_are_drawn_by_row() -> None:
    series = wave(160)
    time = np.tile(0.1 * np.arange(40), 4)
    series = series.assign_coords(time=("time", time, {"units": "s"}), trajectory=("time", np.repeat(np.arange(4), 40)))
    content = fit_report(made(series, by="trajectory", window=8))
    assert content.data["Trajectories"] == 4
    assert list(content.images) == ALL
    assert "against row" in next(figure.alt for figure in content.figures if figure.name == "record")
