"""What is tried without settings, and what was asked for."""

import pytest

from pendula.errors import ArgumentError
from pendula.nn import Network, NextGeneration, Reservoir
from pendula.training.reservoir_choices import MOST_TRIED, POLYNOMIALS, USUAL, budget_for


def test_next_generation_reservoirs_look_back_no_further_than_is_known():
    tried = budget_for(Network(cell="ngrc"), 1, memory=10).settings
    assert max(each.memory for each in tried) <= 10
    assert set(tried) < set(POLYNOMIALS.settings)
    assert budget_for(Network(cell="ngrc"), 1, memory=1).settings == tuple(
        NextGeneration(delays=1, degree=degree) for degree in (1, 2, 3)
    )


@pytest.mark.parametrize("channels", [1, 3, 10, 40])
def test_those_with_very_many_features_are_not_tried_and_some_always_are(channels):
    tried = budget_for(Network(cell="ngrc"), channels, memory=50).settings
    assert NextGeneration(delays=1, degree=1) in tried
    assert max(each.features(channels) for each in tried) <= MOST_TRIED


def test_settings_that_are_asked_for_are_tried_alone_and_once():
    reservoir, polynomial = Reservoir(leak=0.3), NextGeneration(delays=4, stride=3)
    assert budget_for(Network(cell="esn"), 1, memory=50) == USUAL
    for network in (Network(cell="esn", reservoir=reservoir), Network(cell="ngrc", polynomial=polynomial)):
        budget = budget_for(network, 1, memory=50)
        assert (budget.settings, budget.draws) == ((network.asked,), 1)


def test_what_cannot_be_learned_is_told_before_it_is_tried():
    rule = r"`delays` must look back no further than is known: expected a memory of at most 9 steps, .* got 10\. Lower"
    with pytest.raises(ArgumentError, match=rule):
        budget_for(Network(cell="ngrc", polynomial=NextGeneration(delays=4, stride=3)), 1, memory=9)
    with pytest.raises(
        ArgumentError, match="`degree` must leave few enough features: expected at most 3000, got 53129"
    ):
        budget_for(Network(cell="ngrc", polynomial=NextGeneration(degree=5)), 10, memory=50)
