"""Run contenders in turns and compare them turn by turn, so that a machine's ups and downs meet all of them alike."""

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from pendula.benchmark.statistics import Spread, spread_of
from pendula.shapes import Float

__all__ = ["EPOCH", "OURS", "Contender", "Pace", "Times", "race", "stopwatch"]

OURS = "pendula"
"""The contender that the others are compared with."""

EPOCH = "pendula epoch"
"""The same work as Pendula's own training does it."""

SETTLE_SECONDS = 0.02
"""Work shorter than this is run once untimed before each timed run: it finds its own caches and its own threads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: Who.
        run: Does the work once, and gives the seconds that it took.
    """

    name: str
    run: Callable[[], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long to measure.

    Attributes:
        seconds: Time for a race, over all contenders; as many turns are run as fit.
        fewest: Turns that are run, unless they take ten times as long as they should.
        most: Turns after which a race ends.
        noisy: Relative spread of the ratios between turns above which a race goes on, up to four times as long.
    """

    seconds: float = 0.3
    fewest: int = 5
    most: int = 400
    noisy: float = 0.1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Times:
    """What a race came to.

    Attributes:
        seconds: By contender, one number for each turn.
    """

    seconds: dict[str, Float[ndarray, " turn"]]

    @property
    def turns(self) -> int:
        """How many turns were run."""
        return len(next(iter(self.seconds.values())))

    def of(self, name: str) -> Spread:
        """Give the seconds of one contender.

        Args:
            name: Who.

        Returns:
            Median and quartiles over the turns.
        """
        return spread_of(self.seconds[name])

    def ratio(self, slow: str, fast: str) -> Spread:
        """Compare two contenders within each turn.

        Args:
            slow: Whose seconds are divided.
            fast: By whose.

        Returns:
            Median and quartiles of the turns' ratios: how many times faster `fast` is.
        """
        return spread_of(self.seconds[slow] / self.seconds[fast])

    def joined(self, other: "Times") -> "Times":
        """Put the turns of a second race behind those of this one.

        Args:
            other: A race of the same contenders.

        Returns:
            Both.
        """
        return Times(
            seconds={name: np.concatenate([values, other.seconds[name]]) for name, values in self.seconds.items()}
        )


def race(
    contenders: Sequence[Contender], pace: Pace | None = None, *, clock: Callable[[], float] = time.perf_counter
) -> Times:
    """Run every contender once in each turn, starting with another one each time.

    Args:
        contenders: Who runs; the first is the one that the others are compared with.
        pace: How long to measure.
        clock: Gives the time, in seconds.

    Returns:
        The seconds of each in each turn, the warm-up left out.

    Examples:
        >>> times = race([Contender(name="a", run=lambda: 1.0), Contender(name="b", run=lambda: 3.0)], Pace(most=9))
        >>> times.turns, times.ratio("b", "a").median
        (9, 3.0)
    """
    pace = pace or Pace()
    with _undisturbed():
        # The first run allocates, compiles and packs; the second tells how long the work takes.
        usual = {contender.name: (contender.run(), contender.run())[1] for contender in contenders}
        turns: list[dict[str, float]] = []
        began = clock()
        while _goes_on(turns, [contender.name for contender in contenders], pace, clock() - began):
            start = len(turns) % len(contenders)
            turns.append({each.name: _timed(each, usual) for each in (*contenders[start:], *contenders[:start])})
    return Times(seconds={each.name: np.array([turn[each.name] for turn in turns]) for each in contenders})


def stopwatch(work: Callable[[], object]) -> Callable[[], float]:
    """Make work tell how long it takes.

    Args:
        work: What to do.

    Returns:
        A function that does it once and gives the seconds.
    """

    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run


def _timed(contender: Contender, usual: dict[str, float]) -> float:
    if usual[contender.name] < SETTLE_SECONDS:
        contender.run()
    return contender.run()


def _goes_on(turns: list[dict[str, float]], names: Sequence[str], pace: Pace, spent: float) -> bool:
    if len(turns) < pace.fewest:
        return not turns or spent < 10 * pace.seconds
    if len(turns) >= pace.most:
        return False
    return spent < pace.seconds or (spent < 4 * pace.seconds and _is_noisy(turns, names, pace.noisy))


def _is_noisy(turns: list[dict[str, float]], names: Sequence[str], most: float) -> bool:
    first = np.array([turn[names[0]] for turn in turns])
    ratios = [np.array([turn[name] for turn in turns]) / first for name in names[1:]]
    # The median of many scattered turns is known better than any one of them.
    return any(spread_of(ratio).relative > most * math.sqrt(len(turns) / 8) for ratio in ratios)


@contextmanager
def _undisturbed() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect(1)  # the youngest: all of them would take longer than many a race
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
