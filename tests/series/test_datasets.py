"""The shipped records against the data they were made from."""

from importlib.resources import files

import numpy as np
import pytest
import statsmodels.api as sm

from pendula.errors import ArgumentError
from pendula.series.datasets import DATASETS, load_dataset
from pendula.series.record import record
from pendula.series.split import split


def test_sunspots_against_statsmodels():
    source = sm.datasets.sunspots.load_pandas().data
    ours = load_dataset("sunspots")
    np.testing.assert_array_equal(ours["time"].values, source["YEAR"])
    np.testing.assert_array_equal(ours["sunspots"].values, source["SUNACTIVITY"])
    assert ours["time"].attrs["units"] == "year"
    made = record(ours)
    assert (made.axis.kind, made.axis.step, len(made), made.longest) == ("integer", 1, 309, 309)
    assert split(made, test_from=1980).test.record.time[0] == 1980


def test_co2_against_statsmodels():
    source = sm.datasets.co2.load_pandas().data
    ours = load_dataset("co2")
    np.testing.assert_array_equal(ours["time"].values, source.index.to_numpy().astype("datetime64[ns]"))
    np.testing.assert_array_equal(ours["co2"].values, source["co2"])
    assert ours["co2"].attrs["units"] == "ppm"
    made = record(ours)
    assert (made.axis.kind, made.axis.step, len(made)) == ("datetime", np.timedelta64(7, "D"), 2284)
    assert int((~made.present).sum()) == 59
    assert split(made, test_from="1995-01-01").test.record.time[0] == np.datetime64("1995-01-07")


@pytest.mark.parametrize("name", DATASETS)
def test_every_record_tells_where_it_is_from(name):
    entry, ours = DATASETS[name], load_dataset(name)
    assert entry.target in ours.data_vars
    assert ours.attrs["source"] == entry.source
    assert "notes" not in ours.attrs
    head = (files("pendula") / "data" / entry.file).read_text().split("\n\n")[0]
    for word in ("Source:", "Units:", "License: public domain.", "Obtained from"):
        assert word in head


def test_an_unknown_record_is_refused():
    with pytest.raises(
        ArgumentError, match=r"`name` must be a shipped record: .* got sunspot. Did you mean `sunspots`\?"
    ):
        load_dataset("sunspot")
