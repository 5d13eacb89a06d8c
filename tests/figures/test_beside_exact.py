"""The figure of what was measured beside what is exact."""

import numpy as np

from pendula.figures import draw_beside_exact


def test_dots_are_thinned_and_the_line_is_whole():
    lead = np.arange(1.0, 101.0)
    axes = draw_beside_exact(lead, {"drawn": 2 * lead, "other": 3 * lead}, exact=lead, band=(10.0, 20.0))
    line, drawn, other = axes.lines
    np.testing.assert_array_equal(line.get_ydata(), lead)
    np.testing.assert_array_equal(drawn.get_xdata(), lead[::4])
    np.testing.assert_array_equal(other.get_ydata(), 3 * lead[::4])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["by chance", "exact", "drawn", "other"]
