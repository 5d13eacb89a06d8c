"""Figures of labels."""

import numpy as np
import pytest

from pendula.errors import ShapeError
from pendula.figures import draw_confusion, draw_onset, draw_regimes, draw_roc


def test_a_confusion_matrix_shows_its_counts_true_labels_downwards():
    axes = draw_confusion(np.array([[7, 2], [0, 5]]), ["a", "b"])
    placed = {text.get_position(): text.get_text() for text in axes.texts}
    assert placed == {(0, 0): "7", (1, 0): "2", (0, 1): "0", (1, 1): "5"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("told", "true")


def test_every_label_has_a_row():
    with pytest.raises(ShapeError, match="`counts` must have a row and a column for each label"):
        draw_confusion(np.zeros((2, 2), dtype=int), ["a", "b", "c"])


def test_a_roc_curve_names_its_area():
    axes = draw_roc({"a": (np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0, 1.0]))})
    assert axes.get_legend().get_texts()[0].get_text() == "a, area 0.75"


def test_strips_have_the_stretches_of_the_labels_and_lines_at_onsets():
    codes = np.array([0, 0, 1, 1, -1, 0])
    axes = draw_regimes(np.arange(6.0), {"truth": codes, "network": codes}, ["calm", "wild"], onsets=np.array([2, 5]))
    assert len(axes.collections) == 2 * 3  # nothing is drawn where nothing is told
    assert [line.get_xdata()[0] for line in axes.lines] == [2.0, 5.0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["truth", "network"]


def test_an_onset_that_was_not_told_has_no_line():
    axes = draw_onset(np.arange(4.0), np.array([0.0, 0.0, 1.0, 0.5]), true=2, told=None)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["true onset"]
    assert axes.lines[1].get_xdata()[0] == 2.0
