"""The verb `fit`: from a record to a trained, scored and calibrated model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.forecasting.evaluation import evaluate_fit
from pendula.forecasting.rolling import roll
from pendula.nn import Forecaster, Network, RecurrentLayer, as_network, build
from pendula.runs import (
    Calibration,
    Fit,
    Model,
    Recipe,
    begin_run,
    data_hash,
    finish_run,
    read_start,
    save_fit,
    write_start,
)
from pendula.series.record import Record, column_names, record
from pendula.series.scaling import Scaler, ScalerKind, ScalerLink, fit_scaler
from pendula.series.split import Part, Split, split
from pendula.series.windows import window_segments, windows_for
from pendula.shapes import SeriesTensor
from pendula.training import Listener, Trained, Training, Validation, silent, start_forecaster, train

__all__ = ["fit", "fit_record", "resume"]

DEFAULT_WINDOW = 50
MOST_RUN_STEPS = 500
"""Free runs on the validation part go at most so far."""
CALIBRATION_ORIGINS = 200
"""Intervals are calibrated from at most so many origins."""


def fit(
    series: xr.Dataset,
    target: str | Sequence[str] | None = None,
    *,
    model: Network | RecurrentLayer | str = "gru",
    training: Training | None = None,
    window: int | None = None,
    scaling: ScalerKind = "standard",
    transform: ScalerLink = "none",
    test: float | int = 0.25,
    validation: float | int = 0.2,
    test_from: float | int | str | None = None,
    by: Literal["time", "trajectory"] = "time",
    seed: int = 0,
    run: str | Path | None = None,
    overwrite: bool = False,
    listener: Listener = silent,
) -> Fit:
    """Train a network on a record, and score it beside the baselines on data it never saw.

    The record is split first, the scaler is fitted on the training part, and no window straddles a cut: nothing leaks.

    Args:
        series: Variables along `time`.
        target: The variable or variables to learn; the only one when left out.
        model: An architecture, the name of a cell (rnn, gru, lstm), or a layer of `pendula.nn`.
        training: How to train; the defaults of `Training` when left out.
        window: Steps of known past that the network sees; 50 when left out, fewer for short records.
        scaling: standard, range or none; fitted on the training part.
        transform: none, sqrt, log or asinh, applied before scaling.
        test: Fraction of the record kept for the test, from its end; 0 for none.
        validation: Fraction of what remains, from its end, that chooses the epoch; 0 for none.
        test_from: Time at which the test part starts, in place of `test`.
        by: Split along time, or by trajectory.
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
        >>> t = np.arange(200) * 0.1
        >>> series = xr.Dataset({"x": ("time", np.sin(t), {"units": "rad"})}, coords={"time": t})
        >>> made = fit(series, model=Network(cell="gru", hidden_size=4), training=Training(epochs=1), window=10)
        >>> sorted(made.scores["baselines"])
        ['linear', 'persistence', 'seasonal']
    """
    rows = record(series, choose_target(series, target))
    recipe = Recipe(
        network=as_network(model),
        training=training or Training(),
        window=default_window(rows, test=test, validation=validation) if window is None else window,
        scaling=scaling,
        transform=transform,
        test=test,
        validation=validation,
        test_from=test_from,
        by=by,
        seed=seed,
    )
    return fit_record(rows, recipe, run=run, overwrite=overwrite, listener=listener)


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
    """
    prepared = _prepare(rows, recipe)
    if run is None:
        trained = _train(prepared, recipe, listener=listener)
        return _finish(prepared, recipe, trained, notes=notes, score=score)
    folder = begin_run(Path(run), overwrite=overwrite)
    write_start(folder, record=rows, recipe=recipe, notes=tuple(notes))
    return _fit_in(folder, Path(run), prepared, recipe, notes=notes, listener=listener)


