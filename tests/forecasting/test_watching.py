"""Fits whose gradients are watched: the same fits, in and out of run directories, whole and interrupted."""

from dataclasses import replace

import pytest
import torch

import pendula
from pendula.errors import ArgumentError, InterruptedRunError
from pendula.forecasting import compare, fit, resume
from pendula.nn import Network
from pendula.training import EpochFinished

NETWORK = Network(cell="gru", hidden_size=3)


def weights(made):
    return made.model.forecaster.state_dict()


def watched(brief, **changes):
    return replace(brief, watch_gradients=True, **changes)


def assert_same_weights(one, other):
    for name, value in weights(one).items():
        assert torch.equal(value, weights(other)[name])


def test_a_watched_fit_is_the_same_fit_and_has_gradients(dataset, wave, brief):
    series = dataset(wave())
    plain, seen = (fit(series, model=NETWORK, training=training) for training in (brief, watched(brief)))
    assert plain.history == seen.history
    assert_same_weights(plain, seen)
    assert plain.gradients == ()
    assert {record.epoch for record in seen.gradients} == {0, 1, 2}


def test_an_interrupted_run_ends_with_the_records_of_a_whole_one(dataset, wave, brief, tmp_path):
    series, training = dataset(wave()), watched(brief, epochs=4, checkpoint_seconds=0.0)
    whole = fit(series, model=NETWORK, training=training, run=tmp_path / "whole")

    def interrupt(event):
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError):
        fit(series, model=NETWORK, training=training, run=tmp_path / "cut", listener=interrupt)
    assert (tmp_path / "cut.partial" / "gradients.jsonl").is_file()
    again = resume(tmp_path / "cut")
    assert again.gradients == whole.gradients == pendula.load(tmp_path / "whole").gradients
    assert (tmp_path / "cut/gradients.jsonl").read_bytes() == (tmp_path / "whole/gradients.jsonl").read_bytes()


def test_networks_side_by_side_are_watched_each_by_itself(dataset, wave, brief):
    made = compare(dataset(wave()), models=["rnn", "gru"], training=watched(brief))
    rnn, gru = (made.fits[name].gradients for name in ("rnn", "gru"))
    assert {record.epoch for record in rnn} == {record.epoch for record in gru} == {0, 1, 2}
    assert rnn[-1].rate != gru[-1].rate


def test_a_window_of_one_step_is_refused_before_the_training(dataset, wave, brief, tmp_path):
    with pytest.raises(ArgumentError, match=r"`watch_gradients` must have steps to look back on"):
        fit(dataset(wave()), model=NETWORK, training=watched(brief), window=1, run=tmp_path / "run")
    assert not list(tmp_path.iterdir())
