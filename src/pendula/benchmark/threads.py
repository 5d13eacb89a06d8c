"""The number of threads, for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["available_threads", "threads_set_to"]


@contextmanager
def threads_set_to(threads: int) -> Iterator[None]:
    """Work on so many threads, and go back to the number before.

    Args:
        threads: Of torch, and of Pendula's own kernels, which follow it.

    Yields:
        Nothing; the number holds inside the block.

    Examples:
        >>> import torch
        >>> with threads_set_to(1):
        ...     torch.get_num_threads()
        1
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def available_threads() -> int:
    """Count the processors that this process may use.

    Returns:
        At least 1.

    Examples:
        >>> available_threads() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
