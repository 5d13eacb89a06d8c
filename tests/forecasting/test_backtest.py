"""Rolling backtests against forecasts that are made one after the other, by fits that are made by hand."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DataError
from pendula.forecasting import RefitPolicy, backtest, fit_linear, fit_record
from pendula.forecasting.fitted_baselines import fit_baselines
from pendula.report import backtest_lines
from pendula.series import record


@pytest.fixture(autouse=True)
def one_thread():
    """Refits have the bits of fits that are made on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def by_hand(fit, first, end):
    """A fit of rows `first` to `end` of the same record by the same recipe."""
    return fit_record(fit.record.slice(first, end), replace(fit.recipe, test=0), score=False)


@pytest.mark.parametrize(("past", "first"), [("expanding", 0), ("sliding", 15)])
def test_errors_are_those_of_fits_made_by_hand_one_origin_after_the_other(sine_fit, past, first):
    rolled = backtest(sine_fit, policy=RefitPolicy(every=15, past=past), leads=4)
    values, made = sine_fit.record.values, [sine_fit, by_hand(sine_fit, first, 135), by_hand(sine_fit, 2 * first, 150)]
    np.testing.assert_array_equal(rolled.rolling.origins, np.arange(120, 157))
    assert rolled.fits == 3
    for number, origin in enumerate(rolled.rolling.origins):
        model = made[(origin - 120) // 15].model
        run = model.run(values[None, :origin], steps=4)[0]
        np.testing.assert_allclose(
            rolled.rolling.errors["network"][number], run - values[origin : origin + 4], atol=1e-9
        )
        np.testing.assert_array_equal(rolled.rolling.truth[number], values[origin : origin + 4])


def test_baselines_are_fitted_anew_too(sine_fit):
    rolled = backtest(sine_fit, policy=RefitPolicy(every=15), leads=4)
    values = sine_fit.record.values
    for origin, stop in ((120, 120), (134, 120), (135, 135), (156, 150)):
        linear = fit_linear(sine_fit.record, stop, most_lags=8)
        expected = linear.run(values[None, :origin], steps=4)[0] - values[origin : origin + 4]
        np.testing.assert_allclose(rolled.rolling.errors["linear"][origin - 120], expected, atol=1e-9)


def test_intervals_are_those_of_the_fit_in_charge(sine_fit):
    rolled = backtest(sine_fit, policy=RefitPolicy(every=20), leads=3, coverage=0.8)
    inside = []
    for fit, origins in ((sine_fit, range(120, 140)), (by_hand(sine_fit, 0, 140), range(140, 158))):
        half = fit.calibration.half_width(0.8, 3) * fit.model.scaler.scale
        errors = rolled.rolling.errors["network"][[origin - 120 for origin in origins]]
        inside.append(np.abs(errors) <= half)
    np.testing.assert_allclose(rolled.intervals.share, np.concatenate(inside).mean(axis=0))


def test_without_refits_it_is_one_batch_of_the_fit(sine_fit):
    rolled = backtest(sine_fit, policy=RefitPolicy(), leads=4)
    assert rolled.fits == 1
    assert rolled.to_dict()["refit"] == {"every": None, "past": "expanding", "fits": 1}
    assert rolled.to_dict()["units"] == {"value": "rad", "time": "s"}


def test_a_file_of_its_own_is_the_past_of_its_refits(sine_fit, dataset, wave):
    other = dataset(wave(size=200, seed=9))
    rolled = backtest(sine_fit, other, policy=RefitPolicy(every=100), leads=4)
    values = record(other).values
    assert rolled.rolling.origins[0] == 8
    late = fit_record(record(other).slice(0, 100), replace(sine_fit.recipe, test=0), score=False)
    expected = late.model.run(values[None, :150], steps=4)[0] - values[150:154]
    number = int(np.flatnonzero(rolled.rolling.origins == 150)[0])
    np.testing.assert_allclose(rolled.rolling.errors["network"][number], expected, atol=1e-9)


def test_the_future_of_an_origin_is_not_known_to_it(sine_fit):
    values = sine_fit.record.values.copy()
    values[150:] = 40.0
    changed = replace(sine_fit, record=replace(sine_fit.record, values=values))
    one, other = (backtest(fit, policy=RefitPolicy(every=15), leads=4).rolling for fit in (sine_fit, changed))
    before = one.origins + 4 <= 150
    for name in one.errors:
        np.testing.assert_array_equal(one.errors[name][before], other.errors[name][before])


def test_more_refits_than_sense_are_refused(sine_fit, dataset, wave):
    with pytest.raises(ArgumentError, match=r"`refit` must not ask for more than 200 trainings: got 400\. .* every:2"):
        backtest(sine_fit, dataset(wave(size=400)), policy=RefitPolicy(every=1))


def test_a_past_that_is_too_short_and_leads_that_are_too_long_are_refused(sine_fit, dataset, wave):
    with pytest.raises(DataError, match="The past of a refit is too short for the recipe: "):
        backtest(sine_fit, dataset(wave(size=200)), policy=RefitPolicy(every=8), leads=4)
    with pytest.raises(DataError, match="`leads` must be shorter than the part: expected fewer than 40 steps, got 41"):
        backtest(sine_fit, policy=RefitPolicy(), leads=41)


def test_what_cannot_be_is_refused_before_any_training(sine_fit, monkeypatch):
    monkeypatch.setitem(backtest.__globals__, "fit_side_by_side", None)
    for wrong, message in (
        ({"leads": 0}, "`leads` must be positive: expected 1 or more, got 0"),
        ({"leads": 41}, "`leads` must be shorter than the part: expected fewer than 40 steps, got 41"),
        ({"coverage": 1.0}, "`coverage` must lie between 0 and 1: expected a probability, got 1.0"),
    ):
        with pytest.raises((ArgumentError, DataError), match=message):
            backtest(sine_fit, policy=RefitPolicy(every=20), **wrong)


def test_policies_that_make_no_sense_are_refused():
    with pytest.raises(ArgumentError, match="`every` must be a number of rows: expected 1 or more, got 0"):
        RefitPolicy(every=0)


def test_a_baseline_that_some_fits_lack_is_left_out_and_that_is_said(sine_fit, monkeypatch):
    made, module = [], importlib.import_module("pendula.forecasting.backtest")

    def without(known, part, *, fit):
        made.append(fit_baselines(known, part, fit=fit))
        return {name: each for name, each in made[-1].items() if name != "seasonal" or len(made) == 1}

    policy = RefitPolicy(every=15)
    whole = backtest(sine_fit, policy=policy, leads=4)
    assert "seasonal" in whole.rolling.errors
    assert whole.to_dict()["lacking"] == {}
    monkeypatch.setattr(module, "fit_baselines", without)
    rolled = backtest(sine_fit, policy=policy, leads=4)
    assert "seasonal" not in rolled.rolling.errors
    assert rolled.to_dict()["lacking"] == {"seasonal": 2}
    assert backtest_lines(whole)[-1].startswith("linear")
    assert backtest_lines(rolled)[-1].startswith("Left out: seasonal, which 2 of 3 fits lack. What they know shows no")
