"""Small records and small fits that the tests share."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import settings

import pendula
from pendula.nn import Network
from pendula.training import Training

settings.register_profile("pendula", deadline=None, derandomize=True)
settings.load_profile("pendula")


def make_series(values, time=None, *, units="rad", time_units="s"):
    """Make a data set of one variable x, or of those in a dictionary."""
    columns = values if isinstance(values, dict) else {"x": values}
    size = len(next(iter(columns.values())))
    times = np.arange(size) * 0.1 if time is None else time
    attributes = {"units": time_units} if time_units else {}
    return xr.Dataset(
        {name: ("time", np.asarray(column, dtype=np.float64), {"units": units}) for name, column in columns.items()},
        coords={"time": ("time", times, attributes)},
    )


def noisy_sine(size=160, seed=0):
    """A sine of 20 steps with noise."""
    noise = np.random.default_rng(seed).normal(size=size)
    return np.sin(2 * np.pi * np.arange(size) / 20) + 0.05 * noise


@pytest.fixture(scope="session")
def dataset():
    """The function that makes data sets."""
    return make_series


@pytest.fixture(scope="session")
def wave():
    """The function that makes noisy sines."""
    return noisy_sine


@pytest.fixture(scope="session")
def network():
    """A network small enough for tests."""
    return Network(cell="gru", hidden_size=3)


@pytest.fixture(scope="session")
def brief():
    """A training that is over at once."""
    return Training(epochs=2, batch_size=16, learning_rate=0.01)


@pytest.fixture(scope="session")
def sine_fit(network, brief):
    """A fit of a noisy sine of 160 rows: 96 for training, 24 for validation, 40 for tests."""
    return pendula.fit(make_series(noisy_sine()), model=network, training=brief, window=8)


@pytest.fixture(scope="session")
def oracle():
    """Load the forecaster that is written out step by step."""
    path = Path(__file__).parents[1] / "oracles" / "forecasters.py"
    spec = importlib.util.spec_from_file_location("oracle_forecasters", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
