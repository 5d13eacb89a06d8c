"""What a forecaster knows before training, against least squares written out and against the linear baseline."""

import numpy as np
import pytest
import torch

import pendula
from pendula.errors import ArgumentError
from pendula.forecasting import fit_linear, fit_record, predict_from
from pendula.nn import Network, build
from pendula.runs import Recipe
from pendula.series import record, windows_for
from pendula.training import PENALTIES, Training, Validation, start_forecaster

UNTRAINED = Training(epochs=1, learning_rate=1e-300, select_by="last_epoch")
"""Steps far below rounding: the network stays what it is before training."""


def series(wave, dataset, channels=1):
    return record(dataset({name: wave(seed=seed) for seed, name in enumerate("xyz"[:channels])}))


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("scaling", ["standard", "range", "none"])
def test_before_training_a_network_with_a_linear_path_is_the_linear_baseline(
    dataset, wave, residual, channels, scaling
):
    rows = series(wave, dataset, channels)
    network = Network(cell="gru", hidden_size=3, linear_lags=4, residual=residual)
    recipe = Recipe(
        network=network,
        training=UNTRAINED,
        window=8,
        scaling=scaling,
        validation=0,
        linear_penalty=0.0,
        baseline_lags=4,
    )
    made = fit_record(rows, recipe)
    baseline = fit_linear(rows, made.train_stop, most_lags=8, lags=4)
    origins = np.arange(made.train_stop, 150)
    runs, linear = (predict_from(predictor, rows.values, origins, steps=10) for predictor in (made.model, baseline))
    np.testing.assert_allclose(runs, linear, rtol=1e-9, atol=1e-10)
    scores = made.scores["models"]["network"], made.scores["baselines"]["linear"]
    for name in ("rmse", "mae", "r2", "free_run_rmse", "free_run_nrmse", "valid_prediction_time"):
        assert scores[0][name] == pytest.approx(scores[1][name], rel=1e-7)


def test_before_training_a_residual_network_says_the_same_as_now(dataset, wave):
    recipe = Recipe(network=Network(cell="gru", hidden_size=3), training=UNTRAINED, window=8)
    scores = fit_record(series(wave, dataset), recipe).scores
    assert scores["models"]["network"]["rmse"] == pytest.approx(scores["baselines"]["persistence"]["rmse"], rel=1e-12)


@pytest.mark.parametrize("leads", [1, 3])
def test_the_linear_path_solves_least_squares_for_every_lead(wave, leads):
    values = wave()[:, None]
    forecaster = build(Network(cell="gru", hidden_size=3, linear_lags=5, leads=leads, residual=False), 1)
    assert start_forecaster(forecaster, values, np.array([[0, 100]])) == 0.0
    rows = np.arange(4, 100 - leads)
    features = np.column_stack([np.ones(len(rows)), *(values[rows - lag, 0] for lag in range(5))])
    for lead in range(leads):
        solution, *_ = np.linalg.lstsq(features, values[rows + 1 + lead, 0], rcond=None)
        np.testing.assert_allclose(forecaster.linear.bias[lead], solution[0], atol=1e-9)
        np.testing.assert_allclose(forecaster.linear.weight[:, lead], solution[1:], atol=1e-9)
        residuals = features @ solution - values[rows + 1 + lead, 0]
        assert float(forecaster.output_scale[lead, 0]) == pytest.approx(np.sqrt(np.mean(residuals**2)), rel=1e-5)


def test_scales_are_those_of_the_training_segments_alone(wave):
    values = np.concatenate([wave(), 100 + wave(), 1e3 * wave()])[:, None]
    forecaster = build(Network(cell="gru", hidden_size=3, leads=2), 1)
    assert start_forecaster(forecaster, values, np.array([[0, 160], [160, 320]])) is None
    increments = np.concatenate([np.diff(values[:160, 0]), np.diff(values[160:320, 0])])
    typical = np.sqrt(np.mean(increments**2))
    assert float(forecaster.increment_scale[0]) == pytest.approx(typical, rel=1e-6)
    np.testing.assert_allclose(forecaster.output_scale, np.full((2, 1), typical), rtol=1e-6)


def test_without_residual_and_linear_path_the_output_keeps_its_scale(wave):
    forecaster = build(Network(cell="gru", hidden_size=3, residual=False), 1)
    start_forecaster(forecaster, wave()[:, None], np.array([[0, 100]]))
    assert float(forecaster.output_scale) == 1


