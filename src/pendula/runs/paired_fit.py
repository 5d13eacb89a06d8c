"""A fit that tells targets from inputs, and its files."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pendula.errors import RunError
from pendula.runs.keeping import finished_manifest, keep, load_common, parts_of, save_common
from pendula.runs.model_parts import MODEL_FOLDER
from pendula.runs.paired_model import PairedModel
from pendula.runs.paired_model_file import load_paired_model, save_paired_model
from pendula.runs.paired_recipe import PairedRecipe
from pendula.series.containers import Container
from pendula.series.record import Record
from pendula.series.split import Split
from pendula.training import EpochRecord, Outcome

__all__ = ["PairedFit", "load_paired_fit", "save_paired_fit"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PairedFit:
    """A trained filter with its record, history and scores.

    Attributes:
        model: The trained filter, its columns and their scales.
        record: The whole record in physical units, the inputs first, then the targets.
        train_stop: Row after the training part's last.
        validation_stop: Row after the validation part's last; the test part follows.
        recipe: Every choice that made this fit.
        history: One record for each epoch.
        best_epoch: The epoch whose weights were kept.
        outcome: Why training ended.
        seconds: Training time, in seconds.
        scores: Scores of the network and of the baselines on the test part; `{}` without a test part.
        notes: What the user should know, in plain sentences.
        container: How the record was handed in, for what goes out; a fit that was loaded gives data sets.
    """

    model: PairedModel
    record: Record
    train_stop: int
    validation_stop: int
    recipe: PairedRecipe
    history: tuple[EpochRecord, ...]
    best_epoch: int
    outcome: Outcome
    seconds: float
    scores: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
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
        return keep(partial(save_paired_fit, self), path, overwrite=overwrite)


def save_paired_fit(fit: PairedFit, folder: Path) -> None:
    """Write the files of a fit; the manifest, which says that they are whole, comes last.

    Args:
        fit: The fit.
        folder: The folder that `begin_run` gave.

    Raises:
        RunError: If a file cannot be written, or the weights are not finite.
    """
    save_paired_model(fit.model, folder / MODEL_FOLDER)
    save_common(fit, folder, result={})


def load_paired_fit(folder: Path) -> PairedFit:
    """Read the files of a fit.

    Args:
        folder: A finished run.

    Returns:
        The fit; its answers have the same bits.

    Raises:
        RunError: If the run is not finished, or a file is missing, damaged, unsafe or too new.
    """
    manifest = finished_manifest(folder)
    if not isinstance(manifest.recipe, PairedRecipe):
        raise RunError(f"`{folder}` must hold a fit that tells targets from inputs: got one that forecasts.")
    common = load_common(folder, manifest)
    model = load_paired_model(folder / MODEL_FOLDER)
    if (*model.inputs.names, *model.targets.names) != common.record.names:
        raise RunError(
            f"`{folder}` must be one run: expected a model of {', '.join(common.record.names)}, got one from "
            f"{', '.join(model.inputs.names)} to {', '.join(model.targets.names)}. Restore it from a copy, or train "
            "anew."
        )
    return PairedFit(
        model=model,
        record=common.record,
        train_stop=common.train_stop,
        validation_stop=common.validation_stop,
        recipe=manifest.recipe,
        history=common.history,
        best_epoch=common.best_epoch,
        outcome=common.outcome,
        seconds=common.seconds,
        scores=common.scores,
        notes=manifest.notes,
    )
