"""Disks that are full or cannot be written: what failed is said, and nothing that was there before is lost."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from pendula.errors import RunError
from pendula.runs import begin_run, load, read_start, write_start
from pendula.training import Checkpoint, read_checkpoint, write_checkpoint

IN_NAMESPACE = "PENDULA_TEST_IN_NAMESPACE"


def ran(*command):
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not ran("mount", "-t", "tmpfs", "-o", "size=256k", "pendula", str(disk)):
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield disk
    finally:
        ran("mount", "-o", "remount,rw", str(disk))
        subprocess.run(["umount", str(disk)], check=True)


@contextmanager
def limited_files(size):
    """Let the system refuse every file beyond a size, as it refuses all on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def fill(disk, *, but):
    """Leave so many bytes free."""
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(free - but))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(os.geteuid() == 0 or IN_NAMESPACE in os.environ, reason="this user can mount")
def test_these_tests_in_a_namespace_of_their_own():
    if not ran("unshare", "-rm", "true"):
        pytest.skip("no namespace can be made here")
    command = ["unshare", "-rm", sys.executable, "-m", "pytest", "-q", __file__]
    done = subprocess.run(command, check=False, env={**os.environ, IN_NAMESPACE: "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("free", [0, 4096, 8192, 12288, 20480])
def test_a_full_disk_keeps_the_old_run(fit, make_fit, small_disk, free):
    fit.save(small_disk / "run")
    fill(small_disk, but=free)
    with pytest.raises(
        RunError, match=r"must be writable: No space left on device\. Nothing that was there before is lost"
    ):
        make_fit(seed=1).save(small_disk / "run", overwrite=True)
    assert load(small_disk / "run").recipe.seed == 0
    assert names_in(small_disk) == ["filler", "run"]
    (small_disk / "filler").unlink()
    make_fit(seed=1).save(small_disk / "run", overwrite=True)
    assert load(small_disk / "run").recipe.seed == 1


def test_a_start_on_a_full_disk_keeps_the_old_run(fit, small_disk):
    fit.save(small_disk / "run")
    partial = begin_run(small_disk / "run", overwrite=True)
    fill(small_disk, but=4096)
    with pytest.raises(RunError, match=r"series\.nc` must be writable: No space left on device"):
        write_start(partial, record=fit.record, recipe=fit.recipe)
    assert names_in(partial) == []
    assert load(small_disk / "run").recipe == fit.recipe
    (small_disk / "filler").unlink()
    write_start(partial, record=fit.record, recipe=fit.recipe)
    assert read_start(partial).recipe == fit.recipe


def test_a_checkpoint_on_a_full_disk_keeps_the_last_one(small_disk):
    last, next_one = (
        Checkpoint(
            epoch=epoch,
            best_epoch=0,
            best_error=1.0,
            seconds=1.0,
            history=(),
            fingerprint="",
            model={"a": torch.zeros(5000)},
            best={"a": torch.zeros(1)},
            optimizer={},
        )
        for epoch in (1, 2)
    )
    write_checkpoint(last, small_disk)
    fill(small_disk, but=8192)
    with pytest.raises(RunError, match=r"must be writable: No space left on device\. Nothing .* is lost"):
        write_checkpoint(next_one, small_disk)
    assert read_checkpoint(small_disk).epoch == 1


def test_a_disk_that_cannot_be_written_is_named(fit, make_fit, small_disk):
    fit.save(small_disk / "run")
    assert ran("mount", "-o", "remount,ro", str(small_disk))
    for name, overwrite in (("run", True), ("other", False)):
        with pytest.raises(RunError, match=r"must be writable: Read-only file system\. Nothing .* is lost"):
            make_fit(seed=1).save(small_disk / name, overwrite=overwrite)
    assert load(small_disk / "run").recipe.seed == 0


def test_a_run_on_a_disk_that_cannot_be_written_is_found_after_a_crash(fit, small_disk):
    fit.save(small_disk / "run").rename(small_disk / ".run.0123abcd.old")
    assert ran("mount", "-o", "remount,ro", str(small_disk))
    assert load(small_disk / "run").recipe == fit.recipe


@pytest.mark.parametrize("size", [0, 300, 1000, 4000])
def test_a_limit_of_the_system_keeps_the_old_run(fit, make_fit, tmp_path, size):
    run = fit.save(tmp_path / "run")
    new = make_fit(seed=1)
    with (
        limited_files(size),
        pytest.raises(RunError, match=r"must be writable: .* Nothing that was there before is lost"),
    ):
        new.save(run, overwrite=True)
    assert load(run).recipe.seed == 0
    assert names_in(tmp_path) == ["run"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_folder_that_may_not_be_written_is_named(fit, tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(RunError, match="must be writable: Permission denied"):
            fit.save(tmp_path / "run")
    finally:
        tmp_path.chmod(0o755)


def test_a_path_under_a_file_is_refused(fit, tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file" / "run", tmp_path / "file" / "a" / "run"):
        with pytest.raises(RunError, match=r"must be writable: something else of that name is in the way\. Nothing"):
            fit.save(path)
        with pytest.raises(RunError, match="must be a run directory"):
            load(path)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_name_that_is_too_long_is_refused(fit, tmp_path):
    with pytest.raises(RunError, match="must be writable: File name too long"):
        fit.save(tmp_path / ("x" * 300))
    assert not list(Path(tmp_path).iterdir())
