"""Watched gradients on disk: every number back, and damage named."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pendula.dynamics import FlowRecord
from pendula.errors import RunError
from pendula.runs import load_fit
from pendula.runs.gradients_file import read_gradients, write_gradients

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# Dictionaries: the hook that checks types draws from `random`, which hypothesis forbids in strategies.
RECORDS = st.fixed_dictionaries({
    "epoch": st.integers(0, 10**6),
    "layer": st.integers(1, 100),
    "flow": st.sampled_from(["vanishing", "healthy", "exploding", "silent"]),
    "rate": st.none() | NUMBERS,
    "uncertainty": st.none() | NUMBERS,
    "gradient_norm": NUMBERS,
    "log_norms": st.lists(st.none() | NUMBERS, max_size=5).map(tuple),
})
ONE = FlowRecord(
    epoch=1, layer=1, flow="healthy", rate=-0.1, uncertainty=0.01, gradient_norm=2.0, log_norms=(0.0, None)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(RECORDS, max_size=4))
def test_records_come_back(tmp_path, drawn):
    records = tuple(FlowRecord(**each) for each in drawn)
    write_gradients(tmp_path / "gradients.jsonl", records)
    assert read_gradients(tmp_path / "gradients.jsonl") == records


def test_a_fit_keeps_its_gradients_and_notices_when_they_are_changed(fit, tmp_path):
    path = replace(fit, gradients=(ONE,)).save(tmp_path / "run")
    assert load_fit(path).gradients == (ONE,)
    (path / "gradients.jsonl").write_text("")
    with pytest.raises(RunError, match=r"gradients\.jsonl` must be as it was written: its checksum differs"):
        load_fit(path)


def test_a_fit_that_was_not_watched_has_no_such_file(fit, tmp_path):
    path = fit.save(tmp_path / "run")
    assert not (path / "gradients.jsonl").exists()
    assert load_fit(path).gradients == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, r"must hold lines of JSON: got no table in line 2"),
        ({"flow": "fast"}, r"expected `line 2: flow` to be one of vanishing, healthy, exploding, silent, got 'fast'"),
        ({"layer": 0}, r"expected `line 2: layer` to be a whole number from 1 to"),
        ({"rate": "steep"}, r"expected `line 2: rate` to be a finite number or nothing, got 'steep'"),
        ({"log_norms": [True]}, r"expected `line 2: log_norms` to be numbers or null, got \[True\]"),
        ({"more": 1}, r"must have known names alone: got 'line 2: more'"),
    ],
)
def test_damage_is_named(tmp_path, change, message):
    path = tmp_path / "gradients.jsonl"
    write_gradients(path, (ONE, ONE))
    first, second = path.read_text().splitlines()
    damaged = "[]" if change is None else json.dumps(json.loads(second) | change)
    path.write_text(f"{first}\n{damaged}\n")
    with pytest.raises(RunError, match=message):
        read_gradients(path)


def test_half_a_line_is_named(tmp_path):
    (tmp_path / "gradients.jsonl").write_text("{")
    with pytest.raises(RunError, match=r"must hold lines of JSON: .* in line 1"):
        read_gradients(tmp_path / "gradients.jsonl")
