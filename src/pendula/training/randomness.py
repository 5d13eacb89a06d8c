"""Random numbers that depend on the seed and the epoch alone, so that a resumed epoch draws the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["derived_seed", "epoch_generator", "seeded"]


def derived_seed(seed: int, *path: int) -> int:
    """Derive an independent seed.

    Args:
        seed: The user's seed.
        path: Numbers that say what it is for.

    Returns:
        A seed below 2⁶³.

    Examples:
        >>> derived_seed(0, 1) == derived_seed(0, 1), derived_seed(0, 1) == derived_seed(0, 2)
        (True, False)
    """
    return int(np.random.SeedSequence([seed, *path]).generate_state(1, np.uint64)[0] >> 1)


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Make the generator of an epoch's order, noise and teacher forcing.

    Args:
        seed: The user's seed.
        epoch: Counted from 1.

    Returns:
        A generator on the CPU.
    """
    return torch.Generator().manual_seed(derived_seed(seed, epoch, 0))


@contextmanager
def seeded(seed: int, epoch: int) -> Iterator[None]:
    """Seed torch's global generator, which dropout draws from, and put it back afterwards.

    Args:
        seed: The user's seed.
        epoch: Counted from 1.

    Yields:
        Nothing.
    """
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(derived_seed(seed, epoch, 1))
        yield
