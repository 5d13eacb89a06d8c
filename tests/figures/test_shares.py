"""The figure of errors over many series."""

import numpy as np

from pendula.figures import draw_shares


def test_each_staircase_rises_to_one_and_the_best_is_named_first():
    axes = draw_shares({"gru": np.array([4.0, 9.0, 5.0]), "esn": np.array([1.0, 3.0, 2.0])})
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["esn, median 2", "gru, median 5"]
    stairs = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert [line.get_xdata().tolist() for line in stairs] == [[0.0, 1.0, 2.0, 3.0], [0.0, 4.0, 5.0, 9.0]]
    assert all(line.get_ydata()[-1] == 1.0 for line in stairs)
