"""Ensembles: each member trained alone, on one thread, is the oracle."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from pendula.errors import ArgumentError, DivergedError, InterruptedRunError, RunError
from pendula.nn import Network, build
from pendula.nn.kernels import available
from pendula.series.windows import Windows
from pendula.training import (
    CHECKPOINT_FILE,
    EpochFinished,
    Outcome,
    Progressed,
    Training,
    TrainingFinished,
    read_checkpoint,
    train,
    train_ensemble,
)

WINDOW = 10
NETWORK = Network(cell="gru", hidden_size=6, num_layers=2, linear_lags=2)
PLAIN = Training(epochs=5, learning_rate=0.02, input_noise=0.01, checkpoint_seconds=0.0, patience=None)
VARIED = [
    PLAIN,
    replace(PLAIN, learning_rate=0.05, weight_decay=0.1, method="adamw"),
    replace(PLAIN, learning_rate=0.5, schedule="constant", patience=1, epochs=40),
    replace(PLAIN, input_noise=0.1, clip_norm=None, epochs=3),
    replace(PLAIN, loss="every", batch_size=7, precision="float64"),
]

native = pytest.mark.skipif(not available(), reason="needs the native core")


@pytest.fixture(autouse=True)
def threads():
    """Set torch's threads for a test."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def windows(sine):
    generator = torch.Generator().manual_seed(0)
    return Windows(sine + 0.05 * torch.randn(sine.shape, generator=generator), np.array([[0, 200]]), length=WINDOW + 3)


def networks(count, network=NETWORK):
    return [build(network, 1, seed=seed) for seed in range(count)]


def assert_same(trained, other):
    for name in ("history", "best_epoch", "outcome", "engine"):
        assert getattr(trained, name) == getattr(other, name)
    weights = other.forecaster.state_dict()
    for name, value in trained.forecaster.state_dict().items():
        assert torch.equal(value, weights[name]), name


def alone(threads, windows, settings, seeds, *, validation=None, network=NETWORK):
    threads(1)
    runs = [
        train(forecaster, windows, training, window=WINDOW, seed=seed, validation=validation)
        for forecaster, training, seed in zip(networks(len(settings), network), settings, seeds, strict=True)
    ]
    threads(3)
    return runs


@native
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_member_is_as_if_it_were_alone_on_one_thread(threads, windows, validation_of, count):
    settings, seeds = VARIED[:count], [7, 7, 1, 0, 2][:count]
    expected = alone(threads, windows, settings, seeds, validation=validation_of())
    members = train_ensemble(networks(count), windows, settings, window=WINDOW, seeds=seeds, validation=validation_of())
    for trained, other in zip(members, expected, strict=True):
        assert_same(trained, other)
        assert trained.engine == "native"
        assert not trained.forecaster.training
    if count == 5:
        assert members[2].outcome is Outcome.STOPPED_EARLY
        assert len({trained.history[-1].train_loss for trained in members}) == 5
    assert torch.get_num_threads() == 3


@native
def test_members_that_are_large_enough_for_threads_get_one_each(threads, windows):
    network = Network(cell="lstm", hidden_size=40, num_layers=2)
    settings = [replace(PLAIN, epochs=1, batch_size=64)] * 3
    expected = alone(threads, windows, settings, range(3), network=network)
    members = train_ensemble(networks(3, network), windows, settings[0], window=WINDOW)
    for trained, other in zip(members, expected, strict=True):
        assert_same(trained, other)


def test_members_may_have_other_architectures(windows):
    forecasters = [build(Network(cell=cell, hidden_size=size), 1) for cell, size in (("rnn", 3), ("lstm", 5))]
    members = train_ensemble(forecasters, windows, PLAIN, window=WINDOW)
    assert [trained.forecaster.network.cell for trained in members] == ["rnn", "lstm"]
    assert all(trained.history[5].train_loss < trained.history[1].train_loss for trained in members)


def test_members_that_the_core_does_not_train_follow_one_after_the_other(windows, validation_of):
    settings = [PLAIN, replace(PLAIN, loss="every", carry_state=True)]
    members = train_ensemble(networks(2), windows, settings, window=WINDOW, seeds=[4, 4], validation=validation_of())
    other = train(networks(2)[1], windows, settings[1], window=WINDOW, seed=4, validation=validation_of())
    assert other.engine == "autograd"
    assert_same(members[1], other)
    assert members[0].engine == ("native" if available() else "autograd")


def test_the_events_say_whose_they_are(windows, validation_of, monkeypatch):
    monkeypatch.setattr("pendula.training.watch.PROGRESS_SECONDS", -1.0)
    monkeypatch.setattr("pendula.training.native_epoch.CALL_SECONDS", 0.0)
    heard = []
    members = train_ensemble(
        networks(2),
        windows,
        replace(PLAIN, epochs=2),
        window=WINDOW,
        validation=validation_of(),
        listener=lambda member, event: heard.append((member, event)),
    )
    for number, trained in enumerate(members):
        told = [event for member, event in heard if member == number]
        assert tuple(event.record for event in told if isinstance(event, EpochFinished)) == trained.history
        assert {event.epoch for event in told if isinstance(event, Progressed)} == {1, 2}
        assert isinstance(told[-1], TrainingFinished)
    assert {member for member, _ in heard} == {0, 1}


