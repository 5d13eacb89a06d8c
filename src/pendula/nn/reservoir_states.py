"""What a reservoir does: its states under given inputs, and its free run with a linear readout."""

import numpy as np

from pendula.errors import DivergedError, ShapeError
from pendula.nn.native_reservoir import drive_natively, run_natively, takes
from pendula.nn.reservoir_weights import ReservoirWeights
from pendula.shapes import BatchSeries, Float, Int, ndarray

__all__ = ["check_departures", "departures", "drive_reservoir", "run_reservoir"]

ADVICE = "Raise the ridge penalty, or lower `spectral_radius` or `input_scaling`."


def drive_reservoir(
    weights: ReservoirWeights, inputs: BatchSeries, *, first: Float[ndarray, "sequence unit"] | None = None
) -> Float[ndarray, "batch time unit"]:
    """Show sequences to a reservoir.

    Args:
        weights: The reservoir.
        inputs: The sequences.
        first: States before the first step; zeros if left out.

    Returns:
        The states after every step, in the precision of the weights.

    Raises:
        ShapeError: If the inputs or states do not fit the reservoir.

    Examples:
        >>> decay = ReservoirWeights(recurrent=np.zeros((1, 1)), input=np.zeros((1, 1)), bias=np.zeros(1), leak=0.5)
        >>> drive_reservoir(decay, np.zeros((1, 3, 1)), first=np.ones((1, 1)))[0, :, 0]
        array([0.5  , 0.25 , 0.125])
    """
    if inputs.shape[2] != weights.inputs:
        raise ShapeError(
            f"`inputs` must have the reservoir's channels: expected shape (batch, time, {weights.inputs}), "
            f"got {inputs.shape}. Draw a reservoir for them."
        )
    kind = weights.bias.dtype
    h = _first(weights, len(inputs), first).astype(kind)
    if takes(weights):
        return drive_natively(weights, inputs, h)
    driven = np.asarray(inputs, kind) @ weights.input.T + weights.bias
    for t in range(driven.shape[1]):
        driven[:, t] = h = _step(weights, h, driven[:, t])
    return np.asarray(driven)


def run_reservoir(
    weights: ReservoirWeights,
    readout: Float[ndarray, "feature output"],
    bias: Float[ndarray, " output"],
    *,
    states: Float[ndarray, "batch state"],
    values: Float[ndarray, "start input"],
    steps: int,
    external: Float[ndarray, "run step given"] | None = None,
    limit: float | None = np.inf,
) -> Float[ndarray, "batch steps output"]:
    """Let a reservoir run on by itself, from many starts at once: its predictions become its inputs.

    A step predicts y_(t+1) = `readout`ᵀ [h_t; x_t] + `bias` and sees x_(t+1) = [y_(t+1); e_(t+1)], where e are the
    external inputs of a driven system.

    Args:
        weights: The reservoir.
        readout: Coefficients of the states, followed by those of the inputs if it has direct links.
        bias: Constant term.
        states: h at the last known step.
        values: x at the last known step.
        steps: How many steps to run.
        external: e at the steps to come: the inputs' last channels, which the readout does not predict.
        limit: Largest modulus of a prediction that is taken for one; None to let an unstable run go where it will.

    Returns:
        The predictions of the next steps.

    Raises:
        ShapeError: If the arrays do not fit together.
        DivergedError: If a prediction is not finite or leaves the limit; the message names the step.

    Examples:
        >>> nothing = ReservoirWeights(recurrent=np.zeros((1, 1)), input=np.zeros((1, 1)), bias=np.zeros(1), leak=1.0)
        >>> readout = np.array([[0.0], [0.5]])  # y = x / 2
        >>> start = {"states": np.zeros((1, 1)), "values": np.ones((1, 1))}
        >>> run_reservoir(nothing, readout, np.zeros(1), **start, steps=3)[0, :, 0]
        array([0.5  , 0.25 , 0.125])
    """
    _check_run(weights, readout, states, values, external, steps)
    runs_on = run_natively if takes(weights) else _run
    run = runs_on(weights, readout, bias, states, values, steps, external)
    if limit is not None:
        check_departures(run, limit=limit)
    return run


