"""How much memory a computation may take."""

import os
from pathlib import Path

from pendula.errors import TooLargeError

__all__ = ["available_bytes", "require"]

UNQUESTIONED = 1 << 26
"""Computations that need no more bytes than this are not checked: looking costs time."""


def require(
    needed: int,
    what: str,
    *,
    rule: str = "`sequences` must fit in memory, with what is computed from them",
    advice: str = "Split the batch, or shorten the sequences.",
) -> None:
    """Refuse what does not fit in memory, before anything is allocated.

    Args:
        needed: Bytes that it takes.
        what: What it is, in words.
        rule: What must fit, with the names of the arguments that decide it.
        advice: What to do where it does not.

    Raises:
        TooLargeError: If that is more than this process can have.

    Examples:
        >>> require(8, "one number")
        >>> require(10**15, "a long run")
        Traceback (most recent call last):
        ...
        pendula.errors.TooLargeError: `sequences` must fit in memory, with what is computed from them: expected at
        most ... GiB, got ... GiB for a long run. Split the batch, or shorten the sequences.
    """
    if needed <= UNQUESTIONED:
        return
    available = available_bytes()
    if available is not None and needed > available:
        raise TooLargeError(
            f"{rule}: expected at most {available / 2**30:.1f} GiB, got {needed / 2**30:.1f} GiB for {what}. {advice}"
        )


def available_bytes() -> int | None:
    """Say how much memory this process can still have.

    Returns:
        Bytes that the system has left, or the process's control group if that is less; None where neither tells.

    Examples:
        >>> available_bytes() is None or available_bytes() > 0
        True
    """
    known = [each for each in (_left_in_system(), _left_in_group()) if each is not None]
    return min(known, default=None)


def _left_in_system() -> int | None:
    lines = _read("/proc/meminfo").splitlines()
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    if "MemAvailable" in sizes:
        return sizes["MemAvailable"] + sizes.get("SwapFree", 0)
    if "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _left_in_group() -> int | None:
    # Batch systems limit a job by its control group: version 2 has one hierarchy, version 1 one for memory alone.
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, limit, usage = "/sys/fs/cgroup", "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit, usage = "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        groups = [Path(root + path), *Path(root + path).parents]
        left = [_left_in(group, limit, usage) for group in groups if group.is_relative_to(root)]
        known = [each for each in left if each is not None]
        if known:
            return min(known)
    return None


def _left_in(group: Path, limit: str, usage: str) -> int | None:
    most, used = _read(group / limit).strip(), _read(group / usage).strip()
    if not (most.isdigit() and used.isdigit()):
        return None
    # Pages of files count as used, and are given up when memory is short.
    sizes = dict(line.split(" ") for line in _read(group / "memory.stat").splitlines())
    prefix = "total_" if limit.endswith("_in_bytes") else ""
    return int(most) - int(used) + sum(int(sizes.get(f"{prefix}{age}_file", 0)) for age in ("active", "inactive"))


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
