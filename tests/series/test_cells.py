"""Cells of text, numbers and dates."""

import numpy as np
import pytest

from pendula.errors import DataError
from pendula.series.cells import identifier_cells, number_cells, time_cells


def cells(*values):
    return np.array(values, dtype=object)


def test_numbers_written_as_text():
    np.testing.assert_array_equal(number_cells(cells("1", "2e3", None), "x", asked=True), [1, 2000, np.nan])
    assert number_cells(np.array([True, False]), "x", asked=True).tolist() == [1.0, 0.0]


def test_text_that_nobody_asked_for_is_passed_over_but_one_bad_cell_is_not():
    assert number_cells(cells("a", "b", None), "x", asked=False) is None
    with pytest.raises(DataError, match=r"`x` must hold numbers: expected a number in row 1, got 'b'"):
        number_cells(cells("1", "b"), "x", asked=False)
    with pytest.raises(DataError, match=r"`x` must hold numbers: expected a number in row 0, got 'a'"):
        number_cells(cells("a", "b"), "x", asked=True)


def test_dates_are_no_numbers():
    dates = np.array(["2020-01-01"], dtype="datetime64[D]")
    assert number_cells(dates, "x", asked=False) is None
    with pytest.raises(DataError, match=r"`x` must hold numbers: expected numbers, got dates"):
        number_cells(dates, "x", asked=True)


@pytest.mark.parametrize("text", ["1+2j", "(1-2j)", "3j"])
def test_complex_numbers_as_text(text):
    with pytest.raises(DataError, match=r"`x` must be real: .* Take its real part, modulus or phase."):
        number_cells(cells(text), "x", asked=False)


def test_words_that_end_in_j_are_words():
    assert number_cells(cells("raj", "taj"), "x", asked=False) is None


def test_times():
    notes = []
    dates, units = time_cells(cells("2020-01-01", "2020-01-02T12:00"), "t", units="", notes=notes)
    np.testing.assert_array_equal(dates, np.array(["2020-01-01T00", "2020-01-02T12"], dtype="M8[ns]"))
    assert (units, notes) == ("", [])
    numbers, units = time_cells(np.array([0.0, 0.5], dtype=np.float32), "t", units="s", notes=notes)
    assert (numbers.dtype, units) == (np.float64, "s")


def test_dates_that_had_to_be_guessed_are_told():
    notes = []
    time_cells(cells("03/04/2020", "03/05/2020"), "t", units="", notes=notes)
    assert notes == ["dates in `t` such as 03/04/2020 were read as 2020-03-04"]


@pytest.mark.parametrize(
    ("values", "units", "message"),
    [
        (np.array([1j]), "", r"`t` must be real to be a time: expected numbers or dates, got complex ones"),
        (
            np.array([1.0]),
            "days since yesterday",
            r"`t` must have a unit that can be read: .* got days since yesterday",
        ),
        (np.array([1e300]), "days since 2000-01-01", r"`t` must have a unit that can be read"),
        (cells("1", "2", "b"), "", r"`t` must hold numbers: expected a number in row 2, got 'b'"),
    ],
)
def test_times_that_are_none(values, units, message):
    with pytest.raises(DataError, match=message):
        time_cells(values, "t", units=units, notes=[])


def test_identifiers():
    assert identifier_cells(np.array([1.0, 2.0]), "run").dtype == np.int64
    assert identifier_cells(cells("a", "b"), "run").tolist() == ["a", "b"]
    assert identifier_cells(np.array([0.5, 1.5]), "run").tolist() == ["0.5", "1.5"]
    with pytest.raises(DataError, match=r"`run` must name a trajectory in every row: .* got none in row 1"):
        identifier_cells(cells("a", None), "run")
