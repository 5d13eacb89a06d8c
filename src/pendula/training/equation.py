"""The training of a forecaster that is a differential equation: it is identified from the training part."""

import math
import time
from collections.abc import Sequence

import numpy as np
import torch

from pendula.errors import DataError
from pendula.nn import Estimate, IntegratorForecaster, Network, StateFilter
from pendula.shapes import Float, Series, ndarray
from pendula.training.events import Listener, Outcome, TrainingFinished, silent
from pendula.training.identification import Identification, Identified, identify
from pendula.training.trained import Trained

__all__ = ["train_equation"]

MOST_ROWS = 2000
"""So many of the latest rows are learned from: the Jacobian of more does not fit into a second."""
SEGMENTS = 40
LEAST_SEGMENT = 10
LINES = 6
"""The search for the frequency of a drive starts in so many of the strongest spectral lines."""
DRIFTS = (1e-5, 1e-4, 1e-3, 1e-2)
"""What an equation may miss in a step, as shares of the standard deviation of each component."""
EXACT = 1e-6
"""No measurement is trusted to less than this share of the standard deviation of its channel."""


def train_equation(
    network: Network,
    values: Series,
    *,
    observed: Sequence[str],
    dt: float,
    start: float = 0.0,
    seed: int = 0,
    listener: Listener = silent,
) -> Trained:
    """Fit a differential equation to a record of some of its components, and learn how far to trust it.

    Parameters, a network beside the equation and the unknown initial state are found by `identify`; the noise of
    measurements is what is left. What the equation misses in a step is chosen by the likelihood of the record under the
    filter that estimates its state.

    Args:
        network: The architecture, of the cell integrator.
        values: The training part in its own units, NaN where nothing was measured, of one trajectory.
        observed: Names of the components that the channels are.
        dt: Interval between rows, in units of time.
        start: Time of the first row.
        seed: Of the network beside the equation.
        listener: Hears the events.

    Returns:
        The trained network, without a history: there are no epochs.

    Raises:
        ArgumentError: If there is nothing to learn.
        DataError: If the record is too short.
        DivergedError: If no finite trajectory is found.

    Examples:
        >>> from pendula.nn import Equation
        >>> from pendula.systems import Oscillator
        >>> truth = Oscillator(gamma=0.1, drive=0.0).exact(0.1 * np.arange(300))
        >>> network = Network(cell="integrator", equation=Equation(system="oscillator", known={"drive": 0.0}))
        >>> made = train_equation(network, truth[:, :1], observed=["x"], dt=0.1).forecaster
        >>> round(made.parameters_found["gamma"][0], 4)
        0.1
    """
    began = time.perf_counter()
    first = max(0, len(values) - MOST_ROWS)
    rows, start = values[first:], start + first * dt
    _check_rows(rows)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        forecaster = IntegratorForecaster(network, observed, dt=dt)
    found = identify(
        forecaster.cell,
        rows,
        observed=observed,
        start=start,
        starts=_starts(network, rows, dt),
        settings=Identification(segment=max(LEAST_SEGMENT, math.ceil(len(rows) / SEGMENTS))),
    )
    _trust(forecaster, found, rows, start=start)
    seconds = time.perf_counter() - began
    listener(TrainingFinished(outcome=Outcome.IDENTIFIED, best_epoch=0, seconds=seconds))
    return Trained(
        forecaster=forecaster.requires_grad_(requires_grad=False).eval(),
        history=(),
        best_epoch=0,
        outcome=Outcome.IDENTIFIED,
        seconds=seconds,
        engine="gauss-newton",
    )


def _check_rows(rows: Series) -> None:
    least = 2 * LEAST_SEGMENT
    if len(rows) < least:
        raise DataError(
            f"`values` must have rows to fit an equation to: expected {least} in the training part, got {len(rows)}. "
            "Record more, or lower `test` and `validation`."
        )


def _starts(network: Network, rows: Series, dt: float) -> list[dict[str, float]]:
    equation = network.equation
    assert equation is not None
    if "drive_frequency" not in equation.learned or "drive_frequency" in equation.guess:
        return []
    return [{"drive_frequency": float(line)} for line in _lines(rows[:, 0], dt)]


def _lines(channel: Float[ndarray, " time"], dt: float) -> Float[ndarray, " line"]:
    # The strongest maxima of the spectrum, as angular frequencies.
    still = np.nan_to_num(channel - np.nanmean(channel))
    power = np.abs(np.fft.rfft(still * np.hanning(len(still)), 4 * len(still)))
    peaks = 1 + np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:]))
    strongest = peaks[np.argsort(power[peaks])[::-1][:LINES]]
    return np.asarray(2 * np.pi * strongest / (4 * len(still) * dt))


def _trust(forecaster: IntegratorForecaster, found: Identified, rows: Series, *, start: float) -> None:
    states = found.states
    deviation = states.std(axis=0)
    floor = EXACT * deviation[list(forecaster.observed)]
    for held, numbers in (
        (forecaster.center, states.mean(axis=0)),
        (forecaster.spread, np.atleast_2d(np.cov(states.T)) + np.diag(EXACT * deviation**2)),
        (forecaster.noise, np.maximum(found.noise, np.where(floor > 0, floor, EXACT))),
        (forecaster.initial, np.concatenate([[start], found.initial])),
        (forecaster.errors, np.nan_to_num([found.standard_errors[name] for name in forecaster.cell.learned])),
    ):
        held.copy_(torch.from_numpy(np.array(numbers)))
    scored = []
    for share in DRIFTS:
        forecaster.drift.copy_(torch.from_numpy(share * deviation))
        scored.append(_likelihood(forecaster.filter(), forecaster.prior(1, start=start), rows))
    forecaster.drift.copy_(torch.from_numpy(DRIFTS[int(np.argmax(scored))] * deviation))


def _likelihood(trusted: StateFilter, known: Estimate, rows: Series) -> float:
    # Logarithm of the density of each row given those before it, without constants.
    total, measured = 0.0, list(trusted.observed)
    with np.errstate(all="ignore"):
        for values in rows:
            if np.isnan(values).any():
                known = trusted.move(known)
                continue
            off, spread = values - known.mean[0, measured], trusted.innovation_covariance(known)[0]
            total -= 0.5 * float(off @ np.linalg.solve(spread, off) + np.linalg.slogdet(spread)[1])
            known = trusted.take(known, values[None])
    return total if math.isfinite(total) else -math.inf