def resume(run: str | Path, *, epochs: int | None = None, listener: Listener = silent) -> Fit:
    """Go on with a training that was stopped, as if nothing had happened.

    Args:
        run: The folder the fit was to be kept in.
        epochs: A new number of epochs, in place of the run's own.
        listener: Hears the training's events.

    Returns:
        The fit, with the same bits as an uninterrupted one.

    Raises:
        RunError: If there is nothing to resume.

    Examples:
        >>> resume("runs/never-begun")
        Traceback (most recent call last):
        ...
        pendula.errors.RunError: `runs/never-begun` must be half-written to be resumed: ...
    """
    folder = begin_run(Path(run), resume=True)
    start = read_start(folder)
    recipe = start.recipe
    if epochs is not None:
        recipe = replace(recipe, training=replace(recipe.training, epochs=epochs))
    prepared = _prepare(start.record, recipe)
    return _fit_in(folder, Path(run), prepared, recipe, notes=start.notes, listener=listener)


def choose_target(series: xr.Dataset, target: str | Sequence[str] | None) -> tuple[str, ...]:
    """Find the variables to learn.

    Args:
        series: Variables along `time`.
        target: The ones asked for; the only one when left out.

    Returns:
        Their names.

    Raises:
        ArgumentError: If none is asked for and there are several.
    """
    if target is not None:
        return column_names(series, target)
    names = column_names(series)
    if len(names) > 1:
        raise ArgumentError(
            f"`target` must be named where there are several columns: expected some of {', '.join(names)}, got none. "
            f"Write `--target {names[0]}`, or `--target {','.join(names)}` to learn them together."
        )
    return names


