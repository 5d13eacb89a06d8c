"""The fingerprint of a training: whether a checkpoint belongs to a record and a recipe."""

import hashlib
import json
from typing import Any

from pendula.runs.manifest import AnyRecipe
from pendula.runs.record_file import data_hash
from pendula.series.record import Record

__all__ = ["fingerprint"]

_FREE = ("epochs", "checkpoint_seconds")


def fingerprint(record: Record, recipe: AnyRecipe) -> str:
    """Compute the digest of all that a checkpoint must agree with.

    The number of epochs and the time between checkpoints are left out: a resumed training may have others.

    Args:
        record: The whole record.
        recipe: Every choice.

    Returns:
        SHA-256 in hexadecimal digits.

    Examples:
        >>> import xarray as xr
        >>> from pendula.runs import Recipe
        >>> from pendula.series import record
        >>> rows = record(xr.Dataset({"x": ("time", [0.0, 1.0, 8.0])}))
        >>> fingerprint(rows, Recipe()) == fingerprint(rows, Recipe(seed=1))
        False
    """
    choices: dict[str, Any] = recipe.to_dict()
    choices["training"] = {name: value for name, value in choices["training"].items() if name not in _FREE}
    # Numbers of NumPy are no JSON; as text they are what they were.
    text = json.dumps([data_hash(record), choices], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
