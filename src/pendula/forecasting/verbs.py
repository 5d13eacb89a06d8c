"""The verb `fit`: which way a record is learned from, and with what is usual for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

import xarray as xr

from pendula.errors import ArgumentError
from pendula.filtering import fit_pairs, paired_record, paired_series, usual_of_task, usual_recipe
from pendula.forecasting.extrapolation import control_notes
from pendula.forecasting.fitting import fit_record
from pendula.forecasting.preparation import default_by, default_window
from pendula.forecasting.reading import forecast_record
from pendula.nn import InitialState, Network, RecurrentLayer, as_network
from pendula.runs import NO_LABELS, AnyFit, Fit, Labels, Missing, PairedFit, PairedRecipe, PairedTask, Recipe
from pendula.series.columns import as_names
from pendula.series.containers import Data, unpacked
from pendula.series.record import Record
from pendula.series.scaling import ScalerKind, ScalerLink
from pendula.training import Listener, Training, silent

__all__ = ["fit"]


@overload
def fit(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    inputs: None = None,
    controls: str | Sequence[str] | None = None,
    missing: Missing = "gap",
    irregular: bool = False,
    model: Network | RecurrentLayer | str = "gru",
    training: Training | None = None,
    window: int | None = None,
    washout: int | None = None,
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
) -> Fit: ...


@overload
def fit(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    inputs: str | Sequence[str],
    task: Literal["filter"] = "filter",
    missing: Missing = "gap",
    irregular: bool = False,
    initial_state: InitialState | None = None,
    model: Network | RecurrentLayer | str = "gru",
    training: Training | None = None,
    window: int | None = None,
    washout: int | None = None,
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
) -> PairedFit: ...


@overload
def fit(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    inputs: str | Sequence[str] | None = None,
    task: Literal["classify", "regimes"],
    labels: Labels = NO_LABELS,
    missing: Missing = "gap",
    irregular: bool = False,
    initial_state: InitialState | None = None,
    model: Network | RecurrentLayer | str = "gru",
    training: Training | None = None,
    window: int | None = None,
    washout: int | None = None,
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
) -> PairedFit: ...


def fit(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    inputs: str | Sequence[str] | None = None,
    controls: str | Sequence[str] | None = None,
    task: PairedTask | None = None,
    labels: Labels = NO_LABELS,
    missing: Missing = "gap",
    irregular: bool = False,
    initial_state: InitialState | None = None,
    model: Network | RecurrentLayer | str = "gru",
    training: Training | None = None,
    window: int | None = None,
    washout: int | None = None,
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
) -> AnyFit:
    """Train a network on a record, and score it beside the baselines on data it never saw.

    With `inputs` it learns to tell the target of every row from the inputs up to it: a system from what drives it, or
    the truth from noisy observations.

    The record is split first, the scaler is fitted on the training part, and no window of the training part straddles a
    cut: nothing leaks.

    Args:
        series: Variables along `time`; or a DataArray, or a DataFrame or Series of pandas, whose forecasts then come
            the same way.
        target: The variable or variables to learn; the only one when left out.
        inputs: The variable or variables that the target is told from; without any the target is forecast from its own
            past.
        controls: The variable or variables that are known for the future of a forecast, too: a drive, a dose, the time
            of day. They are read, and not forecast.
        task: With `inputs`, filter when left out: the target of every row. Labels, text or whole numbers, are told from
            the inputs, or from all other variables with numbers: classify tells one for each trajectory, regimes one
            for every row.
        labels: How much each label counts in training, and when a regime is told to have ended.
        missing: What becomes of missing inputs, or of missing targets of a forecast: gap, after which a run starts
            anew; zero or last, the last value known, beside which the network is shown whether there was one.
        irregular: Take rows as steps whatever the time between them, which the network is shown as one more input;
            a forecast as a control.
        initial_state: The network's state before a run begins: zeros; rest, what it settles to while the inputs stand
            still at their mean; or learned with it, which goes with a washout of 0. When left out, rest, and zeros for
            labels. Only with `inputs`.
        model: An architecture, the name of a cell (rnn, gru, lstm, esn, ngrc), or a layer of `pendula.nn`.
        training: How to train; the defaults of `Training` when left out.
        window: Steps of known past that the network sees; 50 when left out, 300 for an echo state network, fewer for
            short records. With `inputs`, the rows of a piece to learn from, 200 when left out.
        washout: Rows of such a piece before its answers are scored; a quarter of it when left out. Only with `inputs`.
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
    dataset, container = unpacked(series, labels=() if task in {None, "filter"} else as_names(target))
    given = _given(window=window, scaling=scaling, by=by, test_from=test_from, training=training)
    usual = {"test": test, "validation": validation, "seed": seed, "missing": missing, "irregular": irregular}
    if inputs is not None or task is not None:
        _check_told(transform, controls)
        pairs, chosen = _to_tell(
            dataset,
            target,
            inputs,
            task=task or "filter",
            labels=labels,
            model=model,
            given=given | _given(washout=washout, initial_state=initial_state),
            usual=usual,
        )
        found = fit_pairs(pairs, chosen, run=run, overwrite=overwrite, listener=listener)
        return replace(found, container=container)
    _check_forecast(labels, initial_state, washout)
    rows, recipe = _to_forecast(
        dataset, target, controls, model=model, given=given, usual=usual | {"transform": transform}
    )
    notes = control_notes(rows, recipe)
    made = fit_record(rows, recipe, run=run, overwrite=overwrite, notes=notes, listener=listener)
    return replace(made, container=container)


