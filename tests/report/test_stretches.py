import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.report.stretches import FEW_ROWS, MOST_CROSSINGS, readable_rows


@pytest.mark.parametrize("from_end", [False, True])
@given(rows=st.integers(1, 2000), period=st.integers(2, 500), channels=st.integers(1, 3))
def test_rows_are_at_the_right_end_and_hold_few_oscillations(
    from_end: bool, rows: int, period: int, channels: int
) -> None:
    phases = np.arange(rows)[:, None] + 7 * np.arange(channels)
    values = np.sin(2 * np.pi * phases / period)
    shown = readable_rows(values, from_end=from_end)
    count = shown.stop - shown.start
    assert (shown.stop == rows) if from_end else (shown.start == 0)
    assert count >= min(rows, FEW_ROWS)
    if count > FEW_ROWS:
        above = values[shown] > values.mean(axis=0)
        assert (above[1:] != above[:-1]).sum(axis=0).max() <= MOST_CROSSINGS


def test_a_slow_record_is_shown_whole() -> None:
    assert readable_rows(np.linspace(0.0, 1.0, 5000)[:, None]) == slice(0, 5000)
