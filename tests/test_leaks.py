"""Nothing that is learned, chosen or measured before the test part depends on it: checked on every pipeline."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import xarray as xr

import pendula
from pendula.errors import LeakError
from pendula.forecasting import fit_baselines, fit_record, forecast
from pendula.nn import Network, Reservoir
from pendula.runs import Recipe
from pendula.series import Part, fit_scaler, leak_check, record
from pendula.series.controls import controlled_record
from pendula.training import Training

GRU = Network(cell="gru", hidden_size=3)
BRIEF = Training(epochs=2, batch_size=16, learning_rate=0.02)
SEARCHED = {"cell": "esn", "hidden_size": 10}
PLAIN = Recipe(network=GRU, training=BRIEF, window=8)


def values(size=160, seed=0):
    """A sine of 20 steps with noise, all of it above 0."""
    noise = np.random.default_rng(seed).normal(size=size)
    return 2 + np.sin(2 * np.pi * np.arange(size) / 20) + 0.05 * noise


def single():
    return record(xr.Dataset({"x": ("time", values())}, coords={"time": 0.1 * np.arange(160)}))


def gapped():
    made = values()
    made[[20, 21, 70, 105, 150]] = np.nan
    return record(xr.Dataset({"x": ("time", made), "v": ("time", values(seed=1))}))


def controlled():
    drive = np.random.default_rng(2).normal(size=160)
    series = xr.Dataset({"x": ("time", values()), "u": ("time", drive)}, coords={"time": 0.1 * np.arange(160)})
    return controlled_record(series, "x", "u")


def trajectories():
    time, names = np.tile(0.1 * np.arange(40), 4), np.repeat([3, 1, 4, 2], 40)
    return record(xr.Dataset({"x": ("time", values())}, coords={"time": time, "trajectory": ("time", names)}))


def dated():
    days = np.datetime64("2000-01-01") + np.arange(160)
    return record(xr.Dataset({"x": ("time", values())}, coords={"time": days.astype("datetime64[ns]")}))


def recipe(*, network=None, training=None, **changes):
    """The plain recipe with some changes."""
    return replace(PLAIN, network=replace(GRU, **network or {}), training=replace(BRIEF, **training or {}), **changes)


PIPELINES = {
    "plain": (single, recipe()),
    "scaled to a range": (single, recipe(scaling="range")),
    "not scaled": (single, recipe(scaling="none")),
    "square root": (single, recipe(transform="sqrt")),
    "logarithm": (single, recipe(transform="log")),
    "inverse hyperbolic sine": (single, recipe(transform="asinh", scaling="range")),
    "linear path": (single, recipe(network={"linear_lags": 6})),
    "linear path of a given penalty": (single, recipe(network={"linear_lags": 6}, linear_penalty=1e-3)),
    "linear path alone": (single, recipe(network={"linear_lags": 4, "residual": False, "increments": False})),
    "neither residual nor increments": (single, recipe(network={"residual": False, "increments": False})),
    "direct": (single, recipe(network={"leads": 5})),
    "direct with a linear path": (single, recipe(network={"leads": 5, "linear_lags": 3})),
    "two layers with dropout": (single, recipe(network={"cell": "lstm", "num_layers": 2, "dropout": 0.2})),
    "chosen by free runs": (single, recipe(network={"linear_lags": 6}, training={"select_by": "free_run"})),
    "trained on free runs": (single, recipe(training={"horizon": 4, "teacher_forcing_start": 0.5})),
    "noise and drawn batches": (single, recipe(training={"input_noise": 0.1, "steps_per_epoch": 3})),
    "carried state": (single, recipe(training={"carry_state": True, "loss": "every"}, window=6)),
    "gaps and two channels": (gapped, recipe()),
    "without validation": (single, recipe(validation=0, network={"linear_lags": 3})),
    "under controls": (controlled, recipe(network={"linear_lags": 3}, training={"horizon": 3, "input_noise": 0.1})),
    "under controls, calibrated on folds": (controlled, recipe(calibration_folds=2, training={"epochs": 1})),
    "over missing values": (gapped, recipe(missing="last")),
    "by trajectory": (trajectories, recipe(by="trajectory", network={"linear_lags": 3})),
    "trajectories cut by time": (trajectories, recipe(test=0.3)),
    "from a date": (dated, recipe(test_from="2000-04-20")),
    "windows counted": (single, recipe(cut="windows", validation=0)),
    "reservoirs that are searched for": (single, recipe(network=SEARCHED)),
    "a reservoir of its own": (gapped, recipe(network={**SEARCHED, "reservoir": Reservoir(connections=3)})),
    "polynomials that are searched for": (single, recipe(network={"cell": "ngrc", "hidden_size": 0})),
    "reservoirs over trajectories": (trajectories, recipe(by="trajectory", network=SEARCHED)),
}


def boundary_of(rows, made_by):
    """The first row of the test part."""
    quick = replace(made_by, training=Training(epochs=1, steps_per_epoch=1), network=GRU)
    return fit_record(rows, quick, score=False).validation_stop


def learned(fit):
    """All that a fit knows, in arrays and numbers: weights, scaler, choices, history, baselines, calibration."""
    baselines = fit_baselines(Part(parent=fit.record, start=0, stop=fit.validation_stop), fit.split.test, fit=fit)
    linear = {name: baseline for name, baseline in baselines.items() if name.startswith("linear")}
    assert linear
    return {
        "weights": fit.model.forecaster.state_dict(),
        "scaler": (fit.model.scaler.center, fit.model.scaler.scale),
        "cuts": (fit.train_stop, fit.validation_stop),
        "best epoch": fit.best_epoch,
        "outcome": fit.outcome.value,
        "history": [[-1.0 if entry is None else entry for entry in asdict(line).values()] for line in fit.history],
        "linear": {name: (made.solution.weight, made.solution.bias, made.lags) for name, made in linear.items()},
        "period": getattr(baselines.get("seasonal"), "period", 0),
        "calibration": -1.0 if fit.calibration is None else fit.calibration.errors,
        "forecast": forecast_of(fit)
        if fit.record.present[fit.validation_stop - 8 : fit.validation_stop].all()
        else -1.0,
    }


def forecast_of(fit):
    """Ten steps from the start of the test part; under controls that are planned, whatever the record has there."""
    window, controls = slice(fit.validation_stop - 8, fit.validation_stop), fit.record.controls
    planned = None if controls is None else np.concatenate([controls.values[window], np.ones((10, 1))])[None]
    return fit.model.run(fit.record.values[None, window], steps=10, controls=planned)


def readable(known, boundary):
    """Square roots and logarithms refuse a future below 0, whatever they made of the past."""
    rows = known.values.copy()
    rows[boundary:] = 1e-3 + np.abs(rows[boundary:])
    return replace(known, values=rows)


@pytest.mark.parametrize("name", PIPELINES)
def test_nothing_that_a_fit_knows_depends_on_the_test_part(name):
    make, made_by = PIPELINES[name]
    rows = make()
    boundary = boundary_of(rows, made_by)
    assert 0.5 * len(rows) < boundary < len(rows)
    leak_check(lambda known: learned(fit_record(readable(known, boundary), made_by, score=False)), rows, boundary)


def test_what_the_test_part_does_change_is_its_scores():
    rows = single()
    boundary = boundary_of(rows, PLAIN)
    with pytest.raises(LeakError, match=r"`pipeline` must not look beyond row 120"):
        leak_check(lambda known: fit_record(known, PLAIN).scores["models"]["network"]["rmse"], rows, boundary)


@pytest.mark.parametrize("network", [{}, {"leads": 3}, {"residual": False}])
def test_the_training_itself_does_not_see_the_validation_part(network):
    made_by = recipe(network=network, training={"select_by": "last_epoch", "horizon": 1 if network else 3})

    def trained(known):
        fit = fit_record(known, made_by, score=False)
        losses = [(line.train_loss, line.gradient_norm) for line in fit.history[1:]]
        return {"weights": fit.model.forecaster.state_dict(), "scaler": fit.model.scaler.center, "losses": losses}

    leak_check(trained, single(), 96)


def test_watching_the_test_part_changes_nothing_but_what_is_seen():
    made_by = recipe(validation=0, watch="test", training={"select_by": "last_epoch"})

    def trained(known):
        fit = fit_record(known, made_by, score=False)
        return {"weights": fit.model.forecaster.state_dict(), "epoch": fit.best_epoch}

    leak_check(trained, single(), 120)
    with pytest.raises(LeakError, match=r"the output\[0\] moved by up to"):
        leak_check(
            lambda known: [line.validation_one_step for line in fit_record(known, made_by, score=False).history],
            single(), 120,
        )  # fmt: skip


@pytest.mark.parametrize("network", [{}, {"leads": 4}, {"linear_lags": 5}])
@pytest.mark.parametrize("row", [40, 110, 159])
def test_a_forecast_does_not_depend_on_what_comes_at_its_start_or_after_it(network, row):
    made = fit_record(single(), recipe(network=network))
    start = made.record.time[row]

    def forecasts(known):
        future = forecast(replace(made, record=known), 15, start=start)
        return {name: column.values for name, column in future.items()}

    leak_check(forecasts, made.record, row)


def test_a_forecast_from_the_end_does_depend_on_the_last_value():
    made = fit_record(single(), PLAIN)
    with pytest.raises(LeakError, match="moved by"):
        leak_check(lambda known: forecast(replace(made, record=known), 3).x.values, made.record, 159)


def test_a_comparison_does_not_choose_by_the_test_part():
    recipes = {"plain": PLAIN, "linear path": recipe(network={"linear_lags": 5})}

    def fits(known):
        return {name: learned(made) for name, made in pendula.forecasting.compare_recipes(known, recipes).fits.items()}

    leak_check(fits, single(), 120)


def test_the_echo_state_baseline_does_not_see_the_test_part():
    rows = record(xr.Dataset({"x": ("time", values(480))}))

    def weights(known):
        fit = fit_record(known, PLAIN, score=False)
        known_rows = Part(parent=known, start=0, stop=fit.validation_stop)
        return fit_baselines(known_rows, fit.split.test, fit=fit)["esn"].forecaster.state_dict()

    leak_check(weights, rows, 360)


def test_a_scaler_of_the_whole_record_is_caught():
    def scaled_first(known):
        scaled = fit_scaler(known).transform(known.values)
        return fit_record(
            replace(known, values=scaled), recipe(scaling="none"), score=False
        ).model.forecaster.state_dict()

    with pytest.raises(LeakError, match=r"the output\['.*'\] moved"):
        leak_check(scaled_first, single(), 120)


def test_choosing_the_epoch_by_the_test_part_is_caught():
    def chosen(known):
        fits = [fit_record(known, recipe(seed=seed)) for seed in range(2)]
        return min(fits, key=lambda fit: fit.scores["models"]["network"]["rmse"]).model.forecaster.state_dict()

    with pytest.raises(LeakError, match="moved"):
        leak_check(chosen, single(), 120)


def test_training_on_the_test_part_is_caught():
    with pytest.raises(LeakError, match="moved"):
        leak_check(lambda known: learned_weights(known, recipe(test=0, validation=0)), single(), 120)


def test_validating_on_the_test_part_is_caught():
    made_by = recipe(test=0, validation=0.25, network={"linear_lags": 6})
    with pytest.raises(LeakError, match="moved"):
        leak_check(lambda known: calibrated(known, made_by), single(), 120)


def test_windows_drawn_at_random_from_the_whole_record_are_caught():
    def drawn(known):
        windows = torch.from_numpy(known.values).unfold(0, 9, 1)
        chosen = torch.randperm(len(windows), generator=torch.Generator().manual_seed(0))[:100]
        return windows[chosen]

    with pytest.raises(LeakError, match="moved"):
        leak_check(drawn, single(), 120)


def learned_weights(known, made_by):
    return fit_record(known, made_by, score=False).model.forecaster.state_dict()


def calibrated(known, made_by):
    return fit_record(known, made_by, score=False).calibration.errors
