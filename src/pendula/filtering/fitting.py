"""From a record of inputs and targets to a trained, scored filter."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.filtering.evaluation import PairedEvaluated, evaluate_pairs
from pendula.filtering.label_evaluation import LabelsEvaluated, evaluate_labels
from pendula.filtering.labelled import LabelledPairs, prepare_labels
from pendula.filtering.preparation import Pairs, prepare_pairs
from pendula.runs import (
    PairedFit,
    PairedModel,
    PairedRecipe,
    Start,
    building,
    change_recipe,
    finish_run,
    save_paired_fit,
    write_start,
)
from pendula.runs.directory import CHECKPOINT_FOLDER
from pendula.series.containers import Data
from pendula.series.record import Record
from pendula.training import Course, Listener, silent, train_paired

__all__ = ["AnyEvaluated", "evaluate_told", "fit_pairs", "resume_pairs"]

AnyPairs: TypeAlias = Pairs | LabelledPairs
AnyEvaluated: TypeAlias = PairedEvaluated | LabelsEvaluated


def fit_pairs(
    rows: Record,
    recipe: PairedRecipe,
    *,
    run: str | Path | None = None,
    overwrite: bool = False,
    notes: Sequence[str] = (),
    listener: Listener = silent,
) -> PairedFit:
    """Make a fit that tells targets from inputs, by a recipe.

    Args:
        rows: The record: the recipe's inputs, then its targets.
        recipe: Every choice.
        run: Folder to keep the fit in, or None.
        overwrite: Replace that folder if it exists, once the new fit is whole.
        notes: What the user should know about the record, in plain sentences.
        listener: Hears the training's events.

    Returns:
        The fit, scored on its test part.

    Raises:
        ArgumentError: If the recipe does not suit the record.
        DataError: If a part of the record is too short.
        DivergedError: If training leaves the finite numbers.
    """
    pairs = _prepare(rows, recipe)
    if run is None:
        return _finish(pairs, recipe, _train(pairs, recipe, None, listener), notes=notes)
    with building(run, overwrite=overwrite) as folder:
        write_start(folder, record=rows, recipe=recipe, notes=tuple(notes))
        try:
            return _fit_in(folder, Path(run), pairs, recipe, notes=notes, listener=listener)
        except (ArgumentError, DataError, DivergedError):
            # What was refused before its first checkpoint leaves nothing to resume, and nothing in the way.
            if not (folder / CHECKPOINT_FOLDER).exists():
                shutil.rmtree(folder, ignore_errors=True)
            raise


def resume_pairs(folder: Path, run: Path, start: Start, *, epochs: int | None, listener: Listener) -> PairedFit:
    """Go on with a training that was stopped, as if nothing had happened.

    Args:
        folder: Where the run is built up.
        run: Where it goes.
        start: What its training started from.
        epochs: A new number of epochs, in place of the run's own.
        listener: Hears the training's events.

    Returns:
        The fit.
    """
    recipe = start.recipe
    assert isinstance(recipe, PairedRecipe)
    if epochs is not None:
        recipe = replace(recipe, training=replace(recipe.training, epochs=epochs))
    pairs = _prepare(start.record, recipe)
    if recipe != start.recipe:
        change_recipe(folder, recipe)
    return _fit_in(folder, run, pairs, recipe, notes=start.notes, listener=listener)


def evaluate_told(fit: PairedFit, series: Data | None = None) -> AnyEvaluated:
    """Score a fit beside the baselines on data it never saw, whether it tells quantities or labels.

    Args:
        fit: The fit.
        series: A held-out series; the fit's own test part when left out.

    Returns:
        What was told, and scores.
    """
    return evaluate_labels(fit, series) if fit.recipe.tells_labels else evaluate_pairs(fit, series)


def _prepare(rows: Record, recipe: PairedRecipe) -> AnyPairs:
    return prepare_labels(rows, recipe) if recipe.tells_labels else prepare_pairs(rows, recipe)


def _fit_in(
    folder: Path, run: Path, pairs: AnyPairs, recipe: PairedRecipe, *, notes: Sequence[str], listener: Listener
) -> PairedFit:
    made = _finish(pairs, recipe, _train(pairs, recipe, folder / CHECKPOINT_FOLDER, listener), notes=notes)
    save_paired_fit(made, folder)
    finish_run(folder, run)
    return made


def _train(pairs: AnyPairs, recipe: PairedRecipe, checkpoint: Path | None, listener: Listener) -> Course:
    precision = getattr(torch, recipe.training.precision)
    return train_paired(
        pairs.network.readout,
        torch.from_numpy(pairs.shown).to(precision),
        _in_precision(pairs.to_tell(), precision),
        recipe.training,
        loss=pairs.loss,
        window=None if recipe.task == "classify" else recipe.window,
        segments=pairs.segments,
        seed=recipe.seed,
        measure=None if pairs.validation is None else pairs.measure,
        checkpoint=checkpoint,
        resume=True,
        fingerprint=pairs.fingerprint,
        listener=listener,
    )


def _in_precision(targets: Tensor, precision: torch.dtype) -> Tensor:
    return targets.to(precision) if targets.is_floating_point() else targets


def _finish(pairs: AnyPairs, recipe: PairedRecipe, course: Course, *, notes: Sequence[str]) -> PairedFit:
    rows = pairs.split.train.parent
    made = PairedFit(
        model=PairedModel(
            network=pairs.network.cpu().eval(),
            inputs=pairs.inputs,
            targets=pairs.targets,
            axis=rows.axis,
            window=recipe.window,
            washout=recipe.washout,
            task=recipe.task,
            labels=recipe.labels,
            missing=recipe.missing,
            irregular=recipe.irregular,
        ),
        record=rows,
        train_stop=pairs.split.train.stop,
        validation_stop=pairs.split.validation.stop,
        recipe=recipe,
        history=course.history,
        best_epoch=course.best_epoch,
        outcome=course.outcome,
        seconds=course.seconds,
        notes=tuple(notes),
    )
    return replace(made, scores=evaluate_told(made).to_dict()) if len(pairs.split.test) else made
