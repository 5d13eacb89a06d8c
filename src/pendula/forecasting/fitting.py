"""From a record to a trained, scored and calibrated model."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pendula.dynamics import FlowRecord
from pendula.errors import ArgumentError, DataError, DivergedError, MissingExtraError
from pendula.filtering import resume_pairs
from pendula.forecasting.evaluation import evaluate_fit
from pendula.forecasting.folds import calibrate_fit
from pendula.forecasting.learning import CHECKPOINT_FOLDER, learn, learn_side_by_side
from pendula.forecasting.preparation import Prepared, gap_free, prepare
from pendula.nn import ReservoirForecaster
from pendula.runs import (
    AnyFit,
    Fit,
    Model,
    PairedRecipe,
    Recipe,
    building,
    change_recipe,
    finish_run,
    read_start,
    save_fit,
    write_start,
)
from pendula.series.record import Record
from pendula.series.split import Part
from pendula.training import Listener, Trained, idle_settings, silent, solve_readouts

__all__ = ["fit_record", "fit_side_by_side", "resume"]


def fit_record(
    rows: Record,
    recipe: Recipe,
    *,
    run: str | Path | None = None,
    overwrite: bool = False,
    notes: Sequence[str] = (),
    score: bool = True,
    listener: Listener = silent,
) -> Fit:
    """Make a fit from a record by a recipe.

    Args:
        rows: The record.
        recipe: Every choice.
        run: Folder to keep the fit in, or None.
        overwrite: Replace that folder if it exists, once the new fit is whole.
        notes: What the user should know about the record, in plain sentences.
        score: Whether to score the fit on its test part.
        listener: Hears the training's events.

    Returns:
        The fit.

    Raises:
        ArgumentError: If the recipe breaks a rule, or does not suit the record.
        DataError: If a part of the record is too short.
        DivergedError: If training leaves the finite numbers.
        MissingExtraError: If Keras is to train and is not installed.
    """
    prepared = prepare(rows, recipe)
    if run is None:
        trained, gradients = learn(prepared, recipe, listener=listener)
        return _finish(prepared, recipe, trained, gradients, notes=notes, score=score)
    with building(run, overwrite=overwrite) as folder:
        write_start(folder, record=rows, recipe=recipe, notes=tuple(notes))
        try:
            return _fit_in(folder, Path(run), prepared, recipe, notes=notes, listener=listener)
        except (ArgumentError, DataError, DivergedError, MissingExtraError):
            # What was refused before its first checkpoint leaves nothing to resume, and nothing in the way.
            if not (folder / CHECKPOINT_FOLDER).exists():
                shutil.rmtree(folder, ignore_errors=True)
            raise


def fit_side_by_side(jobs: Sequence[tuple[Record, Recipe]], listeners: Sequence[Listener]) -> list[Fit]:
    """Make several fits at once, each network on one core. They are not scored.

    Args:
        jobs: The record of each fit, and how to make it; those that are trained by gradients have one window.
        listeners: Hear the events, one for each fit.

    Returns:
        The fits, with the bits that `fit_record` gives them on one thread.

    Raises:
        ArgumentError: If a recipe breaks a rule, or does not suit the record.
        DataError: If a part of the record is too short.
        DivergedError: If the training of a network leaves the finite numbers.
    """
    prepared, recipes = [prepare(*job) for job in jobs], [recipe for _, recipe in jobs]
    learned = learn_side_by_side(prepared, recipes, listeners)
    return [
        _finish(each, recipe, *made, notes=(), score=False)
        for each, recipe, made in zip(prepared, recipes, learned, strict=True)
    ]


def resume(run: str | Path, *, epochs: int | None = None, listener: Listener = silent) -> AnyFit:
    """Go on with a training that was stopped, as if nothing had happened.

    Args:
        run: The folder the fit was to be kept in.
        epochs: A new number of epochs, in place of the run's own from now on.
        listener: Hears the training's events.

    Returns:
        The fit; without `epochs` it has the same bits as an uninterrupted one. With other epochs it need not have the
        bits of a fit that had them from the start: the schedule of the learning rate depends on their number.

    Raises:
        RunError: If there is nothing to resume.

    Examples:
        >>> resume("runs/never-begun")
        Traceback (most recent call last):
        ...
        pendula.errors.RunError: `runs/never-begun` must be half-written to be resumed: ...
    """
    with building(run, resume=True) as folder:
        start = read_start(folder)
        if isinstance(start.recipe, PairedRecipe):
            return resume_pairs(folder, Path(run), start, epochs=epochs, listener=listener)
        recipe = start.recipe if epochs is None else _with_epochs(start.recipe, epochs)
        prepared = prepare(start.record, recipe)
        if recipe != start.recipe:
            change_recipe(folder, recipe)
        return _fit_in(folder, Path(run), prepared, recipe, notes=start.notes, listener=listener)


def _with_epochs(recipe: Recipe, epochs: int) -> Recipe:
    return replace(recipe, training=replace(recipe.training, epochs=epochs))


def _fit_in(
    folder: Path, run: Path, prepared: Prepared, recipe: Recipe, *, notes: Sequence[str], listener: Listener
) -> Fit:
    trained, gradients = learn(prepared, recipe, listener=listener, folder=folder)
    made = _finish(prepared, recipe, trained, gradients, notes=notes)
    save_fit(made, folder)
    finish_run(folder, run)
    return made


def _finish(
    prepared: Prepared,
    recipe: Recipe,
    trained: Trained,
    gradients: tuple[FlowRecord, ...],
    *,
    notes: Sequence[str],
    score: bool = True,
) -> Fit:
    parts, rows = prepared.split, prepared.split.train.parent
    model = Model.of(
        rows,
        trained.forecaster,
        scaler=prepared.scaler,
        window=recipe.window,
        controls=prepared.controls,
        missing=recipe.missing,
    )
    made = Fit(
        model=model,
        record=rows,
        train_stop=parts.train.stop,
        validation_stop=parts.validation.stop,
        recipe=recipe,
        history=trained.history,
        best_epoch=trained.best_epoch,
        outcome=trained.outcome,
        seconds=trained.seconds,
        calibration=calibrate_fit(model, prepared, recipe, trained),
        notes=(*notes, *idle_settings(recipe.network, recipe.training)),
        gradients=gradients,
    )
    if isinstance(model.forecaster, ReservoirForecaster) and len(parts.validation):
        # Intervals are measured; what is left for the validation part to do is to teach the readouts, too.
        known = Part(parent=rows, start=0, stop=parts.validation.stop)
        washout = recipe.training.washout
        solve_readouts(model.forecaster, prepared.values.numpy(), gap_free(known), washout=washout)
    return replace(made, scores=evaluate_fit(made).to_dict()) if score and len(parts.test) else made
