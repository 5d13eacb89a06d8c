"""The experiment on vanishing gradients: its fields, what must hold of them, and its figure."""

import io
import json

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments import EXPERIMENTS, VanishingGradients
from pendula.training import silent

STARTS = {
    "rnn": {"torch", "sparse", "orthogonal", "identity", "large"},
    "lstm": {"torch", "orthogonal", "forget-bias", "chrono"},
    "gru": {"torch", "orthogonal", "forget-bias", "chrono"},
}


@pytest.fixture(scope="module")
def made():
    settings = VanishingGradients(hidden_size=32, window=20, points=160, epochs=1)
    return EXPERIMENTS["vanishing-gradients"].run(settings, lambda _: silent)


def rates(made, when):
    return {
        (cell, start): net[when]["rate"]
        for cell, members in made.results["networks"].items()
        for start, net in members.items()
    }


def test_every_cell_and_start_is_there_in_json(made):
    results = json.loads(json.dumps(made.results))
    assert {cell: set(members) for cell, members in results["networks"].items()} == STARTS
    net = results["networks"]["lstm"]["chrono"]
    assert set(net["fresh"]) == {"flow", "rate", "uncertainty", "factor", "gradient_norm"}
    assert net["fresh"]["factor"] == pytest.approx(np.exp(net["fresh"]["rate"]))
    assert net["validation_one_step"] > 0


def test_the_starts_do_what_they_were_made_for(made):
    fresh = rates(made, "fresh")
    assert fresh["rnn", "torch"] < fresh["rnn", "orthogonal"] < fresh["rnn", "identity"] < fresh["rnn", "large"]
    assert abs(fresh["rnn", "identity"]) < 0.01
    for cell in ("lstm", "gru"):
        assert fresh[cell, "torch"] < fresh[cell, "forget-bias"] < fresh[cell, "chrono"] < 0
    flows = {start: net["fresh"]["flow"] for start, net in made.results["networks"]["rnn"].items()}
    assert (flows["torch"], flows["identity"], flows["large"]) == ("vanishing", "healthy", "exploding")


def test_training_changes_the_flow(made):
    fresh, trained = rates(made, "fresh"), rates(made, "trained")
    assert all(fresh[which] != trained[which] for which in fresh)


def test_the_backward_pass_is_linear_and_clipping_keeps_the_rate(made):
    linearity, clipping = made.results["linearity"], made.results["clipping"]
    assert linearity["backward_ratio_min"] == pytest.approx(2, rel=1e-12)
    assert linearity["backward_ratio_max"] == pytest.approx(2, rel=1e-12)
    assert linearity["forward_ratio"] < 1.9
    assert clipping["gradient_norm"] > 1 > clipping["factor"]
    assert clipping["gradient_norm_clipped"] == pytest.approx(1, rel=1e-9)
    assert clipping["rate_clipped"] == pytest.approx(clipping["rate"], rel=1e-9)


def test_the_words_are_those_of_the_numbers(made):
    verdict, notes = made.results["verdict"], made.results["notes"]
    assert verdict[0].startswith("Before training, gradients are exploding in")
    assert "RNN identity" in verdict[0]
    assert len([note for note in notes if "before training" in note]) == 13
    assert made.content.verdict == verdict


def test_the_figure_is_whole_and_not_blank(made):
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(made.figures["vanishing-gradients"]))
    assert min(pixels.shape[:2]) > 1000
    assert pixels[..., :3].std() > 0.05


def test_short_windows_have_no_law():
    with pytest.raises(
        ArgumentError, match=r"`window` must be long enough for a law: expected 10 steps or more, got 9"
    ):
        VanishingGradients(window=9)


def test_a_gradient_that_is_short_enough_is_not_said_to_be_clipped():
    settings = VanishingGradients(hidden_size=4, window=10, points=100, epochs=1, clip_norm=1e9)
    verdict = EXPERIMENTS["vanishing-gradients"].run(settings, lambda _: silent).results["verdict"]
    assert verdict[-1].startswith("There is nothing to clip")
