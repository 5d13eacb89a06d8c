"""Property tests that give the same examples each time, and the slow twin of a stack."""

import importlib.util
from pathlib import Path

import jaxtyping
import pytest
from hypothesis import settings

settings.register_profile("pendula", deadline=None, derandomize=True)
settings.load_profile("pendula")


@pytest.fixture(scope="session")
def oracle():
    """Load the stack that is unrolled cell by cell."""
    path = Path(__file__).parents[1] / "oracles" / "unrolled.py"
    spec = importlib.util.spec_from_file_location("oracle_unrolled", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def unchecked():
    """Let values of a wrong type through to the library's own messages, as they go through for a user."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