def departures(run: BatchSeries, *, limit: float = np.inf) -> Int[ndarray, " batch"]:
    """Find where runs leave the finite numbers, or a limit.

    Args:
        run: Free runs.
        limit: Largest modulus that is allowed.

    Returns:
        Index of the first step outside, for each run; the number of steps where there is none.

    Examples:
        >>> departures(np.array([[[1.0], [9.0]], [[2.0], [3.0]]]), limit=5.0)
        array([1, 2])
    """
    outside = ~(np.isfinite(run) & (np.abs(run) <= limit)).all(axis=2)
    return np.asarray(np.where(outside.any(axis=1), outside.argmax(axis=1), run.shape[1]))


def check_departures(run: BatchSeries, *, limit: float, advice: str = ADVICE) -> None:
    """Refuse free runs that leave the finite numbers, or a limit.

    Args:
        run: Free runs.
        limit: Largest modulus that is allowed.
        advice: What to do about it.

    Raises:
        DivergedError: If one does; the message names the start and the step.
    """
    left, steps = departures(run, limit=limit), run.shape[1]
    if left.min(initial=steps) < steps:
        raise DivergedError(
            f"The reservoir is unstable in free run: the run from start {left.argmin()} left the numbers up to "
            f"{limit:.3g} at step {left.min() + 1} of {steps}. {advice}"
        )


def _run(
    weights: ReservoirWeights,
    readout: Float[ndarray, "feature output"],
    bias: Float[ndarray, " output"],
    states: Float[ndarray, "batch state"],
    values: Float[ndarray, "start input"],
    steps: int,
    external: Float[ndarray, "run step given"] | None,
) -> Float[ndarray, "batch steps output"]:
    kind = weights.bias.dtype
    h, x = states.astype(kind), values.astype(kind)
    readout, bias = readout.astype(kind), bias.astype(kind)
    run = np.empty((len(h), steps, len(bias)), kind)
    with np.errstate(all="ignore"):  # a run that overflows is reported once, with its step
        for t in range(steps):
            features = h if len(readout) == weights.units else np.concatenate([h, x], axis=1)
            run[:, t] = x = features @ readout + bias
            if t + 1 < steps:
                x = x if external is None else np.concatenate([x, external[:, t]], axis=1)
                h = _step(weights, h, x @ weights.input.T + weights.bias)
    return run


def _step(
    weights: ReservoirWeights, h: Float[ndarray, "batch unit"], driven: Float[ndarray, "batch unit"]
) -> Float[ndarray, "batch unit"]:
    # h' = (1 − a) h + a tanh(W h + U x + b)
    return np.asarray((1 - weights.leak) * h + weights.leak * np.tanh((weights.recurrent @ h.T).T + driven))


def _first(
    weights: ReservoirWeights, batch: int, first: Float[ndarray, "sequence unit"] | None
) -> Float[ndarray, "batch unit"]:
    if first is None:
        return np.zeros((batch, weights.units))
    if first.shape != (batch, weights.units):
        raise ShapeError(
            f"`first` must hold a state for each sequence: expected shape ({batch}, {weights.units}), "
            f"got {first.shape}. Leave it out for zeros."
        )
    return first


def _check_run(
    weights: ReservoirWeights,
    readout: Float[ndarray, "feature output"],
    states: Float[ndarray, "batch state"],
    values: Float[ndarray, "start input"],
    external: Float[ndarray, "run step given"] | None,
    steps: int,
) -> None:
    units, inputs = weights.units, weights.inputs
    given = 0 if external is None else external.shape[2]
    if len(readout) not in {units, units + inputs} or readout.shape[1] + given != inputs:
        raise ShapeError(
            f"`readout` must map states, or states and inputs, to all inputs that are not external: expected shape "
            f"({units} or {units + inputs}, {inputs - given}), got {readout.shape}. Fit it to this reservoir."
        )
    for name, array, width in (("states", states, units), ("values", values, inputs)):
        if array.shape != (len(states), width):
            raise ShapeError(
                f"`{name}` must hold a row for each start: expected shape ({len(states)}, {width}), got {array.shape}. "
                "Take them from the last known step."
            )
    if external is not None and external.shape[:2] != (len(states), steps):
        raise ShapeError(
            f"`external` must hold the inputs of all steps to come: expected shape ({len(states)}, {steps}, channel), "
            f"got {external.shape}. Cut it, or run fewer steps."
        )
