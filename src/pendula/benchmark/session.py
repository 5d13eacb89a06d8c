"""Measure many workloads in one run, and tell how it goes on."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pendula.benchmark.epochs import make_epoch
from pendula.benchmark.gemm import SIZES, Gemm, measure_gemm
from pendula.benchmark.measurement import Measurement, Rival, measure
from pendula.benchmark.turns import Pace
from pendula.benchmark.waiting import wait_for_calm
from pendula.benchmark.workload import Workload

__all__ = ["Listener", "MakeRival", "Session", "bearable", "expected_seconds", "silent"]

MakeRival: TypeAlias = Callable[[Workload], Rival | None]
Listener: TypeAlias = Callable[[Measurement, float], None]
"""Hears each measurement, and the seconds that are probably left."""


def silent(measurement: Measurement, left: float) -> None:
    """Hear a measurement and say nothing.

    Args:
        measurement: The measurement.
        left: Seconds that are probably left.
    """
    del measurement, left


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


@dataclass(kw_only=True, slots=True)
class Session:
    """One run of a benchmark.

    Attributes:
        pace: How long to measure each workload.
        rivals: Who runs beside Pendula and torch, where they can.
        listener: Hears each measurement.
        gemm_sizes: Rows of the matrices that the machine's rate is measured with.
        again: What looks bad or noisy is measured again, so many times as long; 0 leaves it as it is.
        gemms: The machine's rates at matrix products, by precision and threads.
        measured: What has been measured, by workload.
        load: How many programs kept the machine busy when the session was made; None where the system does not tell.
    """

    pace: Pace
    rivals: Sequence[MakeRival] = ()
    listener: Listener = silent
    gemm_sizes: tuple[int, ...] = SIZES
    again: float = 3.0
    gemms: dict[tuple[str, int], Gemm] = field(default_factory=dict)
    measured: dict[Workload, Measurement] = field(default_factory=dict)
    load: float | None = field(default_factory=_load)

    def run(self, workloads: Sequence[Workload]) -> list[Measurement]:
        """Measure all, then once more those in which Pendula looked slower than torch, or which were noisy.

        Args:
            workloads: What to compute.

        Returns:
            In the order given; both times of what was measured twice.
        """
        self._run(workloads, self.pace)
        doubtful = [workload for workload in workloads if self.again and self._is_doubtful(self.measured[workload])]
        self._run(doubtful, replace(self.pace, seconds=self.again * self.pace.seconds))
        return [self.measured[workload] for workload in workloads]

    def gemm(self, workload: Workload) -> Gemm:
        """Measure the machine's rate at matrix products, once.

        Args:
            workload: Whose precision and threads are taken.

        Returns:
            The rate.
        """
        key = workload.precision, workload.threads
        if key not in self.gemms:
            self.gemms[key] = measure_gemm(*key, sizes=self.gemm_sizes)
        return self.gemms[key]

    def _run(self, workloads: Sequence[Workload], pace: Pace) -> None:
        for workload, left in _with_time_left(workloads, pace):
            gemm = None if workload.task == "free_run" else self.gemm(workload)
            new = measure(workload, pace=pace, gemm=gemm, rivals=(make_epoch, *self.rivals))
            if new.times.lost:
                wait_for_calm(pace.patience)
            before = self.measured.get(workload)
            self.measured[workload] = before.joined(new) if before else new
            self.listener(self.measured[workload], left())

    def _is_doubtful(self, measurement: Measurement) -> bool:
        faster = measurement.faster["torch"]
        return measurement.is_slower or faster.relative > self.pace.noisy * (measurement.times.turns / 8) ** 0.5


def expected_seconds(workloads: Iterable[Workload], pace: Pace) -> float:
    """Estimate how long it takes to measure Pendula against torch on a usual machine.

    Args:
        workloads: What is computed.
        pace: How long to measure each.

    Returns:
        Seconds.

    Examples:
        >>> 0.3 < expected_seconds([Workload()], Pace(seconds=0.3)) < 0.6
        True
    """
    # Three times to see that the contenders agree, two to warm up, then the turns.
    return sum((max(pace.seconds, pace.fewest * turn) + 5 * turn for turn in map(_turn, workloads)), 0.0)


def bearable(workloads: Sequence[Workload], pace: Pace, *, most: float) -> list[Workload]:
    """Leave out what would take too long.

    Args:
        workloads: What is to be computed.
        pace: How long to measure each.
        most: Seconds for one of them.

    Returns:
        Those that take no longer.

    Examples:
        >>> long = Workload(batch=256, time=1000, hidden_size=256)
        >>> bearable([long, Workload()], Pace(), most=10.0) == [Workload()]
        True
    """
    return [workload for workload in workloads if expected_seconds([workload], pace) <= most]


def _turn(workload: Workload) -> float:
    # Torch's loop over steps costs some microseconds an operation, and its products reach a part of the machine's rate.
    passes = {"step": 2.5, "forward": 1.0, "tangent": 3.0, "free_run": 1.5}[workload.task]
    gates = {"rnn": 1.0, "gru": 1.7, "lstm": 2.0}[workload.cell]
    rate: float = {"float32": 3e10, "float64": 1.5e10}[workload.precision] * min(workload.threads, 2) ** 0.5
    return 1.3 * (2e-5 * passes * gates * workload.time * workload.num_layers + workload.work / rate)


def _with_time_left(workloads: Sequence[Workload], pace: Pace) -> Iterator[tuple[Workload, Callable[[], float]]]:
    began, done, total = time.monotonic(), 0.0, expected_seconds(workloads, pace)
    for workload in workloads:
        done += expected_seconds([workload], pace)

        def left(share: float = done / total) -> float:
            return (time.monotonic() - began) / share * (1 - share)

        yield workload, left
