"""Pages of a fit under controls: what is printed, drawn and said of them."""

import numpy as np
import pytest
import xarray as xr

from pendula.forecasting import backtest, evaluate_fit, fit
from pendula.forecasting.backtest import RefitPolicy
from pendula.forecasting.fitted_baselines import fit_baselines
from pendula.forecasting.predictors import Controlled
from pendula.nn import Network
from pendula.report import fit_report
from pendula.report import network_figure as network_module
from pendula.report import prediction_figures as predictions_module
from pendula.report import record_figures as record_module
from pendula.report.rolling_figures import backtest_lines
from pendula.report.untold import is_told
from pendula.series.split import Part
from pendula.training import Training


@pytest.fixture(scope="module")
def made():
    u, y = np.random.default_rng(0).normal(size=240), np.zeros(240)
    for t in range(239):
        y[t + 1] = 0.8 * y[t] + 0.5 * u[t + 1]
    series = xr.Dataset({"y": ("time", y, {"units": "K"}), "power": ("time", u, {"units": "W"})})
    network = Network(cell="gru", hidden_size=3)
    return fit(series, "y", controls="power", model=network, training=Training(epochs=1), window=8)


def test_those_that_are_called_told_are_those_that_are(made):
    baselines = fit_baselines(Part(parent=made.record, start=0, stop=made.validation_stop), made.split.test, fit=made)
    assert set(baselines) >= {"persistence", "linear"}
    for name, baseline in baselines.items():
        assert is_told(name) == (isinstance(baseline, Controlled) and baseline.is_controlled)


@pytest.mark.usefixtures("sketched")
def test_the_page_names_and_draws_the_control(made, monkeypatch):
    drawn, shapes = [], []

    def series(time, values, **options):
        drawn.append((time, values, options["quantities"][0].label))
        return options["axes"]

    for module in (predictions_module, record_module):
        monkeypatch.setattr(module, "draw_series", series)
    monkeypatch.setattr(network_module, "draw_folded", lambda shape, **_: shapes.append(shape))
    content = fit_report(made)
    equation = content.references[0]
    assert equation.equation.endswith("h(t) = cell((x(t), Δx(t)/d, u(t+1)), h(t−1))")
    assert equation.citation.endswith("u, known for the rows to come, too: power.")
    captions = {figure.name: figure.caption for figure in content.figures}
    for name in ("free-run", "one-step"):
        assert "The true power is given to the network and, of the baselines, to linear autoregr" in captions[name]
    assert "never sees the truth of what is forecast" in captions["free-run"]
    assert "the power, which is told" in captions["record"]
    assert "the power of t+1" in captions["network"]
    assert shapes[0].controls == ("power",)
    assert [name for _, _, name in drawn] == ["power (W)", "y (K)", "power (W)"]
    assert captions["scores"].endswith("Pale marks (†) are those of baselines that are not told the power.")
    test = made.split.test
    np.testing.assert_array_equal(drawn[0][1], made.record.controls.values[test.start : test.stop, 0])
    assert content.verdict[-1].startswith("Told the power of each row that is forecast: network and linear")
    assert content.scores["controls"] == ["power"]


def test_a_backtest_tells_it_below_its_table(made):
    lines = backtest_lines(backtest(made, policy=RefitPolicy(), leads=3))
    assert lines[-1].startswith("Told the power of each row that is forecast")


def test_a_page_without_controls_says_nothing_of_them():
    series = xr.Dataset({"y": ("time", np.sin(0.3 * np.arange(200.0)))})
    plain = fit(series, model=Network(hidden_size=2), training=Training(epochs=1, steps_per_epoch=1), window=8)
    evaluated = evaluate_fit(plain)
    assert evaluated.to_dict()["controls"] == []
    figures = {figure.name: figure for figure in predictions_module.prediction_figures(evaluated)}
    assert "never sees the truth." in figures["free-run"].caption
    assert "is given" not in figures["free-run"].caption
    assert "†" not in figures["scores"].caption
    assert network_module.network_figures(plain)[0].caption.endswith("Every step has the same matrices.")