def test_a_constant_channel_has_a_scale_above_zero():
    values = np.stack([np.sin(np.arange(40.0)), np.zeros(40)], axis=1)
    forecaster = build(Network(cell="gru", hidden_size=3), 2)
    start_forecaster(forecaster, values, np.array([[0, 40]]))
    assert float(forecaster.increment_scale[1]) > 0


def validation_of(rows):
    part = pendula.series.Part(parent=rows, start=60, stop=90)
    values = torch.from_numpy(rows.values)
    one_step = windows_for(part, length=12, reach_back=True, values=values)
    runs = windows_for(part, length=12, horizon=15, reach_back=True, values=values)
    return Validation(window=12, one_step=one_step, free_run=runs)


def error_with(rows, penalty, steps):
    """Solve (XᵀX + n λ) w = Xᵀy for centered increments of rows 0 to 59, and run from each origin after them."""
    values = rows.values[:, 0]
    t = np.arange(11, 59)
    features = np.column_stack([values[t - lag] for lag in range(12)])
    targets = values[t + 1] - values[t]
    mean = features.mean(axis=0)
    centered = features - mean
    squares = centered.T @ centered + len(t) * penalty * np.eye(12)
    weight = np.linalg.solve(squares, centered.T @ (targets - targets.mean()))
    bias = targets.mean() - mean @ weight
    errors = []
    for origin in range(60, 90 - steps + 1):
        history = list(values[origin - 12 : origin])
        for step in range(steps):
            history.append(history[-1] + bias + np.array(history[:-13:-1]) @ weight)
            errors.append(history[-1] - values[origin + step])
    return np.sqrt(np.mean(np.square(errors)))


@pytest.mark.parametrize("seed", [1, 2, 5])
@pytest.mark.parametrize(("select_by", "steps"), [("one_step", 1), ("free_run", 15), ("last_epoch", 1)])
def test_the_validation_part_chooses_the_penalty_of_a_noisy_record(dataset, select_by, steps, seed):
    noise = np.random.default_rng(seed).normal(size=90)
    rows = record(dataset(np.sin(2 * np.pi * np.arange(90) / 20) + 0.3 * noise))
    forecaster = build(Network(cell="gru", hidden_size=3, linear_lags=12), 1)
    validation = validation_of(rows)
    chosen = start_forecaster(forecaster, rows.values, np.array([[0, 60]]), validation=validation, select_by=select_by)
    candidates = [penalty for penalty in PENALTIES if penalty >= 1e-6]
    errors = {penalty: error_with(rows, penalty, steps) for penalty in candidates}
    assert chosen == min(errors, key=errors.get)
    assert chosen > 1e-6
    made = validation.free_run_error(forecaster) if steps > 1 else validation.one_step_error(forecaster)
    assert made == pytest.approx(errors[chosen], rel=1e-6)


def test_a_record_that_the_path_describes_is_not_penalized(dataset):
    rows = record(dataset(np.sin(2 * np.pi * np.arange(90) / 20)))
    forecaster = build(Network(cell="gru", hidden_size=3, linear_lags=12), 1)
    validation = validation_of(rows)
    assert start_forecaster(forecaster, rows.values, np.array([[0, 60]]), validation=validation) < 1e-10
    assert validation.free_run_error(forecaster.double()) < 1e-6


def test_a_given_penalty_is_taken(dataset, wave):
    rows = series(wave, dataset)
    forecaster = build(Network(cell="gru", hidden_size=3, linear_lags=6), 1)
    assert start_forecaster(forecaster, rows.values, np.array([[0, 90]]), penalty=0.5) == 0.5
    small = float(forecaster.linear.weight.square().sum())
    start_forecaster(forecaster, rows.values, np.array([[0, 90]]), penalty=0.0)
    assert small < 0.5 * float(forecaster.linear.weight.square().sum())


def test_a_linear_path_longer_than_the_training_part_is_refused(wave):
    forecaster = build(Network(cell="gru", hidden_size=3, linear_lags=30, leads=2), 1)
    message = r"`linear_lags` must be shorter than the training part: expected at most 18 steps, got 30\. Lower it"
    with pytest.raises(ArgumentError, match=message):
        start_forecaster(forecaster, wave()[:, None], np.array([[0, 20], [30, 45]]))
