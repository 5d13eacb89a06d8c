"""The baselines beside a fit, against those made by hand."""

from dataclasses import replace

import numpy as np

from pendula.forecasting import SeasonalPersistence, fit_baselines, fit_linear, fit_record
from pendula.runs import Recipe
from pendula.series import Part, record


def test_baselines_are_fitted_to_all_rows_before_the_test_part(sine_fit):
    known = Part(parent=sine_fit.record, start=0, stop=120)
    baselines = fit_baselines(known, sine_fit.split.test, fit=sine_fit)
    oracle = fit_linear(sine_fit.record, 120, most_lags=8)
    assert baselines["linear"].lags == oracle.lags
    np.testing.assert_array_equal(baselines["linear"].solution.weight, oracle.solution.weight)
    assert baselines["seasonal"] == SeasonalPersistence(period=20)


def test_the_memory_of_the_linear_baseline_can_be_given(sine_fit):
    fixed = replace(sine_fit, recipe=replace(sine_fit.recipe, baseline_lags=3))
    baselines = fit_baselines(Part(parent=fixed.record, start=0, stop=120), fixed.split.test, fit=fixed)
    assert baselines["linear"].lags == 3


def test_a_period_that_the_part_leaves_no_room_for_is_left_out(sine_fit, dataset, wave):
    short = record(dataset(wave(40)))
    known = Part(parent=sine_fit.record, start=0, stop=120)
    assert "seasonal" not in fit_baselines(known, Part(parent=short, start=0, stop=40), fit=sine_fit)
    assert "seasonal" in fit_baselines(known, Part(parent=short, start=20, stop=40), fit=sine_fit)


def test_gaps_can_leave_no_room_for_a_period(sine_fit, dataset, wave):
    values = wave(60)
    values[35] = np.nan
    series = record(dataset(values))
    known = Part(parent=sine_fit.record, start=0, stop=120)
    assert "seasonal" not in fit_baselines(known, Part(parent=series, start=30, stop=60), fit=sine_fit)
    values[25] = np.nan
    series = record(dataset(values))
    assert "seasonal" not in fit_baselines(known, Part(parent=series, start=40, stop=50), fit=sine_fit)


def test_the_linear_baseline_sees_transformed_values_too(dataset, wave, network, brief):
    recipe = Recipe(network=network, training=brief, window=8, transform="log", baseline_lags=4)
    made = fit_record(record(dataset(np.exp(wave()))), recipe)
    baselines = fit_baselines(Part(parent=made.record, start=0, stop=120), made.split.test, fit=made)
    logged = fit_linear(record(dataset(wave())), 120, most_lags=8, lags=4)
    context = made.record.values[None, 110:120]
    np.testing.assert_allclose(
        baselines["linear (log)"].run(context, steps=9), np.exp(logged.run(np.log(context), steps=9)), rtol=1e-9
    )
