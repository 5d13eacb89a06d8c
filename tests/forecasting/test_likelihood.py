"""Who tells distributions, and what they are worth: SciPy and closed forms are the oracles."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import pendula
from pendula.errors import ArgumentError
from pendula.forecasting import (
    GaussianErrors,
    Persistence,
    fit_linear,
    fit_record,
    log_likelihood,
    predict_from,
    score_drawn,
    with_gaussian_errors,
)
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.series import Part, record
from pendula.series.scaling import Scaler
from pendula.training import Training


def process(rows=600, *, channels=2, seed=0):
    """A vector autoregression with coupled noise."""
    draw = np.random.default_rng(seed)
    noise = draw.multivariate_normal(np.zeros(2), [[1.0, 0.6], [0.6, 0.5]], size=rows)
    values = np.zeros((rows, 2))
    for t in range(1, rows):
        values[t] = np.array([[0.8, 0.1], [-0.2, 0.7]]) @ values[t - 1] + noise[t]
    names = ["x", "y"][:channels]
    return xr.Dataset({name: ("time", 5 + values[:, k], {"units": "m"}) for k, name in enumerate(names)})


@pytest.fixture(scope="module")
def joint_fit():
    """A fit of two channels with a Gaussian head."""
    network = Network(cell="gru", hidden_size=3, linear_lags=2, head="gaussian")
    training = Training(epochs=2, batch_size=50, loss="every", washout=4)
    return pendula.fit(process(), ["x", "y"], model=network, training=training, window=8)


def test_gaussian_errors_are_those_of_scipy():
    draw = np.random.default_rng(0)
    context, values = draw.normal(size=(9, 3, 2)), draw.normal(size=(9, 2))
    covariance = np.array([[2.0, 0.3], [0.3, 0.5]])
    told = GaussianErrors(predictor=Persistence(), covariance=covariance).log_density(context, values)
    expected = [
        scipy.stats.multivariate_normal(last, covariance).logpdf(value)
        for last, value in zip(context[:, -1], values, strict=True)
    ]
    np.testing.assert_allclose(told, expected, rtol=1e-12)


@pytest.mark.parametrize("link", ["log", "asinh"])
def test_a_transform_keeps_the_whole_probability(link):
    scaler = Scaler(kind="standard", link=link, center=np.array([0.2]), scale=np.array([0.7]))
    told = GaussianErrors(predictor=Persistence(), covariance=np.array([[0.3]]), scaler=scaler)
    grid = scaler.inverse(np.linspace(-12, 12, 20_001)[:, None])
    density = np.exp(told.log_density(np.full((len(grid), 1, 1), 1.7), grid))
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1, abs=1e-5)


def test_drawn_walks_spread_as_they_should():
    covariance = np.array([[1.0, 0.8], [0.8, 2.0]])
    walk = GaussianErrors(predictor=Persistence(), covariance=covariance)
    runs = walk.draw(np.array([[[3.0, -1.0]], [[0.0, 0.0]]]), steps=4, samples=20_000)
    assert runs.shape == (2, 20_000, 4, 2)
    for step in range(4):
        np.testing.assert_allclose(np.cov(runs[0, :, step].T), (step + 1) * covariance, atol=0.15 * (step + 1))
    np.testing.assert_allclose(runs.mean(axis=(1, 2)), [[3, -1], [0, 0]], atol=0.05)
    np.testing.assert_array_equal(runs, walk.draw(np.array([[[3.0, -1.0]], [[0.0, 0.0]]]), steps=4, samples=20_000))


def test_the_errors_of_a_baseline_are_measured_where_it_was_fitted():
    rows = record(process())
    linear = fit_linear(rows, 400, most_lags=3, lags=2)
    made = with_gaussian_errors(linear, Part(parent=rows, start=0, stop=400))
    chosen = np.arange(2, 400)
    errors = rows.values[chosen] - predict_from(linear, rows.values, chosen, steps=1)[:, 0]
    np.testing.assert_allclose(made.covariance, errors.T @ errors / len(errors), rtol=1e-9)


def test_a_perfect_baseline_is_not_infinitely_sure():
    rows = record(xr.Dataset({"x": ("time", np.arange(100.0))}))
    told = with_gaussian_errors(fit_linear(rows, 80, most_lags=2), Part(parent=rows, start=0, stop=80))
    assert math.isfinite(log_likelihood(told, rows.values, np.arange(80, 100)))


def test_the_density_of_a_model_integrates_to_one(joint_fit):
    model, grid = joint_fit.model, np.linspace(-3, 13, 161)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    context = np.repeat(joint_fit.record.values[None, 300:308], len(points), axis=0)
    assert np.exp(model.log_density(context, points)).sum() * 0.1**2 == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("link", ["log", "asinh", "sqrt"])
def test_the_density_of_a_model_behind_a_transform_does_too(link):
    series = np.exp(0.3 * process(300, channels=1))
    made = pendula.fit(
        series,
        model=Network(hidden_size=3, head="mixture"),
        training=Training(epochs=1),
        window=8,
        transform=link,
        test=0,
    )
    grid = made.model.scaler.inverse(np.linspace(-10, 10, 20_001)[:, None])
    context = np.repeat(made.record.values[None, 100:108], len(grid), axis=0)
    density = np.exp(made.model.log_density(context, grid))
    positive = grid[:, 0] > 0
    assert np.trapezoid(density[positive], grid[positive, 0]) == pytest.approx(1, abs=2e-3)


def test_other_units_change_a_log_likelihood_by_the_logarithm_of_their_ratio():
    network, training = Network(hidden_size=3, head="gaussian"), Training(epochs=1)
    told = []
    for series in (process(300, channels=1), 1000 * process(300, channels=1)):
        made = pendula.fit(series, model=network, training=training, window=8, test=0)
        told.append(log_likelihood(made.model, made.record.values, np.arange(8, 300)))
    assert told[0] - told[1] == pytest.approx(math.log(1000), abs=1e-4)


def test_evaluate_sets_the_network_beside_gaussian_baselines(joint_fit):
    scores = joint_fit.scores
    network, linear, walk = (
        scores["models"]["network"],
        scores["baselines"]["linear"],
        scores["baselines"]["persistence"],
    )
    for row in (network, linear, walk):
        assert {"log_likelihood", "energy_score", "spectrum_distance", "state_space_divergence"} <= set(row)
    assert "log_likelihood" not in scores["baselines"].get("esn", {})
    # The process is linear: the network starts as its autoregression, and is as good.
    assert network["log_likelihood"] == pytest.approx(linear["log_likelihood"], abs=0.1)
    assert network["log_likelihood"] > walk["log_likelihood"]
    energy = scores["drawn"]["energy_score"]
    assert np.mean(energy["network"]) < np.mean(energy["persistence"])
    assert len(energy["network"]) == len(scores["drawn"]["leads"]) == len(scores["rolling"]["leads"])


def test_the_log_likelihood_is_that_of_each_row_given_its_window(joint_fit):
    rows, values = np.arange(joint_fit.validation_stop, len(joint_fit.record)), joint_fit.record.values
    each = [joint_fit.model.log_density(values[None, row - 8 : row], values[None, row])[0] for row in rows]
    assert joint_fit.scores["rows"] == len(rows)
    assert joint_fit.scores["models"]["network"]["log_likelihood"] == pytest.approx(np.mean(each), rel=1e-9)


def test_without_a_likelihood_head_nothing_is_told(sine_fit):
    assert "drawn" not in sine_fit.scores
    assert not any("log_likelihood" in row for row in sine_fit.scores["baselines"].values())
    with pytest.raises(
        ArgumentError, match="`head` must tell a distribution to draw samples from it: expected gaussian"
    ):
        sine_fit.model.draw(np.zeros((1, 8, 1)), steps=2, samples=2)
    with pytest.raises(ArgumentError, match="`head` must tell a distribution"):
        sine_fit.model.log_density(np.zeros((1, 8, 1)), np.zeros((1, 1)))


def test_channels_of_different_units_are_scored_in_their_spreads():
    energies = []
    for factor, unit in ((1, "s"), (1000, "ms")):
        series = process(300)
        rows = record(series.assign(y=(series["y"] * factor).assign_attrs(units=unit)))
        walk = with_gaussian_errors(Persistence(), Part(parent=rows, start=0, stop=200))
        part = Part(parent=rows, start=200, stop=300)
        energies.append(score_drawn({"walk": walk}, part, np.arange(220, 280), leads=5, window=1).energy["walk"])
    np.testing.assert_allclose(energies[0], energies[1], rtol=1e-9)
    assert energies[0].shape == (5,)


def test_a_fit_with_a_likelihood_head_survives_the_disk(joint_fit, tmp_path):
    joint_fit.save(tmp_path / "run")
    again = pendula.load(tmp_path / "run")
    context = joint_fit.record.values[None, 100:108]
    drawn = [fit.model.draw(context, steps=5, samples=3, seed=1) for fit in (joint_fit, again)]
    np.testing.assert_array_equal(*drawn)
    assert again.scores == joint_fit.scores


def test_an_ensemble_is_the_mixture_of_what_its_members_tell():
    recipe = Recipe(
        network=Network(hidden_size=3, head="gaussian"), training=Training(epochs=1), window=8, test=0, members=2
    )
    made = fit_record(record(process(200)), recipe, score=False)
    alone = [replace(made.model, forecaster=member) for member in made.model.forecaster.each()]
    context, values = made.record.values[None, 100:108], made.record.values[None, 108]
    densities = [np.exp(model.log_density(context, values)) for model in alone]
    np.testing.assert_allclose(np.exp(made.model.log_density(context, values)), np.mean(densities, axis=0), rtol=1e-12)
    drawn = made.model.draw(context, steps=3, samples=5, seed=7)
    expected = [alone[0].draw(context, steps=3, samples=3, seed=7), alone[1].draw(context, steps=3, samples=2, seed=8)]
    np.testing.assert_array_equal(drawn, np.concatenate(expected, axis=1))
