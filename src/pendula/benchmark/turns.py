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
from pendula.benchmark.waiting import wait_for_calm, waited_seconds
from pendula.shapes import Float

__all__ = ["EPOCH", "OURS", "Contender", "Pace", "Times", "race", "stopwatch"]

OURS = "pendula"
"""The contender that the others are compared with."""

EPOCH = "pendula epoch"
"""The same work as Pendula's own training does it."""

DISTURBED = 0.02
"""A run is disturbed if its threads waited for a processor longer than this part of it."""

LEAST_SECONDS = 0.02
"""Shorter work is repeated for so long, as in a loop over batches, once it has found its caches and threads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: Who.
        run: Does the work, and gives the seconds that it takes once.
        process: Where it does it; "self" is this process.
    """

    name: str
    run: Callable[[], float]
    process: int | str = "self"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long to measure.

    Attributes:
        seconds: Timed work of a race, over all contenders; as many turns are run as fit.
        fewest: Turns that are run, unless they take ten times as long as they should.
        most: Turns after which a race ends.
        noisy: Relative spread of the ratios between turns above which a race goes on, up to four times as long.
        patience: Seconds that may be lost on runs that had to wait for a processor, since other programs had it. They
            are repeated; when patience has ended, they count.
    """

    seconds: float = 0.3
    fewest: int = 5
    most: int = 400
    noisy: float = 0.1
    patience: float = 2.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Times:
    """What a race came to.

    Attributes:
        seconds: By contender, one number for each turn.
        disturbed: How many of the turns were disturbed by other programs, and counted for want of better ones.
        lost: Seconds that went by on disturbed runs that were repeated.
    """

    seconds: dict[str, Float[ndarray, " turn"]]
    disturbed: int = 0
    lost: float = 0.0

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
        seconds = {name: np.concatenate([values, other.seconds[name]]) for name, values in self.seconds.items()}
        return Times(seconds=seconds, disturbed=self.disturbed + other.disturbed, lost=self.lost + other.lost)


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
        # The first run allocates, compiles and packs; the second is the first one that finds all that done.
        for contender in contenders:
            for _ in range(2):
                contender.run()
        tally = _Tally([each.name for each in contenders], pace, clock)
        while tally.goes_on():
            start = len(tally.turns) % len(contenders)
            tally.take({each.name: tally.timed(each) for each in (*contenders[start:], *contenders[:start])})
    return tally.times()


def stopwatch(work: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter) -> Callable[[], float]:
    """Make work tell how long it takes.

    Args:
        work: What to do.
        clock: Gives the time, in seconds.

    Returns:
        A function that does it, and gives the seconds of once: short work is done once untimed and then repeated.

    Examples:
        >>> 0.2 < stopwatch(lambda: time.sleep(0.25))() < 2.0
        True
    """

    def seconds_of(least: float) -> float:
        began, count = clock(), 0
        while True:
            work()
            count += 1
            if (spent := clock() - began) >= least:
                return spent / count

    def run() -> float:
        once = seconds_of(0.0)
        return once if once >= LEAST_SECONDS else seconds_of(LEAST_SECONDS)

    return run


class _Tally:
    """What has been measured up to now.

    Args:
        names: Who runs; the first is the one that the others are compared with.
        pace: How long to measure.
        clock: Gives the time, in seconds.
    """

    def __init__(self, names: Sequence[str], pace: Pace, clock: Callable[[], float]) -> None:
        self.names = names
        self.pace = pace
        self.clock = clock
        self.turns: list[dict[str, float]] = []
        self.spent = self.lost = 0.0
        self.disturbed = 0
        self._is_disturbed = False

    def timed(self, contender: Contender) -> float:
        while True:
            before, began = waited_seconds([contender.process]), self.clock()
            seconds = contender.run()
            stop, after = self.clock(), waited_seconds([contender.process])
            waited = 0.0 if before is None or after is None else after - before
            if waited <= DISTURBED * (stop - began):
                break
            if self.lost >= self.pace.patience:
                self._is_disturbed = True
                break
            wait_for_calm(self.pace.patience - self.lost)
            self.lost += self.clock() - began
        self.spent += self.clock() - began
        return seconds

    def take(self, turn: dict[str, float]) -> None:
        self.turns.append(turn)
        self.disturbed += self._is_disturbed
        self._is_disturbed = False

    def goes_on(self) -> bool:
        pace, count = self.pace, len(self.turns)
        if count < pace.fewest:
            return not count or self.spent < 10 * pace.seconds
        if count >= pace.most or (self.disturbed and self.lost >= pace.patience > 0):
            return False
        return self.spent < pace.seconds or (self.spent < 4 * pace.seconds and self.is_noisy())

    def is_noisy(self) -> bool:
        seconds = self.times().seconds
        ratios = [seconds[name] / seconds[self.names[0]] for name in self.names[1:]]
        # The median of many scattered turns is known better than any one of them.
        most = self.pace.noisy * math.sqrt(len(self.turns) / 8)
        return any(spread_of(ratio).relative > most for ratio in ratios)

    def times(self) -> Times:
        seconds = {name: np.array([turn[name] for turn in self.turns]) for name in self.names}
        return Times(seconds=seconds, disturbed=self.disturbed, lost=self.lost)


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
