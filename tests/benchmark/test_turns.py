import gc
import itertools

import numpy as np
import pytest

from pendula.benchmark import Contender, Pace, Times, race
from pendula.benchmark.turns import stopwatch


class Track:
    """Contenders on a clock of their own."""

    def __init__(self, **seconds):
        self.now, self.calls = 0.0, []
        self.contenders = [
            Contender(name=name, run=lambda name=name, each=each: self.run(name, next(each)))
            for name, each in ((name, itertools.cycle(np.atleast_1d(values))) for name, values in seconds.items())
        ]

    def run(self, name, seconds):
        self.calls.append(name)
        self.now += float(seconds)
        return float(seconds)

    def race(self, **pace):
        self.times = race(self.contenders, Pace(**pace), clock=lambda: float(self.now))
        return self.times


def test_each_turn_starts_with_another_contender_and_the_warm_up_is_left_out():
    track = Track(a=1.0, b=2.0, c=3.0)
    times = track.race(seconds=60.0, fewest=1)
    assert times.turns == 10
    assert track.calls[:6] == ["a", "a", "b", "b", "c", "c"]
    assert "".join(track.calls[6:15]) == "abcbcacab"
    assert times.seconds["c"].tolist() == [3.0] * 10


def test_one_turn_is_run_although_there_is_no_time():
    assert Track(a=1.0, b=2.0).race(seconds=0.0, fewest=4).turns == 1


def test_the_fewest_turns_are_run_although_the_time_is_over():
    assert Track(a=1.0, b=2.0).race(seconds=1.0, fewest=4).turns == 4
    assert Track(a=1.0, b=2.0).race(seconds=1.0, fewest=9).turns == 4


def test_the_most_turns_end_a_race():
    assert Track(a=1.0, b=1.0).race(seconds=1e9, most=7).turns == 7


def test_short_work_is_done_once_untimed_and_then_repeated():
    # On a clock that tells whole binary fractions of a second, sums are exact.
    now, costs = 0.0, itertools.chain([1 / 128], itertools.repeat(1 / 256))

    def work():
        nonlocal now
        now += next(costs)

    assert stopwatch(work, clock=lambda: now)() == 1 / 256
    assert now == 1 / 128 + 6 / 256  # the first multiple above 0.02 s


def test_long_work_is_done_once():
    done = []
    assert stopwatch(lambda: done.append(1), clock=lambda: 3.0 * len(done))() == 3.0
    assert done == [1]


def test_a_noisy_race_goes_on_up_to_four_times_as_long():
    calm = Track(a=1.0, b=2.0).race(seconds=30.0).turns
    noisy = Track(a=1.0, b=[1.0, 1.0, 5.0, 0.5, 9.0]).race(seconds=30.0).turns
    assert calm == 10
    assert 2 * calm < noisy <= 4 * calm + 3


class Crowd:
    """Other programs, which keep a processor from the contenders in some of the runs."""

    def __init__(self, monkeypatch, disturbed):
        self.readings, self.waited, self.disturbed = 0, 0.0, disturbed
        monkeypatch.setattr("pendula.benchmark.turns.waited_seconds", self)
        monkeypatch.setattr("pendula.benchmark.turns.wait_for_calm", lambda _: None)

    def __call__(self, processes):
        assert processes == ["self"]
        run, is_after = divmod(self.readings, 2)
        self.readings += 1
        self.waited += 0.5 * (is_after and self.disturbed(run))
        return self.waited


def test_runs_that_others_disturb_are_repeated(monkeypatch):
    Crowd(monkeypatch, lambda run: run % 2 == 0)
    track = Track(a=[1.0, 1.0, 9.0, 1.0], b=[2.0, 2.0, 9.0, 2.0])
    times = track.race(seconds=12.0, fewest=1, noisy=1e9, patience=100.0)
    assert (times.turns, times.disturbed) == (4, 0)
    assert track.calls[4:8] == ["a", "a", "b", "b"]
    assert times.seconds["a"].tolist() == [1.0] * 4


def test_patience_ends_and_then_every_run_counts(monkeypatch):
    Crowd(monkeypatch, lambda _: True)
    times = Track(a=1.0, b=2.0).race(seconds=30.0, fewest=3, patience=6.0)
    assert (times.turns, times.disturbed) == (3, 3)


def test_without_patience_every_run_counts_as_long_as_the_time_lasts(monkeypatch):
    Crowd(monkeypatch, lambda run: run > 5)
    times = Track(a=1.0, b=2.0).race(seconds=30.0, fewest=3, patience=0.0)
    assert (times.turns, times.disturbed) == (10, 7)


def test_a_short_wait_disturbs_nothing(monkeypatch):
    Crowd(monkeypatch, lambda _: 0.03)
    assert Track(a=1.0, b=2.0).race(seconds=30.0).disturbed == 0


def test_where_the_system_does_not_tell_every_run_counts(monkeypatch):
    monkeypatch.setattr("pendula.benchmark.turns.waited_seconds", lambda _: None)
    assert Track(a=1.0, b=2.0).race(seconds=30.0).turns == 10


def test_ratios_are_taken_within_a_turn():
    # The machine is ten times slower in the second half: no median of seconds would tell 3.
    times = Times(seconds={"a": np.array([1.0, 1.0, 10.0, 10.0]), "b": np.array([3.0, 3.0, 30.0, 30.0])})
    ratio = times.ratio("b", "a")
    assert (ratio.median, ratio.low, ratio.high, ratio.relative) == (3.0, 3.0, 3.0, 0.0)
    assert times.of("a").median == 5.5


def test_two_races_are_joined_turn_behind_turn():
    times = Times(seconds={"a": np.array([1.0]), "b": np.array([2.0])})
    assert times.joined(Times(seconds={"b": np.array([6.0]), "a": np.array([2.0])})).ratio("b", "a").median == 2.5


def test_nothing_is_collected_while_a_race_runs():
    seen = []
    contender = Contender(name="a", run=lambda: float(seen.append(gc.isenabled()) or 1.0))
    race([contender], Pace(most=2))
    assert set(seen) == {False}
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        race([Contender(name="a", run=lambda: 1 / 0)], Pace())
    assert gc.isenabled()
