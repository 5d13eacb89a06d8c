"""Likelihood heads under controls: a driven linear process, whose distributions are known, is the oracle."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import pendula
from pendula.errors import ArgumentError, DataError, ShapeError
from pendula.forecasting import (
    GaussianErrors,
    LinearAutoregression,
    Persistence,
    compare,
    fit_linear,
    fit_record,
    log_likelihood,
    with_gaussian_errors,
)
from pendula.forecasting.backtest import RefitPolicy, backtest
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.series import Part
from pendula.series.controls import controlled_record
from pendula.training import Training

A, B, SIGMA = 0.8, 0.5, 0.2
WINDOW = 8
NETWORK = Network(cell="gru", hidden_size=4, linear_lags=2, head="gaussian")
BRIEF = Training(epochs=2, batch_size=50)


def drawn_process(rows=1000, *, seed=0):
    """Give y_(t+1) = a y_t + b u_(t+1) + σ ξ, and its drive."""
    generator = np.random.default_rng(seed)
    u, y = generator.normal(size=rows), np.zeros(rows)
    for t in range(rows - 1):
        y[t + 1] = A * y[t] + B * u[t + 1] + SIGMA * generator.normal()
    return y, u


def driven(rows=1000, *, seed=0):
    y, u = drawn_process(rows, seed=seed)
    return xr.Dataset(
        {"y": ("time", y, {"units": "K"}), "u": ("time", u, {"units": "W"})},
        coords={"time": ("time", np.arange(float(rows)), {"units": "s"})},
    )


def plan_of(u, *, start):
    times = ("time", start + np.arange(float(len(u))))
    return xr.Dataset({"u": ("time", np.asarray(u, float), {"units": "W"})}, coords={"time": times})


@pytest.fixture(scope="module")
def told():
    """A fit of the process, which its linear path can tell."""
    return pendula.fit(driven(), "y", controls="u", model=NETWORK, training=BRIEF, window=WINDOW)


def around(u, row, *, steps=1):
    """Give the controls of a window and of the steps after it."""
    return u[None, row - WINDOW : row + steps, None]


def test_what_is_told_one_step_ahead_is_the_conditional_distribution(told):
    y, u = drawn_process(600, seed=3)
    rows = np.arange(20, 600)
    exact = scipy.stats.norm.logpdf(y[rows], A * y[rows - 1] + B * u[rows], SIGMA).mean()
    score = log_likelihood(told.model, y[:, None], rows, controls=u[:, None])
    # Six numbers were found from 600 rows, and cost about 1/(2 · 600) nats each.
    assert exact - 0.03 < score < exact + 0.01
    # Its variance is that of the noise, known to √(2/600) from the training part; not that of what drives it, too.
    model, row, grid = told.model, 40, np.linspace(-6, 6, 4001)
    density = np.exp(
        model.log_density(
            np.repeat(y[None, row - WINDOW : row, None], len(grid), axis=0),
            grid[:, None],
            controls=np.repeat(around(u, row), len(grid), axis=0),
        )
    )
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-6)
    mean = np.trapezoid(grid * density, grid)
    assert mean == pytest.approx(A * y[row - 1] + B * u[row], abs=0.3 * SIGMA)
    assert np.trapezoid((grid - mean) ** 2 * density, grid) == pytest.approx(SIGMA**2, rel=0.2)


def test_drawn_intervals_hold_what_they_say_and_move_with_the_plan(told):
    y, u = drawn_process(2000, seed=4)
    starts, steps = np.arange(WINDOW, 1980, 7), 10
    windows = np.stack([y[row - WINDOW : row, None] for row in starts])
    driving = np.concatenate([around(u, row, steps=steps) for row in starts])
    runs = told.model.draw(windows, steps=steps, samples=200, controls=driving)[..., 0]
    low, high = np.quantile(runs, [0.05, 0.95], axis=1)
    truth = np.stack([y[row : row + steps] for row in starts])
    # 281 origins: three standard errors of a share of 90 % are 0.054; leads are lumped, and depend on each other.
    assert ((low < truth) & (truth < high)).mean() == pytest.approx(0.9, abs=0.04)
    # All steps together: mean and covariance are those of the linear process under the same drive.
    level, spread = y[starts - 1], 0.0
    for step in range(steps):
        level, spread = A * level + B * u[starts + step], A**2 * spread + SIGMA**2
        assert np.abs(runs[:, :, step].mean(axis=1) - level).mean() < 0.35 * math.sqrt(spread)
        assert runs[:, :, step].var(axis=1).mean() == pytest.approx(spread, rel=0.2)


def test_a_forecast_under_a_plan_is_drawn_under_it(told):
    u = np.sin(np.arange(12.0))
    future = pendula.forecast(told, controls=plan_of(u, start=1000), samples=40, seed=3, keep_samples=True)
    known, record = told.record.values[None, -WINDOW:], told.record
    driving = np.concatenate([record.controls.values[-WINDOW:, 0], u])[None, :, None]
    runs = told.model.draw(known, steps=12, samples=40, seed=3, controls=driving)[0, :, :, 0]
    np.testing.assert_array_equal(future.y_samples.values, runs)
    np.testing.assert_allclose(future.y_lower, np.quantile(runs, 0.05, axis=0, method="weibull"))
    assert future.attrs == {"coverage": 0.9, "interval": "samples", "samples": 40, "seed": 3}
    np.testing.assert_array_equal(future.time, 1000.0 + np.arange(12))
    # From within the record its own controls count, where there is no plan.
    within = pendula.forecast(told, 5, start=900.0, samples=6, keep_samples=True)
    own = record.controls.values[None, 900 - WINDOW : 905]
    expected = told.model.draw(record.values[None, 900 - WINDOW : 900], steps=5, samples=6, controls=own)
    np.testing.assert_array_equal(within.y_samples.values, expected[0, :, :, 0])


def test_a_plan_beyond_the_training_part_is_warned_of_without_a_word_of_measuring(told):
    with pytest.warns(UserWarning, match=r"`u` goes .*\. The network has not learned from such values\.$"):
        pendula.forecast(told, controls=plan_of([0.0, 500.0], start=1000), samples=4)


def test_evaluate_sets_it_beside_an_autoregression_that_is_told_as_much(told):
    rows = told.scores
    network, linear, walk = rows["models"]["network"], rows["baselines"]["linear"], rows["baselines"]["persistence"]
    assert network["log_likelihood"] == pytest.approx(linear["log_likelihood"], abs=0.03)
    # It is told neither the drive, of deviation b in a step, nor the decay.
    assert walk["log_likelihood"] < linear["log_likelihood"] - math.log(B / SIGMA) + 0.1
    assert network["energy_score"] == pytest.approx(linear["energy_score"], rel=0.1)
    assert network["energy_score"] < 0.4 * walk["energy_score"]
    assert pendula.evaluate(told).to_dict() == rows
    each = [
        told.model.log_density(
            told.record.values[None, row - WINDOW : row],
            told.record.values[None, row],
            controls=told.record.controls.values[None, row - WINDOW : row + 1],
        )[0]
        for row in range(told.validation_stop, 1000)
    ]
    assert network["log_likelihood"] == pytest.approx(np.mean(each), rel=1e-9)
    held = pendula.evaluate(told, driven(500, seed=9)).to_dict()
    assert held["models"]["network"]["log_likelihood"] == pytest.approx(network["log_likelihood"], abs=0.15)
    assert 0.8 < held["intervals"]["mean"] < 0.99


def test_gaussian_errors_of_an_exogenous_autoregression():
    rows = controlled_record(driven(), "y", "u")
    linear = fit_linear(rows, 800, most_lags=2, lags=1)
    made = with_gaussian_errors(linear, Part(parent=rows, start=0, stop=800))
    assert made.is_controlled
    assert made.covariance[0, 0] == pytest.approx(SIGMA**2, rel=5 * math.sqrt(2 / 800))
    y, u = rows.values[:, 0], rows.controls.values
    weight, bias = linear.solution.weight[:, 0], linear.solution.bias[0]
    exact = GaussianErrors(predictor=linear, covariance=np.array([[SIGMA**2]]))
    means = y[899:999] + weight[0] * y[899:999] + weight[1] * u[900:, 0] + bias
    expected = scipy.stats.norm.logpdf(y[900:], means, SIGMA)
    told = exact.log_density(y[899:999, None, None], y[900:, None], controls=np.stack([u[899:999], u[900:]], axis=1))
    np.testing.assert_allclose(told, expected, rtol=1e-9)
    driving = np.array([[[9.0], [9.0], [1.0], [-1.0], [2.0]]])
    runs = exact.draw(np.array([[[5.0], [0.5]]]), steps=3, samples=20_000, controls=driving)[0, :, :, 0]
    mean, variance = 0.5, 0.0
    for step, drive in enumerate((1.0, -1.0, 2.0)):
        mean, variance = (1 + weight[0]) * mean + weight[1] * drive + bias, (1 + weight[0]) ** 2 * variance + SIGMA**2
        assert runs[:, step].mean() == pytest.approx(mean, abs=5 * math.sqrt(variance / 20_000))
        assert runs[:, step].var() == pytest.approx(variance, rel=0.05)
    assert not GaussianErrors(predictor=Persistence(), covariance=np.eye(1)).is_controlled
    assert isinstance(linear, LinearAutoregression)


def test_irregular_times_drive_a_distribution():
    # A process that relaxes: after a wait w it is y e^(−w) and noise of variance 1 − e^(−2 w).
    generator = np.random.default_rng(2)
    waits = generator.choice([0.05, 1.5], size=1500)
    times, y = np.cumsum(waits), np.zeros(1500)
    for t in range(1, 1500):
        y[t] = math.exp(-waits[t]) * y[t - 1] + math.sqrt(1 - math.exp(-2 * waits[t])) * generator.normal()
    source = xr.Dataset({"y": ("time", y)}, coords={"time": ("time", times, {"units": "s"})})
    made = pendula.fit(
        source.isel(time=slice(0, 1490)), "y", irregular=True, window=4,
        model=Network(cell="gru", hidden_size=6, head="gaussian"), training=Training(epochs=40, learning_rate=0.02),
    )  # fmt: skip
    short, long = (
        made.model.draw(np.zeros((1, 4, 1)), steps=1, samples=4000, controls=np.full((1, 5, 1), wait)).std()
        for wait in (0.05, 1.5)
    )
    # 0.31 and 0.97: the wait tells how sure the next value is.
    assert short == pytest.approx(math.sqrt(1 - math.exp(-0.1)), rel=0.25)
    assert long == pytest.approx(math.sqrt(1 - math.exp(-3)), rel=0.25)
    future = pendula.forecast(made, controls=source, samples=50)
    np.testing.assert_array_equal(future.time, times[1490:])
    assert made.scores["models"]["network"]["log_likelihood"] > made.scores["baselines"]["linear"]["log_likelihood"]


def test_members_disk_and_backtests(tmp_path):
    recipe = Recipe(network=NETWORK, training=BRIEF, window=WINDOW, members=2)
    made = fit_record(controlled_record(driven(300), "y", "u"), recipe)
    plan = plan_of(np.ones(4), start=300)
    future = pendula.forecast(made, controls=plan, samples=5, keep_samples=True)
    again = pendula.load(made.save(tmp_path / "run"))
    xr.testing.assert_identical(pendula.forecast(again, controls=plan, samples=5, keep_samples=True), future)
    assert pendula.evaluate(again).to_dict() == made.scores
    rolled = backtest(made, policy=RefitPolicy(every=30), leads=3).rolling
    assert rolled.rmse("network")[0] == pytest.approx(SIGMA, rel=0.35)


def test_networks_are_compared():
    models = {"small": replace(NETWORK, hidden_size=2), "point": replace(NETWORK, head="point")}
    table = compare(driven(300), "y", controls="u", training=BRIEF, models=models).evaluated.to_dict()
    assert "log_likelihood" in table["models"]["small"]
    assert "log_likelihood" not in table["models"]["point"]


def test_bad_use_says_so(told):
    context = told.record.values[None, -WINDOW:]
    with pytest.raises(ArgumentError, match="`controls` must be given to a model under controls: expected u of the"):
        told.model.draw(context, steps=3, samples=2)
    with pytest.raises(ShapeError, match=r"expected shape \(1, 9, 1\), got \(1, 8, 1\)"):
        told.model.log_density(context, np.zeros((1, 1)), controls=np.zeros((1, WINDOW, 1)))
    with pytest.raises(DataError, match="known for every step of a forecast: expected u from 1000 to 1002, got none"):
        pendula.forecast(told, 3, samples=4)
    for steps, plan in ((3, None), (None, plan_of([0.0, 0.0], start=1000))):
        with pytest.raises(
            ArgumentError, match="`start` must be a time under controls: expected one of the record, got nothing"
        ):
            pendula.forecast(told, steps, controls=plan, samples=4, start="nothing")
