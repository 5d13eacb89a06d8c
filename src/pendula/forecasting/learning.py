"""From a prepared record to trained weights: by gradients, epoch after epoch, or by ridge regression."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from pendula.dynamics import FlowRecord
from pendula.errors import ArgumentError
from pendula.forecasting.members import learn_members
from pendula.forecasting.preparation import Prepared, gap_free
from pendula.forecasting.watching import Watching
from pendula.nn import INTEGRATOR, Forecaster, observed_components
from pendula.runs import Recipe
from pendula.series.windows import Windows, windows_for
from pendula.training import (
    Listener,
    MakeForeign,
    Trained,
    Training,
    train,
    train_ensemble,
    train_equation,
    train_reservoirs,
)

__all__ = ["CHECKPOINT_FOLDER", "Learned", "foreign_for", "learn", "learn_side_by_side"]

CHECKPOINT_FOLDER = "checkpoint"

Learned: TypeAlias = tuple[Trained, tuple[FlowRecord, ...]]
"""What training came to, and what was seen of the gradients."""


def learn(prepared: Prepared, recipe: Recipe, *, listener: Listener, folder: Path | None = None) -> Learned:
    """Train on what was prepared.

    Args:
        prepared: Parts, values and a fresh network.
        recipe: Every choice.
        listener: Hears the training's events.
        folder: Where a run is built up, with a checkpoint to go on from if there is one; None keeps nothing.

    Returns:
        What training came to.
    """
    if prepared.forecaster is None:
        return _solve(prepared, recipe, listener=listener), ()
    windows = _training_windows(prepared, recipe)
    checkpoint = None if folder is None else folder / CHECKPOINT_FOLDER
    if recipe.members > 1:
        return learn_members(prepared, windows, recipe, listener=listener, checkpoint=checkpoint)
    watching = Watching(prepared.forecaster, recipe, windows, listener=listener, folder=folder)
    trained = train(
        prepared.forecaster,
        windows,
        recipe.training,
        window=recipe.window,
        seed=recipe.seed,
        validation=prepared.validation,
        checkpoint=checkpoint,
        resume=True,
        fingerprint=prepared.fingerprint,
        listener=watching,
        foreign=foreign_for(recipe.training),
    )
    return trained, watching.records


def learn_side_by_side(
    prepared: Sequence[Prepared], recipes: Sequence[Recipe], listeners: Sequence[Listener]
) -> list[Learned]:
    """Train several networks at once, each on one core.

    Args:
        prepared: Parts, values and a fresh network for each.
        recipes: How to make each; those that are trained by gradients have one window.
        listeners: Hear the events, one for each.

    Returns:
        What training came to for each, with the bits that `learn` gives on one thread.

    Raises:
        DivergedError: If the training of a network leaves the finite numbers.
    """
    jobs = list(zip(prepared, recipes, listeners, strict=True))
    by_gradients = [
        (each, each.forecaster, recipe, listener)
        for each, recipe, listener in jobs
        if each.forecaster is not None and _goes_with_others(recipe)
    ]
    together = iter(_descend_together(by_gradients))
    return [
        learn(each, recipe, listener=listener)
        if each.forecaster is None or not _goes_with_others(recipe)
        else next(together)
        for each, recipe, listener in jobs
    ]


def _goes_with_others(recipe: Recipe) -> bool:
    # An ensemble is trained side by side already.
    return recipe.members == 1 and foreign_for(recipe.training) is None


def _descend_together(jobs: Sequence[tuple[Prepared, Forecaster, Recipe, Listener]]) -> list[Learned]:
    if not jobs:
        return []
    windows = [_training_windows(each, recipe) for each, _, recipe, _ in jobs]
    watching = [
        Watching(forecaster, recipe, cut, listener=listener)
        for (_, forecaster, recipe, listener), cut in zip(jobs, windows, strict=True)
    ]
    trained = train_ensemble(
        [forecaster for _, forecaster, _, _ in jobs],
        windows,
        [recipe.training for _, _, recipe, _ in jobs],
        window=jobs[0][2].window,
        seeds=[recipe.seed for _, _, recipe, _ in jobs],
        validation=[each.validation for each, _, _, _ in jobs],
        listener=lambda number, event: watching[number](event),
    )
    for failure in (made.failure for made in trained):
        if failure is not None:
            raise failure
    return [(made, watched.records) for made, watched in zip(trained, watching, strict=True)]


def foreign_for(settings: Training) -> MakeForeign | None:
    """Find what runs the epochs where another tool trains.

    Args:
        settings: How to train.

    Returns:
        What makes it; None where Pendula trains itself.
    """
    if settings.engine == "pendula":
        return None
    from pendula.interop.keras.descent import KerasDescent

    return KerasDescent


def _solve(prepared: Prepared, recipe: Recipe, *, listener: Listener) -> Trained:
    # It takes a second: there is no checkpoint, and a resumed run begins anew, with the same bits.
    if recipe.training.watch_gradients:
        raise ArgumentError(
            f"`watch_gradients` must be off for the cell {recipe.network.cell}: what it learns is solved for, without "
            "gradients through time. Leave it out."
        )
    if recipe.network.cell == INTEGRATOR:
        return _identify(prepared, recipe, listener=listener)
    return train_reservoirs(
        recipe.network,
        prepared.values.numpy(),
        gap_free(prepared.split.train),
        seed=recipe.seed,
        penalty=recipe.linear_penalty,
        washout=recipe.training.washout,
        window=recipe.window,
        listener=listener,
    )


def _identify(prepared: Prepared, recipe: Recipe, *, listener: Listener) -> Trained:
    part, equation = prepared.split.train, recipe.network.equation
    rows = part.parent
    assert equation is not None
    if len(rows.blocks) > 1:
        raise ArgumentError(
            f"`trajectory` must name one trajectory for a differential equation: got {len(rows.blocks)}. "
            "Fit each of them by itself."
        )
    if rows.axis.is_calendar:
        raise ArgumentError(
            "`time` must be uniform for a differential equation: expected steps of one length, got months. "
            "Resample it with `--resample`, to 30 days for example."
        )
    return train_equation(
        recipe.network,
        rows.values[part.start : part.stop],
        observed=observed_components(equation, rows.names),
        dt=rows.axis.clock[0],
        start=float(rows.axis.elapsed(rows.time[part.start : part.start + 1])[0]),
        seed=recipe.seed,
        listener=listener,
    )


def _training_windows(prepared: Prepared, recipe: Recipe) -> Windows:
    return windows_for(
        prepared.split.train,
        length=recipe.window,
        horizon=max(recipe.training.horizon, recipe.network.leads),
        values=prepared.values,
    )