@native
@pytest.mark.parametrize("moment", [0, 3, 11, 17])
def test_an_ensemble_that_was_interrupted_goes_on(windows, validation_of, tmp_path, moment):
    def run(folder, **options):
        return train_ensemble(
            networks(5), windows, VARIED, window=WINDOW, validation=validation_of(), checkpoint=tmp_path / folder,
            resume=True, **options,
        )  # fmt: skip

    heard = []

    def interrupt(member, event):
        heard.append((member, event))
        if len(heard) == moment + 1:
            raise KeyboardInterrupt

    whole = run("whole")
    with pytest.raises(InterruptedRunError, match=r"after epochs \d+(, \d+){4}; their checkpoints are kept\."):
        run("cut", listener=interrupt)
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == [f"member-00{number}" for number in range(5)]
    for trained, other in zip(run("cut"), whole, strict=True):
        assert_same(trained, other)
    for number in range(5):
        kept, expected = (read_checkpoint(tmp_path / folder / f"member-00{number}") for folder in ("cut", "whole"))
        assert (kept.epoch, kept.history) == (expected.epoch, expected.history)
        for group in ("model", "best", "optimizer"):
            tensors = getattr(expected, group)
            assert all(torch.equal(value, tensors[name]) for name, value in getattr(kept, group).items())


def test_a_finished_ensemble_stays_as_it_is(windows, tmp_path):
    first, again = (
        train_ensemble(networks(2), windows, PLAIN, window=WINDOW, checkpoint=tmp_path / "a", resume=True)
        for _ in range(2)
    )
    for trained, other in zip(again, first, strict=True):
        assert_same(trained, other)


@pytest.mark.parametrize("change", ["settings", "seeds", "fingerprint"])
def test_the_checkpoints_of_others_are_refused(windows, tmp_path, change):
    given = {"settings": [PLAIN, PLAIN], "seeds": [0, 1], "fingerprint": "a"}
    changed = {"settings": [PLAIN, replace(PLAIN, learning_rate=0.1)], "seeds": [0, 2], "fingerprint": "b"}
    options = {"window": WINDOW, "checkpoint": tmp_path / "a", "resume": True}
    train_ensemble(networks(2), windows, **given, **options)
    with pytest.raises(RunError, match="must belong to the same data and settings"):
        train_ensemble(networks(2), windows, **(given | {change: changed[change]}), **options)
    often = given | {"settings": replace(PLAIN, checkpoint_seconds=5.0)}
    train_ensemble(networks(2), windows, **often, **options)


def test_a_member_that_diverges_stops_alone(threads, windows, validation_of):
    # The first step of this size ruins the weights.
    ruined = replace(PLAIN, learning_rate=1e30, clip_norm=None)
    settings = [PLAIN, ruined, PLAIN]
    members = train_ensemble(networks(3), windows, settings, window=WINDOW, seeds=[0, 1, 2], validation=validation_of())
    assert [trained.outcome for trained in members] == [Outcome.COMPLETED, Outcome.DIVERGED, Outcome.COMPLETED]
    assert members[0].failure is members[2].failure is None
    assert "Training diverged at" in str(members[1].failure)
    assert members[1].best_epoch == 0
    assert len(members[1].history) == 1
    for name, value in networks(3)[1].state_dict().items():
        assert torch.equal(members[1].forecaster.state_dict()[name], value)
    if available():
        for number in (0, 2):
            (other,) = alone(threads, windows, [PLAIN] * 3, [0, 1, 2], validation=validation_of())[number : number + 1]
            assert_same(members[number], other)


def test_if_all_diverge_it_is_said(windows):
    ruined = replace(PLAIN, learning_rate=1e30, clip_norm=None)
    with pytest.raises(DivergedError, match=r"diverged at step \d of epoch 1"):
        train_ensemble(networks(2), windows, ruined, window=WINDOW)


def test_a_series_with_a_gap_in_it_ruins_all(sine):
    values = sine.clone()
    values[50] = math.nan
    with pytest.raises(DivergedError, match="the loss became nan"):
        train_ensemble(networks(2), Windows(values, np.array([[0, 200]]), length=WINDOW + 1), PLAIN, window=WINDOW)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"settings": [PLAIN]}, r"`settings` must be one for each network: expected 2, got 1\."),
        ({"seeds": [1, 2, 3]}, r"`seeds` must be one for each network: expected 2, got 3\."),
        ({"forecasters": []}, r"`forecasters` must hold networks: expected 1 or more, got none\."),
        ({"settings": replace(PLAIN, loss="every", washout=WINDOW)}, "`washout` must be shorter than the window"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(windows, options, rule):
    given = {"forecasters": networks(2), "windows": windows, "settings": PLAIN}
    with pytest.raises(ArgumentError, match=rule):
        train_ensemble(**(given | options), window=WINDOW)


def test_one_network_twice_is_refused(windows):
    with pytest.raises(ArgumentError, match="must be different objects: one is there twice"):
        train_ensemble(networks(1) * 2, windows, PLAIN, window=WINDOW)


def test_a_folder_in_no_folder_is_refused(windows, tmp_path):
    with pytest.raises(RunError, match=r"missing` must be there: expected a folder, got nothing of that name"):
        train_ensemble(networks(1), windows, PLAIN, window=WINDOW, checkpoint=tmp_path / "missing" / "a")


def test_checkpoints_are_found_where_they_are_said_to_be(windows, tmp_path):
    train_ensemble(networks(2), windows, PLAIN, window=WINDOW, checkpoint=tmp_path / "a")
    assert (tmp_path / "a" / "member-001" / CHECKPOINT_FILE).is_file()
