"""Forecasts under controls that are known for the future, too."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError, InterruptedRunError, ShapeError, UnitsError
from pendula.forecasting import compare, fit_baselines, resume, roll, surprise
from pendula.forecasting.backtest import RefitPolicy, backtest
from pendula.nn import Equation, Network
from pendula.runs import Model
from pendula.series import Part
from pendula.series.controls import beside
from pendula.training import EpochFinished, Training

NOISE = 0.02
SMALL = Network(cell="gru", hidden_size=8)
QUICK = Training(epochs=20, learning_rate=0.02)
BRIEF = Training(epochs=2, learning_rate=0.02)


def driven(rows=500, *, seed=0):
    """A linear system that a random drive moves: y' = 0.8 y + 0.5 u, with a little noise."""
    generator = np.random.default_rng(seed)
    u, y = generator.normal(size=rows), np.zeros(rows)
    for t in range(rows - 1):
        y[t + 1] = 0.8 * y[t] + 0.5 * u[t + 1] + NOISE * generator.normal()
    return series_of(y, u)


def series_of(y, u, *, start=0.0):
    return xr.Dataset(
        {"y": ("time", y, {"units": "K"}), "u": ("time", u, {"units": "W"})},
        coords={"time": ("time", start + 0.5 * np.arange(len(u)), {"units": "s"})},
    )


def plan_of(u, *, start=250.0, units="W", step=0.5):
    times = start + step * np.arange(len(u))
    return xr.Dataset({"u": ("time", np.asarray(u, float), {"units": units})}, coords={"time": ("time", times)})


@pytest.fixture(scope="module")
def fitted():
    return pendula.fit(driven(), "y", controls="u", model=SMALL, training=QUICK, window=8)


@pytest.fixture(scope="module")
def quick():
    """A fit of which only its form matters."""
    return pendula.fit(driven(200), controls="u", model=SMALL, training=BRIEF, window=8)


def test_a_driven_system_is_forecast_far_better_than_without_its_drive(fitted):
    without = pendula.fit(driven(), "y", model=SMALL, training=QUICK, window=8)
    network, blind = (made.scores["models"]["network"] for made in (fitted, without))
    # What the drive adds in a step has a deviation of 0.5, in a free run of 0.5 / √(1 − 0.8²) = 0.83.
    assert network["rmse"] < 0.12 < 0.48 < blind["rmse"]
    assert network["free_run_rmse"] < 0.2 < 0.7 < blind["free_run_rmse"]
    # The system is linear: the baseline that is told the drive, too, leaves the noise alone.
    linear, uncontrolled = (made.scores["baselines"]["linear"]["rmse"] for made in (fitted, without))
    assert linear == pytest.approx(NOISE, rel=0.1)
    assert uncontrolled == pytest.approx(0.5, rel=0.1)
    assert fitted.scores["baselines"]["persistence"] == without.scores["baselines"]["persistence"]


def test_intervals_hold_under_the_true_drive(fitted):
    held = pendula.evaluate(fitted, driven(400, seed=5)).to_dict()["intervals"]
    assert 0.8 < held["mean"] < 0.99


def test_a_forecast_is_the_free_run_of_the_equations(fitted, oracle):
    u = np.sin(np.arange(30.0))
    future = pendula.forecast(fitted, controls=plan_of(u))
    assert (future.sizes["time"], future.y.attrs["units"]) == (30, "K")
    np.testing.assert_allclose(future.time, 250.0 + 0.5 * np.arange(30))
    model, record = fitted.model, fitted.record
    driving = model.controls.scaler.transform(np.concatenate([record.controls.values[-8:, 0], u])[:, None])
    history = np.concatenate([model.scaler.transform(record.values[-8:]), driving[1:9]], axis=1)
    run = oracle.run_on(model.forecaster, history, 30, np.concatenate([driving[9:], [[np.nan]]]))
    # The stack works in float32.
    np.testing.assert_allclose(future.y, model.scaler.inverse(run)[:, 0], rtol=0, atol=1e-5)


def test_scores_are_those_of_free_runs_under_the_true_drive(quick):
    held_out = driven(60, seed=3)
    evaluated = pendula.evaluate(quick, held_out)
    y, u = held_out.y.values[:, None], held_out.u.values[:, None]
    runs = [
        quick.model.run(y[None, row - 8 : row], steps=1, controls=u[None, row - 8 : row + 1])[0, 0, 0]
        for row in range(8, 60)
    ]
    errors = np.array(runs) - y[8:, 0]
    assert evaluated.to_dict()["models"]["network"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-9)
    whole = quick.model.run(y[None, :8], steps=52, controls=u[None])[0, :, 0]
    np.testing.assert_allclose(evaluated.evaluation.free_run["network"][:, 0], whole, rtol=1e-6)


