"""Property tests that give the same examples each time, on slow machines too; torch's forward mode, loaded."""

import warnings

import pytest
import torch
from hypothesis import settings

settings.register_profile("pendula", deadline=None, derandomize=True)
settings.load_profile("pendula")


@pytest.fixture(scope="session", autouse=True)
def forward_mode():
    """Let torch load its forward mode, which warns of what it uses itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.func.jvp(torch.sin, (torch.zeros(1),), (torch.zeros(1),))
