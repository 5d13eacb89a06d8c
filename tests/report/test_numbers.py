import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.report.numbers import format_number, format_value

_PLAIN = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def parse(text: str) -> float:
    return float(text.translate(_PLAIN).replace(" × 10", "e"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.0133, "0.0133"),
        (0.99891, "0.9989"),
        (123.456, "123.5"),
        (9999.4, "9999"),
        (9999.6, "1 × 10⁴"),
        (0.001, "0.001"),
        (0.00099999, "0.001"),
        (0.00012345, "1.234 × 10⁻⁴"),
        (-1.24e-6, "−1.24 × 10⁻⁶"),
        (1e300, "1 × 10³⁰⁰"),
    ],
)
def test_numbers_have_four_digits(value: float, expected: str) -> None:
    assert format_number(value) == expected


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300), st.integers(2, 6))
def test_numbers_say_what_they_are(value: float, digits: int) -> None:
    assert math.isclose(
        parse(format_number(value, digits=digits)), value, rel_tol=0.51 * 10 ** (1 - digits), abs_tol=1e-320
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "yes"),
        (False, "no"),
        (None, "none"),
        (20_000, "20000"),
        (math.nan, "not finite"),
        ([1, 0.5, "a"], "1, 0.5, a"),
        ((), ""),
        ("text", "text"),
    ],
)
def test_values_read_as_words(value: object, expected: str) -> None:
    assert format_value(value) == expected
