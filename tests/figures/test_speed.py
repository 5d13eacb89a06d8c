import io
import itertools

import numpy as np
import pytest
from matplotlib.image import imread

from pendula.errors import ArgumentError
from pendula.figures import draw_seconds, draw_speedups, png

SECONDS = {"RNN": {"Pendula": 0.001, "torch": 0.004}, "GRU": {"Pendula": 0.002, "JAX": 0.0035}}


def ink(axes):
    return float(imread(io.BytesIO(png(axes.figure, dpi=60)))[..., :3].var())


def test_bars_are_as_long_as_the_work_takes():
    axes = draw_seconds(SECONDS)
    widths = {container.get_label(): [bar.get_width() for bar in container] for container in axes.containers}
    assert widths == {"Pendula": [1.0, 2.0], "torch": [4.0], "JAX": [3.5]}
    assert [text.get_text() for text in axes.texts] == ["1.00", "2.00", "4.00", "3.50"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["RNN", "GRU"]
    assert axes.get_xlabel() == "time (ms)"
    assert ink(axes) > 1e-3


def test_bars_of_a_kind_lie_beside_each_other():
    axes = draw_seconds(SECONDS)
    spans = sorted((bar.get_y(), bar.get_y() + bar.get_height()) for container in axes.containers for bar in container)
    assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(spans))
    assert min(spans)[0] >= axes.get_ylim()[1]


def test_a_line_shows_the_rate_of_matrix_products_where_it_is_known():
    axes = draw_seconds(SECONDS, bound={"GRU": 0.0015})
    x, y = axes.lines[0].get_data()
    assert np.nanmin(x) == np.nanmax(x) == 1.5
    assert 0.5 < min(y[np.isfinite(x)]) < max(y[np.isfinite(x)]) < 1.5
    assert "at the rate of GEMM" in [text.get_text() for text in axes.get_legend().get_texts()]
    assert not draw_seconds(SECONDS).lines


def test_every_shape_is_a_dot_and_every_median_is_written():
    ratios = {"RNN float32": np.array([0.5, 2.0, 8.0, np.nan]), "LSTM": np.array([3.0])}
    axes = draw_speedups(ratios)
    dots = [line for line in axes.lines if line.get_marker() == "."]
    assert [sorted(line.get_xdata()) for line in dots] == [[0.5, 2.0, 8.0], [3.0]]
    assert [text.get_text() for text in axes.texts] == ["2.0", "3.0"]
    assert axes.get_xscale() == "log"
    low, high = axes.get_xlim()
    assert low < 0.5
    assert high > 8.0
    assert axes.get_xlabel() == "times faster than torch"
    assert ink(axes) > 1e-3


def test_dots_keep_to_their_row_and_the_same_ratios_give_the_same_picture():
    ratios = {"gru": np.linspace(1, 9, 500), "lstm": np.linspace(1, 9, 500)}
    first, second = draw_speedups(ratios), draw_speedups(ratios)
    for place, line in enumerate(line for line in first.lines if line.get_marker() == "."):
        assert abs(line.get_ydata() - place).max() < 0.5
    assert png(first.figure) == png(second.figure)


def test_ratios_around_one_still_have_a_scale():
    low, high = draw_speedups({"rnn": np.array([1.0])}).get_xlim()
    assert low < 0.9
    assert high > 1.1


def test_nothing_to_draw_is_said():
    with pytest.raises(ArgumentError, match=r"`seconds` must hold a time: expected .*, got none"):
        draw_seconds({})
    with pytest.raises(ArgumentError, match=r"`ratios` must hold a positive number: expected .*, got none"):
        draw_speedups({"rnn": np.array([np.nan])})