def test_nothing_after_an_origin_is_seen_but_the_controls_up_to_each_step(quick):
    start = quick.record.time[150]
    before = pendula.forecast(quick, 20, start=start).y.values
    values, controls = quick.record.values.copy(), quick.record.controls.values.copy()
    values[150:] = 1e3
    controls[160:] += 1.0
    changed = replace(quick.record, values=values, controls=replace(quick.record.controls, values=controls))
    after = pendula.forecast(replace(quick, record=changed), 20, start=start).y.values
    np.testing.assert_array_equal(after[:10], before[:10])
    assert (after[10:] != before[10:]).all()
    only_targets = replace(quick.record, values=values)
    same = pendula.forecast(replace(quick, record=only_targets), 20, start=start).y.values
    np.testing.assert_array_equal(same, before)


def test_rolling_origins_see_no_target_after_them_either(quick):
    record = quick.record
    baselines = fit_baselines(Part(parent=record, start=0, stop=120), quick.split.test, fit=quick)
    predictors = {"network": quick.model, "linear": baselines["linear"]}
    rolled = roll(predictors, quick.split.test, window=8, leads=10)
    values = record.values.copy()
    values[170:] += 5.0
    changed = Part(parent=replace(record, values=values), start=quick.validation_stop, stop=len(record))
    again = roll(predictors, changed, window=8, leads=10)
    early = rolled.origins <= 170
    for name in predictors:
        np.testing.assert_allclose(again.forecast(name)[early], rolled.forecast(name)[early], rtol=1e-9, atol=1e-9)
        assert (again.forecast(name)[rolled.origins == 171] != rolled.forecast(name)[rolled.origins == 171]).any()


def test_a_plan_counts_before_the_record_and_the_record_where_there_is_no_plan(quick):
    start, u = quick.record.time[150], quick.record.controls.values[150:160, 0]
    known = pendula.forecast(quick, 10, start=start)
    xr.testing.assert_identical(pendula.forecast(quick, controls=plan_of(u, start=start), start=start), known)
    other = pendula.forecast(quick, 10, controls=plan_of(u[:4] + 1, start=start), start=start)
    assert (other.y[:4] != known.y[:4]).all()
    beyond = pendula.forecast(quick, 60, controls=plan_of(np.zeros(20), start=100.0), start=quick.record.time[160])
    assert beyond.sizes["time"] == 60
    assert pendula.forecast(quick, controls=plan_of([1.0], start=100.0)).sizes["time"] == 1


