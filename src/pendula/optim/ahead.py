"""Make the next block of rows while the last one is being used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ahead"]

Block = TypeVar("Block")


def ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """Go through blocks, with the next one made in a thread beside.

    It pays where making and using a block both leave the interpreter to others, as compiled code does that works for
    long. One block more is held in memory; an exception comes where its block would have.

    Args:
        blocks: What makes them.

    Yields:
        The same blocks, in the same order.

    Examples:
        >>> list(ahead(iter("abc")))
        ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(max_workers=1) as beside:
        coming = beside.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = beside.submit(next, blocks, None)
            yield block
