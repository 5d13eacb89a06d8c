"""What is read and written, against pairs cut by hand, and a small run."""

import numpy as np
import pytest

from pendula.errors import ArgumentError
from pendula.experiments.encoder_decoder import EncoderDecoderRun, _verdict, run
from pendula.systems import simulate
from pendula.training import silent

SMALL = EncoderDecoderRun(hidden_size=3, rows=600, noise=0.1, read=9, write=4, apart=3, epochs=4, steps=1, seed=5)


def by_hand():
    """Rows that are read and written, of the first 480 rows, and of every seventh start in the last 120."""
    made = simulate("duffing", dt=0.1, duration=110.0)
    states = np.stack([made["x"].values, made["v"].values], axis=1)[500:]
    states = (states - states.mean(axis=0)) / states.std(axis=0)
    noisy = states[:, 0] + 0.1 * np.random.default_rng(5).normal(size=(600, 1))[:, 0]
    train, test = range(480 - 21 + 1), range(480, 600 - 21 + 1, 7)
    read = [np.array([noisy[start : start + 9] for start in starts]) for starts in (train, test)]
    write = [np.array([states[start + 11 : start + 21 : 3].ravel() for start in starts]) for starts in (train, test)]
    return read, write


def test_the_linear_map_is_that_of_pairs_cut_by_hand():
    made = run(SMALL, lambda _: silent)
    (known, shown), (answers, truth) = by_hand()
    with_one = [np.column_stack([each, np.ones(len(each))]) for each in (known, shown)]
    told = with_one[1] @ np.linalg.lstsq(with_one[0], answers, rcond=None)[0]
    by_step = np.sqrt(np.square(told - truth).reshape(len(truth), 4, 2).mean(axis=(0, 2)))
    # The pairs are handed to networks in float32.
    np.testing.assert_allclose(made.results["nrmse_by_step"]["linear"], by_step, rtol=1e-4)
    assert made.results["test_pairs"] == len(truth)


def test_a_small_run():
    made = run(SMALL, lambda _: silent)
    assert set(made.results["nrmse"]) == {"teacher forcing", "scheduled", "free", "linear"}
    assert len({made.results["nrmse"][name] for name in ("teacher forcing", "scheduled", "free")}) == 3
    assert all(len(each) == 4 for each in made.results["nrmse_by_step"].values())
    assert made.results == run(SMALL, lambda _: silent).results
    assert made.figures["encoder-decoder"][1:4] == b"PNG"
    assert len(made.results["verdict"]) == 2


def test_settings_are_checked():
    with pytest.raises(ArgumentError, match="`write` must be at least 1: got 0"):
        EncoderDecoderRun(write=0)
    with pytest.raises(ArgumentError, match=r"`noise` must not be negative: got -1.0"):
        EncoderDecoderRun(noise=-1.0)
    with pytest.raises(ArgumentError, match=r"`rows` must be enough .*: expected 1400 or more, got 1000"):
        EncoderDecoderRun(rows=1000)


def told(teacher, scheduled, free, linear):
    errors = {"teacher forcing": teacher, "scheduled": scheduled, "free": free, "linear": linear}
    return _verdict({"nrmse": errors, "read": {"rows": 9}, "written": {"rows": 4}})


@pytest.mark.parametrize(
    ("errors", "first", "second"),
    [
        (
            (0.4, 0.1, 0.2, 0.3),
            "of 0.1 of their spread under the best schedule, scheduled; a linear map of what",
            "4 times",
        ),
        (
            (0.4, 0.1, 0.1, 0.3),
            "under scheduled and free, which are equal; a linear map of what was read has 0.3.",
            "4 t",
        ),
        ((0.3, 0.2, 0.25, 0.1), "has 0.1: all networks lost to it.", "errs 50 % more than one that was shown"),
        ((0.2, 0.2, 0.2, 0.2), "has 0.2: the networks are no better.", "errs as much as one that was shown what"),
        ((0.1, 0.2, 0.2, 0.3), "the best schedule, teacher forcing;", "errs 50 % less than one that was shown what"),
    ],
)
def test_the_verdict_says_who_lost_and_what_is_equal(errors, first, second):
    sentences = told(*errors)
    assert first in sentences[0]
    assert second in sentences[1]
