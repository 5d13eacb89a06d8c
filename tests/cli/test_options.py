import pytest

from pendula.cli.options import RecipeOptions, RecordOptions, listed, units_of
from pendula.cli.records import data_settings
from pendula.config import DataSettings
from pendula.errors import ArgumentError, ConfigError


def test_only_what_was_given_counts():
    assert RecipeOptions().choices() == {}
    assert RecipeOptions(test=0.0, linear_lags=0).choices() == {"test": 0.0, "network": {"linear_lags": 0}}


def test_set_has_the_last_word():
    assert RecipeOptions(window=9, set=("window=8", "window=7")).choices() == {"window": 7}


def test_lists_and_units():
    assert listed(" x ,,v ") == ("x", "v")
    assert units_of(["x=a=b"]) == {"x": "a=b"}
    for text in ("x", "=rad", "x="):
        with pytest.raises(ArgumentError, match=r"`--unit` must name a column and its unit: expected column=unit"):
            units_of([text])


def test_options_stand_above_the_file():
    written = DataSettings(file="a.csv", target=("x",), units={"x": "m", "v": "m/s"}, gaps="fill", resample=0.5)
    options = RecordOptions(unit=("x=km",), gaps="keep", resample="1h", time="t")
    made = data_settings(written, file=None, target="v", options=options)
    assert made == DataSettings(
        file="a.csv", target=("v",), time="t", units={"x": "km", "v": "m/s"}, gaps="keep", resample="1h"
    )


def test_a_step_is_a_number_where_it_can_be():
    assert data_settings(DataSettings(), file="a.csv", target=None, options=RecordOptions(resample="2")).resample == 2.0


def test_a_file_is_needed():
    with pytest.raises(ArgumentError, match=r"`FILE` must be named: expected a file of data, got none"):
        data_settings(DataSettings(), file=None, target=None, options=RecordOptions())
    with pytest.raises(ConfigError, match=r"`data.file` must name a file"):
        data_settings(DataSettings(), file=" ", target=None, options=RecordOptions())
