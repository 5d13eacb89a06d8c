"""Fixtures of the experiments."""

import jaxtyping
import pytest


@pytest.fixture
def unchecked():
    """Let values of a wrong type through to the library's own messages, as they go through for a user."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
