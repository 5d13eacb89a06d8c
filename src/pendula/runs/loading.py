"""Load a run: wherever it is after a crash, and with clear words where there is none."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from pendula.errors import RunError, did_you_mean
from pendula.files import MAX_JSON_BYTES, read_bytes, replaced_directories
from pendula.runs.directory import CHECKPOINT_FOLDER, PARTIAL_SUFFIX, is_finished, partial_of
from pendula.runs.fit import Fit, load_fit
from pendula.runs.manifest import MANIFEST_FILE, read_manifest
from pendula.runs.paired_fit import PairedFit, load_paired_fit
from pendula.runs.paired_recipe import PairedRecipe
from pendula.training.checkpoint import MEMBER_FOLDER, read_epoch

__all__ = ["AnyFit", "load", "load_forecast"]

AnyFit: TypeAlias = Fit | PairedFit
"""A fit that forecasts, or one that tells targets from inputs."""


def load(path: str | Path) -> AnyFit:
    """Read a run directory.

    Args:
        path: The run.

    Returns:
        Its fit; what it forecasts or tells has the same bits.

    Raises:
        RunError: If there is no run, or if it is half-written, damaged, unsafe, or written by a newer Pendula.

    Examples:
        >>> load("runs/none")
        Traceback (most recent call last):
        pendula.errors.RunError: `runs/none` must be a run directory: expected a folder, got nothing of that name. ...
    """
    path = Path(path)
    for _ in range(3):
        folder = _locate(path)
        before = _stamp(folder)
        try:
            fit = _load(folder)
        except RunError:
            # The run may just have been replaced by a new one.
            if _stamp(_locate(path)) == before:
                raise
            continue
        if _stamp(folder) == before:
            return fit
    raise RunError(f"`{path}` must hold still: it was replaced again and again while it was read. Try again later.")


def load_forecast(path: str | Path) -> Fit:
    """Read a run directory that holds a fit that forecasts.

    Args:
        path: The run.

    Returns:
        Its fit.

    Raises:
        RunError: If there is no such run, or if it holds a fit of another kind.
    """
    fit = load(path)
    if isinstance(fit, PairedFit):
        raise RunError(
            f"`{path}` must hold a fit that forecasts: got one that tells {', '.join(fit.recipe.target)} from "
            f"{', '.join(fit.recipe.inputs)}. `pendula evaluate`, `forecast` and `report` take it."
        )
    return fit


def _load(folder: Path) -> AnyFit:
    is_paired = isinstance(read_manifest(folder).recipe, PairedRecipe)
    return load_paired_fit(folder) if is_paired else load_fit(folder)


def _locate(path: Path) -> Path:
    # After a crash amid a replacement, the run is not in its own place.
    if (path / MANIFEST_FILE).is_file():
        _check_not_partial(path)
        return path
    if os.path.lexists(path):
        raise RunError(_no_run(path))
    partial = partial_of(path)
    for folder in (partial, *replaced_directories(path)):
        if is_finished(folder):
            return folder
    if partial.is_dir():
        raise RunError(_half_written(path, partial))
    raise RunError(
        f"`{path}` must be a run directory: expected a folder, got nothing of that name. Check the name."
        + did_you_mean(path.name, _runs_beside(path))
    )


def _check_not_partial(path: Path) -> None:
    if not path.name.endswith(PARTIAL_SUFFIX) or is_finished(path):
        return
    raise RunError(_half_written(path.with_name(path.name.removesuffix(PARTIAL_SUFFIX)), path))


def _half_written(path: Path, partial: Path) -> str:
    return f"`{path}` is half-written: {_progress(partial)}. Continue it with `pendula fit --resume {path}`."


def _progress(partial: Path) -> str:
    try:
        epochs = read_manifest(partial).recipe.training.epochs
        checkpoint = partial / CHECKPOINT_FOLDER
        members = sorted(checkpoint.glob(f"{MEMBER_FOLDER}*")) or [checkpoint]
        return f"training stopped after epoch {min(map(read_epoch, members))} of {epochs}"
    except RunError:
        return "training stopped before its first checkpoint"


def _no_run(path: Path) -> str:
    if not path.is_dir():
        pickled = path.suffix in {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib"}
        why = " Such files are pickles; Pendula never opens pickles, they can run code." if pickled else ""
        return f"`{path}` must be a run directory: expected a folder, got a file.{why} Name a folder of `pendula fit`."
    return (
        f"`{path}` must be a run directory: expected {MANIFEST_FILE} in it, got none. "
        "Name a folder that `pendula fit` made." + did_you_mean("", _runs_beside(path / "run"))
    )


def _runs_beside(path: Path) -> list[str]:
    with suppress(OSError):
        return sorted(folder.name for folder in path.parent.iterdir() if (folder / MANIFEST_FILE).is_file())[:10]
    return []


def _stamp(folder: Path) -> bytes:
    try:
        return read_bytes(folder / MANIFEST_FILE, most=MAX_JSON_BYTES)
    except RunError:
        return b""
