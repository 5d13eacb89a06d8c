"""What a fit is: a model, how it came about, and what it is worth; and its files."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pendula.dynamics import FlowRecord
from pendula.errors import RunError
from pendula.runs.calibration import Calibration
from pendula.runs.calibration_file import load_calibration, save_calibration
from pendula.runs.fields import Fields
from pendula.runs.gradients_file import GRADIENTS_FILE, read_gradients, write_gradients
from pendula.runs.keeping import finished_manifest, keep, load_common, parts_of, save_common
from pendula.runs.model import Model
from pendula.runs.model_file import load_model, save_model
from pendula.runs.model_parts import MODEL_FOLDER
from pendula.runs.recipe import Recipe
from pendula.series.containers import Container
from pendula.series.record import Record
from pendula.series.split import Split
from pendula.training import EpochRecord, Outcome

__all__ = ["Fit", "load_fit", "save_fit"]


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
        return parts_of(self.record, self.train_stop, self.validation_stop)

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
        return keep(partial(save_fit, self), path, overwrite=overwrite)


def save_fit(fit: Fit, folder: Path) -> None:
    """Write the files of a fit; the manifest, which says that they are whole, comes last.

    Args:
        fit: The fit.
        folder: The folder that `begin_run` gave.

    Raises:
        RunError: If a file cannot be written, or the weights are not finite.
    """
    save_model(fit.model, folder / MODEL_FOLDER)
    result: dict[str, Any] = {}
    if fit.calibration is not None:
        result["calibration"] = save_calibration(fit.calibration, folder)
    if fit.gradients:
        write_gradients(folder / GRADIENTS_FILE, fit.gradients)
    save_common(fit, folder, result=result, more=(GRADIENTS_FILE,) if fit.gradients else ())


def load_fit(folder: Path) -> Fit:
    """Read the files of a fit.

    Args:
        folder: A finished run.

    Returns:
        The fit; its forecasts have the same bits.

    Raises:
        RunError: If the run is not finished, or a file is missing, damaged, unsafe or too new.
    """
    manifest = finished_manifest(folder)
    if not isinstance(manifest.recipe, Recipe):
        raise RunError(f"`{folder}` must hold a fit that forecasts: got one that tells targets from inputs.")
    watched = GRADIENTS_FILE in manifest.sha256
    common = load_common(folder, manifest, more=(GRADIENTS_FILE,) if watched else ())
    record = replace(common.record, bridged=manifest.recipe.missing != "gap")
    model = load_model(folder / MODEL_FOLDER)
    if (model.names, model.units) != (record.names, record.units) or _controls(model) != _controls(record):
        raise RunError(
            f"`{folder}` must be one run: expected a model of {', '.join(record.names)}, got one of "
            f"{', '.join(model.names)}. Restore it from a copy, or train anew."
        )
    return Fit(
        model=model,
        record=record,
        train_stop=common.train_stop,
        validation_stop=common.validation_stop,
        recipe=manifest.recipe,
        history=common.history,
        best_epoch=common.best_epoch,
        outcome=common.outcome,
        seconds=common.seconds,
        scores=common.scores,
        calibration=_calibration(common.result, folder, channels=len(record.names)),
        notes=manifest.notes,
        gradients=read_gradients(folder / GRADIENTS_FILE) if watched else (),
    )


def _controls(holder: Model | Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return ((), ()) if holder.controls is None else (holder.controls.names, holder.controls.units)


def _calibration(result: Fields, folder: Path, *, channels: int) -> Calibration | None:
    if "calibration" not in result.content:
        return None
    return load_calibration(result.table("calibration"), folder, channels=channels)
