"""Run directories that are in the way, damaged, hostile or out of place: told in one line, nothing lost."""

import contextlib
import json
import os
import shutil
import subprocess

import pytest

TINY = ("--hidden-size", "4", "--epochs", "1", "--window", "8")


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refused(answer, message):
    assert answer.code == 1
    assert message in answer.err
    assert answer.out == ""


def test_a_run_that_exists_is_kept(pendula, fitted):
    before = content(fitted)
    refused(pendula("fit", "swing.csv", *TINY, "-o", "run"), "Use `--overwrite` to replace it")
    assert content(fitted) == before


def test_overwriting_replaces_it_whole(pendula, fitted, folder, bare_reports):
    (fitted / "mine.txt").write_text("old")
    assert pendula("fit", "swing.csv", *TINY, "--seed", "5", "-o", "run", "--overwrite").code == 0
    assert not (fitted / "mine.txt").exists()
    assert pendula("report", "run", "--json").code == 0
    assert [path.name for path in folder.glob("run*")] == ["run"]


def test_a_failed_overwrite_leaves_the_old_run(pendula, fitted, folder):
    before = content(fitted)
    wild = ("--learning-rate", "1e30", "--set", "training.clip_norm=none", "--set", "training.epochs=3")
    answer = pendula("fit", "swing.csv", *TINY, *wild, "-o", "run", "--overwrite")
    assert answer.code == 1
    assert "diverged" in answer.err
    assert content(fitted) == before


def test_a_folder_with_other_things_is_never_replaced(pendula, folder):
    (folder / "thesis").mkdir()
    (folder / "thesis/chapter.tex").write_text("precious")
    refused(pendula("fit", "swing.csv", *TINY, "-o", "thesis", "--overwrite"), "must be a run to be replaced")
    assert (folder / "thesis/chapter.tex").read_text() == "precious"


def test_no_run(pendula):
    refused(pendula("forecast", "none", "--steps", "1"), "`none` must be a run directory")
    refused(pendula("evaluate", "swing.csv"), "expected a folder, got a file")
    refused(pendula("report", "none"), "`none` must be a run directory")
    refused(pendula("fit", "--resume", "none"), "`none`")


def test_a_half_written_run_is_recognized(pendula, folder, fitted):
    shutil.move(fitted, folder / "run.partial")
    manifest = folder / "run.partial/manifest.toml"
    manifest.write_text(manifest.read_text().replace('status = "finished"', 'status = "training"'))
    refused(pendula("forecast", "run", "--steps", "1"), "Continue it with `pendula fit --resume run`")
    refused(pendula("fit", "swing.csv", *TINY, "-o", "run"), "Continue it with `pendula fit --resume run`")


def test_a_run_of_a_newer_version(pendula, fitted):
    manifest = fitted / "manifest.toml"
    text = manifest.read_text()
    manifest.write_text("\n".join("format = 999" if line.startswith("format =") else line for line in text.split("\n")))
    refused(pendula("forecast", "run", "--steps", "1"), "newer")


@pytest.mark.parametrize("change", [lambda whole: whole[: len(whole) // 2], lambda whole: whole[:-1] + b"\xff"])
def test_weights_that_are_damaged(pendula, fitted, change):
    weights = fitted / "model/weights.safetensors"
    weights.write_bytes(change(weights.read_bytes()))
    for words in (("forecast", "run", "--steps", "1"), ("evaluate", "run"), ("report", "run")):
        refused(pendula(*words), "weights.safetensors")


def test_weights_that_are_missing(pendula, fitted):
    (fitted / "model/weights.safetensors").unlink()
    refused(pendula("forecast", "run", "--steps", "1"), "weights.safetensors")


def redigested(folder):
    """Make the manifest agree with the files, as somebody hostile would."""
    import hashlib
    import tomllib

    manifest = folder / "manifest.toml"
    text = manifest.read_text()
    for file, old in tomllib.loads(text)["sha256"].items():
        text = text.replace(old, hashlib.sha256((folder / file).read_bytes()).hexdigest())
    manifest.write_text(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model | {"weights": "../../etc/passwd"},
        lambda model: model | {"window": 10**12},
        lambda model: model | {"network": model["network"] | {"hidden_size": 65_536, "num_layers": 65_536}},
        lambda model: model | {"network": model["network"] | {"hidden_size": -1}},
        lambda model: model | {"names": ["x"] * 10},
        lambda _: [],
    ],
    ids=["path", "window", "size", "negative", "names", "list"],
)
def test_a_hostile_model_file(pendula, fitted, change):
    path = fitted / "model/model.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    redigested(fitted)
    refused(pendula("forecast", "run", "--steps", "1"), "run/model/")


def test_a_model_file_in_another_run_is_noticed(pendula, fitted):
    path = fitted / "model/model.json"
    path.write_text(path.read_text().replace('"rad"', '"deg"'))
    refused(pendula("forecast", "run", "--steps", "1"), "model.json")


def test_a_run_under_a_file(pendula, folder):
    (folder / "file").write_text("precious")
    refused(pendula("fit", "swing.csv", *TINY, "-o", "file/run"), "file/run")
    assert (folder / "file").read_text() == "precious"


@contextlib.contextmanager
def mounted(place, *options):
    """A small file system of its own, where this machine allows it."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", place]
    done = subprocess.run(words, check=False, capture_output=True)
    if done.returncode:
        pytest.skip("this machine mounts no tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")


@needs_root
def test_a_read_only_target(pendula, folder):
    with mounted(folder / "disk", "ro"):
        refused(pendula("fit", "swing.csv", *TINY, "-o", "disk/run"), "Read-only file system")
        refused(pendula("simulate", "sine", "-o", "disk/sine.csv"), "Read-only file system")
        refused(pendula("compare", "swing.csv", *TINY, "-o", "disk/both"), "Read-only file system")
        refused(pendula("compare", "swing.csv", *TINY, "-o", "disk"), "must be writable")


@needs_root
def test_a_full_disk(pendula, folder):
    with mounted(folder / "disk", "size=64k") as disk:
        (disk / "filler").write_bytes(b"0" * 40_000)
        refused(pendula("simulate", "sine", "-o", "disk/sine.csv", "--set", "points=9000"), "No space left on device")
        refused(pendula("fit", "swing.csv", *TINY, "-o", "disk/run"), "No space left on device")
        assert (disk / "filler").stat().st_size == 40_000
        assert not (disk / "sine.csv").exists()
        assert not (disk / "run").exists()
