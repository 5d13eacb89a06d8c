"""TOML is read back exactly as it was written, by the standard library's own reader."""

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, RunError
from pendula.runs.toml import read_toml, to_toml, write_toml

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = TEXTS | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
TABLES = st.recursive(
    st.dictionaries(TEXTS, VALUES, max_size=4),
    lambda inner: st.dictionaries(TEXTS, VALUES | inner, max_size=4),
    max_leaves=6,
)


def same_types(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_types(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_types, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


@given(table=TABLES)
def test_tables_are_read_as_they_were_written(table):
    assert same_types(table, tomllib.loads(to_toml(table)))


def test_none_is_left_out_wherever_it_is():
    assert tomllib.loads(to_toml({"a": None, "b": {"c": None, "d": 1}})) == {"b": {"d": 1}}


def test_tuples_and_numpy_scalars_become_plain():
    assert tomllib.loads(to_toml({"a": (1, 2), "b": np.float64(0.1)})) == {"a": [1, 2], "b": 0.1}


def test_nan_is_read_back():
    assert np.isnan(tomllib.loads(to_toml({"a": float("nan")}))["a"])


@pytest.mark.parametrize("value", [b"x", object(), [None], {1, 2}, np.zeros(2)])
def test_what_toml_cannot_hold_is_named_with_its_place(value):
    with pytest.raises(ArgumentError, match=r"`recipe\.cell` must be a plain value: expected .*, got \w+\. Convert"):
        to_toml({"recipe": {"cell": value}})


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(ArgumentError, match=r"must be Unicode text: .* Rename it"):
        to_toml({"name": "caf\udce9"})


def test_a_file_round_trip(tmp_path):
    write_toml(tmp_path / "file.toml", {"a": "é\x7f\n"})
    assert read_toml(tmp_path / "file.toml") == {"a": "é\x7f\n"}


@pytest.mark.parametrize(
    "content", [b"a = ", b"\xff", b"a = " + b"[" * 100_000, b"a = 1\na = 2", b"a = " + b"1" * 5000]
)
def test_what_is_no_toml_is_refused(tmp_path, content):
    (tmp_path / "file.toml").write_bytes(content)
    with pytest.raises(RunError, match=r"file\.toml` must hold TOML: .*damaged"):
        read_toml(tmp_path / "file.toml")