def test_rows_before_the_forecast_and_other_columns_do_not_matter(quick):
    plan = plan_of(np.ones(10), start=100.0)
    alone = pendula.forecast(quick, controls=plan)
    whole = xr.concat([driven(200), plan.assign(y=("time", np.full(10, np.nan)))], dim="time", join="outer")
    whole["time"].attrs["units"] = "s"
    whole["u"].attrs["units"] = "W"
    xr.testing.assert_identical(pendula.forecast(quick, controls=whole), alone)
    # As a record it ends with its last target.
    again = pendula.fit(whole, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    assert len(again.record) == 200
    xr.testing.assert_identical(pendula.forecast(again, controls=whole), alone)


@pytest.mark.parametrize(
    ("plan", "steps", "error", "message"),
    [
        (
            None,
            5,
            DataError,
            "known for every step of a forecast: expected u from 100 to 102, got none at 100, step 1 of",
        ),
        (
            plan_of(np.ones(4), start=100),
            6,
            DataError,
            "expected u from 100 to 102.5, got none at 102, step 5 of 6. Comp",
        ),
        (plan_of([1, np.nan, 1], start=100), None, DataError, "got none at 100.5, step 2 of 3"),
        (plan_of(np.ones(3), start=101), None, DataError, "got none at 100, step 1 of 3"),
        (
            plan_of(np.ones(4), start=90),
            None,
            DataError,
            "reach beyond the known rows: expected them from 100 on, got the",
        ),
        (
            plan_of(np.ones(4), start=100, units="mW"),
            None,
            UnitsError,
            "`u` must have the unit of the fit: expected W, ",
        ),
        (
            plan_of(np.ones(4), start=100, step=1.0),
            None,
            DataError,
            "`controls` must have the time step of the fit: exp",
        ),
        (plan_of(np.ones(4), start=100).rename(u="v"), None, DataError, "expected some of v, got u"),
        (plan_of([np.inf, 1], start=100), None, DataError, "`u` must be finite"),
        (
            plan_of(np.ones(1), start=100).assign_coords(time=pd.date_range("2020", periods=1)),
            None,
            DataError,
            "`controls` must have numbers for times, as the record: got dates",
        ),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(quick, plan, steps, error, message):
    with pytest.raises(error, match=message):
        pendula.forecast(quick, steps, controls=plan)


def test_controls_go_with_fits_that_have_them(quick, sine_fit):
    with pytest.raises(ArgumentError, match="`controls` must be left out for a fit that has none: got a series"):
        pendula.forecast(sine_fit, controls=plan_of(np.ones(3)))
    with pytest.raises(ArgumentError, match="`controls` must be given: expected u for the steps to come, got none"):
        pendula.forecast(quick)
    context = quick.record.values[None, -8:]
    with pytest.raises(ArgumentError, match="`controls` must be given to a model under controls: expected u of the"):
        quick.model.run(context, steps=3)
    with pytest.raises(ArgumentError, match="`controls` must be left out for a model that has none"):
        sine_fit.model.run(sine_fit.record.values[None, -8:], steps=3, controls=np.ones((1, 11, 1)))
    with pytest.raises(ShapeError, match=r"expected shape \(1, 11, 1\), got \(1, 10, 1\)"):
        quick.model.run(context, steps=3, controls=np.ones((1, 10, 1)))
    with pytest.raises(ArgumentError, match="`controls` must go with a forecast: got u and targets told from inputs"):
        pendula.fit(driven(100), "y", inputs="u", controls="u")
    with pytest.raises(
        ArgumentError, match="`fit` must read its own values alone to be looked at as a dynamical system"
    ):
        pendula.analyze(quick)


@pytest.mark.parametrize(
    ("network", "training", "message"),
    [
        ({"cell": "esn", "hidden_size": 20}, {}, "`cell` must take controls where there are some: .* got esn and u"),
        ({"cell": "ngrc", "hidden_size": 0}, {}, "expected rnn, gru, lstm, got ngrc"),
        ({"cell": "integrator", "hidden_size": 0, "equation": Equation(system="pendulum")}, {}, "got integrator and u"),
        ({"leads": 3}, {}, "`leads` must be 1 under controls: got 3 and u"),
        ({}, {"engine": "keras"}, "`engine` must be pendula under controls: got keras and u"),
    ],
)
def test_what_takes_no_controls_is_refused_before_any_work(network, training, message, tmp_path):
    with pytest.raises(ArgumentError, match=message):
        pendula.fit(
            driven(100),
            "y",
            controls="u",
            model=replace(SMALL, **network),
            training=replace(BRIEF, **training),
            run=tmp_path / "run",
        )
    assert not list(tmp_path.iterdir())


def test_a_kept_run_forecasts_with_the_same_bits(quick, tmp_path):
    again = pendula.load(quick.save(tmp_path / "run"))
    assert (again.model.controls.names, again.model.controls.units) == (("u",), ("W",))
    plan = plan_of(np.ones(5), start=100)
    xr.testing.assert_identical(pendula.forecast(again, controls=plan), pendula.forecast(quick, controls=plan))
    np.testing.assert_array_equal(again.record.controls.values, quick.record.controls.values)
    assert pendula.evaluate(again).to_dict() == quick.scores


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"horizon": 4, "teacher_forcing_start": 0.5, "input_noise": 0.05, "select_by": "free_run"},
        {"carry_state": True, "loss": "every"},
        {"method": "hessian-free", "loss": "every", "input_noise": 0.05, "learning_rate": 0.001},
        {"watch_gradients": True},
    ],
)
def test_a_resumed_run_has_the_same_bits(training, tmp_path):
    settings = replace(Training(epochs=3, learning_rate=0.02, checkpoint_seconds=0.0), **training)
    options = {"model": replace(SMALL, linear_lags=3), "window": 8, "training": settings}

    def stop(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    whole = pendula.fit(driven(120), "y", controls="u", **options)
    with pytest.raises(InterruptedRunError):
        pendula.fit(driven(120), "y", controls="u", run=tmp_path / "run", listener=stop, **options)
    resumed = resume(tmp_path / "run")
    for name, tensor in whole.model.forecaster.state_dict().items():
        assert tensor.equal(resumed.model.forecaster.state_dict()[name]), name
    assert resumed.scores["models"]["network"]["rmse"] == whole.scores["models"]["network"]["rmse"]


def test_members_tell_their_spread_and_folds_are_calibrated_under_the_controls(tmp_path):
    recipe = pendula.Recipe(network=SMALL, training=BRIEF, window=8, members=2, calibration_folds=2)
    from pendula.forecasting import fit_record
    from pendula.series.controls import controlled_record

    made = fit_record(controlled_record(driven(200), "y", "u"), recipe)
    future = pendula.forecast(made, controls=plan_of(np.ones(5), start=100))
    assert (future.y_spread > 0).all()
    assert made.calibration.origins > 50
    again = pendula.load(made.save(tmp_path / "run"))
    xr.testing.assert_identical(pendula.forecast(again, controls=plan_of(np.ones(5), start=100)), future)


def test_backtests_refit_under_the_controls(quick):
    rolled = backtest(quick, policy=RefitPolicy(every=25), leads=5).rolling
    linear = rolled.rmse("linear")
    assert linear[0] == pytest.approx(NOISE, rel=0.3)
    assert linear[-1] < 3 * NOISE  # the drive alone would make it 0.8


def test_surprise_is_measured_under_the_controls(fitted):
    held_out = driven(200, seed=6)
    held_out["y"][100] += 1.0
    found = surprise(fitted, held_out, alarm_rate=0.02)
    assert 100 in found.rows[found.alarms]
    misled = driven(200, seed=6)
    misled["u"][:] = np.roll(misled.u.values, 50)
    assert surprise(fitted, misled, alarm_rate=0.02).alarms.mean() > 4 * found.alarms.mean()


def test_networks_are_compared_under_the_same_controls():
    table = compare(driven(200), "y", controls="u", models=("rnn", "lstm"), training=BRIEF).evaluated.to_dict()
    assert set(table["models"]) == {"rnn", "lstm"}
    assert table["baselines"]["linear"]["rmse"] == pytest.approx(NOISE, rel=0.3)
    with pytest.raises(ArgumentError, match="got esn and u"):
        compare(driven(200), "y", controls="u", models=("rnn", "esn"), training=BRIEF)


def test_a_linear_path_reads_the_controls_and_starts_from_the_exogenous_autoregression():
    made = pendula.fit(
        driven(300), "y", controls="u", model=Network(hidden_size=4, linear_lags=1), window=4,
        training=Training(epochs=1, learning_rate=1e-9),
    )  # fmt: skip
    assert made.scores["models"]["network"]["rmse"] == pytest.approx(NOISE, rel=0.15)
    weight = made.model.forecaster.linear.weight[:, 0].numpy()
    ratio = made.model.controls.scaler.scale[0] / made.model.scaler.scale[0]
    np.testing.assert_allclose(weight, [-0.2, 0.5 * ratio], rtol=0, atol=0.01)


def test_dates_frames_and_trajectories():
    source = driven(200)
    days = pd.date_range("2020-01-01", periods=200, name="day")
    frame = pd.DataFrame({"y [K]": source.y.values, "u [W]": source.u.values}, index=days)
    made = pendula.fit(frame, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    ahead = pd.DataFrame({"u [W]": np.ones(5)}, index=pd.date_range("2020-07-19", periods=5, name="day"))
    future = pendula.forecast(made, controls=ahead)
    assert isinstance(future, pd.DataFrame)
    assert list(future.index) == list(ahead.index)
    with pytest.raises(DataError, match="expected them from 2020-07-19"):
        pendula.forecast(made, controls=ahead.set_axis(pd.date_range("2020-06-01", periods=5, name="day")))

    parts = source.assign_coords(
        time=("time", np.tile(0.5 * np.arange(50), 4), {"units": "s"}),
        trajectory=("time", np.repeat(np.arange(4), 50)),
    )
    several = pendula.fit(parts, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    assert several.recipe.by == "trajectory"
    assert pendula.forecast(several, controls=plan_of(np.ones(5), start=25.0)).sizes["time"] == 5
    plan = plan_of(np.ones(8), start=25.0)
    named = plan.assign_coords(trajectory=("time", [2, 2, 2, 3, 3, 3, 3, 3]))
    named = named.assign_coords(time=("time", 25 + 0.5 * np.r_[:3, :5]))
    last = pendula.forecast(several, controls=plan_of(np.ones(5), start=25.0))
    xr.testing.assert_identical(pendula.forecast(several, controls=named), last)
    with pytest.raises(DataError, match=r"expected 3, the last one of the record, got 2\. Hand in its rows"):
        pendula.forecast(several, controls=named.isel(time=slice(0, 3)))
    # No row is shown the control of another trajectory.
    shown = beside(several.record.values, several.record.controls.values)
    assert len(shown) == 200


def test_a_gap_in_the_controls_is_a_gap():
    holed = driven(200)
    holed["u"][40:45] = np.nan
    made = pendula.fit(holed, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    assert made.record.segments.tolist() == [[0, 40], [45, 200]]
    assert isinstance(made.model, Model)
    assert np.isfinite(made.scores["models"]["network"]["rmse"])


def test_a_plan_beyond_the_training_part_is_warned_of(quick):
    train = quick.record.controls.values[: quick.train_stop, 0]
    within = plan_of(np.linspace(train.min(), train.max(), 8), start=100)
    assert "outside" not in pendula.forecast(quick, controls=within).attrs
    # What is planned for rows before the forecast does not matter.
    earlier = plan_of(np.r_[5000.0, 5000.0, np.zeros(4)], start=99)
    assert "outside" not in pendula.forecast(quick, controls=earlier).attrs
    with pytest.warns(UserWarning, match="`u` goes from 0 to 5000 W, in the training part from .* not measured there"):
        future = pendula.forecast(quick, controls=plan_of([0.0, 5000.0], start=100))
    assert future.attrs["outside"].startswith("`u` goes from 0 to 5000 W")


def test_what_the_validation_part_reaches_was_measured():
    source = driven(200)
    source["u"][130:150] += 20.0  # in the validation part alone
    made = pendula.fit(source, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    assert made.train_stop <= 130 < 150 <= made.validation_stop
    with pytest.warns(UserWarning, match=r"The network has not learned from such values\.$"):
        pendula.forecast(made, controls=plan_of([20.0], start=100))


def test_a_control_that_never_changes_is_noted():
    source = driven(200)
    source["u"][:] = 3.0
    source["y"] = source.y + np.sin(source.time)
    made = pendula.fit(source, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    assert made.notes == ("`u` is constant in the training part: it cannot be learned from.",)
    assert "outside" not in pendula.forecast(made, controls=plan_of([3.0], start=100)).attrs
    with pytest.warns(UserWarning, match="`u` is 4 W, in the training part always 3 W"):
        pendula.forecast(made, controls=plan_of([4.0], start=100))


def test_controls_that_the_record_lacks_are_taken_from_the_plan(quick):
    source = driven(200)
    holed = source.copy(deep=True)
    holed["u"][195:] = np.nan
    made = pendula.fit(holed, "y", controls="u", model=SMALL, training=BRIEF, window=8)
    with pytest.raises(
        DataError, match=r"with their controls: got 0, since u is missing at 99\.5\. Hand in a plan that"
    ):
        pendula.forecast(made, controls=plan_of(np.zeros(5), start=100))
    plan = plan_of(np.r_[source.u.values[190:], np.zeros(5)], start=95)
    told = pendula.forecast(made, controls=plan)
    whole = replace(made, record=quick.record)
    np.testing.assert_array_equal(told.y, pendula.forecast(whole, controls=plan).y)
    # What the record knows counts.
    other = plan.assign(u=plan.u.where(plan.time >= 97.5, 0.5))
    np.testing.assert_array_equal(pendula.forecast(made, controls=other).y, told.y)
    with pytest.raises(DataError, match="u is missing at 99"):
        pendula.forecast(made, controls=plan_of(np.zeros(8), start=95))


def test_a_plan_is_of_one_trajectory_and_has_times(quick):
    plan = plan_of(np.zeros(6), start=100)
    several = plan.assign_coords(trajectory=("time", [0, 0, 0, 1, 1, 1]))
    with pytest.raises(
        DataError, match=r"the trajectory that is forecast: expected one alone, got 0, 1\. Hand in its rows"
    ):
        pendula.forecast(quick, controls=several)
    with pytest.raises(
        DataError, match=r"`controls` must have the times that they are planned for: expected a step of 0.5"
    ):
        pendula.forecast(quick, controls=plan.drop_vars("time"))
    with pytest.raises(ArgumentError, match="`controls` must not be the time: expected columns beside it, got time"):
        pendula.fit(driven(100), "y", controls="time")
    with pytest.raises(DataError, match="`controls` must name variables of the data: expected some of y, u, got v"):
        pendula.fit(driven(100), "y", controls="v")
