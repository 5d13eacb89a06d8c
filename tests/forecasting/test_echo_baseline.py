"""The instant baseline, and predictions along a series."""

import numpy as np
import pytest
import xarray as xr

import pendula
from pendula.forecasting import evaluate, predict_from
from pendula.forecasting.echo_baseline import LEAST_ROWS, fit_echo_state
from pendula.nn import Network
from pendula.runs.model import _passes
from pendula.series import record
from pendula.training import Training

TINY = Network(cell="gru", hidden_size=2)


def wave(rows):
    t = np.arange(rows)
    return xr.Dataset({"x": ("time", 5 + np.sin(0.31 * t) + 0.4 * np.sin(0.13 * t), {"units": "m"})})


@pytest.fixture(scope="module")
def baseline():
    return fit_echo_state(record(wave(400)), window=80)


def test_a_short_record_is_spared_it():
    assert fit_echo_state(record(wave(LEAST_ROWS - 1)), window=50) is None


def test_it_runs_freely_in_the_units_of_the_record(baseline):
    truth = wave(500).x.values
    run = baseline.run(truth[None, :400, None], steps=100)[0, :, 0]
    assert np.sqrt(np.mean((run - truth[400:]) ** 2)) < 0.02


def test_it_stands_beside_the_scores_of_other_fits():
    fit = pendula.fit(wave(480), model=TINY, training=Training(epochs=1))
    assert list(fit.scores["baselines"]) == ["persistence", "seasonal", "linear", "esn"]
    row = fit.scores["baselines"]["esn"]
    assert row["free_run_rmse"] < fit.scores["baselines"]["persistence"]["free_run_rmse"]
    assert row["seconds"] > 0
    assert "esn" in fit.scores["rolling"]["rmse"]


def test_it_does_not_stand_beside_its_like():
    fit = pendula.fit(wave(480), model=Network(cell="esn", hidden_size=20))
    assert "esn" not in evaluate(fit).to_dict()["baselines"]


def test_one_pass_along_a_series_predicts_what_each_window_does(baseline):
    values = record(wave(400)).values
    origins = np.arange(150, 300)
    windows = np.stack([values[origin - 80 : origin] for origin in origins])
    for steps in (1, 12):
        along = predict_from(baseline, values, origins, steps=steps)
        np.testing.assert_allclose(along, baseline.run(windows, steps=steps), atol=2e-3)
        # Only the first has no more than its window before it; the others remember more than that.
        np.testing.assert_allclose(along[0], baseline.run(windows[:1], steps=steps)[0], rtol=1e-9)


def test_a_pass_does_not_go_through_a_gap(baseline):
    values = record(wave(400)).values.copy()
    values[200:203] = np.nan
    origins = np.concatenate([np.arange(150, 201), np.arange(283, 300)])
    made = predict_from(baseline, values, origins, steps=3)
    assert np.isfinite(made).all()
    fresh = predict_from(baseline, values[203:], origins[51:] - 203, steps=3)
    np.testing.assert_array_equal(made[51:], fresh)


def test_origins_far_from_each_other_are_run_side_by_side(baseline):
    values, origins = record(wave(400)).values, np.array([90, 180, 399])
    assert baseline.run_along(values, origins, steps=2) is None
    windows = np.stack([values[origin - 80 : origin] for origin in origins])
    np.testing.assert_array_equal(predict_from(baseline, values, origins, steps=2), baseline.run(windows, steps=2))


def test_long_passes_are_cut():
    passes = list(_passes(np.arange(100, 50_100), 50))
    assert [rows[0] for _, _, rows in passes] == [100, 20_100, 40_100]
    assert [first for first, _, _ in passes] == [50, 20_050, 40_050]
