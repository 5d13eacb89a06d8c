"""Training that is stopped from outside, in a process of its own, and goes on to the same bits."""

import os
import signal
import subprocess
import sys
import time

import pytest

TRAINING = ("--hidden-size", "4", "--window", "8", "--epochs", "1000", "--set", "training.patience=none")


def begin(folder, name):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    words = (sys.executable, "-m", "pendula", "fit", "swing.csv", *TRAINING, "-o", name)
    return subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def stop_after_a_checkpoint(process, folder, name, number):
    deadline = time.monotonic() + 60
    while not (folder / f"{name}.partial/checkpoint/state.safetensors").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    return process.communicate(timeout=60)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_a_checkpoint(pendula, folder, number):
    process = begin(folder, "stopped")
    said = stop_after_a_checkpoint(process, folder, "stopped", number)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "Training was interrupted after epoch" in said
    assert said.endswith("Go on with: pendula fit --resume stopped\n")
    assert not (folder / "stopped").exists()
    assert "stopped after epoch" in pendula("forecast", "stopped", "--steps", "1").err


def test_an_interrupt_after_training_says_that_the_run_is_whole(pendula, folder, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    words = ("fit", "swing.csv", "--hidden-size", "4", "--window", "8", "--epochs", "1", "-o", "whole")
    with monkeypatch.context() as patched:
        patched.setattr("pendula.cli.reports.deliver_fit", interrupt)
        stopped = pendula(*words)
    assert stopped.code == 1
    assert "Interrupted, but `whole` is whole. Write its report with: pendula report whole" in stopped.err
    assert pendula("report", "whole").code == 0
    assert (folder / "whole" / "report.html").is_file()


def test_a_resumed_run_has_the_bits_of_an_uninterrupted_one(pendula, bare_reports, folder, monkeypatch):
    def interrupt(event):
        if getattr(getattr(event, "record", None), "epoch", 0) == 3:
            raise KeyboardInterrupt

    words = ("fit", "swing.csv", "--hidden-size", "4", "--window", "8", "--epochs", "6")
    with monkeypatch.context() as patched:
        patched.setattr("pendula.cli.progress.LineProgress.__call__", lambda _, event: interrupt(event))
        stopped = pendula(*words, "-o", "stopped")
    assert stopped.code == 1
    assert "Go on with: pendula fit --resume stopped" in stopped.err
    resumed = pendula("fit", "--resume", "stopped", "--json")
    assert resumed.code == 0
    assert resumed.content["epochs"] == 6
    assert pendula(*words, "-o", "whole").code == 0
    weights = [(folder / name / "model/weights.safetensors").read_bytes() for name in ("stopped", "whole")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("swing.csv", "`--resume` must stand alone: expected the name of a run, got FILE too"),
        ("--overwrite", "got --overwrite too"),
        ("--time t", "got options of the data too"),
        ("--seed 3", "`--resume` must keep the run's settings"),
    ],
)
def test_resuming_takes_no_other_settings(pendula, words, message):
    answer = pendula("fit", "--resume", "run", *words.split())
    assert answer.code == 2
    assert message in answer.err


def test_a_finished_run_has_nothing_to_resume(pendula, fitted):
    answer = pendula("fit", "--resume", "run")
    assert answer.code == 1
    assert "There is nothing to resume." in answer.err
