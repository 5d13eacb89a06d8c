"""Rolling origins against a loop that forecasts from one origin at a time."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DataError
from pendula.forecasting import Persistence, RollingErrors, SeasonalPersistence, fit_linear, roll
from pendula.nn import kernels, native_forecaster
from pendula.series import Part, record


@dataclass(frozen=True)
class Wild:
    """Infinite from the second step on."""

    context: int = 1

    def run(self, context, *, steps):
        run = np.repeat(context[:, -1:], steps, axis=1)
        run[:, 1:] = np.inf
        return run


def slow_errors(predictor, values, origins, leads):
    """Forecast from one origin after the other."""
    errors = []
    for origin in origins:
        run = predictor.run(values[None, :origin], steps=leads)[0]
        errors.append([run[lead] - values[origin + lead] for lead in range(leads)])
    return np.array(errors)


def test_errors_equal_those_of_a_slow_loop(sine_fit):
    predictors = {
        "same": Persistence(),
        "seasonal": SeasonalPersistence(period=8),
        "linear": fit_linear(sine_fit.record, 120, most_lags=8),
        "network": sine_fit.model,
    }
    rolled = roll(predictors, sine_fit.split.test, window=8, leads=6)
    np.testing.assert_array_equal(rolled.origins, np.arange(120, 155))
    assert rolled.leads == 6
    for name, predictor in predictors.items():
        slow = slow_errors(predictor, sine_fit.record.values, rolled.origins, 6)
        np.testing.assert_allclose(rolled.errors[name], slow, rtol=1e-5, atol=1e-6)
        by_lead = [np.sqrt(np.mean(slow[:, lead] ** 2)) for lead in range(6)]
        np.testing.assert_allclose(rolled.rmse(name), by_lead, rtol=1e-5)
        np.testing.assert_allclose(rolled.absolute(name), np.abs(slow), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(rolled.signed(name), slow, rtol=1e-5, atol=1e-6)
        first = predictor.run(sine_fit.record.values[None, :120], steps=6)[0]
        np.testing.assert_allclose(rolled.forecast(name)[0], first, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not kernels.available(), reason="there is no compiled core")
def test_all_origins_are_one_job_of_the_core(sine_fit, monkeypatch):
    jobs, run = [], native_forecaster.NativeForecaster.run
    monkeypatch.setattr(
        native_forecaster.NativeForecaster,
        "run",
        lambda self, *job, **more: (jobs.append(job), run(self, *job, **more))[1],
    )
    rolled = roll({"network": sine_fit.model}, sine_fit.split.test, window=8, leads=6)
    assert [(tuple(known.shape), steps) for known, _, steps in jobs] == [((len(rolled.origins), 8, 1), 6)]


@given(
    st.integers(1, 6),
    st.integers(1, 9),
    st.integers(1, 40),
    st.sets(st.integers(0, 79), max_size=4),
    st.integers(0, 50),
)
def test_origins_have_their_window_before_and_their_leads_within_the_part(window, leads, most, gaps, start):
    import xarray as xr

    values = np.arange(80.0)
    values[list(gaps)] = np.nan
    series = record(xr.Dataset({"x": ("time", values)}))
    part = Part(parent=series, start=start, stop=70)
    possible = [
        row
        for row in range(max(start, window), 70 - leads + 1)
        if not np.isnan(values[row - window : row + leads]).any()
    ]
    if not possible:
        with pytest.raises(DataError, match=r"`window` must be shorter"):
            roll({"same": Persistence()}, part, window=window, leads=leads, most_origins=most)
        return
    rolled = roll({"same": Persistence()}, part, window=window, leads=leads, most_origins=most)
    assert set(rolled.origins) <= set(possible)
    assert len(rolled.origins) == min(most, len(possible))
    assert rolled.origins[0] == possible[0]
    assert most == 1 or rolled.origins[-1] == possible[-1]
    # The same as now is off by the number of steps.
    np.testing.assert_array_equal(rolled.rmse("same"), np.arange(1, leads + 1))


def test_origins_are_evenly_spaced(sine_fit):
    rolled = roll({"same": Persistence()}, sine_fit.split.test, window=8, leads=1, most_origins=14)
    np.testing.assert_array_equal(np.diff(rolled.origins), 3)


def test_a_run_that_diverges_is_infinitely_wrong(sine_fit):
    rolled = roll({"wild": Wild()}, sine_fit.split.test, window=8, leads=3)
    assert np.isfinite(rolled.rmse("wild")[0])
    np.testing.assert_array_equal(rolled.rmse("wild")[1:], np.inf)
    np.testing.assert_array_equal(rolled.absolute("wild")[:, 1:], np.inf)


def test_a_single_run_that_is_no_number_makes_its_lead_infinite():
    errors = np.array([[[1.0], [1.0]], [[1.0], [np.nan]]])
    rolled = RollingErrors(origins=np.array([3, 4]), truth=0 * errors, errors={"some": errors})
    np.testing.assert_array_equal(rolled.rmse("some"), [1.0, np.inf])
    np.testing.assert_array_equal(rolled.absolute("some")[:, 1, 0], [1.0, np.inf])


def test_channels_are_averaged_as_squares():
    errors = np.array([[[3.0, 4.0]]])
    rolled = RollingErrors(origins=np.array([3]), truth=0 * errors, errors={"some": errors})
    np.testing.assert_allclose(rolled.rmse("some"), [np.sqrt(12.5)])


@pytest.mark.parametrize("arguments", [{"leads": 0}, {"leads": 1, "most_origins": 0}])
def test_counts_below_one_are_refused(sine_fit, arguments):
    name = "leads" if arguments["leads"] == 0 else "most_origins"
    with pytest.raises(ArgumentError, match=rf"`{name}` must be positive: expected 1 or more, got 0\. Ask for one"):
        roll({"same": Persistence()}, sine_fit.split.test, window=8, **arguments)


def test_more_leads_than_the_part_has_rows_are_refused(sine_fit):
    with pytest.raises(DataError, match=r"`window` must be shorter .* for horizon 41, got 8"):
        roll({"same": Persistence()}, sine_fit.split.test, window=8, leads=41)
