"""A model that follows a measurement, against the network on the scaled series."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.forecasting import fit_record
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.series.controls import beside, controlled_record
from pendula.training import Training


@pytest.fixture
def rows(make_record):
    return make_record()


@pytest.fixture
def make_model(make_fit, rows):
    return lambda *, dtype=torch.float32, **network: make_fit(rows=rows, network=Network(**network), dtype=dtype).model


@pytest.mark.parametrize("leads", [1, 3])
def test_predictions_are_those_of_the_network_in_physical_units(make_model, rows, leads):
    model = make_model(hidden_size=4, leads=leads, linear_lags=3, residual=False)
    stream = model.stream()
    made = np.stack([stream.step(value) for value in rows.values[:20]])
    with torch.no_grad():
        scaled, _ = model.forecaster(torch.from_numpy(model.scaler.transform(rows.values[None, :20])))
    assert made.shape == (20, leads, 2)
    np.testing.assert_allclose(made, model.scaler.inverse(scaled[0].numpy()), rtol=1e-5, atol=1e-6)


def test_after_a_window_the_prediction_is_that_of_a_run(make_model, rows):
    model = make_model(hidden_size=4, linear_lags=3, dtype=torch.float64)
    stream = model.stream()
    for value in rows.values[:8]:
        prediction = stream.step(value)
    np.testing.assert_allclose(prediction, model.run(rows.values[None, :8], steps=1)[0], rtol=0, atol=1e-12)


def test_streams_of_a_model_do_not_see_each_other(make_model, rows):
    model = make_model(hidden_size=4)
    one, other = model.stream(), model.stream()
    first = one.step(rows.values[0])
    one.step(rows.values[1])
    np.testing.assert_array_equal(other.step(rows.values[0]), first)


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_a_value_that_is_missing_is_refused_and_forgotten(make_model, rows, missing):
    model = make_model(hidden_size=4)
    stream, other = model.stream(), model.stream()
    stream.step(rows.values[0])
    other.step(rows.values[0])
    with pytest.raises(DataError, match=r"`values` must be finite: got \[.*\]\. Show the prediction in place of"):
        stream.step(np.array([1.0, missing]))
    np.testing.assert_array_equal(stream.step(rows.values[1]), other.step(rows.values[1]))


def test_values_of_other_channels_are_refused(make_model):
    with pytest.raises(ShapeError):
        make_model(hidden_size=4).stream().step(np.zeros(3))


def driven_series(rows=200, *, gaps=0.0):
    generator = np.random.default_rng(0)
    u, w = generator.normal(size=rows), generator.normal(size=rows)
    y = np.zeros(rows)
    for t in range(rows - 1):
        y[t + 1] = 0.8 * y[t] + 0.5 * u[t + 1] - 0.2 * w[t + 1]
    y[generator.random(rows) < gaps] = np.nan
    y[:2] = [np.nan, 0.0] if gaps else y[:2]
    columns = {"y": ("time", 10 + y), "u": ("time", 300 + 5 * u), "w": ("time", w)}
    return xr.Dataset(columns, coords={"time": ("time", 0.5 * np.arange(rows), {"units": "s"})})


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_driven_model_is_followed_as_its_network_reads_the_record(cell, members):
    rows = controlled_record(driven_series(), "y", ("u", "w"))
    recipe = Recipe(
        network=Network(cell=cell, hidden_size=4, num_layers=2, linear_lags=3),
        training=Training(epochs=1),
        window=8,
        members=members,
    )
    model = fit_record(rows, recipe, score=False).model
    stream, controls = model.stream(), rows.controls.values
    made = np.stack([stream.step(rows.values[t], controls[t + 1])[0] for t in range(199)])
    shown = beside(model.scaler.transform(rows.values), model.controls.scaler.transform(controls))
    with torch.no_grad():
        told, _ = model.forecaster(torch.from_numpy(shown[None, :199]))
    # Weights are float32.
    np.testing.assert_allclose(made, model.scaler.inverse(told[0, :, 0].numpy()), rtol=1e-5, atol=1e-5)
    # The same at every row as a run of one step from all rows before it.
    deep = replace(model, window=120)
    expected = deep.run(rows.values[None, :120], steps=1, controls=controls[None, :121])[0, 0]
    np.testing.assert_allclose(made[119], expected, rtol=1e-5)


def test_predictions_shown_in_the_place_of_values_are_a_free_run():
    rows = controlled_record(driven_series(), "y", ("u", "w"))
    recipe = Recipe(network=Network(cell="gru", hidden_size=4), training=Training(epochs=1), window=8)
    model, controls = fit_record(rows, recipe, score=False).model, rows.controls.values
    stream = model.stream()
    for t in range(8):
        told = stream.step(rows.values[t], controls[t + 1])[0]
    made = [told]
    for t in range(8, 38):
        made.append(stream.step(made[-1], controls[t + 1])[0])
    run = model.run(rows.values[None, :8], steps=31, controls=controls[None, :39])[0]
    np.testing.assert_allclose(np.stack(made), run, rtol=1e-5)


def test_irregular_times_are_followed_by_the_waits():
    times = np.cumsum(np.random.default_rng(1).uniform(0.1, 1.5, size=200))
    series = xr.Dataset({"x": ("time", np.sin(times))}, coords={"time": ("time", times, {"units": "s"})})
    made = pendula.fit(series, irregular=True, model=Network(hidden_size=4), training=Training(epochs=1), window=6)
    stream, waits = made.model.stream(), np.diff(times)
    for t in range(6):
        told = stream.step(made.record.values[t], waits[t : t + 1])
    own = np.concatenate([[np.median(waits)], waits[:6]])[None, :, None]  # the first wait is read by no window
    np.testing.assert_allclose(told, made.model.run(made.record.values[None, :6], steps=1, controls=own)[0], rtol=1e-5)


@pytest.mark.parametrize("missing", ["zero", "last"])
@pytest.mark.parametrize("controls", [(), ("u", "w")])
def test_missing_values_are_shown_as_missing(missing, controls):
    series = driven_series(gaps=0.15)
    made = pendula.fit(
        series, "y", controls=controls, missing=missing, window=8,
        model=Network(cell="gru", hidden_size=4), training=Training(epochs=1),
    )  # fmt: skip
    model, values, stream = made.model, made.record.values, made.model.stream()
    driving = made.record.controls.values if controls else None
    told = [stream.step(values[t], None if driving is None else driving[t + 1])[0] for t in range(190)]
    assert np.isnan(values[:190]).sum() > 10
    for row in (60, 150, 190):  # all rows before are one window
        whole = replace(model, window=row)
        own = None if driving is None else driving[None, : row + 1]
        np.testing.assert_allclose(told[row - 1], whole.run(values[None, :row], steps=1, controls=own)[0, 0], rtol=1e-5)
    with pytest.raises(DataError, match=r"`values` must be finite: got \[inf\]\. Show NaN instead"):
        stream.step(np.array([np.inf]), None if driving is None else driving[0])


@pytest.fixture(scope="module")
def driven_model():
    rows = controlled_record(driven_series(), "y", ("u", "w"))
    recipe = Recipe(network=Network(hidden_size=4), training=Training(epochs=1), window=8)
    return fit_record(rows, recipe, score=False).model


@pytest.mark.parametrize(
    ("controls", "error", "message"),
    [
        (None, ArgumentError, "`controls` must be given to a model under controls: expected u, w of the next row, got"),
        (np.zeros(1), ShapeError, r"`controls` must hold one value of each control: expected u, w, got shape \(1,\)"),
        (np.array([300.0, np.nan]), DataError, r"`controls` must be finite: expected u, w of the next row, got \[300"),
    ],
)
def test_wrong_controls_are_refused_and_forgotten(driven_model, controls, error, message):
    stream, other = driven_model.stream(), driven_model.stream()
    first, drive = np.array([10.0]), np.array([300.0, 0.0])
    stream.step(first, drive)
    other.step(first, drive)
    with pytest.raises(error, match=message):
        stream.step(np.array([11.0]), controls)
    np.testing.assert_array_equal(stream.step(first, drive), other.step(first, drive))


def test_controls_go_with_models_that_have_them(make_model):
    stream = make_model(hidden_size=4).stream()
    with pytest.raises(ArgumentError, match="`controls` must be left out for a model that has none"):
        stream.step(np.zeros(2), np.zeros(1))
    with pytest.raises(ShapeError, match=r"`values` must hold one value of each channel: expected shape \(2,\), got"):
        stream.step(np.zeros(1))
