import numpy as np
import pandas as pd
import xarray as xr

from pendula.cli.chosen import chosen, chosen_lines
from pendula.cli.task import Task
from pendula.nn import Network
from pendula.runs import Recipe
from pendula.series import record
from pendula.training import Training


def task(times, **settings):
    values = np.sin(0.1 * np.arange(len(times)))
    series = xr.Dataset({"x": ("time", values, {"units": "m"})}, coords={"time": ("time", times, {"name": "when"})})
    return Task(source="a.csv", record=record(series), recipe=Recipe(window=9, **settings), notes=("A note.",))


def test_what_was_chosen_is_told_in_words():
    made = task(
        pd.date_range("2001-01-01 12:30", periods=100, freq="h").to_numpy(),
        network=Network(cell="rnn", hidden_size=1, num_layers=2, linear_lags=3),
        training=Training(epochs=1, batch_size=8, learning_rate=0.01),
        test=0.5,
    )
    assert chosen_lines(made) == [
        "data      a.csv, 100 rows",
        "time      when from 2001-01-01 12:30:00 to 2001-01-05 15:30:00, a step of 1 hour",
        "target    x (m)",
        "parts     train 40, validation 10, test 50 rows",
        "window    9 rows",
        "network   rnn, 1 unit, 2 layers, linear path of 3 steps",
        "training  1 epoch at most, batches of 8, adam, learning rate 0.01, seed 0",
        "note      A note.",
    ]


def test_midnight_is_the_date_alone():
    line = chosen_lines(task(pd.date_range("2001-01-01", periods=100, freq="D").to_numpy()))[1]
    assert line == "time      when from 2001-01-01 to 2001-04-10, a step of 1 day"


def test_several_networks_have_their_own_words():
    assert "network   rnn, gru" in chosen_lines(task(np.arange(100)), network="rnn, gru")


def test_what_was_chosen_as_plain_values():
    made = chosen(task(np.arange(100)))
    assert made["time"] == {"column": "when", "units": "", "step": "1"}
    assert made["parts"] == {"train": 60, "validation": 15, "test": 25}
    assert made["recipe"]["window"] == 9
    assert (made["rows"], made["gaps"], made["trajectories"], made["target"]) == (100, 0, 1, {"x": "m"})


def test_windows_are_counted_where_the_recipe_cuts_them():
    made = task(np.arange(100), cut="windows", validation=0)
    assert chosen(made)["parts"] == {"train": 9 + int(0.75 * 91), "validation": 0, "test": 100 - 9 - int(0.75 * 91)}
