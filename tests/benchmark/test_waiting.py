import os
import subprocess
import sys

import pytest

from pendula.benchmark.waiting import wait_for_calm, waited_seconds

SPIN = "import time; began = time.perf_counter()\nwhile time.perf_counter() - began < 20: pass"


@pytest.mark.skipif(waited_seconds() is None, reason="the system does not tell how long threads wait")
def test_two_programs_on_one_processor_wait_for_each_other():
    processor = min(os.sched_getaffinity(0))
    command = [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{processor}}})\n{SPIN}"]
    spinners = [subprocess.Popen(command) for _ in range(2)]
    pids = [each.pid for each in spinners]
    try:
        while waited_seconds(pids) < 0.1:
            assert all(each.poll() is None for each in spinners)
        alone = waited_seconds(pids[:1])
        assert 0 <= alone <= waited_seconds(pids)
    finally:
        for each in spinners:
            each.kill()
            each.wait()


def test_a_process_that_is_not_there_tells_nothing():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert waited_seconds([ended.pid]) is None


def test_where_nothing_is_told_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr("pendula.benchmark.waiting.PROCESSES", tmp_path)
    assert waited_seconds() is None
    (tmp_path / "self/task/7").mkdir(parents=True)
    assert waited_seconds() == 0.0  # a thread that has just ended
    (tmp_path / "self/task/8").mkdir()
    (tmp_path / "self/task/8/schedstat").write_text("5000000000 250000000 12")
    assert waited_seconds() == 0.25


def test_calm_is_when_the_processors_are_idle(monkeypatch, tmp_path):
    lines = iter([
        "cpu 100 0 0 50 0 0 0 0 0 0",
        "cpu 110 0 0 51 0 0 0 0 0 0",
        "cpu 111 0 0 60 0 0 0 0",
        "cpu 112 0 0 60 12",
    ])
    monkeypatch.setattr("pendula.benchmark.waiting.PROCESSES", tmp_path)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        (tmp_path / "stat").write_text(next(lines))

    (tmp_path / "stat").write_text(next(lines))
    monkeypatch.setattr("pendula.benchmark.waiting.time.sleep", sleep)
    wait_for_calm(60.0)
    assert len(slept) == 2
    (tmp_path / "stat").write_text("cpu 0 0 0 0 0 0 0 0")
    wait_for_calm(0.0)  # busy, but there is no time left
    assert len(slept) == 3


def test_nobody_waits_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr("pendula.benchmark.waiting.PROCESSES", tmp_path)
    monkeypatch.setattr("pendula.benchmark.waiting.LOOK_SECONDS", 0.0)
    wait_for_calm(1e9)
