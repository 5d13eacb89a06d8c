"""Networks of several cells and starts, and how gradients flow through them before and after a short training."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import RNNBase

from pendula.dynamics import (
    FlowRecord,
    GradientFlow,
    GradientWatch,
    forecast_error,
    gradient_flow,
    jacobian_products,
)
from pendula.experiments.base import Progress
from pendula.forecasting.preparation import Prepared, prepare
from pendula.nn import Cell, Forecaster, Initialization, Network
from pendula.runs import Recipe
from pendula.series.record import Record
from pendula.series.windows import Windows, windows_for
from pendula.shapes import BatchTensor, Float, Int, ndarray
from pendula.training import Training, train_ensemble

__all__ = ["CELLS", "LARGE", "Choices", "Probe", "Start", "Watched", "measure_flows", "probe_simple", "starts_of"]

CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
LARGE = "large"
"""The simple network that starts with a spectral radius far above 1."""
SEQUENCES = 8
"""Spectra are averaged over so many sequences."""


class Start(NamedTuple):
    """A cell, and how its weights start.

    Attributes:
        cell: rnn, lstm or gru.
        name: Of the way its weights start.
        initialization: That way.
    """

    cell: Cell
    name: str
    initialization: Initialization


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What all networks have in common.

    Attributes:
        hidden_size: Units.
        window: Steps that a gradient flows back through.
        training: The short training.
        seed: Of weights and batches.
    """

    hidden_size: int
    window: int
    training: Training
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """The flow through one network.

    Attributes:
        start: Which network.
        fresh: Before training.
        trained: After it.
        error: Root mean square error of the next value on the validation part after training, in scaled units.
    """

    start: Start
    fresh: FlowRecord
    trained: FlowRecord
    error: float | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Probe:
    """What is measured of simple networks besides, before training.

    Attributes:
        exploding: The flow through the network of large weights.
        doubled: The same with twice the error.
        clipped: The same with the error that clipping leaves.
        factor: By which clipping shortens the gradient.
        forward_ratio: Norm of the last state with twice the inputs, over that with the inputs.
        lags: Of the spectra.
        spectra: Logarithms of singular values, averaged over sequences, by the name of the start.
    """

    exploding: GradientFlow
    doubled: GradientFlow
    clipped: GradientFlow
    factor: float
    forward_ratio: float
    lags: Int[ndarray, " lag"]
    spectra: dict[str, Float[ndarray, "lag value"]]


def starts_of(*, radius: float, longest: int) -> list[Start]:
    """List the networks: every cell with the starts that suit it.

    Args:
        radius: Spectral radius of the network of large weights.
        longest: Longest time of the chrono start, in steps.

    Returns:
        The networks.

    Examples:
        >>> [start.name for start in starts_of(radius=2.5, longest=100) if start.cell == "rnn"]
        ['torch', 'sparse', 'orthogonal', 'identity', 'large']
    """
    simple = {kind: Initialization(kind=kind) for kind in ("torch", "sparse", "orthogonal", "identity")}
    simple[LARGE] = Initialization(kind="sparse", radius=radius)
    gated = {
        kind: Initialization(kind=kind, longest=longest) for kind in ("torch", "orthogonal", "forget-bias", "chrono")
    }
    return [
        Start(cell, name, drawn)
        for cell in CELLS
        for name, drawn in (simple if cell == "rnn" else gated).items()
    ]  # fmt: skip


def measure_flows(rows: Record, starts: list[Start], choices: Choices, progress: Progress) -> list[Watched]:
    """Measure the flow through each network, train them all side by side for a short while, and measure it again.

    Args:
        rows: What they learn.
        starts: The networks.
        choices: What they have in common.
        progress: Gives a listener for each training.

    Returns:
        The flows, in the order of the networks.

    Raises:
        DataError: If the record is too short for the window.
        DivergedError: If the training of all networks leaves the finite numbers.
    """
    prepared = [_prepared(rows, start, choices) for start in starts]
    forecasters, windows = [_fresh(each) for each in prepared], [_windows(each, choices) for each in prepared]
    watches = [
        GradientWatch(forecaster, cut, window=choices.window)
        for forecaster, cut in zip(forecasters, windows, strict=True)
    ]  # fmt: skip
    listeners = [progress(f"{start.cell}, {start.name}") for start in starts]
    trained = train_ensemble(
        forecasters,
        windows,
        choices.training,
        window=choices.window,
        seeds=[choices.seed] * len(starts),
        validation=[each.validation for each in prepared],
        listener=lambda number, event: (watches[number](event), listeners[number](event))[1],
    )
    return [
        Watched(
            start=start,
            fresh=watch.records[0],
            trained=watch.records[-1],
            error=made.history[-1].validation_one_step,
        )
        for start, watch, made in zip(starts, watches, trained, strict=True)
    ]


def probe_simple(rows: Record, starts: list[Start], choices: Choices) -> Probe:
    """Look closer at fresh simple networks: spectra, the error doubled, the error clipped.

    Args:
        rows: What they are to learn.
        starts: The networks, among them simple ones that start as torch does, orthogonal and large.
        choices: What they have in common.

    Returns:
        What was found.
    """
    simple = {start.name: _error(_prepared(rows, start, choices), choices) for start in starts if start.cell == "rnn"}
    stack, inputs, error = simple[LARGE]
    flow = gradient_flow(stack, inputs, error)
    factor = flow.clipping_factor(choices.training.clip_norm or np.inf)
    lags = np.unique(np.linspace(0, choices.window, 21).astype(int))
    spectra = {
        name: jacobian_products(*simple[name][:2], lags=lags.tolist()).log_singular_values[0].mean(axis=0)
        for name in ("torch", "orthogonal")
    }
    return Probe(
        exploding=flow,
        doubled=gradient_flow(stack, inputs, 2 * error),
        clipped=gradient_flow(stack, inputs, factor * error),
        factor=factor,
        forward_ratio=_last_norm(stack, 2 * inputs) / _last_norm(stack, inputs),
        lags=lags,
        spectra=spectra,
    )


def _prepared(rows: Record, start: Start, choices: Choices) -> Prepared:
    # Neither residual nor increments: the head does not start at zero, and a gradient flows before the first step.
    network = Network(
        cell=start.cell,
        hidden_size=choices.hidden_size,
        residual=False,
        increments=False,
        initialization=start.initialization,
    )
    recipe = Recipe(network=network, training=choices.training, window=choices.window, seed=choices.seed)
    return prepare(rows, recipe)


def _fresh(prepared: Prepared) -> Forecaster:
    assert prepared.forecaster is not None  # none of the cells is a reservoir
    return prepared.forecaster


def _windows(prepared: Prepared, choices: Choices) -> Windows:
    return windows_for(prepared.split.train, length=choices.window, horizon=1, values=prepared.values)


def _error(prepared: Prepared, choices: Choices) -> tuple[RNNBase, BatchTensor, Tensor]:
    windows = _windows(prepared, choices)
    chosen = torch.linspace(0, len(windows) - 1, SEQUENCES).round().to(torch.int64)
    return forecast_error(_fresh(prepared), windows.gather(chosen))


def _last_norm(stack: RNNBase, inputs: BatchTensor) -> float:
    with torch.no_grad():
        return float(stack(inputs)[1].norm())
