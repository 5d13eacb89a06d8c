"""The batches of an epoch: shuffled windows, or streams whose state is carried on."""

from collections.abc import Iterator, Sized
from dataclasses import dataclass

import numpy as np
import torch

from pendula.errors import DataError
from pendula.series.windows import Windows
from pendula.shapes import BatchTensor, Int, Tensor, ndarray

__all__ = ["Batch", "drawn", "shuffled", "streamed"]

BLOCK = 256
"""Batches whose rows are found at once, so that a step spends no time on it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces of a series to learn from.

    Attributes:
        pieces: Inputs followed by targets, scaled.
        carries_on: Whether the pieces follow directly on those of the batch before.
    """

    pieces: BatchTensor
    carries_on: bool = False


def shuffled(
    windows: Windows, batch_size: int, *, generator: torch.Generator, steps: int | None = None
) -> Iterator[Batch]:
    """Go through all windows in random order, or draw some at random.

    Args:
        windows: The windows.
        batch_size: How many make a batch; the last of an epoch may hold fewer.
        generator: Of the order.
        steps: Draw this many batches with replacement instead.

    Yields:
        The batches.
    """
    order = drawn(windows, batch_size, generator=generator, steps=steps)
    for block in torch.split(order, batch_size * BLOCK):
        # One transfer to the device of the series for all of them.
        for starts in torch.split(windows.starts(block).to(windows.values.device), batch_size):
            yield Batch(windows.at(starts))


def drawn(
    windows: Sized, batch_size: int, *, generator: torch.Generator, steps: int | None = None
) -> Int[Tensor, " order"]:
    """Draw the order of an epoch's windows.

    Args:
        windows: The windows, or other pieces.
        batch_size: How many make a batch.
        generator: Of the order.
        steps: Draw this many batches with replacement; None takes every window once.

    Returns:
        Which windows, batch after batch.
    """
    if steps is None:
        return torch.randperm(len(windows), generator=generator)
    return torch.randint(len(windows), (steps * batch_size,), generator=generator)


def streamed(
    values: Tensor, segments: Int[ndarray, "segment 2"], *, window: int, batch_size: int, generator: torch.Generator
) -> Iterator[Batch]:
    """Advance along several long streams at once, window after window.

    The segments are cut into streams of one length, as long as nine tenths of the rows allow; `batch_size` of them
    advance together, the next ones after them. Random shifts move the streams within their segments and the cuts
    between windows from epoch to epoch, so that every value has its turn.

    Args:
        values: The series, scaled.
        segments: Half-open row ranges that streams may use.
        window: Steps from one batch to the next, through which gradients flow.
        batch_size: Streams that advance together, at most.
        generator: Of the shifts.

    Yields:
        Batches of `window` inputs and the value after them; each overlaps the next by that value.

    Raises:
        DataError: If no segment holds two windows.
    """
    length = _stream_length(segments, window=window, batch_size=batch_size)
    starts = np.concatenate([_stream_starts(begin, end, length, generator) for begin, end in segments.tolist()])
    offset = _draw(min(window, max(1, length - 2 * window)), generator)
    for together in np.array_split(starts, range(batch_size, len(starts), batch_size)):
        rows = torch.from_numpy(together)[:, None] + torch.arange(window + 1)
        for step, begin in enumerate(range(offset, length - window, window)):
            yield Batch(values[(rows + begin).to(values.device)], carries_on=step > 0)


def _stream_length(segments: Int[ndarray, "segment 2"], *, window: int, batch_size: int) -> int:
    lengths = segments[:, 1] - segments[:, 0]
    longest = int(lengths.max(initial=0))
    least = 2 * window + 1
    if longest < least:
        raise DataError(
            f"`window` must fit twice into the longest gap-free stretch to carry a state: expected {least} samples, "
            f"got {longest}. Lower `--window`, or train without `carry_state`."
        )
    length = min(longest, max(least, int(lengths.sum()) // batch_size))
    while length > least and (lengths // length * length).sum() < 0.9 * lengths.sum():
        length = max(least, length * 9 // 10)
    return length


def _stream_starts(begin: int, end: int, length: int, generator: torch.Generator) -> Int[ndarray, " stream"]:
    # The last row of a stream is the first of the next: there it is an input, here a target.
    streams = max(0, (end - begin - 1) // (length - 1))
    slack = end - begin - 1 - streams * (length - 1)
    return begin + _draw(slack + 1, generator) + np.arange(streams, dtype=np.int64) * (length - 1)


def _draw(below: int, generator: torch.Generator) -> int:
    return int(torch.randint(below, (1,), generator=generator))
