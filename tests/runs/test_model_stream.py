"""A model that follows a measurement, against the network on the scaled series."""

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.nn import EnsembleForecaster, Network, build
from pendula.runs.model_stream import ModelStream


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


@pytest.mark.parametrize("members", [0, 2])
def test_models_under_controls_are_refused(make_model, members):
    model = make_model(hidden_size=4)
    networks = [build(Network(hidden_size=4), 2, 3, seed=seed) for seed in range(members + 1)]
    rule = "`forecaster` must read its own values alone to be followed value by value: got 3 columns of controls"
    with pytest.raises(ArgumentError, match=rule):
        ModelStream(EnsembleForecaster(networks) if members else networks[0], model.scaler)
