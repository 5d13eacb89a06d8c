"""Folders for results that are no run directories."""

import os
from pathlib import Path

from pendula.errors import RunError

__all__ = ["prepare_folder"]


def prepare_folder(folder: Path) -> None:
    """Make sure before the work starts that its results can be written.

    Args:
        folder: Where they go; made if it is missing.

    Raises:
        RunError: If it cannot be made or written, or if it holds a fit.
    """
    if (folder / "manifest.toml").exists():
        raise RunError(
            f"`{folder}` must not hold a fit: expected a folder for a report, got a run directory. Choose another."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"`{folder}` must be a folder: {error.strerror or error}. Choose another.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RunError(f"`{folder}` must be writable: expected to write results there, was refused. Choose another.")
