"""Forecasts from records with missing values: windows reach over them, and the network is shown which they are."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, ConfigError, DataError
from pendula.forecasting import roll
from pendula.forecasting.echo_baseline import fit_echo_state
from pendula.forecasting.predictors import contexts_of, predict_from
from pendula.forecasting.preparation import prepare
from pendula.nn import Network
from pendula.series import Part, record, window_segments
from pendula.series.controls import controlled_record
from pendula.series.gaps import hold
from pendula.training import Training

SMALL = Network(cell="gru", hidden_size=6)
BRIEF = Training(epochs=2, learning_rate=0.02)
NAN = np.nan


def holed(rows=300, *, share=0.05, seed=0):
    """A noisy sine of 20 steps, of which a share is missing."""
    generator = np.random.default_rng(seed)
    x = np.sin(2 * np.pi * np.arange(rows) / 20) + 0.05 * generator.normal(size=rows)
    x[generator.random(rows) < share] = NAN
    x[:2] = [NAN, 0.0]
    return xr.Dataset({"x": ("time", x, {"units": "m"})}, coords={"time": 0.1 * np.arange(rows)})


@pytest.fixture(scope="module", params=["zero", "last"])
def fitted(request):
    return pendula.fit(holed(), missing=request.param, model=SMALL, training=BRIEF, window=8)


def slow_starts(rows, *, start, stop, length, horizon):
    """Try every window by itself."""
    found = []
    for first in range(max(0, start - length), stop - length - horizon + 1):
        targets = range(first + length, first + length + horizon)
        seen = not np.isnan(rows.values[: first + 1]).all(axis=0).any()
        driven = rows.controls is None or rows.controls.present[first : first + length + horizon].all()
        if seen and driven and all(rows.present[row] for row in targets):
            found.append(first)
    return found


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("controlled", [False, True])
def test_windows_reach_over_missing_inputs_and_end_in_known_targets(horizon, controlled):
    series = holed(share=0.2)
    u = np.ones(300)
    u[[50, 200]] = NAN
    rows = controlled_record(series.assign(u=("time", u)), "x", "u") if controlled else record(series)
    segments = window_segments(replace(rows, bridged=True), 60, 280, length=8, horizon=horizon, reach_back=True)
    found = [first for start, stop in segments for first in range(start, stop - 8 - horizon + 1)]
    assert found == slow_starts(rows, start=60, stop=280, length=8, horizon=horizon)
    assert len(found) > 2 * len([*window_segments_starts(rows, horizon)])


def window_segments_starts(rows, horizon):
    for start, stop in window_segments(rows, 60, 280, length=8, horizon=horizon, reach_back=True):
        yield from range(start, stop - 8 - horizon + 1)


def test_no_window_spans_two_trajectories():
    series = holed(60).assign_coords(trajectory=("time", np.repeat([0, 1, 2], 20)))
    segments = window_segments(replace(record(series), bridged=True), 0, 60, length=5)
    assert {start // 20 for start, stop in segments} == {(stop - 1) // 20 for start, stop in segments}
    assert all(start // 20 == (stop - 1) // 20 for start, stop in segments)


@pytest.mark.parametrize("missing", ["zero", "last"])
def test_in_use_it_is_shown_what_it_was_shown_in_training(missing):
    rows = record(holed(share=0.3))
    recipe = pendula.Recipe(network=SMALL, training=replace(BRIEF, precision="float64"), window=8, missing=missing)
    prepared = prepare(rows, recipe)
    model = pendula.runs.Model.of(rows, prepared.forecaster, scaler=prepared.scaler, window=8, missing=missing)
    origins = np.array([9, 10, 57, 150, 299])
    shown, ahead = model._read(contexts_of(model, rows.values, origins), None, 4)
    for window, origin in zip(shown, origins, strict=True):
        assert torch.equal(window, prepared.values[origin - 8 : origin])
    assert ahead.shape == (5, 4, 1)
    assert bool((ahead == 1).all())
    known = ~np.isnan(rows.values[:, 0])
    np.testing.assert_array_equal(prepared.values[:, 1], known)
    filled = prepared.values[:, 0].numpy()
    before = np.flatnonzero(known)[np.searchsorted(np.flatnonzero(known), np.flatnonzero(~known)[1:]) - 1]
    np.testing.assert_array_equal(filled[~known][1:], filled[before] if missing == "last" else 0.0)


def test_what_stands_in_the_place_of_a_missing_value_has_no_effect(fitted):
    values = fitted.record.values.copy()
    rows = np.flatnonzero(fitted.record.present)
    origin = int(rows[rows > 100][0])
    before = fitted.model.run(contexts_of(fitted.model, values, np.array([origin])), steps=5)
    values[origin:] = NAN
    after = fitted.model.run(contexts_of(fitted.model, values, np.array([origin])), steps=5)
    np.testing.assert_array_equal(before, after)
    assert np.isfinite(before).all()


def test_more_rows_are_learned_from_and_scored_than_without(fitted):
    without = pendula.fit(holed(), model=SMALL, training=BRIEF, window=8)
    told, gaps = (pendula.evaluate(made).to_dict() for made in (fitted, without))
    assert told["rows"] > 1.2 * gaps["rows"]
    assert told["rows"] == int(fitted.record.present[fitted.validation_stop :].sum())
    assert np.isfinite([scores["rmse"] for scores in (told["models"] | told["baselines"]).values()]).all()
    assert fitted.scores == told
    # Persistence says the last value known.
    held = holed().x.to_series().ffill()
    rows = np.flatnonzero(fitted.record.present & (np.arange(300) >= fitted.validation_stop))
    errors = held.values[rows - 1] - held.values[rows]
    assert told["baselines"]["persistence"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-12)


def test_a_reservoir_beside_it_reads_the_last_value_known_while_it_reads_along():
    rows = record(holed(600))
    echo = fit_echo_state(record(holed(600, share=0)), window=50)
    origins = np.flatnonzero(rows.present)[-100:]
    told = predict_from(echo, rows.values, origins, steps=3)
    assert np.isfinite(told).all()
    np.testing.assert_array_equal(told, predict_from(echo, hold(rows.values), origins, steps=3))


def test_intervals_rest_on_enough_origins(fitted):
    assert fitted.calibration.origins >= 20
    assert np.isfinite(pendula.forecast(fitted, 1).x_lower).all()


def test_a_run_is_kept_resumed_and_forecast_from_a_record_that_ends_in_a_gap(fitted, tmp_path):
    again = pendula.load(fitted.save(tmp_path / "run"))
    assert (again.model.missing, again.recipe.missing, again.record.bridged) == (*[fitted.recipe.missing] * 2, True)
    assert pendula.evaluate(again).to_dict() == fitted.scores
    xr.testing.assert_identical(pendula.forecast(again, 5), pendula.forecast(fitted, 5))
    series = holed()
    series["x"][296:] = NAN
    ended = replace(fitted, record=replace(record(series), bridged=True))
    future = pendula.forecast(ended, 5)
    assert np.isfinite(future.x).all()
    shown = fitted.model.run(series.x.values[None, :, None], steps=5)[0, :, 0]
    np.testing.assert_array_equal(future.x, shown)
    with pytest.raises(DataError, match="`window` must be followed by known targets: expected 60 in a row after 8"):
        roll({"": fitted.model}, fitted.split.test, window=8, leads=60)
    with pytest.raises(DataError, match="`start` must follow 8 known values"):
        pendula.forecast(replace(fitted, record=ended.record.slice(0, 7)), 5)


def test_the_usual_window_does_not_shrink_with_the_gaps():
    made = pendula.fit(holed(share=0.2), missing="zero", model=SMALL, training=BRIEF)
    assert made.recipe.window == 45  # a quarter of the 180 rows of the training part
    assert made.calibration.leads > 1


def test_with_controls_folds_and_members_and_irregular_times(tmp_path):
    from pendula.forecasting import fit_record

    series = holed(200)
    drive = np.random.default_rng(1).normal(size=200)
    rows = controlled_record(series.assign(u=("time", drive)), "x", "u")
    recipe = pendula.Recipe(
        network=replace(SMALL, linear_lags=3), training=BRIEF, window=8, missing="last", members=2, calibration_folds=2
    )
    made = fit_record(rows, recipe)
    assert made.model.forecaster.controls == 2
    again = pendula.load(made.save(tmp_path / "run"))
    plan = xr.Dataset({"u": ("time", np.ones(5))}, coords={"time": 20 + 0.1 * np.arange(5)})
    xr.testing.assert_identical(pendula.forecast(again, controls=plan), pendula.forecast(made, controls=plan))
    origins = np.array([30, 60])
    rolled = roll({"": made.model}, Part(parent=made.record, start=100, stop=200), window=8, leads=2)
    assert np.isfinite(rolled.rmse("")).all()
    waits = np.cumsum(np.random.default_rng(2).uniform(0.5, 1.5, size=200))
    timed = series.assign_coords(time=waits)
    both = pendula.fit(timed, irregular=True, missing="zero", model=SMALL, training=BRIEF, window=8)
    assert both.model.forecaster.controls == 2
    assert len(origins) == 2


@pytest.mark.parametrize(
    ("network", "training", "message"),
    [
        (
            {"cell": "esn", "hidden_size": 20},
            {},
            "`cell` must be rnn or gru or lstm where missing values are shown: got",
        ),
        (
            {"head": "gaussian"},
            {},
            "`head` must be point where missing values are shown: got gaussian and missing last",
        ),
        ({"leads": 2}, {}, "`leads` must be 1 where"),
        ({}, {"loss": "every"}, "`loss` must be last where"),
        ({}, {"engine": "keras"}, "`engine` must be pendula where"),
    ],
)
def test_what_cannot_reach_over_missing_values_is_refused(network, training, message):
    with pytest.raises(ArgumentError, match=message):
        pendula.fit(
            holed(), missing="last", model=replace(SMALL, **network), training=replace(BRIEF, **training), window=8
        )


def test_other_uses_are_refused_and_so_are_other_choices(fitted):
    with pytest.raises(
        ConfigError, match="`missing` must have the right type: input should be 'gap', 'zero' or 'last'"
    ):
        pendula.Recipe.from_dict({"missing": "mean"})
    with pytest.raises(ArgumentError, match="got one that is shown what is missing beside them"):
        pendula.analyze(fitted)
