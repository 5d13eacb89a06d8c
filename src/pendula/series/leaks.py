"""The proof that nothing leaks: change the future, and nothing before it may move."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any

import numpy as np
import torch

from pendula.errors import ArgumentError, LeakError
from pendula.series.record import Record
from pendula.shapes import Series, ndarray

__all__ = ["leak_check"]


def leak_check(pipeline: Callable[[Record], Any], record: Record, boundary: int, *, seed: int = 0) -> None:
    """Make sure that what a pipeline makes of the past does not depend on the future.

    The rows from `boundary` on, controls included, are overwritten in several ways (noise, another scale, a large
    offset, another order); the pipeline's output must stay the same, bit for bit.

    Args:
        pipeline: Any function of a record whose output claims to depend on the rows before `boundary` alone. It returns
            arrays, tensors or numbers, or tuples, lists and dictionaries of them.
        record: The record.
        boundary: First row of the future.
        seed: Seed of the noise.

    Raises:
        ArgumentError: If there is no row before `boundary`, or none after it.
        LeakError: If the output moved.

    Examples:
        >>> import xarray as xr
        >>> from pendula.series.record import record
        >>> series = record(xr.Dataset({"x": ("time", np.arange(10.0))}))
        >>> leak_check(lambda known: known.values[:6].mean(), series, 6)
        >>> leak_check(lambda known: known.values.mean(), series, 6)
        Traceback (most recent call last):
        ...
        pendula.errors.LeakError: `pipeline` must not look beyond row 6: expected the same output whatever follows, ...
    """
    if not 0 < boundary < len(record):
        raise ArgumentError(
            f"`boundary` must leave a past and a future: expected 1 to {len(record) - 1}, got {boundary}. "
            "Give the first row of the test part."
        )
    # Copies, because a pipeline may return views of the record or reuse a buffer.
    before = {name: array.copy() for name, array in _arrays(pipeline(record))}
    for change, changed in _changed(record, boundary, np.random.default_rng(seed)):
        after = dict(_arrays(pipeline(changed)))
        moved = _movement(before, after)
        if moved:
            raise LeakError(
                f"`pipeline` must not look beyond row {boundary}: expected the same output whatever follows, "
                f"got {moved} when the future was {change}. "
                "Fit scalers on the training part, and cut windows within it."
            )


def _changed(record: Record, boundary: int, generator: np.random.Generator) -> Iterator[tuple[str, Record]]:
    controls = repeat(None) if record.controls is None else _changed(record.controls, boundary, generator)
    for (change, values), driving in zip(_futures(record, boundary, generator), controls, strict=False):
        yield change, replace(record, values=values, controls=None if driving is None else driving[1])


def _futures(record: Record, boundary: int, generator: np.random.Generator) -> Iterator[tuple[str, Series]]:
    future = record.values[boundary:]
    known = record.values[~np.isnan(record.values)]
    size = float(np.abs(known).max(initial=1.0))
    changes = {
        "overwritten with noise": np.where(np.isnan(future), np.nan, size * generator.normal(size=future.shape)),
        "multiplied by 1000": 1000.0 * future,
        "raised by a large constant": future + 1e6 * size,
        # Gaps stay where they are, so only the values of whole rows change places.
        "shuffled": _shuffled(future, generator),
    }
    for change, values in changes.items():
        whole = record.values.copy()
        whole[boundary:] = values
        yield change, whole


def _shuffled(future: Series, generator: np.random.Generator) -> Series:
    shuffled = future.copy()
    rows = np.flatnonzero(~np.isnan(future).any(axis=1))
    shuffled[rows] = future[generator.permutation(rows)]
    return shuffled


def _arrays(output: Any, name: str = "the output") -> Iterator[tuple[str, ndarray]]:
    if isinstance(output, Mapping):
        for key, value in output.items():
            yield from _arrays(value, f"{name}[{key!r}]")
    elif isinstance(output, tuple | list):
        for index, value in enumerate(output):
            yield from _arrays(value, f"{name}[{index}]")
    elif isinstance(output, torch.Tensor):
        yield name, output.detach().cpu().numpy()
    else:
        yield name, np.asarray(output)


def _movement(before: dict[str, ndarray], after: dict[str, ndarray]) -> str:
    """Return how far the output moved, in words, or nothing if it is the same bit for bit."""
    if before.keys() != after.keys():
        return "other parts"
    for name, old in before.items():
        new = after[name]
        if old.shape != new.shape:
            return f"{name} of shape {new.shape} instead of {old.shape}"
        if old.dtype != new.dtype or old.tobytes() != new.tobytes():
            return f"{name} moved{_distance(old, new)}"
    return ""


def _distance(old: ndarray, new: ndarray) -> str:
    if old.dtype.kind not in "fiub" or new.dtype.kind not in "fiub":
        return ""
    with np.errstate(all="ignore"):
        return f" by up to {np.nanmax(np.abs(new.astype(np.float64) - old.astype(np.float64)), initial=0.0):.3g}"
