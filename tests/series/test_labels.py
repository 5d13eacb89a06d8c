"""Labels as codes, against cases written out."""

import numpy as np
import pytest
import xarray as xr

from pendula.errors import DataError
from pendula.series.labels import codes_of, encode_labels, label_cells
from pendula.series.record import assemble


def column(values):
    return xr.Dataset({"x": ("time", np.arange(float(len(values)))), "kind": ("time", np.array(values))})


@pytest.mark.parametrize(
    ("values", "classes", "codes", "whole"),
    [
        (["b", "a", "b"], ("a", "b"), [1, 0, 1], False),
        (["b", "", "a"], ("a", "b"), [1, -1, 0], False),
        ([10, 2, 10], ("2", "10"), [1, 0, 1], True),  # by value, not by letter
        ([-1.0, np.nan, 3.0], ("-1", "3"), [0, -1, 1], True),
        ([True, False, True], ("0", "1"), [1, 0, 1], True),
    ],
)
def test_labels_are_counted_in_order(values, classes, codes, whole):
    encoded, found, numbers = encode_labels(column(values), "kind")
    assert (found, numbers) == (classes, whole)
    assert codes_of(assemble(encoded, ("x", "kind")), "kind").tolist() == codes


def test_known_labels_keep_their_codes():
    encoded, _, _ = encode_labels(column(["c", "c"]), "kind", classes=("a", "b", "c"))
    assert encoded["kind"].values.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", "a", ""], "`kind` must have several classes: expected 2 or more, got `a` alone in 3 rows"),
        (["", "", ""], "`kind` must have several classes: expected 2 or more, got none in 3 rows"),
        ([1.0, 0.5, 2.0], "`kind` must hold labels: expected text or whole numbers, got 0.5 in row 1"),
        (list(range(300)), "`kind` must have labels that come again: expected at most 256 classes, got 300"),
    ],
)
def test_what_is_no_column_of_labels_is_said(values, message):
    with pytest.raises(DataError, match=message):
        encode_labels(column(values), "kind")


def test_a_label_that_a_fit_does_not_know_and_a_missing_column_are_said():
    with pytest.raises(DataError, match="`kind` must hold labels of the fit: expected a, b, got z"):
        encode_labels(column(["a", "z"]), "kind", classes=("a", "b"))
    with pytest.raises(DataError, match=r"`kinds` must be a column of labels.*Did you mean `kind`"):
        encode_labels(column(["a", "b"]), "kinds")


def test_cells_of_text_lose_their_blanks():
    assert label_cells(np.array([" a", None, "b "], dtype=object), "kind").tolist() == ["a", "", "b"]
