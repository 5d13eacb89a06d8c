import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.config import assignments, merge, parse_value
from pendula.errors import ArgumentError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-0.5", -0.5),
        ("1e-3", 0.001),
        ("false", False),
        ("[1, 2]", [1, 2]),
        ('"3"', "3"),
        ("cosine", "cosine"),
        ("rad/s", "rad/s"),
        ("", ""),
        ("1\nseed = 3", "1\nseed = 3"),
    ],
)
def test_values_are_toml_and_all_else_is_text(text, value):
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


@given(st.text())
def test_any_text_is_some_value(text):
    parse_value(text)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_numbers_come_back(value):
    assert parse_value(str(value).lower()) == value


def test_later_assignments_hold_and_dashes_are_underscores():
    assert assignments(["training.batch-size=4", "training.batch-size=8"]) == {"training": {"batch_size": 8}}


def test_a_value_may_hold_an_equals_sign():
    assert assignments(["name=a=b"]) == {"name": "a=b"}


@pytest.mark.parametrize("text", ["epochs", "=3", "training.=3", ".epochs=3"])
def test_no_assignment_is_refused(text):
    with pytest.raises(ArgumentError, match=r"`--set` must be an assignment: expected name=value, got '.*\. Write"):
        assignments([text])


def test_a_name_is_not_both_value_and_table():
    with pytest.raises(ArgumentError, match="expected `training` to be either a value or a table, got both"):
        assignments(["training=3", "training.epochs=5"])


def test_merging_leaves_its_arguments_alone():
    base = {"network": {"cell": "rnn"}, "seed": 1}
    assert merge(base, {"network": {"hidden_size": 3}, "seed": 2}) == {
        "network": {"cell": "rnn", "hidden_size": 3},
        "seed": 2,
    }
    assert base == {"network": {"cell": "rnn"}, "seed": 1}


def test_a_value_replaces_a_table():
    assert merge({"network": {"cell": "rnn"}}, {"network": "gru"}) == {"network": "gru"}
