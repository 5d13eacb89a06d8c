"""How long threads had to wait for a processor: what other programs do to a measurement."""

import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["PROCESSES", "wait_for_calm", "waited_seconds"]

PROCESSES = Path("/proc")
"""Where Linux tells of its processes."""

CALM = 0.9
"""A machine is calm while its processors are idle for this part of the time."""

LOOK_SECONDS = 0.1
"""The system counts in hundredths of a second."""


def waited_seconds(processes: Iterable[int | str] = ("self",)) -> float | None:
    """Sum the time for which the threads of some processes were ready to run and had no processor.

    Args:
        processes: Their numbers; "self" is this one.

    Returns:
        Seconds since they began; None where the system does not tell.

    Examples:
        >>> waited = waited_seconds()
        >>> waited is None or waited >= 0
        True
    """
    try:
        tasks = [task for process in processes for task in (PROCESSES / str(process) / "task").iterdir()]
        return sum(map(_waited, tasks), 0.0)
    except OSError:
        return None


def wait_for_calm(most: float) -> None:
    """Wait until no other program works.

    Args:
        most: Seconds to wait at most; a tenth of a second in any case.
    """
    began = time.monotonic()
    while True:
        before = _processor_ticks()
        time.sleep(LOOK_SECONDS)
        after = _processor_ticks()
        if before is None or after is None or time.monotonic() - began > most:
            return
        idle, every = after[0] - before[0], after[1] - before[1]
        if idle >= CALM * every:
            return


def _processor_ticks() -> tuple[int, int] | None:
    # Idle time and all time, over all processors.
    try:
        first = (PROCESSES / "stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    ticks = [int(word) for word in first.split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)  # idle and waiting for a disk


def _waited(task: Path) -> float:
    try:
        # Nanoseconds of running and of waiting, and how many times it ran.
        return int((task / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended meanwhile
