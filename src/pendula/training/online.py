"""Training on sequences that are drawn anew for every step."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from pendula.errors import ArgumentError
from pendula.nn import SOLVED, Network, Readout
from pendula.tasks import LongMemory
from pendula.training.answering import Examples, build_readout, wrong_fraction
from pendula.training.events import Listener, Outcome, TrainingFinished, silent
from pendula.training.method import method_for
from pendula.training.online_steps import Learner, OnlineSettings, make_learner
from pendula.training.settings import Training
from pendula.training.watch import Watch

__all__ = ["OnlineRecord", "OnlineSettings", "OnlineTrained", "train_online"]

MEASURE, EXAMINE, TEST, LEARN = range(4)
"""Streams of random numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineRecord:
    """One look at the network.

    Attributes:
        epoch: Counted from 1; 0 is the network before training.
        sequence_gradients: Work up to now, in gradients of one sequence.
        seconds: Training time up to now, without that of the looks.
        loss: Mean loss of the epoch; None before training.
        wrong_fraction: Share of wrong answers among the sequences examined.
    """

    epoch: int
    sequence_gradients: float
    seconds: float
    loss: float | None
    wrong_fraction: float


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineTrained:
    """What training on fresh sequences came to.

    Attributes:
        readout: The network.
        history: One record for each epoch, epoch 0 first.
        wrong_fraction: Share of wrong answers among the sequences tested at the end.
        wanted: The share below which the problem is solved.
    """

    readout: Readout
    history: tuple[OnlineRecord, ...]
    wrong_fraction: float
    wanted: float

    @property
    def solved(self) -> bool:
        """Whether the problem is solved."""
        return self.wrong_fraction < self.wanted


def train_online(
    problem: LongMemory,
    network: Network,
    training: Training,
    settings: OnlineSettings,
    *,
    seed: int = 0,
    listener: Listener = silent,
) -> OnlineTrained:
    """Train a network to answer a problem, on sequences of which each is seen once.

    An epoch is `training.steps_per_epoch` steps; with Hessian-free optimization a step is one of its own. After each
    epoch fresh sequences are examined.

    Args:
        problem: The problem.
        network: Cell, sizes and how the weights start; what is added to a forecaster is left out.
        training: Method, epochs, steps of an epoch, batch, rates, clipping, precision.
        settings: How sequences are drawn, and when the training ends.
        seed: Of weights and sequences.
        listener: Hears the progress.

    Returns:
        The trained network and its history.

    Raises:
        ArgumentError: If the method makes no sense for the cell, or no steps are given.
        DivergedError: If the loss or a weight leaves the finite numbers.
    """
    method = method_for(network, training)
    if network.cell in SOLVED:
        raise ArgumentError(
            f"`cell` must be one that is trained: expected rnn, gru or lstm, got {network.cell}. A reservoir "
            "answers by its readout alone; see `pendula experiment four-ways`."
        )
    if training.steps_per_epoch is None and method != "hessian-free":
        raise ArgumentError(
            "`steps_per_epoch` must be given, since fresh sequences have no end: expected 1 or more, got None. "
            "500 is usual."
        )
    examples = Examples.of(
        problem,
        centered=settings.centered,
        dtype=getattr(torch, training.precision),
        generator=np.random.default_rng([seed, 0, MEASURE]),
    )
    readout = build_readout(examples, network, seed=seed)
    learner = make_learner(readout, examples, training, method=method, seed=seed)
    return _Course(examples, readout, learner, training, settings, seed=seed, listener=listener).run()


class _Course:
    """A training on its way."""

    def __init__(
        self,
        examples: Examples,
        readout: Readout,
        learner: Learner,
        training: Training,
        settings: OnlineSettings,
        *,
        seed: int,
        listener: Listener,
    ) -> None:
        self.examples, self.readout, self.learner = examples, readout, learner
        self.training, self.settings = training, settings
        self.seed, self.listener = seed, listener
        self.history: list[OnlineRecord] = []
        self.seconds = 0.0
        self.wrong = math.nan

    def run(self) -> OnlineTrained:
        self._look(0, None)
        outcome, epoch = Outcome.COMPLETED, 0
        for epoch in range(1, self.training.epochs + 1):
            began = time.monotonic()
            loss = self._epoch(epoch)
            self.seconds += time.monotonic() - began
            self._look(epoch, loss)
            if self._is_solved(epoch):
                outcome = Outcome.SOLVED
                break
            if self._is_spent():
                break
        if math.isnan(self.wrong):
            self.wrong = self._test(epoch)
        self.listener(
            TrainingFinished(
                outcome=outcome,
                best_epoch=epoch,
                seconds=self.seconds,
                sequence_gradients=self.learner.sequence_gradients,
            )
        )
        return OnlineTrained(
            readout=self.readout,
            history=tuple(self.history),
            wrong_fraction=self.wrong,
            wanted=self.settings.wanted,
        )

    def _epoch(self, epoch: int) -> float:
        steps = self.training.steps_per_epoch or 1
        generator = np.random.default_rng([self.seed, epoch, LEARN])
        last = self.history[-1].loss
        watch = Watch(epoch, self.training.epochs, last_loss=last, listener=self.listener)
        losses = []
        for step in range(steps):
            losses.append(self.learner.step(epoch, step, generator=generator))
            if watch.is_due():
                watch.check_losses(torch.tensor(losses))
                watch.tell(step / steps, losses[-1])
        watch.check_losses(torch.tensor(losses))
        watch.check_weights(self.readout.parameters(), losses[-1])
        return sum(losses) / len(losses)

    def _look(self, epoch: int, loss: float | None) -> None:
        generator = np.random.default_rng([self.seed, epoch, EXAMINE])
        self.history.append(
            OnlineRecord(
                epoch=epoch,
                sequence_gradients=self.learner.sequence_gradients,
                seconds=self.seconds,
                loss=loss,
                wrong_fraction=wrong_fraction(self.readout, self.examples, self.settings.examined, generator=generator),
            )
        )

    def _is_spent(self) -> bool:
        limits = (self.settings.work, self.learner.sequence_gradients), (self.settings.seconds, self.seconds)
        return any(most is not None and spent >= most for most, spent in limits)

    def _is_solved(self, epoch: int) -> bool:
        if self.history[-1].wrong_fraction >= self.settings.wanted:
            return False
        wrong = self._test(epoch)
        if wrong < self.settings.wanted:
            self.wrong = wrong
        return wrong < self.settings.wanted

    def _test(self, epoch: int) -> float:
        generator = np.random.default_rng([self.seed, epoch, TEST])
        return wrong_fraction(self.readout, self.examples, self.settings.tested, generator=generator)
