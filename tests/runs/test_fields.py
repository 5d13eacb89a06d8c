"""Plain values are checked by type and range, and what is wrong is named with its place."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from pendula.errors import ArgumentError, RunError
from pendula.files import write_json
from pendula.runs.fields import MAX_TEXT, Fields, conforms


@dataclass(frozen=True, kw_only=True)
class Cell:
    kind: Literal["rnn", "gru"]
    size: int
    rate: float | None

    def __post_init__(self):
        if self.size > 100:
            raise ArgumentError("`size` must be small.")


def fields(**content):
    return Fields(path=Path("file.json"), content=content, place="cell.")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1, int, True), (True, int, False), (1.0, int, False), ("1", int, False),
        (1, float, True), (1.5, float, True), (True, float, False), (float("nan"), float, False),
        (float("inf"), float, False), pytest.param(10**400, float, False, id="large"), ("x", str, True),
        (b"x", str, False),
        (None, None, True), (0, None, False),
        (None, int | None, True), (2, int | None, True),
        ("a", int | None, False),
        ("a", Literal["a", "b"], True),
        ("c", Literal["a", "b"], False), ([], Literal["a"], False),
        ([], list, True), ({}, dict, True), ({}, list, False),
    ],
)  # fmt: skip
def test_types_are_told_apart(value, kind, expected):
    assert conforms(value, kind) is expected


def test_a_dataclass_is_made_of_a_sound_table():
    assert fields(kind="gru", size=4, rate=None).build(Cell) == Cell(kind="gru", size=4, rate=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "lstm"}, r"expected `cell\.kind` to be one of rnn, gru, got 'lstm'"),
        ({"kind": ["gru"]}, r"expected `cell\.kind` to be one of rnn, gru, got \['gru'\]"),
        ({"size": True}, r"expected `cell\.size` to be a whole number, got True"),
        ({"size": 4.0}, r"expected `cell\.size` to be a whole number, got 4\.0"),
        ({"size": 101}, r"must be sound: `size` must be small\."),
        ({"rate": float("nan")}, r"expected `cell\.rate` to be a finite number or nothing, got nan"),
        ({"other": 1}, r"must have known names alone: got 'cell\.other'"),
    ],
)
def test_a_table_that_is_not_sound_is_refused(change, message):
    content = {"kind": "gru", "size": 4, "rate": 0.5} | change
    with pytest.raises(RunError, match=rf"`file\.json` .*{message}.*damaged or was changed"):
        fields(**content).build(Cell)


@dataclass(frozen=True, kw_only=True)
class Grown(Cell):
    leak: float = 0.5
    tags: dict[str, float] = field(default_factory=dict)


def test_what_is_left_out_takes_its_default():
    assert fields(kind="gru", size=4, rate=None).build(Grown) == Grown(kind="gru", size=4, rate=None)
    assert fields(kind="gru", size=4, rate=None, leak=1.0).build(Grown).leak == 1.0
    with pytest.raises(RunError, match=r"must have known names alone: got 'cell\.leaks'"):
        fields(kind="gru", size=4, rate=None, leaks=1.0).build(Grown)


def test_a_missing_value_is_named():
    with pytest.raises(RunError, match=r"must have `cell\.size`: got none"):
        fields(kind="gru", rate=1.0).build(Cell)
    with pytest.raises(RunError, match=r"expected `cell\.size` to be nothing or a text, got None"):
        fields().get("size", None | str)


@pytest.mark.parametrize("value", [-1, 11, 2.0, True, None, "5", pytest.param(16**5000, id="immense")])
def test_whole_numbers_lie_within_bounds(value):
    with pytest.raises(RunError, match="to be a whole number from 0 to 10, got"):
        fields(n=value).whole("n", 0, 10)


def test_whole_numbers_at_the_bounds():
    assert [fields(n=value).whole("n", 0, 10) for value in (0, 10)] == [0, 10]


def test_texts_are_short_and_counted():
    assert fields(t=["a", ""]).texts("t", count=2) == ("a", "")
    for value in (["a"], ["a", 1], ["a", "b" * (MAX_TEXT + 1)], "ab"):
        with pytest.raises(RunError, match="to be "):
            fields(t=value).texts("t", count=2)
    with pytest.raises(RunError, match="to be at most"):
        fields(t="b" * (MAX_TEXT + 1)).text("t")


def test_numbers_are_finite_and_counted():
    assert fields(n=[1, 2.5]).numbers("n", count=2) == (1.0, 2.5)
    for value in ([1], [1, None], [1, float("inf")], [1, True], [1, "2"], 3):
        with pytest.raises(RunError, match="to be "):
            fields(n=value).numbers("n", count=2)


def test_a_value_nested_without_end_is_named_without_failing():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(RunError, match="got something immense"):
        fields(n=nested).get("n", int)


def test_a_file_that_holds_no_table_is_refused(tmp_path):
    write_json(tmp_path / "file.json", [1, 2])
    with pytest.raises(RunError, match=r"must hold names and values: got \[1, 2\]"):
        Fields.read(tmp_path / "file.json")
