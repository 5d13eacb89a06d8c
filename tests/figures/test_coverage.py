"""Figures of intervals and of surprise: the lines carry the numbers, the notes say what they mean."""

import numpy as np
import pytest

from pendula.figures import draw_coverage, draw_ranks, draw_surprise


def test_shares_are_drawn_in_percent_with_the_promise_and_what_chance_explains():
    lead, shares = np.array([0.1, 0.2, 0.3]), {"x": np.array([0.9, 0.85, 0.7]), "v": np.array([1.0, 0.9, 0.8])}
    axes = draw_coverage(lead, shares, spread=np.array([0.02, 0.05, 0.1]), coverage=0.9)
    promise, x, v = axes.lines
    assert list(promise.get_ydata()) == [90.0, 90.0]
    np.testing.assert_allclose(x.get_ydata(), [90, 85, 70])
    np.testing.assert_allclose(v.get_ydata(), [100, 90, 80])
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(70)
    assert band[:, 1].max() == pytest.approx(100)  # a share is never more than all
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["by chance", "x", "v"]


@pytest.mark.parametrize("least", [0.02, 0.4, 0.95])
def test_the_lowest_share_is_in_sight(least):
    axes = draw_coverage(np.array([1.0, 2.0]), {"x": np.array([0.9, least])}, spread=np.full(2, 0.01), coverage=0.9)
    assert axes.get_ylim()[0] < 100 * least < axes.get_ylim()[1]


def test_a_flat_histogram_of_ranks_lies_on_its_line():
    axes = draw_ranks(np.ones(5))
    assert axes.patches[0].get_data().values.tolist() == [1.0] * 5
    assert list(axes.lines[0].get_ydata()) == [1.0, 1.0]
    assert axes.get_xlim() == (0.0, 1.0)


def test_alarms_are_marked_above_their_line():
    scores = np.array([0.1, 2.5, 0.3, 4.0])
    axes = draw_surprise(np.arange(4.0), scores, alarms=scores > 2, alarm_rate=0.01)
    line, marks = axes.lines
    assert list(line.get_ydata()) == [2.0, 2.0]
    assert marks.get_xdata().tolist() == [1.0, 3.0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["surprise", "2 alarms"]
    quiet = draw_surprise(np.arange(4.0), 0 * scores, alarms=scores > 9, alarm_rate=0.01)
    assert quiet.get_ylim()[1] > 2.0
