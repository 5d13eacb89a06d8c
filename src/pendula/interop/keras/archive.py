"""A `.keras` file: a ZIP archive, of which two members are read into memory and nothing is ever unpacked."""

import json
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from pendula.errors import ModelError
from pendula.files import MAX_JSON_BYTES, file_size

__all__ = ["MOST_BYTES", "parse_json", "read_archive"]

MOST_BYTES = 2**31
"""Files and members beyond this size are refused."""
MOST_MEMBERS = 10_000
MOST_EXPANSION = 100
"""Keras does not compress; what grows by more than this is a bomb."""

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


def read_archive(path: Path) -> tuple[Any, bytes]:
    """Read the configuration and the weights of a `.keras` file.

    Args:
        path: The file.

    Returns:
        What config.json says, and the bytes of the HDF5 file of weights.

    Raises:
        ModelError: If the archive is damaged, a bomb, or has a member with a path that leads out of it.
        RunError: If there is no such file, or an immense one.
    """
    file_size(path, most=MOST_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in _checked(path, archive.infolist())}
            config = parse_json(path, _read(path, archive, members, _CONFIG, most=MAX_JSON_BYTES))
            return config, _read(path, archive, members, _WEIGHTS, most=MOST_BYTES)
    except ModelError:
        raise
    except _BROKEN as error:
        raise ModelError(
            f"`{path}` must be a whole ZIP archive: {_reason(error)}. It is damaged or cut short; copy it again."
        ) from error


def parse_json(path: Path, text: bytes | str) -> Any:
    """Parse JSON, as nested as Python can.

    Args:
        path: The file, for messages.
        text: The JSON.

    Returns:
        Its content.

    Raises:
        ModelError: If it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"`{path}` must hold its configuration as JSON: {_reason(error)}. It is damaged.") from error


def _checked(path: Path, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(members) > MOST_MEMBERS:
        raise ModelError(f"`{path}` must be a model: expected at most {MOST_MEMBERS} members, got {len(members)}.")
    for name, times in Counter(member.filename for member in members).items():
        if _leads_out(name) or times > 1:
            raise ModelError(
                f"`{path}` must be an archive that Keras wrote: expected plain names of members, got {name[:60]!r}, "
                "a path that leads out of it or a name twice. It was not read; do not trust this file."
            )
    return members


def _leads_out(name: str) -> bool:
    path, foreign = PurePosixPath(name), PureWindowsPath(name)
    return path.is_absolute() or bool(foreign.drive or foreign.root) or "\\" in name or ".." in path.parts


def _read(path: Path, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, *, most: int) -> bytes:
    if name not in members:
        raise ModelError(
            f"`{path}` must be a model of Keras 3: expected {name} in it, got none. Save it again with "
            "model.save('name.keras')."
        )
    member = members[name]
    if member.file_size > most or member.file_size > MOST_EXPANSION * max(member.compress_size, 1024):
        raise ModelError(
            f"`{path}` must not be a bomb: got {name} of {member.file_size} bytes, packed into "
            f"{member.compress_size}. It was not unpacked; do not trust this file."
        )
    # No more than the declared size is ever unpacked.
    return archive.read(member)


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".")
