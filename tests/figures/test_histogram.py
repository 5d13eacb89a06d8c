"""The histogram of errors: whose widths set its scale."""

import numpy as np

from pendula.figures import draw_error_histogram


def test_a_needle_beside_the_network_is_named_and_does_not_set_the_scale():
    rng = np.random.default_rng(0)
    errors = {"lstm": rng.normal(size=500), "linear": 1e-12 * rng.normal(size=500)}
    axes = draw_error_histogram(errors)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts[1].endswith("(too narrow to draw)")
    assert axes.get_xlim()[1] > 1
    assert axes.get_xscale() == "linear"


def test_a_network_that_is_a_needle_beside_its_baselines_is_drawn():
    rng = np.random.default_rng(0)
    axes = draw_error_histogram({"lstm": 1e-12 * rng.normal(size=500), "persistence": rng.normal(size=500)})
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "too narrow" not in texts[0]
    assert "off scale" in texts[1]
