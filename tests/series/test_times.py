"""Time values and durations."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pendula.errors import ArgumentError, DataError
from pendula.series.times import add_months, canonical_times, months_of, parse_duration, parse_time


@given(st.dates(pd.Timestamp("1700-01-01").date(), pd.Timestamp("2200-01-01").date()), st.integers(0, 600))
def test_months_against_pandas(date, months):
    start = np.datetime64(date, "us")
    ours = add_months(np.array(start), np.array([months]), anchor_day=date.day)[0]
    assert ours == (pd.Timestamp(date) + pd.DateOffset(months=months)).to_datetime64()


def test_canonical_times():
    assert canonical_times(np.array([1, 2], dtype=np.uint8)).dtype == np.int64
    assert canonical_times(np.array(["1500-01-01"], dtype="datetime64[D]")).dtype == np.dtype("datetime64[us]")
    assert canonical_times(np.array(["2000-01-01", "NaT"], dtype="datetime64[s]")).dtype == np.dtype("datetime64[ns]")
    with pytest.raises(DataError, match=r"`time` must hold numbers or dates: .* got <U1"):
        canonical_times(np.array(["a"]))


@pytest.mark.parametrize(
    ("text", "kind", "moment"),
    [
        ("3", "integer", 3),
        (3.5, "integer", 3.5),
        ("1e-3", "float", 1e-3),
        ("1998-05-30", "datetime", np.datetime64("1998-05-30")),
        ("1998-05-30T12:00+02:00", "datetime", np.datetime64("1998-05-30T10:00")),
    ],
)
def test_parse_time(text, kind, moment):
    assert parse_time(text, kind, argument="start") == moment


@pytest.mark.parametrize(("text", "kind"), [("x", "float"), ("nan", "integer"), ("inf", "float"), (3, "datetime")])
def test_times_that_are_none(text, kind):
    with pytest.raises(ArgumentError, match=r"`start` must be a time on the record's axis"):
        parse_time(text, kind, argument="start")


def test_parse_duration():
    assert parse_duration("1.5 weeks") == pd.Timedelta(days=10.5)
    assert parse_duration(np.timedelta64(3, "h")) == pd.Timedelta(hours=3)
    for wrong in ("soon", "1 month"):
        with pytest.raises(ValueError, match=r"unit|abbreviation"):
            parse_duration(wrong)
    with pytest.raises(TypeError):
        parse_duration(3)


def test_months_of():
    assert (months_of("18 months"), months_of("1 year"), months_of(np.timedelta64(2, "Y"))) == (18, 12, 24)
    with pytest.raises(KeyError):
        months_of("3 days")
