"""Small training set-ups that the tests of training share."""

import warnings

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import settings

from pendula.nn import Network, build
from pendula.series.windows import Windows
from pendula.training import Validation

settings.register_profile("pendula", deadline=None, derandomize=True)
settings.load_profile("pendula")


@pytest.fixture(scope="session", autouse=True)
def forward_mode():
    """Let torch load its forward mode, which warns of what it uses itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.func.jvp(torch.sin, (torch.zeros(1),), (torch.zeros(1),))


@pytest.fixture
def unchecked():
    """Let values of a wrong type through to the library's own messages, as they go through for a user."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def sine():
    """Sample sin t + ½ sin 2t, 20 steps to a radian."""
    t = torch.arange(400, dtype=torch.float64) / 20
    return (torch.sin(t) + torch.sin(2 * t) / 2)[:, None]


@pytest.fixture
def windows_of(sine):
    """Cut windows from the first rows of the sine."""

    def cut(*, window=10, horizon=1, rows=200, dtype=torch.float32):
        return Windows(sine[:rows].to(dtype), np.array([[0, rows]]), length=window + horizon)

    return cut


@pytest.fixture
def validation_of(sine):
    """Cut a validation part from the last rows of the sine."""

    def cut(*, window=10, leads=1, run=20):
        rows = np.array([[240, 400]])
        one_step = Windows(sine, rows, length=window + leads)
        return Validation(
            window=window, one_step=one_step, free_run=Windows(sine, rows, length=window + run) if run else None
        )

    return cut


@pytest.fixture
def small():
    """Build a small forecaster."""

    def make(*, seed=0, **options):
        return build(Network(**({"cell": "gru", "hidden_size": 6} | options)), 1, seed=seed)

    return make
