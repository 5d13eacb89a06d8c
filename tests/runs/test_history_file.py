"""The history: the same bytes for the same training, and every number back."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pendula.errors import RunError
from pendula.runs.history_file import read_history, write_history
from pendula.training import EpochRecord

NUMBERS = st.floats(allow_nan=False)
RECORDS = st.builds(
    EpochRecord,
    epoch=st.integers(0, 10**6),
    train_loss=st.none() | NUMBERS,
    validation_one_step=st.none() | NUMBERS,
    validation_free_run=st.none() | NUMBERS,
    learning_rate=NUMBERS,
    gradient_norm=st.none() | NUMBERS,
    horizon=st.integers(1, 100),
    teacher_forcing=st.floats(0, 1),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(RECORDS, max_size=5).map(tuple))
def test_a_history_comes_back(tmp_path, history):
    write_history(tmp_path / "history.jsonl", history)
    assert read_history(tmp_path / "history.jsonl") == history


def test_nan_comes_back_and_is_no_bare_word(fit, tmp_path):
    path = tmp_path / "history.jsonl"
    diverged = EpochRecord(
        **{name: getattr(fit.history[0], name) for name in EpochRecord.__slots__} | {"train_loss": math.nan}
    )
    write_history(path, (diverged,))
    assert math.isnan(read_history(path)[0].train_loss)
    assert json.loads(path.read_text(), parse_constant=pytest.fail)["train_loss"] == "nan"


def test_there_is_a_line_for_each_epoch_and_no_time_of_day(fit, tmp_path):
    path = tmp_path / "history.jsonl"
    write_history(path, fit.history)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1, 2, 3]
    assert set(lines[0]) == set(EpochRecord.__slots__)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "must hold lines of JSON: .* in line 2"),
        ("[" * 100_000, "must hold lines of JSON: .* in line 2"),
        ("[]", "got no table in line 2"),
        ("", "in line 2"),
        ('{"epoch": 1}', "must have `line 2: gradient_norm`: got none"),
    ],
)
def test_a_line_that_is_no_epoch_is_named(fit, tmp_path, line, message):
    path = tmp_path / "history.jsonl"
    write_history(path, fit.history[:1])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(RunError, match=message):
        read_history(path)


@pytest.mark.parametrize(
    "entry", [{"epoch": 1.5}, {"epoch": "inf"}, {"learning_rate": None}, {"train_loss": "x"}, {"seconds": 1.0}]
)
def test_a_value_of_another_type_is_refused(fit, tmp_path, entry):
    path = tmp_path / "history.jsonl"
    write_history(path, fit.history[:1])
    path.write_text(json.dumps(json.loads(path.read_text()) | entry))
    with pytest.raises(RunError, match=r"history\.jsonl` must"):
        read_history(path)
