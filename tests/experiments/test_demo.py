"""The demo: what it trains on, scores, and hands on."""

import numpy as np
import pytest

from pendula.experiments import EXPERIMENTS, Demo
from pendula.training import silent


@pytest.fixture(scope="module")
def demo():
    return EXPERIMENTS["demo"].run(Demo(epochs=2), lambda _: silent)


def test_the_demo_trains_on_the_years_up_to_1975_and_scores_what_followed(demo):
    fit = demo.fits["network"]
    assert fit.record.time[fit.validation_stop - 1] == 1975
    assert demo.results["scored"] == [1976, 2008]
    assert demo.results["rows"] == 33


def test_the_baselines_are_those_that_were_measured(demo):
    # One step ahead: persistence 31.6, AR(9) 16.9; AR(9) on square roots is scored as well, for fairness.
    baselines = demo.results["baselines"]
    assert baselines["persistence"]["rmse"] == pytest.approx(31.6, abs=0.05)
    assert baselines["linear"]["rmse"] == pytest.approx(16.9, abs=0.05)
    assert "linear (sqrt)" in baselines


def test_the_forecast_starts_in_1976_and_never_goes_below_zero(demo):
    forecast = demo.forecasts["forecast"]
    assert forecast.time.values.tolist() == list(range(1976, 2009))
    lower = forecast.sunspots_lower.values
    assert (lower[np.isfinite(lower)] >= 0).all()


def test_the_forecast_comes_from_the_years_before_alone(demo):
    fit = demo.fits["network"]
    context = fit.record.values[: fit.validation_stop]
    run = fit.model.run(context[None], steps=33)[0, :, 0]
    assert np.array_equal(run, demo.forecasts["forecast"].sunspots.values)


def test_the_report_holds_the_forecast_and_the_verdict(demo):
    assert demo.content.figures[0].name == "forecast-from-1976"
    assert demo.content.verdict


@pytest.mark.slow
def test_the_demo_beats_persistence_and_linear_autoregression_one_step_ahead():
    results = EXPERIMENTS["demo"].run(Demo(), lambda _: silent).results
    network = results["models"]["network"]["rmse"]
    assert network < min(scores["rmse"] for scores in results["baselines"].values())
