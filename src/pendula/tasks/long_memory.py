"""The long-memory problems by name."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.shapes import Bool, Float, ndarray
from pendula.tasks.marked import addition, addition_1997, multiplication, multiplication_1997, xor
from pendula.tasks.sequences import Sequences
from pendula.tasks.symbols import PERMUTED, SYMBOLS, memorization, permutation, temporal_order, temporal_order_1997

__all__ = ["PROBLEMS", "Answer", "LongMemory", "When", "long_memory"]

Answer: TypeAlias = Literal["number", "bit", "class"]
"""A number, right if it is near; a bit, of which the logarithm of the odds is given; a class, of which those of all."""
When: TypeAlias = Literal["last", "every"]

NEAR = 0.04
"""A number that is further away than this is wrong."""
SHORTEST = 20
"""With less, the tenths in which the telling steps lie hold one step at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LongMemory:
    """A problem at a length: it draws sequences, and says which of them were answered wrongly.

    Attributes:
        name: As in `PROBLEMS`.
        length: T.
        channels: Of the inputs.
        outputs: Of a network that answers.
        answer: What is to be answered.
        asked: After the last step of a sequence, or after every step.
        decides: Whether the last answer alone decides if a sequence is answered rightly, or every one.
        patterns: How many different sequences there are, where they are few; 0 where they are many.

    Examples:
        >>> problem = long_memory("temporal-order", 100)
        >>> drawn = problem.draw(3, generator=np.random.default_rng(0))
        >>> drawn.inputs.shape
        (3, 110, 8)
        >>> perfect = np.eye(4)[drawn.targets.astype(int)]  # sequence, answer, class
        >>> problem.wrong(perfect, drawn)
        array([False, False, False])
    """

    name: str
    length: int
    channels: int
    outputs: int
    answer: Answer
    asked: When = "last"
    decides: When = "last"
    patterns: int = 0

    def draw(self, count: int, *, generator: np.random.Generator) -> Sequences:
        """Draw sequences.

        Args:
            count: How many.
            generator: Draws them.

        Returns:
            The sequences.
        """
        return PROBLEMS[self.name].draw(self.length, count, generator=generator)

    def wrong(
        self, answers: Float[ndarray, "sequence answer output"], sequences: Sequences
    ) -> Bool[ndarray, " sequence"]:
        """Say which sequences were answered wrongly: one answer that decides, or several.

        Args:
            answers: The network's.
            sequences: What it was asked.

        Returns:
            Whether each was.
        """
        if self.answer == "number":
            missed = np.abs(answers[:, :, 0] - sequences.targets) > NEAR
        elif self.answer == "bit":
            missed = (answers[:, :, 0] > 0) != (sequences.targets > 0.5)
        else:
            missed = answers.argmax(axis=2) != sequences.targets
        # An answer that is no number is wrong.
        missed |= ~np.isfinite(answers).all(axis=2)
        wrong: ndarray = missed[:, -1] if self.decides == "last" else missed.any(axis=1)
        return wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    draw: Callable[..., Sequences]
    channels: int
    outputs: int
    answer: Answer
    asked: When = "last"
    decides: When = "last"
    patterns: int = 0


PROBLEMS: dict[str, _Kind] = {
    "addition": _Kind(draw=addition, channels=2, outputs=1, answer="number"),
    "multiplication": _Kind(draw=multiplication, channels=2, outputs=1, answer="number"),
    "xor": _Kind(draw=xor, channels=2, outputs=1, answer="bit"),
    "temporal-order": _Kind(draw=temporal_order, channels=SYMBOLS, outputs=4, answer="class"),
    "temporal-order-3": _Kind(draw=partial(temporal_order, symbols=3), channels=SYMBOLS, outputs=8, answer="class"),
    "permutation": _Kind(draw=permutation, channels=PERMUTED, outputs=PERMUTED, answer="class", asked="every"),
    "memory-5": _Kind(
        draw=partial(memorization, symbols=5, alphabet=2),
        channels=4,
        outputs=3,
        answer="class",
        asked="every",
        decides="every",
        patterns=2**5,
    ),
    "memory-20": _Kind(
        draw=partial(memorization, symbols=10, alphabet=5),
        channels=7,
        outputs=6,
        answer="class",
        asked="every",
        decides="every",
    ),
    "addition-1997": _Kind(draw=addition_1997, channels=2, outputs=1, answer="number"),
    "multiplication-1997": _Kind(draw=multiplication_1997, channels=2, outputs=1, answer="number"),
    "temporal-order-1997": _Kind(draw=temporal_order_1997, channels=SYMBOLS, outputs=4, answer="class"),
    "temporal-order-3-1997": _Kind(
        draw=partial(temporal_order_1997, symbols=3), channels=SYMBOLS, outputs=8, answer="class"
    ),
}
"""The eight problems of J. Martens and I. Sutskever (2011) by name; those that S. Hochreiter and J. Schmidhuber had
published otherwise, as they had, with the year."""


def long_memory(name: str, length: int) -> LongMemory:
    """Look a problem up and set its length.

    Args:
        name: As in `PROBLEMS`.
        length: T.

    Returns:
        The problem.

    Raises:
        ArgumentError: If there is no such problem, or it is too short.

    Examples:
        >>> long_memory("memory-5", 50).outputs  # two symbols and the blank
        3
    """
    if name not in PROBLEMS:
        raise ArgumentError(
            f"`problem` must name a long-memory problem: expected one of {', '.join(PROBLEMS)}, got {name}."
            + did_you_mean(name, PROBLEMS, listed=True)
        )
    if not isinstance(length, int) or isinstance(length, bool) or length < SHORTEST:
        raise ArgumentError(
            f"`length` must be a whole number of steps: expected {SHORTEST} or more, got {length}. "
            "Published are 30 to 200."
        )
    kind = PROBLEMS[name]
    settings = {field.name: getattr(kind, field.name) for field in fields(kind) if field.name != "draw"}
    return LongMemory(name=name, length=length, **settings)
