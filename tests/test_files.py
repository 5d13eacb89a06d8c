"""Files are there whole, old or new, whatever goes wrong while they are written."""

import errno
import json
import os
import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pendula import files
from pendula.errors import RunError
from pendula.files import (
    file_size,
    make_folder,
    read_bytes,
    read_json,
    replace_directory,
    replaced_directories,
    write_atomically,
    write_json,
)

SHARED_FOLDER = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


def folder_with(path, text):
    path.mkdir(parents=True)
    (path / "content").write_text(text)
    return path


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def content_of(path):
    return (path / "content").read_text()


def failing(error):
    def write(partial):
        partial.write_text("half")
        raise error

    return write


def test_a_write_makes_its_folders_and_leaves_no_litter(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "c.txt", lambda partial: partial.write_text("new"))
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["c.txt"]
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "new"


def test_the_temporary_name_keeps_the_suffix(tmp_path):
    seen = []
    write_atomically(tmp_path / "c.nc", lambda partial: (seen.append(partial), partial.write_text("")))
    assert seen[0].suffix == ".nc"
    assert seen[0].parent == tmp_path


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt(), RuntimeError("other")])
def test_an_exception_leaves_the_old_file_and_no_litter(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(type(error)):
        write_atomically(path, failing(error))
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("Can't write data (errno = 28, error message = 'No space left on device')"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_named_however_a_library_wraps_it(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RunError, match=r"file` must be writable: No space left on device\. Nothing .* is lost\."):
        write_atomically(path, failing(error))
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file"]


def test_an_error_of_the_disk_without_a_number_is_told_as_it_is(tmp_path):
    with pytest.raises(RunError, match="must be writable: odd things"):
        write_atomically(tmp_path / "file", failing(OSError("odd things")))


def test_a_path_under_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(RunError, match="something else of that name is in the way"):
        write_atomically(tmp_path / "file" / "x", lambda partial: partial.write_text("new"))
    with pytest.raises(RunError, match="something else of that name is in the way"):
        make_folder(tmp_path / "file" / "x")
    assert (tmp_path / "file").read_text() == "old"


@SHARED_FOLDER
@given(content=JSON)
def test_json_is_read_as_it_was_written(tmp_path, content):
    write_json(tmp_path / "file.json", content)
    assert read_json(tmp_path / "file.json") == content


@SHARED_FOLDER
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_their_bits_in_json(tmp_path, number):
    write_json(tmp_path / "file.json", [number, np.float64(number)])
    assert [value.hex() for value in read_json(tmp_path / "file.json")] == [number.hex()] * 2


def test_numpy_and_what_is_not_finite_in_json(tmp_path):
    content = {"a": float("nan"), 1: (np.inf, np.int64(3)), "c": np.array([[1.5, -np.inf]]), "d": np.bool_(True)}
    write_json(tmp_path / "file.json", content)
    assert read_json(tmp_path / "file.json") == {"a": None, "1": [None, 3], "c": [[1.5, None]], "d": True}
    json.loads((tmp_path / "file.json").read_text(), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"{", "Expecting"), (b"\xff", "decode"), (b"[" * 100_000, "recursion"), (b"1" * 5000, "digits")],
)
def test_what_is_no_json_is_refused(tmp_path, content, reason):
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(RunError, match=rf"file\.json` must hold JSON: .*{reason}.*damaged"):
        read_json(tmp_path / "file.json")


def test_a_large_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_JSON_BYTES", 10)
    (tmp_path / "file.json").write_text("[" + " " * 20 + "]")
    with pytest.raises(RunError, match=r"must be at most 10 bytes: got 22\. It was not read"):
        read_json(tmp_path / "file.json")


def test_only_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero", "."):
        with pytest.raises(RunError, match="must be a file"):
            read_bytes(tmp_path / name, most=10)
    with pytest.raises(RunError, match="must be readable: No such file"):
        read_bytes(tmp_path / "missing", most=10)


def test_no_more_is_read_than_asked_for(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    assert read_bytes(tmp_path / "file", most=10) == b"0123456789"
    assert read_bytes(tmp_path / "file", most=10, first=3) == b"012"
    assert read_bytes(tmp_path / "file", most=10, first=30) == b"0123456789"
    assert file_size(tmp_path / "file", most=10) == 10
    with pytest.raises(RunError, match=r"must be at most 9 bytes: got 10\. It was not read"):
        read_bytes(tmp_path / "file", most=9, first=3)


def test_a_large_limit_takes_no_memory(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    tracemalloc.start()
    try:
        read_bytes(tmp_path / "file", most=2**28)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_directory_takes_a_free_place(tmp_path):
    replace_directory(folder_with(tmp_path / "new", "new"), tmp_path / "run")
    assert names_in(tmp_path) == ["run"]
    assert content_of(tmp_path / "run") == "new"


def test_a_directory_takes_the_place_of_another(tmp_path):
    folder_with(tmp_path / "run", "old")
    folder_with(tmp_path / ".run.0123abcd.old", "older")
    folder_with(tmp_path / ".run-b.0123abcd.old", "another run's")
    replace_directory(folder_with(tmp_path / "new", "new"), tmp_path / "run")
    assert names_in(tmp_path) == [".run-b.0123abcd.old", "run"]
    assert content_of(tmp_path / "run") == "new"


def test_a_link_is_replaced_and_what_it_leads_to_is_kept(tmp_path):
    folder_with(tmp_path / "elsewhere", "kept")
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    replace_directory(folder_with(tmp_path / "new", "new"), tmp_path / "run")
    assert not (tmp_path / "run").is_symlink()
    assert content_of(tmp_path / "run") == "new"
    assert content_of(tmp_path / "elsewhere") == "kept"
    assert names_in(tmp_path) == ["elsewhere", "run"]


@pytest.mark.parametrize("error", [OSError(errno.EXDEV, "Invalid cross-device link"), KeyboardInterrupt()])
def test_a_rename_that_fails_brings_the_old_directory_back(tmp_path, monkeypatch, error):
    folder_with(tmp_path / "run", "old")
    new = folder_with(tmp_path / "new", "new")
    rename = type(new).rename

    def fail_for_new(self, target):
        if self == new:
            raise error
        return rename(self, target)

    monkeypatch.setattr(type(new), "rename", fail_for_new)
    with pytest.raises(RunError if isinstance(error, OSError) else KeyboardInterrupt, match=r"as it was|^$"):
        replace_directory(new, tmp_path / "run")
    assert content_of(tmp_path / "run") == "old"
    assert content_of(new) == "new"
    assert replaced_directories(tmp_path / "run") == []


def test_a_process_that_dies_between_the_renames_leaves_both(tmp_path):
    folder_with(tmp_path / "run", "old")
    folder_with(tmp_path / "new", "new")
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from pendula.files import replace_directory

        rename = Path.rename
        Path.rename = lambda self, target: os._exit(9) if self.name == "new" else rename(self, target)
        replace_directory(Path(sys.argv[1], "new"), Path(sys.argv[1], "run"))
    """)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert not (tmp_path / "run").exists()
    (old,) = replaced_directories(tmp_path / "run")
    assert content_of(old) == "old"
    assert content_of(tmp_path / "new") == "new"


def test_the_latest_of_several_replaced_directories_comes_first(tmp_path):
    for text in ("0000000a", "0000000c", "0000000b"):
        folder_with(tmp_path / f".run.{text}.old", text)
        os.utime(tmp_path / f".run.{text}.old")
    assert [content_of(path) for path in replaced_directories(tmp_path / "run")] == ["0000000b", "0000000c", "0000000a"]
    assert replaced_directories(tmp_path / "missing" / "run") == []
