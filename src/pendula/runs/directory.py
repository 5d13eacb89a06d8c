"""Run directories: made under another name, and renamed when they are whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pendula.errors import ArgumentError, RunError
from pendula.files import make_folder, replace_directory, replaced_directories
from pendula.runs.lock import hold_lock
from pendula.runs.manifest import MANIFEST_FILE, read_manifest
from pendula.runs.model_parts import MODEL_FILE, MODEL_FOLDER

__all__ = ["CHECKPOINT_FOLDER", "PARTIAL_SUFFIX", "begin_run", "building", "finish_run", "is_finished", "partial_of"]

CHECKPOINT_FOLDER = "checkpoint"
PARTIAL_SUFFIX = ".partial"


@contextmanager
def building(path: str | Path, *, overwrite: bool = False, resume: bool = False) -> Iterator[Path]:
    """Begin a run as `begin_run` does, and keep other processes from it until the block is left.

    Args:
        path: Where the run will be once it is whole.
        overwrite: Replace a run that is there, when the new one is whole, and drop an unfinished one now.
        resume: Go on with an unfinished run.

    Yields:
        The folder `<path>.partial` beside it.

    Raises:
        RunError: If another process builds up the same run.
    """
    path, partial = Path(path), partial_of(path)
    if resume:  # where there is nothing to resume, nothing is made
        _resumed(path, partial)
    else:
        make_folder(path.parent, exist_ok=True)
    with hold_lock(path):
        yield begin_run(path, overwrite=overwrite, resume=resume)


def begin_run(path: str | Path, *, overwrite: bool = False, resume: bool = False) -> Path:
    """Make the folder in which a run is built up, or find it again.

    Args:
        path: Where the run will be once it is whole.
        overwrite: Replace a run that is there, when the new one is whole, and drop an unfinished one now.
        resume: Go on with an unfinished run.

    Returns:
        The folder `<path>.partial` beside it.

    Raises:
        ArgumentError: If both `overwrite` and `resume` are asked for.
        RunError: If a run is in the way, if there is nothing to resume, or if the folder cannot be made.
    """
    path, partial = Path(path), partial_of(path)
    if overwrite and resume:
        raise ArgumentError("`overwrite` must not go with `resume`: expected one of them, got both. Choose one.")
    if resume:
        return _resumed(path, partial)
    if overwrite:
        _recover(path, partial)
        _check_replaceable(path)
        with suppress(FileNotFoundError):
            _remove(partial)
    else:
        _check_free(path, partial)
    make_folder(partial.parent, exist_ok=True)
    make_folder(partial)
    return partial


def finish_run(partial: Path, path: str | Path) -> None:
    """Put a whole run in its place, in the place of an old one if there is one.

    Args:
        partial: The folder that `begin_run` gave, with a fit saved in it.
        path: Where the run goes.

    Raises:
        RunError: If the run is not whole, or if it cannot be put there; the old run is then in its place.
    """
    path = Path(path)
    if not is_finished(partial):
        raise RunError(f"`{partial}` must hold a whole fit: its manifest does not say so. Save the fit first.")
    _check_replaceable(path)
    shutil.rmtree(partial / CHECKPOINT_FOLDER, ignore_errors=True)
    replace_directory(partial, path)


def partial_of(path: str | Path) -> Path:
    """Name the folder in which a run is built up.

    Args:
        path: Where the run will be.

    Returns:
        `<path>.partial`.

    Raises:
        RunError: If `path` has no name of its own.

    Examples:
        >>> partial_of("runs/pendulum").name
        'pendulum.partial'
    """
    path = Path(path)
    if path.name in {"", ".", ".."}:
        raise RunError(f"`{path}` must name a run: expected a new name, got a folder's place. Write runs/name.")
    return path.with_name(path.name + PARTIAL_SUFFIX)


def is_finished(folder: Path) -> bool:
    """Tell whether a folder holds a whole fit.

    Args:
        folder: The folder.

    Returns:
        Whether its manifest can be read and says so.
    """
    try:
        return read_manifest(folder).status == "finished"
    except RunError:
        return False


def _recover(path: Path, partial: Path) -> None:
    # A process died between the two renames of a replacement: finish its work, or undo it.
    if os.path.lexists(path):
        return
    for folder in (partial, *replaced_directories(path)):
        if is_finished(folder):
            replace_directory(folder, path)
            return


def _check_free(path: Path, partial: Path) -> None:
    if os.path.lexists(path) or replaced_directories(path):
        raise RunError(
            f"`{path}` must not exist: expected a new name, got one that is taken. "
            "Use `--overwrite` to replace it, or choose another name."
        )
    if os.path.lexists(partial):
        raise RunError(_in_the_way(path, partial))


def _check_replaceable(path: Path) -> None:
    # Nothing but a run is ever removed.
    if not os.path.lexists(path) or (path / MANIFEST_FILE).is_file() or (path / MODEL_FOLDER / MODEL_FILE).is_file():
        return
    if path.is_dir() and not any(path.iterdir()):
        return
    raise RunError(
        f"`{path}` must be a run to be replaced: got a file, or a folder with other things. Choose another name."
    )


def _resumed(path: Path, partial: Path) -> Path:
    if (partial / MANIFEST_FILE).is_file():
        return partial
    if partial.is_dir():
        raise RunError(
            f"`{path}` must have been begun: `{partial}` stopped before it had a manifest. "
            "Start anew with `--overwrite`."
        )
    found = "a finished run" if (path / MANIFEST_FILE).is_file() else "none"
    raise RunError(
        f"`{path}` must be half-written to be resumed: expected `{partial}`, got {found}. There is nothing to resume."
    )


def _in_the_way(path: Path, partial: Path) -> str:
    return (
        f"`{path}` must not be half-written: expected a new name, got `{partial}`, whose training was stopped or is "
        f"still going on. Continue it with `pendula fit --resume {path}`, or start anew with `--overwrite`."
    )


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunError(f"`{folder}` must be removable: {error.strerror or error}. Remove it by hand.") from error
