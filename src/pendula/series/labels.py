"""Columns of labels: text or whole numbers, and their codes, as which a record holds them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from pendula.errors import DataError, did_you_mean
from pendula.series.places import Place, row_place
from pendula.series.record import Record
from pendula.shapes import Int, ndarray

__all__ = ["MOST_CLASSES", "codes_of", "encode_labels", "label_cells"]

MOST_CLASSES = 256
"""A column of more different values is a quantity, not a label."""


def label_cells(values: ndarray, name: str, *, place: Place = row_place) -> ndarray:
    """Read a column of labels.

    Args:
        values: The column: text, whole numbers or truth values; empty cells, None and NaN are unknown.
        name: Its name, for messages.
        place: Says where a cell stands, for messages.

    Returns:
        Whole numbers in float64, NaN where unknown; or text, empty where unknown.

    Raises:
        DataError: If a number is not whole.

    Examples:
        >>> label_cells(np.array(["b", None, "a"], dtype=object), "kind").tolist()
        ['b', '', 'a']
        >>> label_cells(np.array([True, False]), "kind")
        array([1., 0.])
    """
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
        wrong = ~np.isnan(numbers) & (numbers != np.floor(numbers))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"`{name}` must hold labels: expected text or whole numbers, got {numbers[row]} in {place(row)}. "
                "Name a column of labels, or leave the task out to tell a quantity."
            )
        return np.asarray(numbers)
    text = pd.Series(values, dtype="object")
    known = text.notna() & (text.astype(str).str.strip() != "")
    return np.asarray(text.where(known, "").astype(str).str.strip().to_numpy(dtype=np.str_))


def encode_labels(
    dataset: xr.Dataset, name: str, *, classes: Sequence[str] = ()
) -> tuple[xr.Dataset, tuple[str, ...], bool]:
    """Put numbers from 0 in the place of labels, in the order of their names.

    Args:
        dataset: Variables along `time`.
        name: The variable of labels.
        classes: The labels that are known already; those of the variable when left out.

    Returns:
        The data set with codes, NaN where the label is unknown; the labels as text; and whether they are numbers.

    Raises:
        DataError: If the variable is missing, holds no labels, one label alone, very many, or one that is not known.

    Examples:
        >>> kinds = xr.Dataset({"kind": ("time", ["b", "a", "", "b"])})
        >>> encoded, classes, _ = encode_labels(kinds, "kind")
        >>> encoded["kind"].values, classes
        (array([ 1.,  0., nan,  1.]), ('a', 'b'))
    """
    if name not in dataset.data_vars:
        raise DataError(
            f"`{name}` must be a column of labels: expected one of {', '.join(map(str, dataset.data_vars))}, got none "
            "of that name." + did_you_mean(name, [str(other) for other in dataset.data_vars])
        )
    cells = label_cells(dataset[name].values, name)
    whole = cells.dtype.kind == "f"
    known = ~np.isnan(cells) if whole else cells != ""
    text = np.array([f"{cell:.0f}" if whole else str(cell) for cell in cells[known]], dtype=np.str_)
    order = sorted(set(text.tolist()), key=(lambda label: (float(label), label)) if whole else None)
    if not classes:
        _check_classes(name, order, len(cells))
    found = tuple(classes) or tuple(order)
    position = {label: code for code, label in enumerate(found)}
    foreign = [label for label in order if label not in position]
    if foreign:
        raise DataError(
            f"`{name}` must hold labels of the fit: expected {', '.join(found)}, got {', '.join(foreign)}. Leave those "
            "rows out, or train anew with them."
        )
    codes = np.full(len(cells), np.nan)
    codes[known] = [position[label] for label in text.tolist()]
    return dataset.assign({name: ("time", codes)}), found, whole


def codes_of(record: Record, name: str) -> Int[ndarray, " time"]:
    """Take the classes out of a record.

    Args:
        record: A record of encoded labels.
        name: The channel of labels.

    Returns:
        A class for each row; −1 where unknown.
    """
    column = record.values[:, record.index(name)]
    return np.asarray(np.where(np.isnan(column), -1, column), dtype=np.int64)


def _check_classes(name: str, classes: Sequence[str], rows: int) -> None:
    if len(classes) < 2:
        got = f"`{classes[0]}` alone" if classes else "none"
        raise DataError(
            f"`{name}` must have several classes: expected 2 or more, got {got} in {rows} rows. There is nothing to "
            "tell apart; name another column, or record others too."
        )
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"`{name}` must have labels that come again: expected at most {MOST_CLASSES} classes, got {len(classes)}. "
            "Leave the task out to tell a quantity."
        )
