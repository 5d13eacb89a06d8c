"""What the run directories of all fits have in common."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pendula.errors import RunError
from pendula.files import read_json, write_json
from pendula.runs.directory import building, finish_run
from pendula.runs.fields import Fields
from pendula.runs.history_file import read_history, write_history
from pendula.runs.manifest import MANIFEST_FILE, SERIES_FILE, AnyRecipe, Manifest, read_manifest, write_manifest
from pendula.runs.model_parts import MODEL_FILE, MODEL_FOLDER, WEIGHTS_FILE
from pendula.runs.record_file import save_record
from pendula.series.record import Record
from pendula.series.split import Part, Split
from pendula.training import EpochRecord, Outcome

__all__ = ["Common", "finished_manifest", "keep", "load_common", "parts_of", "save_common"]

HISTORY_FILE = "history.jsonl"
SCORES_FILE = "scores.json"

_FILES = (
    f"{MODEL_FOLDER}/{MODEL_FILE}", f"{MODEL_FOLDER}/{WEIGHTS_FILE}", SERIES_FILE, HISTORY_FILE, SCORES_FILE,
)  # fmt: skip


@runtime_checkable
class Keepable(Protocol):
    """What every fit has."""

    @property
    def record(self) -> Record:
        """The whole record in physical units."""

    @property
    def recipe(self) -> AnyRecipe:
        """Every choice that made it."""

    @property
    def train_stop(self) -> int:
        """Row after the training part's last."""

    @property
    def validation_stop(self) -> int:
        """Row after the validation part's last."""

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """One record for each epoch."""

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights were kept."""

    @property
    def outcome(self) -> Outcome:
        """Why training ended."""

    @property
    def seconds(self) -> float:
        """Training time, in seconds."""

    @property
    def scores(self) -> dict[str, Any]:
        """Scores on the test part."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Common:
    """What was read of a fit, whatever its model.

    Attributes:
        record: The whole record in physical units.
        train_stop: Row after the training part's last.
        validation_stop: Row after the validation part's last.
        history: One record for each epoch.
        best_epoch: The epoch whose weights were kept.
        outcome: Why training ended.
        seconds: Training time, in seconds.
        scores: Scores on the test part.
        result: What the manifest says of the result, for what is not common.
    """

    record: Record
    train_stop: int
    validation_stop: int
    history: tuple[EpochRecord, ...]
    best_epoch: int
    outcome: Outcome
    seconds: float
    scores: dict[str, Any]
    result: Fields


def parts_of(record: Record, train_stop: int, validation_stop: int) -> Split:
    """Cut a record into its parts.

    Args:
        record: The record.
        train_stop: Row after the training part's last.
        validation_stop: Row after the validation part's last; the test part follows.

    Returns:
        The three parts.
    """
    cuts = pairwise((0, train_stop, validation_stop, len(record)))
    train, validation, test = (Part(parent=record, start=start, stop=stop) for start, stop in cuts)
    return Split(train=train, validation=validation, test=test)


def keep(write: Callable[[Path], None], path: str | Path, *, overwrite: bool) -> Path:
    """Keep a fit as a run directory.

    Args:
        write: Writes its files into a folder.
        path: Where it goes; its parents are made if they are missing.
        overwrite: Replace a run that is there.

    Returns:
        The path.

    Raises:
        RunError: If a run is in the way, or if it cannot be written; nothing that was there before is lost.
    """
    path = Path(path)
    with building(path, overwrite=overwrite) as partial:
        try:
            write(partial)
            finish_run(partial, path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return path


def save_common(fit: Keepable, folder: Path, *, result: dict[str, Any], more: tuple[str, ...] = ()) -> None:
    """Write what every fit has, once its model is written; the manifest, which says that all is whole, comes last.

    Args:
        fit: The fit.
        folder: The folder that `begin_run` gave.
        result: What the manifest is to say of the result besides.
        more: Files of the fit besides.

    Raises:
        RunError: If a file cannot be written.
    """
    manifest = Manifest.begin(fit.record, fit.recipe, notes=fit.notes)
    if (folder / MANIFEST_FILE).is_file():
        manifest = replace(manifest, created=read_manifest(folder).created)
    save_record(fit.record, folder / SERIES_FILE)
    write_history(folder / HISTORY_FILE, fit.history)
    write_json(folder / SCORES_FILE, fit.scores)
    finished = replace(manifest, status="finished", result=_result(fit) | result)
    write_manifest(finished.with_digests(folder, (*_FILES, *more)), folder)


def finished_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run that is whole.

    Args:
        folder: The run.

    Returns:
        Its manifest.

    Raises:
        RunError: If the run is not finished, or its manifest is damaged or too new.
    """
    manifest = read_manifest(folder)
    if manifest.status != "finished":
        raise RunError(f"`{folder}` must be a finished run: its training is not done. Resume it, or train anew.")
    return manifest


def load_common(folder: Path, manifest: Manifest, *, more: tuple[str, ...] = ()) -> Common:
    """Read what every fit has, and check all of its files.

    Args:
        folder: A finished run.
        manifest: Its manifest.
        more: Files of the fit besides.

    Returns:
        What was read.

    Raises:
        RunError: If a file is missing or damaged.
    """
    for file in (*_FILES, *more):
        manifest.check_file(folder, file)
    record = manifest.read_record(folder)
    result = Fields(path=folder / MANIFEST_FILE, content=manifest.result, place="result.")
    train_stop = result.whole("train_stop", 1, len(record))
    return Common(
        record=record,
        train_stop=train_stop,
        validation_stop=result.whole("validation_stop", train_stop, len(record)),
        history=read_history(folder / HISTORY_FILE),
        best_epoch=result.whole("best_epoch", 0, 2**53),
        outcome=_outcome(result),
        seconds=result.get("seconds", float),
        scores=_scores(folder / SCORES_FILE),
        result=result,
    )


def _result(fit: Keepable) -> dict[str, Any]:
    return {
        "train_stop": fit.train_stop,
        "validation_stop": fit.validation_stop,
        "best_epoch": fit.best_epoch,
        "outcome": fit.outcome.name.lower(),
        "seconds": fit.seconds,
    }


def _outcome(result: Fields) -> Outcome:
    name = result.text("outcome")
    outcomes = {outcome.name.lower(): outcome for outcome in Outcome}
    if name not in outcomes:
        raise result.error("outcome", f"one of {', '.join(outcomes)}", name)
    return outcomes[name]


def _scores(path: Path) -> dict[str, Any]:
    scores = read_json(path)
    if not isinstance(scores, dict):
        raise RunError(f"`{path}` must hold scores by name: got none. The file is damaged; train anew.")
    return scores
