from typing import Any

import numpy as np
import pytest
import xarray as xr

from pendula.forecasting import fit
from pendula.nn import Network
from pendula.report.facts import setting_facts, software_versions
from pendula.report.record_facts import data_facts
from pendula.report.references import network_references
from pendula.runs import Fit
from pendula.training import Training


def made(network: Network, **training: Any) -> Fit:
    series = xr.Dataset({"x": ("time", 2 + np.sin(0.2 * np.arange(120)))}, coords={"time": np.arange(1900, 2020)})
    settings = Training(epochs=1, steps_per_epoch=1, **training)
    return fit(series, model=network, training=settings, window=8, test=0.0, transform="sqrt", seed=3)


@pytest.fixture(scope="module")
def rich() -> Fit:
    network = Network(cell="lstm", hidden_size=2, num_layers=2, linear_lags=1)
    return made(
        network, loss="every", washout=2, horizon=3, input_noise=0.01, weight_decay=0.1, method="adamw", batch_size=7
    )


@pytest.fixture(scope="module")
def bare() -> Fit:
    return made(Network(cell="rnn", hidden_size=2, residual=False))


def test_every_choice_is_told_in_words(rich: Fit) -> None:
    facts = setting_facts(rich)
    assert facts["Cell"] == "long short-term memory (LSTM)"
    assert facts["Layers"] == 2
    assert facts["Added to the network"] == "the last value and a linear autoregression over 1 step"
    assert facts["Scaling"] == "mean 0, standard deviation 1 on the training part, after sqrt"
    assert facts["Loss"] == "squared errors after every step of the window from 2 on"
    assert facts["Horizon"] == "free runs of 3 steps"
    assert facts["Method"] == "adamw, batches of 7"
    assert facts["Learning rate"] == "0.001, cosine"
    assert facts["Input noise"] == "0.01 (scaled)"
    assert facts["Weight decay"] == 0.1
    assert facts["Seed"] == 3


def test_what_is_not_used_is_not_told(bare: Fit) -> None:
    facts = setting_facts(bare)
    assert facts["Added to the network"] == "nothing"
    assert facts["Loss"] == "squared error of the value after the window"
    assert facts["Horizon"] == "one step"
    assert not {"Input noise", "Weight decay"} & set(facts)


def test_integer_times_stay_integers(bare: Fit) -> None:
    facts = data_facts(bare)
    assert (facts["From time"], facts["To time"], facts["Channels"]) == ("1900", "2019", "x")
    assert (facts["Training part"], facts["Validation part"], facts["Test part"]) == ("96 rows", "24 rows", "none")


def test_cells_and_intervals_are_cited_where_they_are_used(rich: Fit, bare: Fit) -> None:
    names = [reference.name for reference in network_references([rich, bare, bare])]
    assert names == ["Forecaster", "Long short-term memory", "Simple recurrent network", "Split-conformal intervals"]
    assert "Split-conformal intervals" not in {
        reference.name for reference in network_references([rich], intervals=False)
    }


def test_versions_are_those_installed() -> None:
    assert software_versions()["NumPy"] == np.__version__