def _given(**choices: object) -> dict[str, Any]:
    return {name: value for name, value in choices.items() if value is not None}


def _to_forecast(
    dataset: xr.Dataset,
    target: str | Sequence[str] | None,
    controls: str | Sequence[str] | None,
    *,
    model: Network | RecurrentLayer | str,
    given: Mapping[str, Any],
    usual: Mapping[str, Any],
) -> tuple[Record, Recipe]:
    network = as_network(model)
    rows = forecast_record(dataset, target, controls, missing=usual["missing"], irregular=usual["irregular"])
    chosen = {"by": default_by(rows), **usual, **given}
    if "window" not in chosen:
        cut = {name: chosen[name] for name in ("test", "validation", "test_from") if name in chosen}
        chosen["window"] = default_window(rows, cell=network.cell, **cut)
    return rows, Recipe(network=network, **chosen)


def _to_tell(
    dataset: xr.Dataset,
    target: str | Sequence[str] | None,
    inputs: str | Sequence[str] | None,
    *,
    task: PairedTask,
    labels: Labels,
    model: Network | RecurrentLayer | str,
    given: Mapping[str, Any],
    usual: Mapping[str, Any],
) -> tuple[Record, PairedRecipe]:
    found = paired_series(dataset, inputs, target, task=task, irregular=bool(usual["irregular"]))
    chosen = PairedRecipe(
        inputs=found.inputs,
        target=found.target,
        network=as_network(model),
        labels=replace(labels, **found.labels),
        **{**usual_of_task(task, given), **given, **usual},
    )
    rows = paired_record(found.dataset, chosen)
    # An architecture says all; the name of a cell leaves the linear path open.
    named = set(given) | ({"linear_lags"} if isinstance(model, Network) else set())
    return rows, usual_recipe(rows, chosen, given=named)


def _check_told(transform: ScalerLink, controls: str | Sequence[str] | None) -> None:
    if transform != "none":
        raise ArgumentError(
            f"`transform` must be left out where inputs are given: got {transform}. Transform the columns before."
        )
    if controls is not None:
        raise ArgumentError(
            f"`controls` must go with a forecast: got {controls} and targets told from inputs. Name it in `inputs`."
        )


def _check_forecast(labels: Labels, initial_state: InitialState | None, washout: int | None) -> None:
    if labels != NO_LABELS or initial_state is not None:
        raise ArgumentError(
            "`task` must be given with `labels` or `initial_state`: expected filter, classify or regimes, got none. "
            "Leave them out for a forecast."
        )
    if washout is not None:
        raise ArgumentError(
            f"`washout` must go with `inputs`: got {washout} and no inputs. Set it in `training` for a forecast."
        )
