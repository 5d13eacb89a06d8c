"""The experiment `waveforms`: small, and, slowly, what was asked for."""

import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, Waveforms
from pendula.training import silent


def test_a_small_run_has_all_its_parts():
    made = EXPERIMENTS["waveforms"].run(Waveforms(records=120, tests=30, epochs=1, hidden_size=4), lambda _: silent)
    assert set(made.results["by_signal_to_noise"]) == {"3", "4", "5", "7", "10"}
    assert set(made.figures) == {"pulses", "confusion", "roc", "losses"}
    assert set(made.paired_fits) == {"kinds", "onsets"}
    assert sum(map(sum, made.results["confusion"])) == 30
    assert not made.results["fulfilled"]  # not after one epoch


@pytest.mark.slow
def test_kinds_and_onsets_are_told_at_a_signal_to_noise_ratio_of_five():
    results = EXPERIMENTS["waveforms"].run(Waveforms(), lambda _: silent).results
    assert results["accuracy"] >= 0.99
    assert results["median_onset_error"] <= 1
    assert results["linear_accuracy"] < 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"records": 2}, "`records` must be 60 or more: got 2"),
        ({"look_ahead": 50}, "`look_ahead` must leave a pulse in its record"),
        ({"signal_to_noise": 20.0}, "`signal_to_noise` must be positive and at most `highest`"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ArgumentError, match=message):
        Waveforms(**settings)
