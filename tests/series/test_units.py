"""Units in headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.series.units import join_header, split_header


@pytest.mark.parametrize(
    ("header", "name", "units"),
    [
        ("x [rad]", "x", "rad"),
        ("x[rad]", "x", "rad"),
        (" x (m/s^2) ", "x", "m/s^2"),
        ("angular velocity [rad s⁻¹]", "angular velocity", "rad s⁻¹"),
        ("f(x)", "f(x)", ""),
        ("f(x) [m]", "f(x)", "m"),
        ("x []", "x", ""),
        ("[m]", "[m]", ""),
        ("x", "x", ""),
    ],
)
def test_headers_as_people_write_them(header, name, units):
    assert split_header(header) == (name, units)


@given(st.text("abc_ 12", min_size=1).map(str.strip).filter(bool), st.text("abc/^*°µ-12()", max_size=8))
def test_what_is_joined_is_split(name, units):
    assert split_header(join_header(name, units)) == (name, units)
