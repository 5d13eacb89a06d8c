"""Delays of switches, against cases counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pendula.errors import ShapeError
from pendula.metrics import score_switches, switch_rows

steady = settings(deadline=None, derandomize=True)
regimes = st.lists(st.tuples(st.integers(0, 2), st.integers(6, 20)), min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("truth", "told", "delays", "missed", "false"),
    [
        ("aaabbb", "aaabbb", [0], 0, []),
        ("aaabbb", "aaaabb", [1], 0, []),
        ("aaabbb", "aabbbb", [-1], 0, []),  # told before it began
        ("aaabbb", "aaaaaa", [], 1, []),
        ("aaabbb", "aaabab", [0], 0, [4, 5]),
        ("aaaaaa", "aabaaa", [], 0, [2, 3]),
        ("aaabbbaaa", "aaaaaaaaa", [], 2, []),  # nothing switches: the a after b is no switch that was found
        ("aaabbbaaa", "baaaaaaaa", [], 2, [1]),  # nor is it one that was told before b began
        ("aabbcc", "aacccc", [-2], 1, []),  # told since the last true switch
        ("aabbcc", "aaaccc", [-1], 1, []),
        ("aabbcc", "bbbbcc", [0], 1, []),  # from the first row on: no switch is told
    ],
)
def test_cases_counted_by_hand(truth, told, delays, missed, false):
    codes = [np.array([ord(letter) - ord("a") for letter in text]) for text in (truth, told)]
    found = score_switches(*codes)
    assert found.delays.tolist() == delays
    assert found.missed == missed
    assert found.false.tolist() == false


@steady
@given(regimes, st.integers(0, 2))
def test_what_never_switches_finds_no_switch(drawn, label):
    truth = np.repeat([kind for kind, _ in drawn], [rows for _, rows in drawn])
    found = score_switches(truth, np.full(len(truth), label))
    assert found.missed == len(switch_rows(truth))
    assert not len(found.delays)
    assert not len(found.false)


@steady
@given(regimes, st.integers(0, 5))
def test_labels_told_late_by_some_rows_have_that_delay_everywhere(drawn, late):
    truth = np.repeat([kind for kind, _ in drawn], [rows for _, rows in drawn])
    told = np.concatenate([np.full(late, truth[0]), truth[: len(truth) - late]])
    found = score_switches(truth, told)
    assert found.delays.tolist() == [late] * len(switch_rows(truth))
    assert found.missed == 0
    assert not len(found.false)
    assert np.isnan(found.median_delay) if not len(found.rows) else found.median_delay == late


def test_one_label_for_each_row_is_asked_for():
    with pytest.raises(ShapeError, match="`told` must have a label for each row: expected \\(2,\\), got \\(3,\\)"):
        score_switches(np.zeros(2, dtype=int), np.zeros(3, dtype=int))
