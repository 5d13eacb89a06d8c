"""Write files so that a reader sees the old content or the new, never half of it."""

import json
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pendula.errors import RunError

__all__ = ["MAX_JSON_BYTES", "read_json", "replace_directory", "write_atomically", "write_json"]

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
        _sync(path.parent)
    except OSError as error:
        raise RunError(
            f"`{path}` must be writable: {error.strerror or error}. Nothing that was there before is lost."
        ) from error
    finally:
        partial.unlink(missing_ok=True) if partial.parent.is_dir() else None


def replace_directory(new: Path, target: Path) -> None:
    """Put a finished directory in the place of another, by renames only.

    Args:
        new: The finished directory, on the same file system.
        target: Where it goes. An existing directory there is removed once the new one stands.

    Raises:
        RunError: If a rename fails; the old directory is then back in its place.
    """
    old = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.old")
    try:
        if target.exists():
            target.rename(old)
        new.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise RunError(f"`{target}` must be replaceable: {error.strerror or error}. It is as it was.") from error
    shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, two-space indented; NaN and infinities become null.

    Args:
        path: The file to write.
        content: Dictionaries, lists, strings, numbers, booleans and None.
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
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise RunError(f"`{path}` must be at most {MAX_JSON_BYTES} bytes: got {size}. It was not read.")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"`{path}` must be readable: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"`{path}` must hold JSON: {error}. The file is damaged.") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not (float("-inf") < content < float("inf")):
        return None
    return content
