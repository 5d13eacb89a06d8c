"""Networks that answer the long-memory problems: what they are shown, what they lose, and how often they are wrong."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pendula.nn import Network, Readout, draw_readout
from pendula.optim import LOGISTIC, SOFTMAX, SQUARED_ERROR, OutputLoss, Sample
from pendula.shapes import Float, ndarray
from pendula.tasks import LongMemory, Sequences

__all__ = ["LOSSES", "Examples", "build_readout", "wrong_fraction"]

LOSSES: dict[str, OutputLoss] = {"number": SQUARED_ERROR, "bit": LOGISTIC, "class": SOFTMAX}
"""The loss of each kind of answer."""
MEASURED = 1000
"""Sequences that the means of inputs and answers are taken from."""
TOGETHER = 250
"""Sequences that are examined at once."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Examples:
    """A problem as tensors.

    Attributes:
        problem: The problem.
        center: Subtracted from the inputs.
        usual: The outputs of the best constant answer: the mean of numbers, the logarithms of how frequent classes are.
        dtype: Of the inputs.
    """

    problem: LongMemory
    center: Float[ndarray, " channel"]
    usual: Float[ndarray, " output"]
    dtype: torch.dtype

    @classmethod
    def of(
        cls, problem: LongMemory, *, centered: bool, dtype: torch.dtype, generator: np.random.Generator
    ) -> "Examples":
        """Measure a problem.

        Args:
            problem: The problem.
            centered: Whether inputs are centered.
            dtype: Of the inputs.
            generator: Draws the sequences that are measured.

        Returns:
            The problem as tensors.
        """
        drawn = problem.draw(MEASURED, generator=generator)
        center = drawn.inputs.mean(axis=(0, 1)) if centered else np.zeros(problem.channels)
        return cls(problem=problem, center=center, usual=_usual(problem, drawn), dtype=dtype)

    def draw(self, count: int, *, generator: np.random.Generator) -> Sample:
        """Draw sequences.

        Args:
            count: How many.
            generator: Draws them.

        Returns:
            Inputs, lengths and targets.
        """
        return self.sample(self.problem.draw(count, generator=generator))

    def sample(self, drawn: Sequences) -> Sample:
        """Make tensors of sequences.

        Args:
            drawn: The sequences.

        Returns:
            Inputs, lengths and targets.
        """
        targets: Tensor = torch.from_numpy(drawn.targets)
        if self.problem.answer == "class":
            targets = targets.long() if self.problem.asked == "every" else targets[:, 0].long()
        else:
            targets = targets.to(self.dtype)
        inputs = torch.from_numpy(drawn.inputs - self.center).to(self.dtype)
        return Sample(inputs, targets, torch.from_numpy(drawn.lengths))


def build_readout(examples: Examples, network: Network, *, seed: int) -> Readout:
    """Draw a network that answers a problem.

    Args:
        examples: The problem, measured.
        network: Cell, sizes and how the weights start; what is added to a forecaster is left out.
        seed: Of the weights.

    Returns:
        The network; its first answer is about the best constant one.
    """
    problem = examples.problem
    readout = draw_readout(network, problem.channels, problem.outputs, seed=seed, scored=problem.asked)
    with torch.no_grad():
        readout.head.bias.copy_(torch.from_numpy(examples.usual))
    return readout.to(examples.dtype)


def wrong_fraction(readout: Readout, examples: Examples, count: int, *, generator: np.random.Generator) -> float:
    """Count how many fresh sequences are answered wrongly.

    Args:
        readout: The network.
        examples: The problem.
        count: Sequences to draw.
        generator: Draws them.

    Returns:
        Their share.
    """
    wrong = 0
    for first in range(0, count, TOGETHER):
        drawn = examples.problem.draw(min(TOGETHER, count - first), generator=generator)
        sample = examples.sample(drawn)
        with torch.no_grad():
            answers = readout(sample.inputs, sample.lengths).outputs.double().numpy()
        if examples.problem.asked == "last":
            answers = answers[:, None]
        wrong += int(examples.problem.wrong(answers, drawn).sum())
    return wrong / count


def _usual(problem: LongMemory, drawn: Sequences) -> Float[ndarray, " output"]:
    if problem.answer == "number":
        mean: ndarray = drawn.targets.mean(axis=0)
        return mean
    share = np.array([(drawn.targets == kind).mean() for kind in range(max(2, problem.outputs))])
    logarithms: ndarray = np.log(np.maximum(share, 1 / drawn.targets.size))
    # Of a bit the output is the logarithm of the odds.
    return logarithms[1:] - logarithms[:1] if problem.answer == "bit" else logarithms
