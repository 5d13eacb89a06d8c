"""Two marked numbers among many: addition, multiplication and exclusive or."""

import numpy as np

from pendula.shapes import Float, Int, ndarray
from pendula.tasks.sequences import Sequences

__all__ = ["addition", "addition_1997", "multiplication", "multiplication_1997", "xor"]


def addition(length: int, count: int, *, generator: np.random.Generator) -> Sequences:
    """Draw sequences of numbers, two of which are marked and to be added.

    The first channel holds numbers between 0 and 1, the second the marks: 1 at two numbers, one in the first tenth and
    one between there and the middle; −1 at the first step and three steps before the answer.

    Args:
        length: T; a sequence has up to a tenth more steps.
        count: How many sequences.
        generator: Draws them.

    Returns:
        The sequences.

    References:
        J. Martens and I. Sutskever, ICML 2011, section 6, as in the authors' own generator; the markers at both ends
        are those of S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735, section 5.4.

    Examples:
        >>> drawn = addition(100, 2, generator=np.random.default_rng(0))
        >>> marked = drawn.inputs[0, :, 0][drawn.inputs[0, :, 1] == 1]
        >>> bool(abs(drawn.targets[0, 0] - marked.sum()) < 1e-12)
        True
    """
    values = generator.random((count, _scaled(110, length)))
    return _ask(values, length, generator, np.add)


def multiplication(length: int, count: int, *, generator: np.random.Generator) -> Sequences:
    """Draw sequences of numbers, two of which are marked and to be multiplied.

    Args:
        length: T, as in `addition`.
        count: How many sequences.
        generator: Draws them.

    Returns:
        The sequences.

    References:
        J. Martens and I. Sutskever, ICML 2011, section 6.
    """
    values = generator.random((count, _scaled(110, length)))
    return _ask(values, length, generator, np.multiply)


def xor(length: int, count: int, *, generator: np.random.Generator) -> Sequences:
    """Draw sequences of bits, two of which are marked; the answer says whether they differ.

    Args:
        length: T, as in `addition`.
        count: How many sequences.
        generator: Draws them.

    Returns:
        The sequences.

    References:
        J. Martens and I. Sutskever, ICML 2011, section 6.
    """
    bits = (generator.random((count, _scaled(110, length))) < 0.5).astype(float)
    return _ask(bits, length, generator, np.not_equal)


def addition_1997(length: int, count: int, *, generator: np.random.Generator) -> Sequences:
    """Draw the addition problem as it was first published.

    Numbers lie between −1 and 1; the first mark is at one of the first ten steps, the second at one of the first
    T/2 − 1 others, and −1 at both ends. The answer is ½ + (x₁ + x₂)/4. If the very first step is marked, x₁ is 0.

    Args:
        length: T; a sequence has up to T/10 more steps.
        count: How many sequences.
        generator: Draws them.

    Returns:
        The sequences.

    References:
        S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735, section 5.4.
    """
    values = generator.uniform(-1, 1, (count, length + length // 10))
    inputs, last, first, second = _mark_1997(values, length, generator, neutral=0.0)
    return Sequences(inputs=inputs, lengths=last + 1, targets=0.5 + (first + second)[:, None] / 4)


def multiplication_1997(length: int, count: int, *, generator: np.random.Generator) -> Sequences:
    """Draw the multiplication problem as it was first published.

    As `addition_1997`, but for numbers between 0 and 1 and the product as the answer. If the very first step is marked,
    x₁ is 1.

    Args:
        length: T; a sequence has up to T/10 more steps.
        count: How many sequences.
        generator: Draws them.

    Returns:
        The sequences.

    References:
        S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735, section 5.5.
    """
    values = generator.random((count, length + length // 10))
    inputs, last, first, second = _mark_1997(values, length, generator, neutral=1.0)
    return Sequences(inputs=inputs, lengths=last + 1, targets=(first * second)[:, None])


def _ask(
    values: Float[ndarray, "sequence time"], length: int, generator: np.random.Generator, combine: np.ufunc
) -> Sequences:
    count, rows = len(values), np.arange(len(values))
    last = generator.integers(length, _scaled(110, length), count)
    # The first step bears the mark −1, however short the sequence.
    first = generator.integers(max(1, _scaled(1, length)), _scaled(10, length), count)
    second = generator.integers(_scaled(10, length), _scaled(50, length), count)
    answers = combine(values[rows, first], values[rows, second]).astype(float)
    inputs = _marked(values, ends=last - 3, first=first, second=second)
    return Sequences(inputs=inputs, lengths=last + 1, targets=answers[:, None])


def _mark_1997(
    values: Float[ndarray, "sequence time"], length: int, generator: np.random.Generator, *, neutral: float
) -> tuple[ndarray, Int[ndarray, " sequence"], ndarray, ndarray]:
    count, rows = len(values), np.arange(len(values))
    last = generator.integers(length, length + length // 10 + 1, count) - 1
    first = generator.integers(0, 10, count)
    second = generator.integers(0, length // 2 - 1, count)
    second += second >= first  # the first T/2 − 1 steps that are not marked yet
    values[first == 0, 0] = neutral
    inputs = _marked(values, ends=last, first=first, second=second)
    inputs[np.arange(values.shape[1]) > last[:, None]] = 0
    return inputs, last, values[rows, first], values[rows, second]


def _marked(
    values: Float[ndarray, "sequence time"],
    *,
    ends: Int[ndarray, " sequence"],
    first: Int[ndarray, " sequence"],
    second: Int[ndarray, " sequence"],
) -> Float[ndarray, "sequence time 2"]:
    rows, marks = np.arange(len(values)), np.zeros_like(values)
    marks[:, 0] = marks[rows, ends] = -1
    marks[rows, first] = marks[rows, second] = 1
    return np.stack([values, marks], axis=2)


def _scaled(steps: int, length: int) -> int:
    # Published are the numbers for T = 100.
    return steps * length // 100
