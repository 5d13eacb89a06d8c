"""The flip-flop experiment: what the task is, and, slowly, that every network solves it by a cube of fixed points."""

import pytest
import torch

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, FlipFlop
from pendula.experiments.flip_flop_task import draw_pulses


def test_bits_are_the_signs_of_the_last_pulses():
    pulses, bits = draw_pulses(3, 80, 2, generator=torch.Generator().manual_seed(0))
    for sequence in range(3):
        for channel in range(2):
            remembered = 0.0
            for step in range(80):
                remembered = float(pulses[sequence, step, channel]) or remembered
                assert float(bits[sequence, step, channel]) == remembered


def test_one_bit_is_remembered_by_two_points_and_a_saddle():
    made = EXPERIMENTS["flip-flop"].run(FlipFlop(bits=1, hidden_size=8, updates=300, seeds=1), lambda _: None)
    assert made.results["stable_fixed_points"] == 2
    assert made.results["certified"]
    assert made.results["networks"][0]["saddles_by_index"] == {"1": 1}
    assert set(made.figures) == {"state-space", "eigenvalues"}


@pytest.mark.slow
def test_three_bits_are_remembered_by_the_corners_of_a_cube_for_every_seed():
    results = EXPERIMENTS["flip-flop"].run(FlipFlop(), lambda _: None).results
    assert results["stable_fixed_points"] == 8
    assert results["certified"]
    assert results["seeds_as_expected"] == 3
    for network in results["networks"]:
        assert network["patterns"] == 8
        assert network["saddles"] >= 12


@pytest.mark.parametrize(("setting", "message"), [({"bits": 6}, "at most 5"), ({"updates": 0}, "must be positive")])
def test_settings_are_checked(setting, message):
    with pytest.raises(ArgumentError, match=message):
        FlipFlop(**setting)