def default_window(rows: Record, *, test: float | int, validation: float | int) -> int:
    """Choose a window for a record.

    Args:
        rows: The record.
        test: Fraction of the test part.
        validation: Fraction of the validation part of what remains.

    Returns:
        50 steps, or a quarter of what the longest gap-free stretch leaves for training, if that is less.

    Examples:
        >>> default_window(record(xr.Dataset({"x": ("time", np.arange(100.0))})), test=0.25, validation=0.2)
        15
    """
    return max(1, min(DEFAULT_WINDOW, int(rows.longest * (1 - test) * (1 - validation)) // 4))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Prepared:
    """A record on its way to training."""

    split: Split
    scaler: Scaler
    values: SeriesTensor  # scaled, in the training's precision
    validation: Validation | None
    forecaster: Forecaster
    fingerprint: str


def _prepare(rows: Record, recipe: Recipe) -> _Prepared:
    parts = _split(rows, recipe)
    if len(parts.test):
        # A record that cannot be scored is refused before the training, not after it.
        window_segments(rows, parts.test.start, parts.test.stop, length=recipe.window, reach_back=True)
    scaler = fit_scaler(parts.train, kind=recipe.scaling, transform=recipe.transform)
    scaled = scaler.transform(rows.values)
    validation = _validation(parts, torch.from_numpy(scaled), recipe)
    forecaster = build(recipe.network, len(rows.names), seed=recipe.seed)
    start_forecaster(
        forecaster,
        scaled,
        parts.train.parent.slice(parts.train.start, parts.train.stop).segments + parts.train.start,
        validation=validation,
        select_by=recipe.training.select_by,
        penalty=recipe.linear_penalty,
    )
    return _Prepared(
        split=parts,
        scaler=scaler,
        values=torch.from_numpy(scaled).to(getattr(torch, recipe.training.precision)),
        validation=validation,
        forecaster=forecaster,
        fingerprint=data_hash(rows),
    )


def _split(rows: Record, recipe: Recipe) -> Split:
    if recipe.cut == "rows":
        return split(rows, test=recipe.test, validation=recipe.validation, test_from=recipe.test_from, by=recipe.by)
    # The lecture's way: the first ⌊(1 − test) n⌋ of n windows train.
    windows = len(rows) - recipe.window
    stop = recipe.window + int((1 - recipe.test) * windows)
    if windows < 2 or stop <= recipe.window or len(rows.segments) > 1 or recipe.validation:
        raise ArgumentError(
            "`cut` must be rows for this record: windows are counted in one gap-free stretch that holds several of "
            "them, without a validation part. Leave `cut` out."
        )
    return Split(
        train=Part(parent=rows, start=0, stop=stop),
        validation=Part(parent=rows, start=stop, stop=stop),
        test=Part(parent=rows, start=stop, stop=len(rows)),
    )


def _validation(parts: Split, scaled: SeriesTensor, recipe: Recipe) -> Validation | None:
    # Inputs may reach back into the training part: the past is known.
    part, window = (parts.test if recipe.watch == "test" else parts.validation), recipe.window
    if not len(part):
        return None
    leads = recipe.network.leads
    one_step = windows_for(part, length=window, horizon=leads, reach_back=True, values=scaled)
    steps = min(len(part) // 2, MOST_RUN_STEPS)
    try:
        runs = windows_for(part, length=window, horizon=steps, reach_back=True, values=scaled) if steps else None
    except DataError:  # gaps leave no stretch that long
        runs = None
    if runs is None and recipe.training.select_by == "free_run":
        raise DataError(
            "`validation` must be long enough to select by free runs: expected a gap-free stretch of "
            f"{max(steps, 1)} steps, got none. Select by one_step, or enlarge `validation`."
        )
    return Validation(window=window, one_step=one_step, free_run=runs)


def _train(prepared: _Prepared, recipe: Recipe, *, listener: Listener, checkpoint: Path | None = None) -> Trained:
    windows = windows_for(
        prepared.split.train,
        length=recipe.window,
        horizon=max(recipe.training.horizon, recipe.network.leads),
        values=prepared.values,
    )
    return train(
        prepared.forecaster,
        windows,
        recipe.training,
        window=recipe.window,
        seed=recipe.seed,
        validation=prepared.validation,
        checkpoint=checkpoint,
        resume=True,
        fingerprint=prepared.fingerprint,
        listener=listener,
    )


def _fit_in(
    folder: Path, run: Path, prepared: _Prepared, recipe: Recipe, *, notes: Sequence[str], listener: Listener
) -> Fit:
    trained = _train(prepared, recipe, listener=listener, checkpoint=folder / "checkpoint")
    made = _finish(prepared, recipe, trained, notes=notes)
    save_fit(made, folder)
    finish_run(folder, run)
    return made


def _finish(prepared: _Prepared, recipe: Recipe, trained: Trained, *, notes: Sequence[str], score: bool = True) -> Fit:
    parts, rows = prepared.split, prepared.split.train.parent
    model = Model(
        forecaster=trained.forecaster,
        scaler=prepared.scaler,
        names=rows.names,
        units=rows.units,
        axis=rows.axis,
        window=recipe.window,
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
        calibration=_calibrate(model, parts.validation),
        notes=tuple(notes),
    )
    return replace(made, scores=evaluate_fit(made).to_dict()) if score and len(parts.test) else made


def _calibrate(model: Model, part: Part) -> Calibration | None:
    # Free runs on the validation part: the weights were not fitted to it, only the epoch was chosen on it. They are
    # measured on the network's scale, so that an interval under a square root does not reach below 0.
    rows = part.parent
    scaled = replace(part, parent=replace(rows, values=model.scaler.transform(rows.values)))
    channels = len(rows.names)
    plain = replace(model, scaler=Scaler(kind="none", link="none", center=np.zeros(channels), scale=np.ones(channels)))
    for steps in (len(part) // 2, len(part) // 8, 1):
        leads = max(1, min(steps, MOST_RUN_STEPS))
        try:
            errors = roll(
                {"network": plain}, scaled, window=model.window, leads=leads, most_origins=CALIBRATION_ORIGINS
            )
        except DataError:  # gaps leave no stretch that long
            continue
        return Calibration(errors=errors.absolute("network"))
    return None
