"""Where a filter runs and which rows count, counted by hand and by a loop over rows."""

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pendula.filtering import stretches_of
from pendula.series import record
from pendula.series.split import Part


def test_a_run_begins_in_the_known_past_of_the_inputs():
    whole = record(xr.Dataset({"u": ("time", np.arange(9.0)), "y": ("time", np.arange(9.0) ** 2)}))
    found = stretches_of(Part(parent=whole, start=4, stop=9), inputs=1, run_up=2, washout=3)
    assert found.segments.tolist() == [[2, 9]]
    assert found.rows.tolist() == [4, 5, 6, 7, 8]
    assert found.settled_rows().tolist() == [5, 6, 7, 8]


def test_where_none_is_settled_all_rows_count():
    whole = record(xr.Dataset({"u": ("time", np.arange(9.0)), "y": ("time", np.arange(9.0) ** 2)}))
    found = stretches_of(Part(parent=whole, start=0, stop=4), inputs=1, run_up=2, washout=50)
    assert found.settled_rows().tolist() == [0, 1, 2, 3]


@given(
    missing=st.lists(st.tuples(st.integers(0, 29), st.sampled_from(["u", "y"])), max_size=6),
    start=st.integers(0, 20),
    run_up=st.integers(0, 12),
    washout=st.integers(0, 12),
)
def test_rows_are_those_that_a_loop_finds(missing, start, run_up, washout):
    columns = {"u": np.arange(30.0), "y": np.arange(30.0) ** 2}
    for row, name in missing:
        columns[name][row] = np.nan
    whole = record(xr.Dataset({name: ("time", values) for name, values in columns.items()}))
    found = stretches_of(Part(parent=whole, start=start, stop=30), inputs=1, run_up=run_up, washout=washout)
    rows, settled = [], []
    for row in range(start, 30):
        begin = row
        while begin > max(0, start - run_up) and not np.isnan(columns["u"][begin - 1]):
            begin -= 1
        if not np.isnan([columns["u"][row], columns["y"][row]]).any():
            rows.append(row)
            settled.append(row - begin >= washout)
    assert found.rows.tolist() == rows
    assert found.settled.tolist() == settled
