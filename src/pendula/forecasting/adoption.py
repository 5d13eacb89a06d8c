"""From a network that was trained elsewhere to a fit: with a record to score it on, or without one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import xarray as xr

from pendula.errors import ArgumentError, DivergedError
from pendula.forecasting.calibrating import calibrate
from pendula.forecasting.evaluation import evaluate_fit
from pendula.forecasting.preparation import split_record
from pendula.forecasting.windowed import windowed_run
from pendula.metrics import nrmse
from pendula.nn import Forecaster, free_run
from pendula.runs import Fit, Model, Recipe
from pendula.series.record import Record, record
from pendula.series.scaling import Scaler, fit_scaler
from pendula.shapes import Float, Series, Vector, ndarray
from pendula.training import Outcome

__all__ = ["adopt", "own_record"]

OWN_ROWS, OWN_TRANSIENT = 2000, 1000
"""Steps of a free run that stands in for a record, and steps before them for it to settle."""
AT_REST = 1e-6
"""What is nearer to the last value than this share of the noise is at rest."""
LEAST_ROWS = 100
WINDOWED_STEPS = 200
"""Steps over which two ways to run freely are compared, one of which costs a window at each."""


def adopt(
    forecaster: Forecaster,
    rows: Record,
    recipe: Recipe,
    *,
    scaler: Scaler | None = None,
    notes: Sequence[str] = (),
    score: bool = True,
) -> Fit:
    """Make a fit of a network that was trained elsewhere.

    Args:
        forecaster: The network.
        rows: The record to split, calibrate and score on.
        recipe: Window, split and scaling; the network and the training in it are not used.
        scaler: What brings values onto the network's scale; as the recipe says, fitted on the training part, when left
            out.
        notes: What the user should know, in plain sentences.
        score: Whether to score the fit on its test part.

    Returns:
        The fit, without a history.

    Raises:
        ArgumentError: If the record does not have the network's channels.
        DataError: If a part of the record is too short.
    """
    if len(rows.names) != forecaster.channels:
        raise ArgumentError(
            f"`target` must name a column for each channel of the network: expected {forecaster.channels}, got "
            f"{', '.join(rows.names)}. Write them in the order in which the network was shown them."
        )
    parts = split_record(rows, recipe)
    scaler = scaler or fit_scaler(parts.train, kind=recipe.scaling, transform=recipe.transform)
    model = Model.of(rows, forecaster, scaler=scaler, window=recipe.window)
    made = Fit(
        model=model,
        record=rows,
        train_stop=parts.train.stop,
        validation_stop=parts.validation.stop,
        recipe=replace(recipe, network=forecaster.network),
        history=(),
        best_epoch=0,
        outcome=Outcome.ADOPTED,
        seconds=0.0,
        calibration=calibrate(model, parts.validation),
        notes=tuple(notes),
    )
    if not (score and len(parts.test)):
        return made
    return replace(made, scores=evaluate_fit(made).to_dict(), notes=(*notes, *_state_note(made)))


def own_record(
    forecaster: Forecaster,
    *,
    window: int,
    center: Vector,
    scale: Vector,
    names: Sequence[str],
    dt: float = 1.0,
    seed: int = 0,
) -> Record:
    """Let a network run freely from noise, where there is no record.

    Args:
        forecaster: The network.
        window: Steps of noise that it starts from.
        center: Value of each channel that is 0 to the network.
        scale: Length of each channel that is 1 to the network; the noise has a standard deviation of 1 there.
        names: Of the channels.
        dt: Time of a step.
        seed: Of the noise.

    Returns:
        2000 values after 1000 that are left out; of a run that comes to rest, its way there from the noise on.

    Raises:
        DivergedError: If the run leaves the finite numbers.

    Examples:
        >>> from pendula.nn import Network, build
        >>> forecaster = build(Network(hidden_size=4, residual=False, increments=False), 1)
        >>> rows = own_record(forecaster, window=5, center=np.zeros(1), scale=np.ones(1), names=["x"], dt=0.5)
        >>> len(rows) < 2000, rows.axis.step  # an untrained network comes to rest
        (True, 0.5)
    """
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(1, window, forecaster.channels, generator=generator, dtype=torch.float64)
    run = torch.cat([start, free_run(forecaster, start, OWN_TRANSIENT + OWN_ROWS)], dim=1)[0].numpy()
    if not np.isfinite(run).all():
        raise DivergedError("The network's free run left the finite numbers. Give a record with `--data`.")
    values = center + scale * _eventful(run, window)
    columns = {name: ("time", values[:, channel]) for channel, name in enumerate(names)}
    return record(xr.Dataset(columns, coords={"time": dt * np.arange(len(values))}), list(names))


def _state_note(made: Fit) -> list[str]:
    first, window = made.validation_stop, made.model.window
    truth = made.record.values[first : first + WINDOWED_STEPS]
    past = made.record.values[first - window : first]
    if not np.isfinite(np.concatenate([past, truth])).all():
        return []
    with np.errstate(all="ignore"):  # a run may leave the finite numbers
        handed_on = nrmse(truth, made.model.run(past[None], steps=len(truth))[0])
        windowed = nrmse(truth, windowed_run(made.model, past, steps=len(truth)))
    if not windowed < 0.5 * handed_on:
        return []
    note = (
        "The network may not have been trained to run freely as Pendula runs it: with its state handed on from step to "
        f"step it is wrong by {handed_on:.2g} times the spread over the first {len(truth)} steps of the test part; "
        f"started from zero on its last {window} values at each step, as a loop over windows does, by {windowed:.2g}. "
        "`pendula.forecasting.windowed_run` is that loop."
    )
    return [note]


def _eventful(run: Series, window: int) -> Float[ndarray, "some channel"]:
    moving = np.flatnonzero((np.abs(run - run[-1]) > AT_REST).any(axis=1))
    if len(run) - moving[-1] < OWN_ROWS // 2:
        return run[-OWN_ROWS:]
    return run[: max(moving[-1] + 1, 4 * window, LEAST_ROWS)]
