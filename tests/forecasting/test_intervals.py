"""What intervals hold, against counting by hand, and on records whose errors are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import pendula
from pendula.forecasting import evaluate, judge_intervals, roll, score_intervals
from pendula.metrics import pit_histogram
from pendula.nn import Network
from pendula.runs import Calibration
from pendula.training import Training


def test_shares_and_widths_are_those_counted_by_hand(sine_fit):
    scores = evaluate(sine_fit, coverage=0.8).intervals
    rolled = roll({"network": sine_fit.model}, sine_fit.split.test, window=8, leads=12)
    half = sine_fit.calibration.half_width(0.8, 12)[:, 0] * sine_fit.model.scaler.scale[0]
    values = sine_fit.record.values[:, 0]
    for lead in range(scores.reach):
        runs = [(sine_fit.model.run(values[None, :row, None], steps=lead + 1)[0, lead, 0], values[row + lead])
                for row in rolled.origins[rolled.origins + 20 <= 160]]  # fmt: skip
        inside = [abs(run - truth) <= half[lead] for run, truth in runs]
        assert scores.share[lead, 0] == pytest.approx(np.mean(inside), abs=1e-12)
        assert scores.width[lead, 0] == pytest.approx(2 * half[lead], rel=1e-9)
    assert scores.reach == sine_fit.calibration.leads == 12


def test_they_stand_among_the_scores(sine_fit):
    plain = evaluate(sine_fit).to_dict()["intervals"]
    share = np.array(plain["share"][0])
    assert plain["mean"] == pytest.approx(share.mean())
    assert (plain["least"], plain["least_lead"]) == (share.min(), int(share.argmin()) + 1)
    assert len(plain["leads"]) == len(plain["width"][0]) == len(plain["spread"][0]) == len(plain["calibration"][0])
    assert np.mean(plain["pit"]) == pytest.approx(1)
    assert evaluate(replace(sine_fit, calibration=None)).to_dict()["intervals"] is None


def test_a_coverage_that_no_calibration_can_promise_scores_nothing(sine_fit):
    scores = evaluate(sine_fit, coverage=0.99).intervals
    assert scores.reach == 0
    assert scores.to_dict()["mean"] is None


@pytest.fixture(scope="module")
def walk():
    """A random walk, whose free runs say the same as now, and are off by sums of steps."""
    steps = np.random.default_rng(3).normal(size=(4000,))
    import xarray as xr

    series = xr.Dataset({"x": ("time", np.cumsum(steps))})
    fit = pendula.fit(series, model=Network(hidden_size=2), training=Training(epochs=1, learning_rate=1e-9), window=2)
    return fit, evaluate(fit)


def test_intervals_of_a_random_walk_hold_and_are_as_wide_as_theory_says(walk):
    fit, evaluated = walk
    scores = evaluated.intervals
    assert scores.share[:20].mean() == pytest.approx(0.9, abs=0.04)
    lead = np.arange(1, 21)
    theory = 2 * stats.norm.ppf(0.95) * np.sqrt(lead)
    np.testing.assert_allclose(scores.width[:20, 0], theory, rtol=0.25)
    # 800 rows of validation: at lead h there is room for about 800 / h independent runs.
    worth = fit.calibration.effective[:, 0]
    assert 100 < worth[0] <= 200
    assert worth[99] < 40


def test_ranks_are_flat_where_errors_are_those_of_the_calibration():
    rng = np.random.default_rng(5)
    import xarray as xr

    series = xr.Dataset({"x": ("time", rng.normal(size=3000))})
    fit = pendula.fit(series, model=Network(hidden_size=2), training=Training(epochs=1), window=2)
    rolled = roll({"network": fit.model}, fit.split.test, window=2, leads=3, most_origins=700)
    judged = judge_intervals(fit.model, fit.calibration, rolled)
    assert np.abs(pit_histogram(judged.ranks) - 1).max() < 0.3
    narrow = Calibration(errors=fit.calibration.errors / 3)
    outer = pit_histogram(judge_intervals(fit.model, narrow, rolled).ranks)
    assert outer[[0, -1]].min() > 1.8


def test_intervals_of_several_calibrations_are_summed_up(sine_fit):
    rolled = roll({"network": sine_fit.model}, sine_fit.split.test, window=8, leads=6)
    once = judge_intervals(sine_fit.model, sine_fit.calibration, rolled)
    twice = score_intervals([once, once])
    np.testing.assert_allclose(twice.share, score_intervals([once]).share)
    np.testing.assert_allclose(twice.width, score_intervals([once]).width)


def test_adaptive_intervals_follow_a_record_that_drifts(dataset):
    # Noise that grows fourfold after the validation part.
    rng = np.random.default_rng(8)
    sizes = np.where(np.arange(2400) < 1200, 0.1, 0.4)
    series = dataset(np.sin(2 * np.pi * np.arange(2400) / 25) + sizes * rng.normal(size=2400))
    made = pendula.fit(series, model=Network(hidden_size=3, linear_lags=25), training=Training(epochs=1), window=25,
                       test=0.5)  # fmt: skip
    fixed, adaptive = (evaluate(made, adaptive=on).intervals for on in (False, True))
    assert fixed.share[:20].mean() < 0.6
    assert (np.abs(adaptive.share - 0.9) <= adaptive.bound[:, None]).all()
    assert np.abs(adaptive.share[:20] - 0.9).max() < 0.05
    assert adaptive.to_dict()["adaptive"]
    assert len(adaptive.to_dict()["bound"]) == adaptive.reach
