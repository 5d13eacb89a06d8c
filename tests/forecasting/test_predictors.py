"""Forecasts from many rows are those from each row alone, and see nothing of the future."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.forecasting import Persistence, SeasonalPersistence, fit_linear, predict_from, predictors
from pendula.nn import kernels


@pytest.fixture(params=["persistence", "seasonal", "linear", "network"])
def predictor(request, sine_fit):
    return {
        "persistence": Persistence(),
        "seasonal": SeasonalPersistence(period=20),
        "linear": fit_linear(sine_fit.record, 120, most_lags=8),
        "network": sine_fit.model,
    }[request.param]


def test_forecasts_are_those_of_each_origin_alone(predictor, sine_fit):
    values, origins = sine_fit.record.values, np.array([20, 33, 34, 159, 160])
    made = predict_from(predictor, values, origins, steps=5)
    for origin, forecast in zip(origins, made, strict=True):
        alone = predictor.run(values[None, origin - predictor.context : origin], steps=5)[0]
        np.testing.assert_allclose(forecast, alone, rtol=1e-6, atol=1e-6)


@pytest.mark.skipif(not kernels.available(), reason="there is no compiled core")
def test_a_networks_forecast_has_the_same_bits_whatever_else_is_forecast(sine_fit, monkeypatch):
    values, origins = sine_fit.record.values, np.arange(20, 60)
    whole = predict_from(sine_fit.model, values, origins, steps=4)
    monkeypatch.setattr(predictors, "BATCH", 7)
    assert predict_from(sine_fit.model, values, origins, steps=4).tobytes() == whole.tobytes()
    assert predict_from(sine_fit.model, values, origins[11:12], steps=4).tobytes() == whole[11].tobytes()


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_forecasts_do_not_depend_on_the_batch_size(predictor, sine_fit, monkeypatch, batch):
    values, origins = sine_fit.record.values, np.arange(20, 60)
    whole = predict_from(predictor, values, origins, steps=4)
    monkeypatch.setattr(predictors, "BATCH", batch)
    np.testing.assert_allclose(predict_from(predictor, values, origins, steps=4), whole, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("origin", [20, 77])
def test_rows_from_the_origin_on_do_not_matter(predictor, sine_fit, origin):
    values = sine_fit.record.values
    changed = values.copy()
    changed[origin:] = np.random.default_rng(0).normal(size=changed[origin:].shape) * 1e3
    blank = values.copy()
    blank[origin:] = np.nan
    made, after, unknown = (
        predict_from(predictor, rows, np.array([origin]), steps=6) for rows in (values, changed, blank)
    )
    assert made.tobytes() == after.tobytes() == unknown.tobytes()


@pytest.mark.parametrize("origin", [20, 77])
def test_the_row_before_the_origin_does_matter(sine_fit, origin):
    changed = sine_fit.record.values.copy()
    changed[origin - 1] += 0.1
    made, after = (
        predict_from(sine_fit.model, rows, np.array([origin]), steps=1) for rows in (sine_fit.record.values, changed)
    )
    assert abs(after - made).max() > 1e-3


def test_an_origin_without_its_context_is_refused():
    values = np.arange(10.0)[:, None]
    with pytest.raises(ArgumentError, match=r"`origins` must have 4 known values before them: got row 3\."):
        predict_from(SeasonalPersistence(period=4), values, np.array([5, 3]), steps=1)
