"""One process at a time builds up a run, and a killed one keeps nobody out."""

import builtins
import errno
import fcntl
import signal
import subprocess
import sys
import textwrap

import pytest

from pendula.errors import RunError
from pendula.runs.directory import building
from pendula.runs.lock import hold_lock

HOLD = textwrap.dedent("""
    import sys
    from pathlib import Path
    from pendula.runs.lock import hold_lock

    with hold_lock(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
""")
TAKEN = r"run` must be free: .* it is still being trained by another process\. Wait for it, stop it"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    words = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_process_keeps_others_out_until_it_is_killed(holder, tmp_path):
    for resume in (False, True):
        (tmp_path / "run.partial").mkdir(exist_ok=True)
        (tmp_path / "run.partial" / "manifest.toml").write_text("")
        with pytest.raises(RunError, match=TAKEN), building(tmp_path / "run", overwrite=not resume, resume=resume):
            pytest.fail("two processes hold the lock")
    assert (tmp_path / "run.partial" / "manifest.toml").is_file()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with building(tmp_path / "run", resume=True) as partial:
        assert partial == tmp_path / "run.partial"
    assert names_in(tmp_path) == ["run.partial"]


def test_a_lock_is_given_back_and_leaves_no_file(tmp_path):
    for _ in range(2):
        with hold_lock(tmp_path / "run"):
            with pytest.raises(RunError, match=TAKEN), hold_lock(tmp_path / "run"):
                pytest.fail("the lock is held twice")
            with hold_lock(tmp_path / "other"):
                assert names_in(tmp_path) == [".other.lock", ".run.lock"]
        assert names_in(tmp_path) == []


def test_an_error_gives_the_lock_back(tmp_path):
    with pytest.raises(KeyboardInterrupt), hold_lock(tmp_path / "run"):
        raise KeyboardInterrupt
    with hold_lock(tmp_path / "run"):
        pass


def test_a_file_that_was_removed_while_it_was_opened_is_no_lock(tmp_path, monkeypatch):
    flock, opened = fcntl.flock, []

    def slow(descriptor, how):
        opened.append(descriptor)
        if len(opened) == 1:  # its holder lets go between the opening and the locking
            (tmp_path / ".run.lock").unlink()
        return flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    with hold_lock(tmp_path / "run"):
        assert len(opened) == 2
        with pytest.raises(RunError, match=TAKEN), hold_lock(tmp_path / "run"):
            pytest.fail("the lock is held twice")


def test_a_file_system_without_locks_locks_nothing(tmp_path, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with hold_lock(tmp_path / "run"):
        assert names_in(tmp_path) == [".run.lock"]
    assert names_in(tmp_path) == []


def test_a_system_without_locks_makes_no_file(tmp_path, monkeypatch):
    find = builtins.__import__

    def without(name, *arguments):
        if name == "fcntl":
            raise ImportError(name)
        return find(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with hold_lock(tmp_path / "run"), hold_lock(tmp_path / "run"):
        assert names_in(tmp_path) == []


def test_a_lock_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / ".run.lock").mkdir()
    with (
        pytest.raises(RunError, match=r"\.run\.lock` must be writable: Is a directory\. Nothing .* is lost"),
        hold_lock(tmp_path / "run"),
    ):
        pytest.fail("a folder is no lock")
