"""Where results go that are no run directories: nothing is written over that Pendula did not make."""

import os
from collections.abc import Sequence
from pathlib import Path

from pendula.errors import ArgumentError, RunError
from pendula.files import read_json

__all__ = ["check_file", "prepare_folder"]


def prepare_folder(folder: Path, *, mark: str, overwrite: bool = False) -> None:
    """Make sure before the work starts that its results can be written.

    Args:
        folder: Where they go; made if it is missing.
        mark: The file of scores that tells earlier results of the same kind, which may be replaced.
        overwrite: Write into a folder that holds something else, too.

    Raises:
        RunError: If it cannot be made or written, or if it holds a fit, or files of somebody else.
    """
    if (folder / "manifest.toml").exists():
        raise RunError(
            f"`{folder}` must not hold a fit: expected a folder for a report, got a run directory. Choose another."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise RunError(f"`{folder}` must be a folder: {error.strerror or error}. Choose another.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RunError(f"`{folder}` must be writable: expected to write results there, was refused. Choose another.")
    if not (is_empty or overwrite or _holds_scores(folder / mark)):
        raise RunError(
            f"`{folder}` must be empty, or hold earlier results of the same kind: expected that, got other files. "
            "Choose another, or replace files of the same names with `--overwrite`."
        )


def check_file(path: Path | None, *, overwrite: bool = False, suffixes: Sequence[str] = ()) -> None:
    """Make sure before the work starts that its result can be written, and that no file is lost by it.

    Args:
        path: The file to write, if there is one.
        overwrite: Replace it.
        suffixes: Those it may have; any when left out.

    Raises:
        ArgumentError: If it has another suffix.
        RunError: If it exists.
    """
    if path is not None and suffixes and path.suffix.lower() not in suffixes:
        raise ArgumentError(
            f"`{path}` must have a known suffix: expected one of {', '.join(suffixes)}, got {path.suffix or 'none'}. "
            "Rename the file."
        )
    if path is not None and not overwrite and os.path.lexists(path):
        raise RunError(
            f"`{path}` must be a new file: expected none of that name, got one. Replace it with `--overwrite`, or "
            "choose another name."
        )


def _holds_scores(path: Path) -> bool:
    try:
        content = read_json(path)
    except RunError:
        return False
    return isinstance(content, dict) and {"models", "baselines", "units"} <= content.keys()
