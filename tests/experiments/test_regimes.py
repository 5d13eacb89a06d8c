"""The experiment `regimes`: small, and, slowly, what was asked for."""

import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, RegimeSwitches
from pendula.training import silent


def test_a_small_run_has_all_its_parts():
    made = EXPERIMENTS["regimes"].run(RegimeSwitches(rows=4000, period=16, hidden_size=4, epochs=1), lambda _: silent)
    assert set(made.figures) == {"regimes", "confusion", "roc", "losses"}
    assert made.results["classes"] == ["lorenz", "periodic", "rossler"]
    assert 0 <= made.results["missed"] <= made.results["switches"] == 3
    assert set(made.paired_fits) == {"gru"}


@pytest.mark.slow
def test_regimes_are_told_within_half_a_turn():
    results = EXPERIMENTS["regimes"].run(RegimeSwitches(), lambda _: silent).results
    assert results["accuracy"] >= 0.97
    assert results["median_delay"] <= 12.5
    assert results["missed"] == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "`epochs` must be positive: got 0"),
        ({"rows": 100}, "`rows` must hold every regime"),
        ({"minimum_duration": 0}, "`minimum_duration` must hold rows"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ArgumentError, match=message):
        RegimeSwitches(**settings)
