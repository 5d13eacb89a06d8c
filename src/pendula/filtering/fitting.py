"""From a record of inputs and targets to a trained, scored filter."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.filtering.evaluation import evaluate_pairs
from pendula.filtering.preparation import Pairs, prepare_pairs
from pendula.optim import SQUARED_ERROR
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
from pendula.series.record import Record
from pendula.training import Course, Listener, silent, train_paired

__all__ = ["fit_pairs", "resume_pairs"]


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
    pairs = prepare_pairs(rows, recipe)
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
    pairs = prepare_pairs(start.record, recipe)
    if recipe != start.recipe:
        change_recipe(folder, recipe)
    return _fit_in(folder, run, pairs, recipe, notes=start.notes, listener=listener)


def _fit_in(
    folder: Path, run: Path, pairs: Pairs, recipe: PairedRecipe, *, notes: Sequence[str], listener: Listener
) -> PairedFit:
    made = _finish(pairs, recipe, _train(pairs, recipe, folder / CHECKPOINT_FOLDER, listener), notes=notes)
    save_paired_fit(made, folder)
    finish_run(folder, run)
    return made


def _train(pairs: Pairs, recipe: PairedRecipe, checkpoint: Path | None, listener: Listener) -> Course:
    precision = getattr(torch, recipe.training.precision)
    return train_paired(
        pairs.network.readout,
        torch.from_numpy(pairs.shown).to(precision),
        pairs.left_over().to(precision),
        recipe.training,
        loss=SQUARED_ERROR,
        window=recipe.window,
        segments=pairs.segments,
        seed=recipe.seed,
        measure=None if pairs.validation is None else pairs.measure,
        checkpoint=checkpoint,
        resume=True,
        fingerprint=pairs.fingerprint,
        listener=listener,
    )


def _finish(pairs: Pairs, recipe: PairedRecipe, course: Course, *, notes: Sequence[str]) -> PairedFit:
    rows = pairs.split.train.parent
    made = PairedFit(
        model=PairedModel(
            network=pairs.network.cpu().eval(),
            inputs=pairs.inputs,
            targets=pairs.targets,
            axis=rows.axis,
            window=recipe.window,
            washout=recipe.washout,
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
    return replace(made, scores=evaluate_pairs(made).to_dict()) if len(pairs.split.test) else made
