"""How long threads had to wait for a processor: what other programs do to a measurement."""

from collections.abc import Iterable
from pathlib import Path

__all__ = ["PROCESSES", "waited_seconds"]

PROCESSES = Path("/proc")
"""Where Linux tells of its processes."""


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


def _waited(task: Path) -> float:
    try:
        # Nanoseconds of running and of waiting, and how many times it ran.
        return int((task / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended meanwhile
