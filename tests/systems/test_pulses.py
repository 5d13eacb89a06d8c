"""Pulses of a detector, against their closed form."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.systems import PULSE_KINDS, Pulses, draw_pulses, pulse_shape


def rows(records, name, count):
    return records[name].values.reshape(count, -1)


def test_a_pulse_is_zero_before_it_begins_has_a_peak_of_one_and_the_area_of_its_constants():
    time = np.arange(-5.0, 200.0, 1e-3)
    shape = pulse_shape(time, rise=1.0, decay=6.0)
    assert not shape[time < 0].any()
    assert shape.max() == pytest.approx(1.0, abs=1e-6)
    peak = np.log(6.0) / (1 - 1 / 6)
    height = np.exp(-peak / 6) - np.exp(-peak)
    # ∫ e^(−t/6) − e^(−t) dt = 5
    assert shape.sum() * 1e-3 == pytest.approx(5.0 / height, rel=1e-3)


def test_the_mean_of_many_records_is_the_shape_and_the_noise_has_unit_rms():
    settings = Pulses(earliest=10, latest=10, nearest=20, farthest=20, signal_to_noise=5.0)
    count = 6000
    records = draw_pulses(settings, count, generator=np.random.default_rng(0))
    signal, kinds = rows(records, "signal", count), rows(records, "kind", count)[:, 0]
    time = np.arange(settings.samples) - 10.0
    fast = pulse_shape(time, rise=settings.rise, decay=settings.fast)
    expected = {
        "fast": fast,
        "slow": pulse_shape(time, rise=settings.rise, decay=settings.slow),
        "pile-up": fast + pulse_shape(time - 20, rise=settings.rise, decay=settings.fast),
    }
    for kind in PULSE_KINDS:
        own = signal[kinds == kind]
        # 2000 records: the standard error of a mean is 0.022
        assert np.abs(own.mean(axis=0) - 5.0 * expected[kind]).max() < 0.1
        assert own.std(axis=0).mean() == pytest.approx(1.0, abs=0.01)
    assert np.array_equal(rows(records, "begun", count).argmax(axis=1), np.full(count, 10))


def test_onsets_and_heights_cover_what_was_asked_for():
    count = 900
    records = draw_pulses(Pulses(signal_to_noise=50.0, highest=100.0), count, generator=np.random.default_rng(1))
    onsets = rows(records, "begun", count).argmax(axis=1)
    assert (onsets.min(), onsets.max()) == (8, 32)
    peaks = rows(records, "signal", count)[::3].max(axis=1)  # of fast pulses; samples miss the peak by a little
    assert 40 < peaks.min() < 60 < 90 < peaks.max() < 110


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rise": 9.0}, "`rise`, `fast` and `slow` must grow"),
        ({"samples": 60}, "`samples` must hold every pulse: expected more than 68, got 60"),
        ({"nearest": 0}, "`nearest` must be positive and at most `farthest`"),
        ({"signal_to_noise": 9.0}, "`signal_to_noise` must be positive and at most `highest`: got 9.0 and 5.0"),
    ],
)
def test_impossible_pulses_are_refused(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Pulses(**settings)
