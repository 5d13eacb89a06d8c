"""A few telling symbols among many that say nothing: temporal order, random permutation, memorization."""

from itertools import pairwise

import numpy as np

from pendula.shapes import Int, ndarray
from pendula.tasks.sequences import Sequences, one_hot

__all__ = ["memorization", "permutation", "temporal_order", "temporal_order_1997"]

X, TRIGGER, START = 4, 6, 7
"""0 to 3 are distractors; X and Y = X + 1 tell; the trigger asks for the answer."""
SYMBOLS = 8
PERMUTED = 100
"""Symbols of the random permutation."""

_PLACES = {2: ((1, 10), (40, 50)), 3: ((1, 10), (30, 40), (50, 60))}
_PLACES_1997 = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}
"""Where the telling symbols are, for T = 100."""


def temporal_order(length: int, count: int, *, generator: np.random.Generator, symbols: int = 2) -> Sequences:
    """Draw sequences of symbols, two or three of which are X or Y; the answer is which of them came when.

    All answers occur equally often, as far as the number of sequences allows.

    Args:
        length: T; a sequence has up to a tenth more steps.
        count: How many sequences.
        generator: Draws them.
        symbols: How many tell: 2 or 3.

    Returns:
        The sequences; the class is the binary number whose digits, the first symbol's first, are 0 for X and 1 for Y.

    References:
        J. Martens and I. Sutskever, ICML 2011, section 6, as in the authors' own generator.

    Examples:
        >>> drawn = temporal_order(100, 4, generator=np.random.default_rng(0))
        >>> np.sort(drawn.targets[:, 0])
        array([0., 1., 2., 3.])
    """
    last = generator.integers(length, max(length + 1, 110 * length // 100), count)
    shown, answers = _tell(length, last, _PLACES[symbols], generator, np.arange(count) % 2**symbols)
    # With two symbols the trigger comes a step before the answer, with three at it.
    shown[np.arange(count), last - (symbols == 2)] = TRIGGER
    return Sequences(inputs=one_hot(shown, SYMBOLS), lengths=last + 1, targets=answers[:, None])


def temporal_order_1997(length: int, count: int, *, generator: np.random.Generator, symbols: int = 2) -> Sequences:
    """Draw the temporal order problem as it was first published.

    The telling symbols lie further from the start than in `temporal_order`, are drawn independently, and the trigger is
    the last symbol.

    Args:
        length: T; a sequence has up to T/10 more steps.
        count: How many sequences.
        generator: Draws them.
        symbols: How many tell: 2 or 3.

    Returns:
        The sequences.

    References:
        S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735, section 5.6, tasks 6a and 6b.
    """
    last = generator.integers(length, length + length // 10 + 1, count) - 1
    told = generator.integers(0, 2**symbols, count)
    shown, answers = _tell(length, last, _PLACES_1997[symbols], generator, told)
    shown[np.arange(count), last] = TRIGGER
    return Sequences(inputs=one_hot(shown, SYMBOLS), lengths=last + 1, targets=answers[:, None])


def permutation(length: int, count: int, *, generator: np.random.Generator) -> Sequences:
    """Draw sequences that begin with one of two symbols and end with it again; between them are 98 others at random.

    The next symbol is to be predicted at every step, which can be done at the last one alone; that one decides.

    Args:
        length: T.
        count: How many sequences.
        generator: Draws them.

    Returns:
        The sequences.

    References:
        J. Martens and I. Sutskever, ICML 2011, section 6, after S. Hochreiter and J. Schmidhuber (1997), task 2b.
    """
    shown = generator.integers(2, PERMUTED, (count, length))
    shown[:, 0] = np.arange(count) % 2
    following = np.concatenate([shown[:, 1:], shown[:, :1]], axis=1)
    return Sequences(inputs=one_hot(shown, PERMUTED), lengths=np.full(count, length), targets=following.astype(float))


def memorization(length: int, count: int, *, generator: np.random.Generator, symbols: int, alphabet: int) -> Sequences:
    """Draw patterns that are shown, kept for T steps, and asked for.

    The inputs are the pattern, then a blank with its own symbol, with a cue in place of the last blank before the
    recall begins. The answer is the blank until then, and the pattern afterwards.

    Args:
        length: T: the pattern is recalled so many steps after it ended.
        count: How many sequences; if there are exactly so many patterns, each occurs once.
        generator: Draws them.
        symbols: Length of the pattern: 5 for 5 bits, 10 for 20 bits.
        alphabet: Different symbols in a pattern: 2 and 5.

    Returns:
        The sequences, of T + 2 `symbols` steps; every step decides.

    References:
        J. Martens and I. Sutskever, ICML 2011, section 6; H. Jaeger, Jacobs University technical report 27 (2012),
        section 3.6 and 3.7, from which the channels are taken.
    """
    blank, cue = alphabet, alphabet + 1
    numbers = np.arange(count) if count == alphabet**symbols else generator.integers(0, alphabet**symbols, count)
    pattern = numbers[:, None] // alphabet ** np.arange(symbols) % alphabet
    kept = np.full((count, length + symbols), blank)
    shown = np.concatenate([pattern, kept], axis=1)
    shown[:, length + symbols - 1] = cue
    answers = np.concatenate([kept, pattern], axis=1).astype(float)
    return Sequences(inputs=one_hot(shown, alphabet + 2), lengths=np.full(count, length + 2 * symbols), targets=answers)


def _tell(
    length: int,
    last: Int[ndarray, " sequence"],
    places: tuple[tuple[int, int], ...],
    generator: np.random.Generator,
    told: Int[ndarray, " sequence"],
) -> tuple[Int[ndarray, "sequence time"], ndarray]:
    count, rows = len(last), np.arange(len(last))
    shown = generator.integers(0, 4, (count, max(int(last.max()) + 1, 110 * length // 100)))
    shown[:, 0] = START
    digits = [told >> place & 1 for place in reversed(range(len(places)))]
    bounds = [(max(1, first * length // 100), end * length // 100) for first, end in places]
    assert all(before[1] <= after[0] for before, after in pairwise(bounds))
    for digit, (first, end) in zip(digits, bounds, strict=True):
        shown[rows, generator.integers(first, end + 1, count)] = X + digit
    return shown, told.astype(float)
