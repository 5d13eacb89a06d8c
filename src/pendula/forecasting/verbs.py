"""The verb `fit`: which way a record is learned from, and with what is usual for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, overload

import xarray as xr

from pendula.errors import ArgumentError
from pendula.filtering import fit_pairs, usual_recipe
from pendula.forecasting.fitting import fit_record
from pendula.forecasting.preparation import choose_target, default_by, default_window
from pendula.nn import Network, RecurrentLayer, as_network
from pendula.runs import AnyFit, Fit, PairedFit, PairedRecipe, Recipe
from pendula.series.columns import column_names
from pendula.series.containers import Data, unpacked
from pendula.series.record import Record, record
from pendula.series.scaling import ScalerKind, ScalerLink
from pendula.training import Listener, Training, silent

__all__ = ["choose_pairs", "fit"]


@overload
def fit(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    inputs: None = None,
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
    dataset, container = unpacked(series)
    if inputs is not None:
        _check_plain(transform)
        pairs, chosen = _paired(
            dataset,
            target,
            inputs,
            model=model,
            given={
                name: value
                for name, value in (
                    ("window", window), ("washout", washout), ("scaling", scaling), ("by", by),
                    ("test_from", test_from), ("training", training),
                )
                if value is not None
            },
            usual={"test": test, "validation": validation, "seed": seed},
        )  # fmt: skip
        found = fit_pairs(pairs, chosen, run=run, overwrite=overwrite, listener=listener)
        return replace(found, container=container)
    if washout is not None:
        raise ArgumentError(
            f"`washout` must go with `inputs`: got {washout} and no inputs. Set it in `training` for a forecast."
        )
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


def choose_pairs(
    series: xr.Dataset, inputs: str | Sequence[str], target: str | Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the variables that are shown, and those that are told from them.

    Args:
        series: Variables along `time`.
        inputs: The ones to show.
        target: The ones to tell; the only other one when left out.

    Returns:
        Their names.

    Raises:
        ArgumentError: If no target is asked for and there is not exactly one other variable.
        DataError: If a variable is missing.
    """
    shown = column_names(series, inputs)
    if target is not None:
        return shown, column_names(series, target)
    others = [name for name in column_names(series) if name not in shown]
    if len(others) != 1:
        raise ArgumentError(
            f"`target` must be named: expected one column beside the inputs, got {', '.join(others) or 'none'}. "
            "Write --target and the names of those to tell."
        )
    return shown, tuple(others)


def _paired(
    dataset: xr.Dataset,
    target: str | Sequence[str] | None,
    inputs: str | Sequence[str],
    *,
    model: Network | RecurrentLayer | str,
    given: Mapping[str, Any],
    usual: Mapping[str, Any],
) -> tuple[Record, PairedRecipe]:
    shown, asked = choose_pairs(dataset, inputs, target)
    chosen = PairedRecipe(inputs=shown, target=asked, network=as_network(model), **given, **usual)
    rows = record(dataset, chosen.columns)
    # An architecture says all; the name of a cell leaves the linear path open.
    named = set(given) | ({"linear_lags"} if isinstance(model, Network) else set())
    return rows, usual_recipe(rows, chosen, given=named)


def _check_plain(transform: ScalerLink) -> None:
    if transform != "none":
        raise ArgumentError(
            f"`transform` must be left out where inputs are given: got {transform}. Transform the columns before."
        )
