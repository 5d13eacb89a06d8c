"""What a fit is: a model, how it came about, and what it is worth; and its files."""

import shutil
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from pendula.dynamics import FlowRecord
from pendula.errors import RunError
from pendula.files import read_json, write_json
from pendula.runs.calibration import Calibration
from pendula.runs.calibration_file import load_calibration, save_calibration
from pendula.runs.directory import building, finish_run
from pendula.runs.fields import Fields
from pendula.runs.gradients_file import GRADIENTS_FILE, read_gradients, write_gradients
from pendula.runs.history_file import read_history, write_history
from pendula.runs.manifest import MANIFEST_FILE, SERIES_FILE, Manifest, read_manifest, write_manifest
from pendula.runs.model import Model
from pendula.runs.model_file import MODEL_FILE, MODEL_FOLDER, WEIGHTS_FILE, load_model, save_model
from pendula.runs.recipe import Recipe
from pendula.runs.record_file import save_record
from pendula.series.containers import Container
from pendula.series.record import Record
from pendula.series.split import Part, Split
from pendula.training import EpochRecord, Outcome

__all__ = ["Fit", "load_fit", "save_fit"]

HISTORY_FILE = "history.jsonl"
SCORES_FILE = "scores.json"

_FILES = (
    f"{MODEL_FOLDER}/{MODEL_FILE}", f"{MODEL_FOLDER}/{WEIGHTS_FILE}", SERIES_FILE, HISTORY_FILE, SCORES_FILE,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fit:
    """A trained model with its record, history and scores.

    Attributes:
        model: The trained network and its scaler.
        record: The whole record in physical units: training, validation and test part.
        train_stop: Row after the training part's last.
        validation_stop: Row after the validation part's last; the test part follows.
        recipe: Every choice that made this fit.
        history: One record for each epoch.
        best_epoch: The epoch whose weights were kept.
        outcome: Why training ended.
        seconds: Training time, in seconds.
        scores: Scores of the network and of the baselines on the test part; `{}` without a test part.
        calibration: Errors of free runs on the validation part, from which intervals are made; None without one.
        notes: What the user should know, in plain sentences.
        gradients: How gradients flowed back through time during training, if they were watched.
        container: How the record was handed in, for what goes out; a fit that was loaded gives data sets.
    """

    model: Model
    record: Record
    train_stop: int
    validation_stop: int
    recipe: Recipe
    history: tuple[EpochRecord, ...]
    best_epoch: int
    outcome: Outcome
    seconds: float
    scores: dict[str, Any] = field(default_factory=dict)
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()
    gradients: tuple[FlowRecord, ...] = ()
    container: Container = field(default_factory=Container)

    @property
    def split(self) -> Split:
        """The three parts of the record."""
        cuts = (0, self.train_stop, self.validation_stop, len(self.record))
        train, validation, test = (Part(parent=self.record, start=start, stop=stop) for start, stop in pairwise(cuts))
        return Split(train=train, validation=validation, test=test)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Keep the fit as a run directory.

        Args:
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
                save_fit(self, partial)
                finish_run(partial, path)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
        return path


def save_fit(fit: Fit, folder: Path) -> None:
    """Write the files of a fit; the manifest, which says that they are whole, comes last.

    Args:
        fit: The fit.
        folder: The folder that `begin_run` gave.

    Raises:
        RunError: If a file cannot be written, or the weights are not finite.
    """
    manifest = Manifest.begin(fit.record, fit.recipe, notes=fit.notes)
    if (folder / MANIFEST_FILE).is_file():
        manifest = replace(manifest, created=read_manifest(folder).created)
    save_record(fit.record, folder / SERIES_FILE)
    save_model(fit.model, folder / MODEL_FOLDER)
    write_history(folder / HISTORY_FILE, fit.history)
    write_json(folder / SCORES_FILE, fit.scores)
    result = _result(fit)
    if fit.calibration is not None:
        result["calibration"] = save_calibration(fit.calibration, folder)
    if fit.gradients:
        write_gradients(folder / GRADIENTS_FILE, fit.gradients)
    finished = replace(manifest, status="finished", result=result)
    write_manifest(finished.with_digests(folder, _files(watched=bool(fit.gradients))), folder)


def load_fit(folder: Path) -> Fit:
    """Read the files of a fit.

    Args:
        folder: A finished run.

    Returns:
        The fit; its forecasts have the same bits.

    Raises:
        RunError: If the run is not finished, or a file is missing, damaged, unsafe or too new.
    """
    manifest = read_manifest(folder)
    if manifest.status != "finished":
        raise RunError(f"`{folder}` must be a finished run: its training is not done. Resume it, or train anew.")
    watched = GRADIENTS_FILE in manifest.sha256
    for file in _files(watched=watched):
        manifest.check_file(folder, file)
    record = manifest.read_record(folder)
    result = Fields(path=folder / MANIFEST_FILE, content=manifest.result, place="result.")
    train_stop = result.whole("train_stop", 1, len(record))
    model = load_model(folder / MODEL_FOLDER)
    if model.names != record.names or model.units != record.units:
        raise RunError(
            f"`{folder}` must be one run: expected a model of {', '.join(record.names)}, got one of "
            f"{', '.join(model.names)}. Restore it from a copy, or train anew."
        )
    return Fit(
        model=model,
        record=record,
        train_stop=train_stop,
        validation_stop=result.whole("validation_stop", train_stop, len(record)),
        recipe=manifest.recipe,
        history=read_history(folder / HISTORY_FILE),
        best_epoch=result.whole("best_epoch", 0, 2**53),
        outcome=_outcome(result),
        seconds=result.get("seconds", float),
        scores=_scores(folder / SCORES_FILE),
        calibration=_calibration(result, folder, channels=len(record.names)),
        notes=manifest.notes,
        gradients=read_gradients(folder / GRADIENTS_FILE) if watched else (),
    )


def _files(*, watched: bool) -> tuple[str, ...]:
    return (*_FILES, GRADIENTS_FILE) if watched else _FILES


def _result(fit: Fit) -> dict[str, Any]:
    return {
        "train_stop": fit.train_stop,
        "validation_stop": fit.validation_stop,
        "best_epoch": fit.best_epoch,
        "outcome": fit.outcome.name.lower(),
        "seconds": fit.seconds,
    }


def _calibration(result: Fields, folder: Path, *, channels: int) -> Calibration | None:
    if "calibration" not in result.content:
        return None
    return load_calibration(result.table("calibration"), folder, channels=channels)


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
