"""The training of reservoirs: they are chosen or drawn, and their readouts solved for."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import nn

from pendula.errors import DivergedError
from pendula.nn import (
    NEXT_GENERATION,
    Member,
    Network,
    NextGeneration,
    ReservoirForecaster,
    departures,
    draw_member,
)
from pendula.optim import ridge_problem
from pendula.series.windows import latest_rows
from pendula.shapes import Int, Series, ndarray
from pendula.training.events import Listener, Outcome, ReservoirTried, TrainingFinished, silent
from pendula.training.lesson import lesson_for
from pendula.training.randomness import derived_seed
from pendula.training.reservoir_choices import Budget, budget_for
from pendula.training.reservoir_search import Candidate, SearchPlan, instability, plan_search, search, washout_of
from pendula.training.trained import Trained

__all__ = ["is_stable", "solve_readouts", "train_reservoirs"]

STARTS, STEPS, MOST_ROWS = 8, 500, 1500
"""Stability is tested by runs from so many rows, of so many steps, within at most so many of the latest rows."""
OUTSIDE = 10.0
"""A free run that leaves the largest value learned from so many times behind it is unstable."""


def train_reservoirs(
    network: Network,
    values: Series,
    segments: Int[ndarray, "segment 2"],
    *,
    seed: int = 0,
    penalty: float | None = None,
    washout: int = 0,
    window: int | None = None,
    budget: Budget | None = None,
    listener: Listener = silent,
) -> Trained:
    """Train a network of reservoirs: without settings of one, the best few of many are taken.

    Whatever is chosen, is chosen by free runs within the training part; then the readouts are solved for on all of it.

    Args:
        network: The architecture, of the cell esn or ngrc.
        values: The scaled series; rows outside the training part are not looked at.
        segments: Half-open row ranges of the training part.
        seed: Of the matrices.
        penalty: Ridge penalty of the readouts; chosen when left out.
        washout: Steps at the start of each stretch that are not learned from; 0 takes 50, or a tenth of a short one.
            A next-generation reservoir needs none.
        window: Steps of known past that a forecast will start from: next-generation reservoirs that look back further
            are not tried.
        budget: What is tried, in place of the usual.
        listener: Hears the events.

    Returns:
        The trained network, without a history: there are no epochs.

    Raises:
        ArgumentError: If the washout, or the memory that was asked for, is too long for the training part.
        DataError: If the training part is too short.
        DivergedError: If no reservoir runs freely within bounds.

    Examples:
        >>> import torch
        >>> from pendula.nn import Reservoir
        >>> wave = np.sin(0.3 * np.arange(300.0))[:, None]
        >>> network = Network(cell="esn", hidden_size=40, reservoir=Reservoir())
        >>> forecaster = train_reservoirs(network, wave, np.array([[0, 300]])).forecaster
        >>> run = forecaster.free_run(torch.from_numpy(wave[None, 200:]), 50)
        >>> bool(abs(run[0, -1, 0] - np.sin(0.3 * 349)) < 1e-3)
        True
    """
    began = time.perf_counter()
    chosen = budget or budget_for(network, values.shape[1], memory=_reach(segments, window))
    chosen = chosen if penalty is None else replace(chosen, penalties=(penalty,))
    plan = plan_search(segments, washout=_longest_memory(chosen) - 1 if network.cell == NEXT_GENERATION else washout)
    members = []
    tried = _search(network, values, plan, chosen, seed=seed, listener=listener)
    for candidate in tried:
        member = _member(candidate, values, segments, units=network.hidden_size, washout=washout)
        if network.asked is not None or is_stable(member, values, segments):
            members.append(member)
        if len(members) == chosen.members:
            break
    if not members:
        raise DivergedError(
            "Every reservoir is unstable in free run, once it has learned from the whole training part. "
            + instability(tried[0].reservoir)
        )
    forecaster = ReservoirForecaster(network, values.shape[1], [member.reservoir for member in members])
    forecaster.members = nn.ModuleList(members)
    forecaster.limit.fill_(_limit(values, segments))
    seconds = time.perf_counter() - began
    listener(TrainingFinished(outcome=Outcome.CLOSED_FORM, best_epoch=0, seconds=seconds))
    return Trained(
        forecaster=forecaster, history=(), best_epoch=0, outcome=Outcome.CLOSED_FORM, seconds=seconds, engine="ridge"
    )


def solve_readouts(
    forecaster: ReservoirForecaster, values: Series, segments: Int[ndarray, "segment 2"], *, washout: int = 0
) -> None:
    """Solve for the readouts of all members anew, on other rows.

    A readout with which a member that was stable in free run no longer is, is not taken.

    Args:
        forecaster: The network; its readouts are changed in place, its reservoirs and penalties stay.
        values: The scaled series.
        segments: Half-open row ranges to learn from; each starts from a state of zeros.
        washout: Steps at the start of each stretch that are not learned from; 0 takes 50, or a tenth of a short one.

    Raises:
        DataError: If no segment is longer than the steps in which a reservoir forgets where it started from.
    """
    for member in forecaster.each():
        before = {name: held.clone() for name, held in member.state_dict().items()}
        was_stable = is_stable(member, values, segments)
        _solve(member, values, segments, washout=washout)
        if was_stable and not is_stable(member, values, segments):
            member.load_state_dict(before)
    forecaster.limit.fill_(_limit(values, segments))


def is_stable(member: Member, values: Series, segments: Int[ndarray, "segment 2"]) -> bool:
    """Find out whether free runs from several rows stay within bounds.

    Args:
        member: A reservoir and its readout.
        values: The scaled series.
        segments: Half-open row ranges that were learned from; runs start within the latest of the longest ones.

    Returns:
        Whether no run of 500 steps leaves the largest value learned from ten times behind.
    """
    stretch = latest_rows(segments[[int(np.argmax(segments[:, 1] - segments[:, 0]))]], MOST_ROWS)
    known = values[slice(*stretch[0])]
    starts = np.linspace(len(known) // 4, len(known) - 1, STARTS).round().astype(np.int64)
    run = member.run(member.states(known[None])[0, starts], known[starts], STEPS)
    return bool((departures(run, limit=_limit(values, segments)) == STEPS).all())


def _limit(values: Series, segments: Int[ndarray, "segment 2"]) -> float:
    largest = max(float(np.abs(values[start:stop]).max()) for start, stop in segments if stop > start)
    return OUTSIDE * max(largest, 1.0)


def _reach(segments: Int[ndarray, "segment 2"], window: int | None) -> int:
    # Memory is taken from the rows that are learned from.
    longest = int((segments[:, 1] - segments[:, 0]).max(initial=0))
    return max(1, min(longest // 4, longest if window is None else window))


def _longest_memory(budget: Budget) -> int:
    # All candidates learn from the same rows, and are judged on the same ones.
    return max(each.memory for each in budget.settings if isinstance(each, NextGeneration))


def _member(
    candidate: Candidate, values: Series, segments: Int[ndarray, "segment 2"], *, units: int, washout: int
) -> Member:
    member = draw_member(candidate.reservoir, units=units, channels=values.shape[1], seed=candidate.seed)
    member.penalty.fill_(candidate.penalty)
    _solve(member, values, segments, washout=washout)
    return member


def _solve(member: Member, values: Series, segments: Int[ndarray, "segment 2"], *, washout: int) -> None:
    lesson = lesson_for(member, values, segments, washout=washout_of(segments, wanted=washout))
    member.put_readout(*lesson.readout(ridge_problem(lesson).solve(float(member.penalty))))


def _search(
    network: Network, values: Series, plan: SearchPlan, budget: Budget, *, seed: int, listener: Listener
) -> Sequence[Candidate]:
    def heard(number: int, count: int, best: Candidate) -> None:
        listener(ReservoirTried(number=number, count=count, error=best.error))

    seeds = [derived_seed(seed, draw) for draw in range(budget.draws)] if network.asked is None else [seed]
    return search(values, plan, budget, units=network.hidden_size, seeds=seeds, heard=heard)
