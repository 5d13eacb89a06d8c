"""Errors by size, read back from the panel."""

import numpy as np

from pendula.figures import Quantity
from pendula.figures.driven import draw_error_by_size, driven_figure


def test_each_class_of_size_has_its_root_mean_square():
    size = np.random.default_rng(0).permutation(np.repeat(np.arange(24.0), 10))
    axes = draw_error_by_size(size, {"lstm": 0.5 * size + 1}, quantity=Quantity(name="y", unit="mV"))
    line = axes.get_lines()[0]
    np.testing.assert_allclose(line.get_xdata(), np.arange(24.0))
    np.testing.assert_allclose(line.get_ydata(), 0.5 * np.arange(24.0) + 1)
    assert axes.get_xlabel() == "size of y (mV)"


def test_the_figure_is_a_png():
    wave = np.sin(np.arange(50.0))
    made = driven_figure(
        np.arange(50.0), truth=wave, told={"a": wave + 0.1}, errors={"a": 0.1 * wave + 0.2}, amplitude=np.abs(wave)
    )
    assert made[1:4] == b"PNG"
