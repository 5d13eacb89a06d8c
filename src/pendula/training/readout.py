"""The training of an echo state network: reservoirs are chosen or drawn, and their readouts solved for."""

import time
from collections.abc import Sequence

import numpy as np

from pendula.nn import Network, draw_reservoir
from pendula.nn.echo_state import EchoStateForecaster
from pendula.optim import ReadoutRows, ridge_problem
from pendula.shapes import Int, Series, ndarray
from pendula.training.events import Listener, Outcome, ReservoirTried, TrainingFinished, silent
from pendula.training.randomness import derived_seed
from pendula.training.reservoir_search import (
    PENALTIES,
    USUAL,
    Budget,
    Candidate,
    plan_search,
    search,
    washout_of,
)
from pendula.training.trained import Trained

__all__ = ["solve_readouts", "train_reservoirs"]

OUTSIDE = 10.0
"""A free run that leaves the largest value learned from so many times behind it is unstable."""


def train_reservoirs(
    network: Network,
    values: Series,
    segments: Int[ndarray, "segment 2"],
    *,
    seed: int = 0,
    penalty: float | None = None,
    budget: Budget = USUAL,
    listener: Listener = silent,
) -> Trained:
    """Train an echo state network: without settings of a reservoir, the best few of many are taken.

    Whatever is chosen, is chosen by free runs within the training part; then the readouts are solved for on all of it.

    Args:
        network: The architecture, of the cell esn.
        values: The scaled series; rows outside the training part are not looked at.
        segments: Half-open row ranges of the training part.
        seed: Of the matrices.
        penalty: Ridge penalty of the readouts; chosen when left out.
        budget: What is tried where the network has no settings of a reservoir.
        listener: Hears the events.

    Returns:
        The trained network, without a history: there are no epochs.

    Raises:
        DataError: If the training part is too short.
        DivergedError: If no reservoir runs freely within bounds.

    Examples:
        >>> from pendula.nn import Reservoir
        >>> wave = np.sin(0.3 * np.arange(300.0))[:, None]
        >>> network = Network(cell="esn", hidden_size=40, reservoir=Reservoir())
        >>> forecaster = train_reservoirs(network, wave, np.array([[0, 300]])).forecaster
        >>> run = forecaster.free_run(torch.from_numpy(wave[None, 200:]), 50)
        >>> bool(abs(run[0, -1, 0] - np.sin(0.3 * 349)) < 1e-3)
        True
    """
    began = time.perf_counter()
    chosen = _choose(network, values, segments, seed=seed, penalty=penalty, budget=budget, listener=listener)
    forecaster = EchoStateForecaster(network, values.shape[1], [candidate.reservoir for candidate in chosen])
    for member, candidate in zip(forecaster.each(), chosen, strict=True):
        member.put(
            draw_reservoir(candidate.reservoir, units=network.hidden_size, inputs=values.shape[1], seed=candidate.seed),
            member.readout.numpy(),
            member.constant.numpy(),
        )
        member.penalty.fill_(candidate.penalty)
    solve_readouts(forecaster, values, segments)
    seconds = time.perf_counter() - began
    listener(TrainingFinished(outcome=Outcome.CLOSED_FORM, best_epoch=0, seconds=seconds))
    return Trained(
        forecaster=forecaster, history=(), best_epoch=0, outcome=Outcome.CLOSED_FORM, seconds=seconds, engine="ridge"
    )


def solve_readouts(forecaster: EchoStateForecaster, values: Series, segments: Int[ndarray, "segment 2"]) -> None:
    """Solve for the readouts of all members, in one pass over the rows for each.

    Args:
        forecaster: The network; its readouts are changed in place, its reservoirs and penalties stay.
        values: The scaled series.
        segments: Half-open row ranges to learn from; each starts from a state of zeros.

    Raises:
        DataError: If no segment is longer than the steps in which a reservoir forgets where it started from.
    """
    for member in forecaster.each():
        rows = ReadoutRows(
            weights=member.weights,
            values=values,
            segments=segments,
            washout=washout_of(segments),
            direct=member.reservoir.direct,
        )
        member.put(member.weights, *rows.readout(ridge_problem(rows).solve(float(member.penalty))))
    largest = max(float(np.abs(values[start:stop]).max()) for start, stop in segments if stop > start)
    forecaster.limit.fill_(OUTSIDE * max(largest, 1.0))


def _choose(
    network: Network,
    values: Series,
    segments: Int[ndarray, "segment 2"],
    *,
    seed: int,
    penalty: float | None,
    budget: Budget,
    listener: Listener,
) -> Sequence[Candidate]:
    def heard(number: int, count: int, best: Candidate) -> None:
        listener(ReservoirTried(number=number, count=count, error=best.error))

    if network.reservoir is None:
        settings, seeds = budget.settings, [derived_seed(seed, draw) for draw in range(budget.draws)]
    else:
        settings, seeds = (network.reservoir,), [seed]
    tried = search(
        values,
        plan_search(segments),
        settings,
        units=network.hidden_size,
        seeds=seeds,
        penalties=PENALTIES if penalty is None else (penalty,),
        heard=heard,
    )
    return tried[: budget.members]
