"""The steps of training on fresh sequences: along a gradient, or those of Hessian-free optimization."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pendula.nn import Readout
from pendula.optim import HessianFree
from pendula.training.answering import LOSSES, Examples
from pendula.training.optimizer import make_optimizer
from pendula.training.settings import Method, Training

__all__ = ["Learner", "OnlineSettings", "make_learner"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineSettings:
    """How fresh sequences are drawn and when the training ends.

    Attributes:
        centered: Whether inputs are centered.
        wanted: Share of wrong answers below which the problem counts as solved and the training ends.
        examined: Fresh sequences whose answers are looked at after each epoch.
        tested: Fresh sequences that decide, whenever fewer than `wanted` of those examined were wrong.
        work: Most sequence-gradients, after which the training ends at the next epoch; None for no limit.
        seconds: Longest time, likewise.
    """

    centered: bool = True
    wanted: float = 0.01
    examined: int = 1000
    tested: int = 10_000
    work: float | None = None
    seconds: float | None = None


class GradientLearner:
    """Steps along the gradient of a batch.

    Args:
        readout: The network; it is trained in place.
        examples: The problem.
        training: Method, batch, rates and clipping.

    Attributes:
        sequence_gradients: Gradients of one sequence up to now.
    """

    def __init__(self, readout: Readout, examples: Examples, training: Training) -> None:
        self._readout, self._examples, self._training = readout, examples, training
        self._loss = LOSSES[examples.problem.answer]
        self._optimizer = make_optimizer(readout, training)
        self.sequence_gradients = 0.0

    def step(self, epoch: int, step: int, *, generator: np.random.Generator) -> float:
        """Take a step.

        Args:
            epoch: Counted from 1.
            step: Within the epoch, counted from 0.
            generator: Draws the sequences.

        Returns:
            The mean loss before it.
        """
        training, optimizer = self._training, self._optimizer
        steps = training.steps_per_epoch or 1
        optimizer.learning_rate = training.learning_rate_in(epoch, step / steps)
        optimizer.momenta = training.momenta_in(epoch, step, steps=steps)
        sample = self._examples.draw(training.batch_size, generator=generator)
        outputs = self._readout(sample.inputs, sample.lengths).outputs
        seen, answers = outputs.detach(), sample.targets.numel()
        optimizer.zero_grad()
        outputs.backward(self._loss.gradient(seen, sample.targets) / answers)
        optimizer.step()
        self.sequence_gradients += sample.size
        return float(self._loss.value(seen, sample.targets)) / answers


class NewtonLearner:
    """Steps of Hessian-free optimization.

    Args:
        readout: The network; it is trained in place.
        examples: The problem.
        training: Sizes of the samples, damping and conjugate gradients.
        seed: Of the preconditioner's random signs.
    """

    def __init__(self, readout: Readout, examples: Examples, training: Training, *, seed: int) -> None:
        settings, patterns = training.hessian_free, examples.problem.patterns
        self._examples = examples
        # Where there are few patterns, a sample holds each of them once.
        self._counts = [patterns or count for count in (settings.gradient_size, settings.curvature_size)]
        loss = LOSSES[examples.problem.answer]
        self._optimizer = HessianFree(readout, loss, settings, seed=seed)

    @property
    def sequence_gradients(self) -> float:
        """Work up to now, in gradients of one sequence."""
        return self._optimizer.sequence_gradients

    def step(self, epoch: int, step: int, *, generator: np.random.Generator) -> float:
        """Take a step.

        Args:
            epoch: Counted from 1.
            step: Within the epoch, counted from 0.
            generator: Draws the sequences.

        Returns:
            The mean loss before it.
        """
        del epoch, step
        sample = self._examples.draw(self._counts[0], generator=generator)
        return self._optimizer.step(sample, sample.part(0, self._counts[1])).before


Learner: TypeAlias = GradientLearner | NewtonLearner


def make_learner(readout: Readout, examples: Examples, training: Training, *, method: Method, seed: int) -> Learner:
    """Make what takes the steps.

    Args:
        readout: The network; it is trained in place.
        examples: The problem.
        training: How to train.
        method: The way to learn.
        seed: Of what the method draws.

    Returns:
        Steps along the gradient, or of Hessian-free optimization.
    """
    if method == "hessian-free":
        return NewtonLearner(readout, examples, training, seed=seed)
    return GradientLearner(readout, examples, training)
