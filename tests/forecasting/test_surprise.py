"""Anomalies: faults that were planted are found, and sound values give alarms as often as stated."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import pendula
from pendula.errors import ArgumentError, DataError
from pendula.forecasting import surprise
from pendula.nn import Network
from pendula.training import Training

PERIOD, NOISE = 20, 0.05


def record_of(dataset, *, seed, size=2000, faults=False):
    """A sine with noise; with a spike, a level that shifts, and a frequency that changes."""
    t = np.arange(size, dtype=np.float64)
    phase = 2 * np.pi * t / PERIOD
    if faults:
        phase[1500:] += 2 * np.pi * (t[1500:] - t[1500]) / PERIOD * 0.6
    values = np.sin(phase) + NOISE * np.random.default_rng(seed).normal(size=size)
    if faults:
        values[500] += 0.6
        values[1000:] += 0.5
    return dataset(values)


@pytest.fixture(scope="module")
def sound_fit(dataset):
    """Its training part holds the whole story: the linear path forecasts a sine as well as can be."""
    series = record_of(dataset, seed=0, size=8000)
    return pendula.fit(series, model=Network(hidden_size=3, linear_lags=PERIOD), window=PERIOD, validation=0.4,
                       training=Training(epochs=1))  # fmt: skip


def test_scores_are_those_of_their_definition(sound_fit):
    found = surprise(sound_fit)
    known = np.abs(sound_fit.calibration.one_step[:, 0])
    scale = 1.4826 * np.median(known)
    values = sound_fit.record.values
    for number in (0, 17, 400):
        row = found.rows[number]
        expected = sound_fit.model.run(values[None, row - PERIOD : row], steps=1)[0, 0, 0]
        size = abs(expected - values[row, 0]) / sound_fit.model.scaler.scale[0] / scale
        assert found.expected[number, 0] == pytest.approx(expected, abs=1e-9)
        assert found.size[number] == pytest.approx(size, rel=1e-6)
        assert found.p_value[number] == pytest.approx((1 + (known / scale >= size).sum()) / (len(known) + 1), rel=1e-9)


@pytest.mark.parametrize("rate", [0.05, 0.01, 0.002])
def test_a_clean_record_gives_alarms_as_often_as_stated(sound_fit, dataset, rate):
    found = surprise(sound_fit, record_of(dataset, seed=1, size=20_000), alarm_rate=rate)
    count, known = len(found.rows), len(sound_fit.calibration.one_step)
    # The rate itself is known from `known` sound rows alone.
    spread = np.sqrt(rate * (1 - rate) * (1 / count + 1 / known))
    assert abs(found.alarms.mean() - rate) < 3.5 * spread + 1 / known
    assert stats.kstest(found.p_value, "uniform").statistic < 0.03


def test_planted_faults_are_found_where_they_are(sound_fit, dataset):
    found = surprise(sound_fit, record_of(dataset, seed=2, faults=True), alarm_rate=0.002)
    scores = found.to_dataset()
    alarms = set(found.rows[found.alarms].tolist())
    assert {500, 1000} <= alarms
    # What is sound, and has no fault in its window, is as quiet as promised.
    sound = [row for row in found.rows if row < 500 or 500 + PERIOD < row < 1000]
    assert len(alarms & set(sound)) <= 8
    # A changed frequency surprises on and on.
    late = (found.rows > 1500 + PERIOD) & (found.rows < 1600)
    assert found.alarms[late].mean() > 0.2
    assert float(scores.surprise.sel(time=50.0)) == pytest.approx(
        -np.log10(1 / (len(sound_fit.calibration.one_step) + 1))
    )
    assert scores.attrs["alarms"] == len(alarms)
    assert set(scores.data_vars) == {"x", "x_expected", "size", "p_value", "surprise", "alarm"}
    assert scores.x_expected.attrs["units"] == "rad"


def test_the_largest_channel_counts(dataset):
    rng = np.random.default_rng(4)
    values = {"x": 0.1 * rng.normal(size=600), "v": 10 * rng.normal(size=600)}
    values["x"][550] += 2.0  # 20 of its standard deviations, a fifth of those of v
    made = pendula.fit(dataset(values), target=["x", "v"], model=Network(hidden_size=3, residual=False), window=4,
                       training=Training(epochs=1))  # fmt: skip
    found = surprise(made, alarm_rate=0.02)
    assert 550 in found.rows[found.alarms]


def test_a_gap_is_not_judged(sound_fit, dataset):
    holes = record_of(dataset, seed=3, size=400)
    holes["x"][200] = np.nan
    found = surprise(sound_fit, holes, alarm_rate=0.01)
    assert not set(range(200, 200 + PERIOD + 1)) & set(found.rows.tolist())
    assert {199, 221} <= set(found.rows.tolist())


def test_a_rate_that_the_calibration_cannot_tell_is_refused(sound_fit):
    with pytest.raises(
        ArgumentError, match=r"must not be finer than the calibration: expected 0\.00042 or more for 2400"
    ):
        surprise(sound_fit, alarm_rate=1e-4)
    with pytest.raises(ArgumentError, match=r"`alarm_rate` must lie between 0 and 1: .* got 0\.0"):
        surprise(sound_fit, alarm_rate=0.0)


def test_a_fit_that_knows_no_sound_rows_is_refused(sound_fit):
    bare = replace(sound_fit, calibration=replace(sound_fit.calibration, one_step=None))
    for fit in (bare, replace(sound_fit, calibration=None)):
        with pytest.raises(DataError, match="`fit` must know errors of sound rows"):
            surprise(fit)
