import numpy as np
import pytest

from pendula.figures import draw_series, png
from pendula.report import sheets


@pytest.fixture(scope="session")
def image() -> bytes:
    return png(draw_series(np.arange(9.0), np.sin(np.arange(9.0))).figure, dpi=40)


@pytest.fixture
def sketched(monkeypatch: pytest.MonkeyPatch, image: bytes) -> None:
    """Draw every panel, but do not turn it into dots: that takes most of the time."""
    monkeypatch.setattr(sheets, "png", lambda figure: image if figure.axes else b"")
