"""Write files so that a reader sees the old content or the new, never half of it."""

import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pendula.errors import RunError

__all__ = [
    "MAX_JSON_BYTES",
    "file_size",
    "make_folder",
    "read_bytes",
    "read_json",
    "replace_directory",
    "replaced_directories",
    "write_atomically",
    "write_json",
]

MAX_JSON_BYTES = 64 * 2**20
"""A JSON file beyond this size is refused: ours hold kilobytes."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name beside its target, sync it, and rename it.

    Args:
        path: The file to make or to replace. Its folder is made if it is missing.
        write: Writes the whole content to the path it is handed, which has the target's suffix.

    Raises:
        RunError: If the file cannot be written; what was there before is untouched.
    """
    partial = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        _sync(partial)
        partial.replace(path)
    except Exception as error:
        reason = _disk_error(error)
        if reason is None:
            raise
        raise RunError(f"`{path}` must be writable: {reason}. Nothing that was there before is lost.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def make_folder(path: Path, *, exist_ok: bool = False) -> None:
    """Make a folder and the folders above it.

    Args:
        path: The folder.
        exist_ok: Whether it may be there already.

    Raises:
        RunError: If it cannot be made; nothing that was there before is lost.
    """
    try:
        path.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        raise RunError(
            f"`{path}` must be writable: {_disk_error(error)}. Nothing that was there before is lost."
        ) from error


def replace_directory(new: Path, target: Path) -> None:
    """Put a finished directory in the place of another, by renames only.

    Args:
        new: The finished directory, on the same file system.
        target: Where it goes. An existing directory there is removed once the new one stands. If the process dies
            between the two renames, `replaced_directories` finds the old one.

    Raises:
        RunError: If a rename fails; the old directory is then back in its place.
    """
    if os.path.lexists(target):
        for stale in replaced_directories(target):
            _remove(stale)
    old = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.old")
    try:
        _sync_tree(new)
        if os.path.lexists(target):
            target.rename(old)
        new.rename(target)
    except BaseException as error:
        if os.path.lexists(old) and not os.path.lexists(target):
            old.rename(target)
        if isinstance(error, OSError):
            raise RunError(f"`{target}` must be replaceable: {error.strerror or error}. It is as it was.") from error
        raise
    _sync_folder(target.parent)
    for stale in replaced_directories(target):
        _remove(stale)


def replaced_directories(target: Path) -> list[Path]:
    """Find the directories that were moved out of a target's place and not removed.

    Args:
        target: Where they were.

    Returns:
        Their paths, the latest first; none as a rule.
    """
    prefix, suffix = f".{target.name}.", ".old"
    with suppress(OSError):
        moved = [
            path
            for path in target.parent.iterdir()
            if path.name.startswith(prefix) and path.name.endswith(suffix) and len(path.name) == len(prefix) + 8 + 4
        ]
        return sorted(moved, key=lambda path: path.lstat().st_ctime_ns, reverse=True)
    return []


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, two-space indented; NaN and infinities become null.

    Args:
        path: The file to write.
        content: Dictionaries, lists, strings, numbers, booleans, None, and arrays of these.
    """
    text = json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> Any:
    """Read a JSON file, within a size that ours never reach.

    Args:
        path: The file to read.

    Returns:
        Its content.

    Raises:
        RunError: If the file is missing, unreadable, too large, or no JSON.
    """
    try:
        return json.loads(read_bytes(path, most=MAX_JSON_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"`{path}` must hold JSON: {error}. The file is damaged.") from error


def read_bytes(path: Path, *, most: int, first: int | None = None) -> bytes:
    """Read a file, if it is not too large.

    Args:
        path: The file to read.
        most: How many bytes it may have.
        first: How many bytes to read from its start; all when left out.

    Returns:
        Its bytes.

    Raises:
        RunError: If the file is missing, unreadable, no regular file, or too large.
    """
    size = file_size(path, most=most)
    try:
        with path.open("rb") as file:
            # Python sets aside as many bytes as are asked for: no more than there are.
            return file.read(size if first is None else min(first, size))
    except OSError as error:
        raise RunError(_unreadable(path, error)) from error


def file_size(path: Path, *, most: int) -> int:
    """Measure a file without opening it.

    Args:
        path: The file.
        most: How many bytes it may have.

    Returns:
        Its size in bytes.

    Raises:
        RunError: If the file is missing, no regular file, or too large.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise RunError(_unreadable(path, error)) from error
    # A pipe or a device would keep the reader waiting, or never end.
    if not stat.S_ISREG(status.st_mode):
        raise RunError(f"`{path}` must be a file: got something else of that name. It was not read.")
    if status.st_size > most:
        raise RunError(f"`{path}` must be at most {most} bytes: got {status.st_size}. It was not read.")
    return status.st_size


def _unreadable(path: Path, error: OSError) -> str:
    return f"`{path}` must be readable: {error.strerror or error}."


def _disk_error(error: Exception) -> str | None:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "something else of that name is in the way"
    # HDF5 and safetensors wrap the system's error into a text of their own.
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    number = re.search(r"(?:errno = |os error )(\d+)", str(error))
    if number:
        return os.strerror(int(number[1]))
    return str(error) if isinstance(error, OSError) else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    # Some file systems cannot sync a folder; the rename stands all the same.
    with suppress(OSError):
        _sync(path)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            _sync(path)
    _sync_folder(folder)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        with suppress(OSError):
            path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not (float("-inf") < content < float("inf")):
        return None
    # NumPy's arrays and numbers
    return _finite(content.tolist()) if hasattr(content, "tolist") else content
