"""The cases that the core is tested with."""

import importlib.util
from pathlib import Path

import pytest

from pendula.nn.kernels import available


@pytest.fixture(scope="session")
def stacks():
    """Load the cases."""
    path = Path(__file__).parents[2] / "oracles" / "stacks.py"
    spec = importlib.util.spec_from_file_location("oracle_stacks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def core():
    """Skip where there is no compiled core."""
    if not available():
        pytest.skip("there is no compiled core")
