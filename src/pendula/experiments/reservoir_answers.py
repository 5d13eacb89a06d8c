"""Long-memory problems answered by a reservoir, whose readout alone is learned."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pendula.nn import Reservoir, ReservoirWeights, draw_reservoir, drive_reservoir
from pendula.optim import LinearMap, ridge_problem
from pendula.shapes import Float, ndarray
from pendula.tasks import LongMemory, Sequences

__all__ = ["Answered", "answer_with_reservoir"]

TOGETHER = 250
"""Sequences that are shown at once."""
PENALTY = 1e-8


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What a reservoir came to.

    Attributes:
        wrong_fraction: Share of wrong answers among the sequences tested.
        seconds: Time to show it the sequences it learned from, and to solve for the readout.
    """

    wrong_fraction: float
    seconds: float


def answer_with_reservoir(
    problem: LongMemory, *, units: int = 300, learned: int = 5000, tested: int = 10_000, seed: int = 0
) -> Answered:
    """Learn the readout of a reservoir's last states, by ridge regression in one pass over fresh sequences.

    Args:
        problem: A problem that asks once, after the last step.
        units: Of the reservoir; its spectral radius of 1 lets it forget as slowly as it can.
        learned: Sequences that the readout is learned from.
        tested: Other fresh sequences that are answered.
        seed: Of the reservoir and the sequences.

    Returns:
        Share of wrong answers, and time.

    References:
        H. Jaeger, Jacobs University technical report 27 (2012), who tunes reservoirs for each of these problems.
    """
    began = time.monotonic()
    settings = Reservoir(spectral_radius=1.0, connections=10, input_scaling=0.1, bias_scaling=0.1)
    weights = draw_reservoir(settings, units=units, inputs=problem.channels, seed=seed)
    shown = _batches(problem, learned, np.random.default_rng([seed, 0]))
    readout = ridge_problem((_last(weights, drawn), _wanted(problem, drawn)) for drawn in shown).solve(PENALTY)
    seconds = time.monotonic() - began
    wrong = sum(
        int(problem.wrong(_answers(weights, readout, drawn), drawn).sum())
        for drawn in _batches(problem, tested, np.random.default_rng([seed, 1]))
    )
    return Answered(wrong_fraction=wrong / tested, seconds=seconds)


def _batches(problem: LongMemory, count: int, generator: np.random.Generator) -> Iterator[Sequences]:
    for first in range(0, count, TOGETHER):
        yield problem.draw(min(TOGETHER, count - first), generator=generator)


def _last(weights: ReservoirWeights, drawn: Sequences) -> Float[ndarray, "sequence unit"]:
    states = drive_reservoir(weights, drawn.inputs)
    last: ndarray = states[np.arange(len(drawn)), drawn.lengths - 1]
    return last


def _wanted(problem: LongMemory, drawn: Sequences) -> Float[ndarray, "sequence output"]:
    if problem.answer == "number":
        return drawn.targets
    if problem.answer == "bit":
        return 2 * drawn.targets - 1  # above 0 for a 1
    classes: ndarray = np.eye(problem.outputs)[drawn.targets[:, 0].astype(int)]
    return classes


def _answers(
    weights: ReservoirWeights, readout: LinearMap, drawn: Sequences
) -> Float[ndarray, "sequence answer output"]:
    answers: ndarray = _last(weights, drawn) @ readout.weight + readout.bias
    return answers[:, None]
