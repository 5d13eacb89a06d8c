"""A training run that is killed at random moments, again and again, ends with the bits of one that is not."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from pendula.nn.kernels import available
from pendula.training import CHECKPOINT_FILE, read_checkpoint

SCRIPT = Path(__file__).with_name("kill_run.py")
KILLS = 20
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


def run_in_a_fresh_process(folder, kind="one"):
    subprocess.run([sys.executable, SCRIPT, kind, folder], check=True, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Train without a break."""
    folder = tmp_path_factory.mktemp("whole")
    run_in_a_fresh_process(folder)
    return folder


class Server:
    """Starts a training in a forked process, again and again, and hears what becomes of it."""

    def __init__(self, process):
        self.process = process

    def start(self, folder, death="outside", *, kind="one"):
        """Start a training; it has begun when this returns."""
        self.process.stdin.write(f"{kind}\t{folder}\t{death}\n")
        self.process.stdin.flush()
        word, process = self.process.stdout.readline().split()
        assert word == "started"
        return int(process)

    def end(self):
        """Wait until the training has ended; its exit code."""
        word, code = self.process.stdout.readline().split()
        assert word == "ended"
        return int(code)


@pytest.fixture(scope="module")
def server():
    """Load the libraries once for all the processes that will be killed."""
    command = [sys.executable, SCRIPT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        yield Server(process)
        process.stdin.close()


def assert_same_bits(folder, whole, *, member="", number=0):
    got, expected = read_checkpoint(folder / member), read_checkpoint(whole / member)
    for name in ("epoch", "best_epoch", "best_error", "history", "fingerprint"):
        assert getattr(got, name) == getattr(expected, name)
    pairs = [(getattr(got, name), getattr(expected, name)) for name in ("model", "best", "optimizer")]
    pairs.append(tuple(safetensors.torch.load_file(path / f"kept-{number}.safetensors") for path in (folder, whole)))
    for tensors, others in pairs:
        assert set(tensors) == set(others) != set()
        for name, tensor in tensors.items():
            assert torch.equal(tensor, others[name]), name
    assert not list((folder / member).glob(".*"))  # what the killed processes left unfinished is swept up


def test_the_run_to_be_killed_is_worth_it(whole):
    checkpoint = read_checkpoint(whole)
    assert checkpoint.epoch == 120
    assert 1 < checkpoint.best_epoch <= 120
    assert checkpoint.history[-1].train_loss < checkpoint.history[1].train_loss
    assert {name.rsplit("/", 1)[1] for name in checkpoint.optimizer} == {"step", "exp_avg", "exp_avg_sq"}


def test_twenty_kills_at_random_moments_change_no_bit(whole, server, tmp_path):
    moments = np.random.default_rng(2026)
    seconds = read_checkpoint(whole).seconds
    folder, killed, finished, epochs = tmp_path / "0", 0, 0, []
    while killed < KILLS:
        child = server.start(folder)
        # Each sitting gets through a few epochs; a run that is done all the same is compared, and a new one begun.
        time.sleep(moments.uniform(0, seconds / 8))
        with suppress(ProcessLookupError):  # it may be done already
            os.kill(child, signal.SIGKILL)
        code = server.end()
        assert code in {0, -signal.SIGKILL}
        if code == 0:
            assert_same_bits(folder, whole)
            finished += 1
            folder = tmp_path / str(finished)
        else:
            killed += 1
            has_checkpoint = (folder / CHECKPOINT_FILE).exists()
            epochs.append(read_checkpoint(folder).epoch if has_checkpoint else 0)
    assert len(set(epochs)) > 2  # the kills were spread over the run
    run_in_a_fresh_process(folder)
    assert_same_bits(folder, whole)


@pytest.mark.parametrize(("death", "write"), [("half", 1), ("half", 80), ("unnamed", 1), ("unnamed", 81)])
def test_a_kill_while_the_checkpoint_is_written_changes_no_bit(whole, server, tmp_path, death, write):
    server.start(tmp_path, f"{death}-{write}")
    assert server.end() == -signal.SIGKILL
    assert len(list(tmp_path.glob(".*"))) == 1
    if write == 1:
        assert not (tmp_path / CHECKPOINT_FILE).exists()
    else:
        assert read_checkpoint(tmp_path).epoch == write - 1
    server.start(tmp_path)
    assert server.end() == 0
    assert_same_bits(tmp_path, whole)


@pytest.mark.skipif(not available(), reason="without the native core the members are trained one after the other")
def test_a_killed_ensemble_goes_on_as_if_nothing_had_happened(server, tmp_path):
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    members = [f"member-00{number}" for number in range(3)]
    for place in (whole, folder):
        place.mkdir()
    run_in_a_fresh_process(whole, "ensemble")
    # Each sitting dies in another member's checkpoint: the members go on from different epochs.
    for death in ("half-1", "unnamed-8", "half-25", "unnamed-21", "half-3"):
        server.start(folder, death, kind="ensemble")
        assert server.end() == -signal.SIGKILL
    epochs = [read_checkpoint(folder / member).epoch for member in members]
    assert len(set(epochs)) > 1
    assert 1 < max(epochs) < read_checkpoint(whole / members[0]).epoch
    server.start(folder, kind="ensemble")
    assert server.end() == 0
    for number, member in enumerate(members):
        assert_same_bits(folder, whole, member=member, number=number)


def test_a_killed_hessian_free_run_goes_on_as_if_nothing_had_happened(server, tmp_path):
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    for place in (whole, folder):
        place.mkdir()
    run_in_a_fresh_process(whole, "hessian-free")
    for death in ("half-1", "unnamed-4", "half-5"):
        server.start(folder, death, kind="hessian-free")
        assert server.end() == -signal.SIGKILL
    assert 1 < read_checkpoint(folder).epoch < read_checkpoint(whole).epoch
    server.start(folder, kind="hessian-free")
    assert server.end() == 0
    assert_same_bits(folder, whole)
