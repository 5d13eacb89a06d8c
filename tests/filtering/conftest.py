"""A small driven system, and a small fit of it, that the tests share."""

import jaxtyping
import numpy as np
import pytest
import xarray as xr

import pendula
from pendula.nn import Network
from pendula.training import Training


def make_driven(size=600, *, seed=0, noise=0.0):
    """A leaky memory of what drives it and of its square."""
    generator = np.random.default_rng(seed)
    u = generator.normal(size=size)
    y = np.zeros(size)
    for t in range(1, size):
        y[t] = 0.6 * y[t - 1] + 0.5 * u[t] + 0.25 * u[t] ** 2
    columns = {"u": (u, "V"), "y": (y + noise * generator.normal(size=size), "mm")}
    return xr.Dataset(
        {name: ("time", values, {"units": unit}) for name, (values, unit) in columns.items()},
        coords={"time": ("time", 0.5 * np.arange(size), {"units": "s"})},
    )


@pytest.fixture
def unchecked():
    """Let values of a wrong type through to the library's own messages, as they go through for a user."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def driven():
    """The function that makes records."""
    return make_driven


@pytest.fixture(scope="session")
def fitted():
    """A small fit of y from u."""
    return pendula.fit(
        make_driven(),
        "y",
        inputs="u",
        model=Network(cell="gru", hidden_size=6, linear_lags=6),
        training=Training(epochs=8, learning_rate=0.03, batch_size=32),
        window=30,
        washout=10,
        seed=1,
    )
