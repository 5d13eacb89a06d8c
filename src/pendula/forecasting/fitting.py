"""The verb `fit`: from a record to a trained, scored and calibrated model."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pendula.dynamics import FlowRecord
from pendula.errors import ArgumentError, DataError, DivergedError
from pendula.forecasting.evaluation import evaluate_fit
from pendula.forecasting.folds import calibrate_fit
from pendula.forecasting.learning import CHECKPOINT_FOLDER, learn, learn_side_by_side
from pendula.forecasting.preparation import (
    Prepared,
    choose_target,
    default_by,
    default_window,
    gap_free,
    prepare,
)
from pendula.nn import Network, RecurrentLayer, ReservoirForecaster, as_network
from pendula.runs import (
    Fit,
    Model,
    Recipe,
    building,
    change_recipe,
    finish_run,
    read_start,
    save_fit,
    write_start,
)
from pendula.series.containers import Data, unpacked
from pendula.series.record import Record, record
from pendula.series.scaling import ScalerKind, ScalerLink
from pendula.series.split import Part
from pendula.training import Listener, Trained, Training, idle_settings, silent, solve_readouts

__all__ = ["fit", "fit_record", "fit_side_by_side", "resume"]


def fit(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    model: Network | RecurrentLayer | str = "gru",
    training: Training | None = None,
    window: int | None = None,
    scaling: ScalerKind | None = None,
    transform: ScalerLink = "none",
    test: float | int = 0.25,
    validation: float | int = 0.2,
    test_from: float | int | str | None = None,
    by: Literal["time", "trajectory"] | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    overwrite: bool = False,
    listener: Listener = silent,
) -> Fit:
    """Train a network on a record, and score it beside the baselines on data it never saw.

    The record is split first, the scaler is fitted on the training part, and no window of the training part straddles a
    cut: nothing leaks.

    Args:
        series: Variables along `time`; or a DataArray, or a DataFrame or Series of pandas, whose forecasts then come
            the same way.
        target: The variable or variables to learn; the only one when left out.
        model: An architecture, the name of a cell (rnn, gru, lstm, esn, ngrc), or a layer of `pendula.nn`.
        training: How to train; the defaults of `Training` when left out.
        window: Steps of known past that the network sees; 50 when left out, 300 for an echo state network, fewer for
            short records.
        scaling: standard, range or none; fitted on the training part; standard when left out, none for a differential
            equation.
        transform: none, sqrt, log or asinh, applied before scaling.
        test: Fraction of the record kept for the test, from its end; 0 for none.
        validation: Fraction of what remains, from its end, that chooses the epoch; 0 for none.
        test_from: Time at which the test part starts, in place of `test`.
        by: Split along time, or keep whole trajectories together; when left out, the latter where there are three or
            more.
        seed: Of weights, order and noise; the same seed gives the same bits.
        run: Folder to keep the fit in, with checkpoints while it trains; None keeps nothing on disk.
        overwrite: Replace that folder if it exists, once the new fit is whole.
        listener: Hears the training's events.

    Returns:
        The fit.

    Raises:
        ArgumentError: If an argument breaks its rule.
        DataError: If the record cannot be learned from.
        DivergedError: If training leaves the finite numbers.
        InterruptedRunError: If the user interrupts; the run's checkpoint is kept.
        RunError: If the run's folder exists or cannot be written.

    Examples:
        >>> import numpy as np, xarray as xr
        >>> t = np.arange(200) * 0.1
        >>> series = xr.Dataset({"x": ("time", np.sin(t), {"units": "rad"})}, coords={"time": t})
        >>> made = fit(series, model=Network(cell="gru", hidden_size=4), training=Training(epochs=1), window=10)
        >>> sorted(made.scores["baselines"])
        ['linear', 'persistence', 'seasonal']
    """
    dataset, container = unpacked(series)
    rows, network = record(dataset, choose_target(dataset, target)), as_network(model)
    recipe = Recipe(
        network=network,
        training=training or Training(),
        window=default_window(rows, test=test, validation=validation, test_from=test_from, cell=network.cell)
        if window is None
        else window,
        transform=transform,
        test=test,
        validation=validation,
        test_from=test_from,
        by=default_by(rows) if by is None else by,
        seed=seed,
    )
    recipe = recipe if scaling is None else replace(recipe, scaling=scaling)
    made = fit_record(rows, recipe, run=run, overwrite=overwrite, listener=listener)
    return replace(made, container=container)


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
    """
    prepared = prepare(rows, recipe)
    if run is None:
        trained, gradients = learn(prepared, recipe, listener=listener)
        return _finish(prepared, recipe, trained, gradients, notes=notes, score=score)
    with building(run, overwrite=overwrite) as folder:
        write_start(folder, record=rows, recipe=recipe, notes=tuple(notes))
        try:
            return _fit_in(folder, Path(run), prepared, recipe, notes=notes, listener=listener)
        except (ArgumentError, DataError, DivergedError):
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


def resume(run: str | Path, *, epochs: int | None = None, listener: Listener = silent) -> Fit:
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
    model = Model.of(rows, trained.forecaster, scaler=prepared.scaler, window=recipe.window)
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
