"""The verb evaluate, on a fit's own test part and on held-out series."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import pendula
from pendula.errors import DataError, UnitsError
from pendula.forecasting import (
    evaluate,
    evaluate_fit,
    fit_linear,
    score_part,
)
from pendula.series import Part, record


def test_evaluate_gives_the_scores_of_the_fit(sine_fit):
    made = evaluate(sine_fit).to_dict()
    for scores in (made, sine_fit.scores):
        assert scores["baselines"]["linear"]["seconds"] >= 0
    timeless = [
        {name: {key: value for key, value in score.items() if key != "seconds"} for name, score in group.items()}
        for scores in (made, sine_fit.scores)
        for group in (scores["models"], scores["baselines"])
    ]
    assert timeless[:2] == timeless[2:]
    assert made["models"]["network"]["seconds"] == sine_fit.seconds
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_scores_and_origins_lie_in_the_test_part(sine_fit):
    evaluated = evaluate_fit(sine_fit)
    np.testing.assert_array_equal(evaluated.evaluation.rows, np.arange(120, 160))
    assert evaluated.rolling.leads == 20
    np.testing.assert_array_equal(evaluated.rolling.origins, np.arange(120, 141))
    assert set(evaluated.rolling.errors) == set(evaluated.evaluation.scores)
    assert evaluated.networks == ("network",)


def test_a_held_out_series_is_scored_from_its_first_window_on(sine_fit, dataset, wave):
    held_out = dataset(wave(70, seed=5), 100 + 0.1 * np.arange(70))
    evaluated = evaluate(sine_fit, held_out)
    np.testing.assert_array_equal(evaluated.evaluation.rows, np.arange(8, 70))
    part = Part(parent=record(held_out), start=0, stop=70)
    linear = fit_linear(sine_fit.record, 120, most_lags=8)
    oracle = score_part({"network": sine_fit.model, "linear": linear}, part, window=8)
    for name, scores in oracle.scores.items():
        assert evaluated.evaluation.scores[name] == scores
    assert evaluated.to_dict()["rows"] == 62


def test_a_held_out_series_may_have_other_columns_besides(sine_fit, dataset, wave):
    held_out = dataset({"y": np.ones(70), "x": wave(70, seed=5)})
    alone = evaluate(sine_fit, dataset(wave(70, seed=5)))
    assert evaluate(sine_fit, held_out).evaluation.scores == alone.evaluation.scores


def test_a_held_out_series_without_units_is_taken_as_it_is(sine_fit, dataset, wave):
    bare = dataset(wave(70, seed=5), units="", time_units="")
    del bare.x.attrs["units"]
    assert evaluate(sine_fit, bare).to_dict()["rows"] == 62


def test_a_step_within_rounding_is_the_same(sine_fit, dataset, wave):
    assert evaluate(sine_fit, dataset(wave(70), np.cumsum(np.full(70, 0.1)))).to_dict()["rows"] == 62


def test_another_unit_is_refused(sine_fit, dataset, wave):
    with pytest.raises(
        UnitsError, match=r"`x` must have the unit of the fit: expected rad, got deg\. Convert the series\."
    ):
        evaluate(sine_fit, dataset(wave(70), units="deg"))


@pytest.mark.parametrize(
    ("time", "time_units", "got"),
    [
        (0.2 * np.arange(70), "s", "0.2 s"),
        (0.1 * np.arange(70), "min", "0.1 min"),
        (np.arange(70), "s", "1 s"),
        (pd.date_range("2000-01-01", periods=70, freq="D"), "", "1 day"),
        (pd.date_range("2000-01-31", periods=70, freq="ME"), "", "1 month"),
    ],
)
def test_another_time_step_is_refused(sine_fit, dataset, wave, time, time_units, got):
    message = rf"`series` must have the time step of the fit: expected 0\.1 s, got {got}\. Resample it"
    with pytest.raises(DataError, match=message):
        evaluate(sine_fit, dataset(wave(70), time, time_units=time_units))


@pytest.mark.parametrize(
    ("time", "got"),
    [
        (pd.date_range("2000-01-01", periods=70, freq="30D"), "30 days"),
        (pd.date_range("2000-01-31", periods=70, freq="QE"), "3 months"),
        (np.arange(70), "1"),
    ],
)
def test_months_are_compared_with_months_alone(dataset, wave, network, brief, time, got):
    monthly = pd.date_range("1990-01-31", periods=160, freq="ME")
    made = pendula.fit(dataset(wave(), monthly, time_units=""), model=network, training=brief, window=8)
    assert evaluate(made, dataset(wave(70), monthly[50:120], time_units="")).to_dict()["rows"] == 62
    with pytest.raises(DataError, match=rf"expected 1 month, got {got}\. Resample it"):
        evaluate(made, dataset(wave(70), time, time_units=""))


def test_a_missing_variable_is_named(sine_fit, dataset, wave):
    with pytest.raises(DataError, match=r"`columns` must name variables of the data: expected some of y, got x\."):
        evaluate(sine_fit, dataset({"y": wave(70)}))


def test_a_series_shorter_than_a_window_is_refused(sine_fit, dataset, wave):
    with pytest.raises(
        DataError, match=r"must have more rows in a row than the window of the fit: expected at least 9, got 8"
    ):
        evaluate(sine_fit, dataset(wave(8)))


def test_a_fit_without_a_test_part_has_nothing_to_evaluate(dataset, wave, network, brief):
    made = pendula.fit(dataset(wave()), model=network, training=brief, window=8, test=0)
    with pytest.raises(DataError, match=r"`test` must be a part of the record to score on: expected rows, got none\."):
        evaluate(made)
    assert evaluate(made, dataset(wave(70))).to_dict()["rows"] == 62


def test_leads_grow_shorter_where_gaps_leave_no_long_stretch(sine_fit, dataset, wave):
    values = wave(70)
    values[20::21] = np.nan
    assert evaluate(sine_fit, dataset(values)).rolling.leads == 70 // 8
    values = wave(70)
    values[10::11] = np.nan
    assert evaluate(sine_fit, dataset(values)).rolling.leads == 1


def test_channels_of_different_units_have_no_common_one(dataset, wave, network, brief):
    data = dataset({"x": wave(), "v": wave(seed=1)})
    data.v.attrs["units"] = "rad/s"
    made = pendula.fit(data, target=["x", "v"], model=network, training=brief, window=8)
    assert not made.scores["units"]["value"]


def test_a_series_that_the_fit_has_seen_is_told(sine_fit, dataset, wave):
    evaluated = evaluate(sine_fit, dataset(wave()))
    assert evaluated.seen == evaluated.to_dict()["seen_rows"] == 120 - 8
    assert evaluate(sine_fit, dataset(wave(seed=5))).seen == 0
    assert evaluate(sine_fit).seen == 0


def test_errors_by_lead_time_are_among_the_scores(sine_fit):
    evaluated = evaluate(sine_fit)
    rolling = evaluated.to_dict()["rolling"]
    assert (rolling["leads"], rolling["origins"]) == (list(range(1, 21)), 21)
    assert rolling["rmse"].keys() == evaluated.evaluation.scores.keys()
    values = sine_fit.record.values[:, 0]
    third = [values[origin + 2] - values[origin - 1] for origin in range(120, 141)]
    assert rolling["rmse"]["persistence"][2] == pytest.approx(np.sqrt(np.mean(np.square(third))))


def test_errors_by_lead_time_that_are_not_finite_are_none(sine_fit):
    evaluated = evaluate(sine_fit)
    errors = {**evaluated.rolling.errors, "network": np.full_like(evaluated.rolling.errors["network"], np.inf)}
    broken = replace(evaluated, rolling=replace(evaluated.rolling, errors=errors)).to_dict()
    assert broken["rolling"]["rmse"]["network"] == [None] * 20
    assert replace(evaluated, rolling=None).to_dict()["rolling"] is None


def test_each_baseline_is_timed_by_itself(sine_fit, monkeypatch):
    clock = iter([0.0, 1.0, 10.0, 15.0, 20.0, 20.5])  # this record is too short for a reservoir
    monkeypatch.setattr("pendula.forecasting.fitted_baselines.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    new = replace(sine_fit, scores={})
    assert evaluate(new).seconds == {"network": sine_fit.seconds, "seasonal": 1.0, "linear": 5.0}


def test_a_second_evaluation_gives_the_numbers_of_the_first(sine_fit):
    assert evaluate(sine_fit).to_dict() == sine_fit.scores
