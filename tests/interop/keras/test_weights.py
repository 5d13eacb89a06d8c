"""Weights in two conventions: there and back with the same bits."""

import numpy as np
import pytest

from pendula.interop.keras.weights import GATES, from_columns, pad_units, to_columns


@pytest.mark.parametrize("cell", list(GATES))
def test_there_and_back_is_the_same(cell):
    draw = np.random.default_rng(0).standard_normal
    columns = GATES[cell] * 3
    bias = draw((2, columns)) if cell == "gru" else np.stack([draw(columns), np.zeros(columns)])
    given = (draw((2, columns)), draw((3, columns)), bias)
    kernel, recurrent, again = to_columns(cell, from_columns(cell, *given))
    assert np.array_equal(kernel, given[0])
    assert np.array_equal(recurrent, given[1])
    assert np.array_equal(again, bias if cell == "gru" else bias[0])


def test_padding_to_the_same_size_changes_nothing():
    draw = np.random.default_rng(0).standard_normal
    weights = (draw((12, 2)), draw((12, 3)), draw(12), draw(12))
    for padded, given in zip(pad_units("lstm", weights, units=3, inputs=2), weights, strict=True):
        assert np.array_equal(padded, given)
