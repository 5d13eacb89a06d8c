import io
import math

import numpy as np
import pytest
from matplotlib.image import imread

from pendula.errors import ArgumentError
from pendula.figures import FlowPanel, draw_gradient_flow, draw_singular_values, gradient_sheet, png
from pendula.figures.style import Stroke

FALL = math.log(0.1) * np.arange(6.0)


def test_curves_count_powers_of_ten_from_the_last_step_on():
    axes = draw_gradient_flow({"rnn": 3.0 + FALL, "gru": FALL / 2}, bounds=(0.01, 100.0))
    curves = {line.get_label(): line.get_ydata() for line in axes.lines if not line.get_label().startswith("_")}
    np.testing.assert_allclose(curves["rnn"], -np.arange(6.0))
    np.testing.assert_allclose(curves["gru"], -np.arange(6.0) / 2)
    bounds = [line.get_ydata()[0] for line in axes.lines if line.get_label().startswith("_")]
    assert bounds == [-2.0, 2.0]
    assert axes.get_xlabel() == "steps back"
    assert float(imread(io.BytesIO(png(axes.figure, dpi=60)))[..., :3].var()) > 1e-3


def test_absolute_norms_keep_their_size():
    axes = draw_gradient_flow({"rnn": FALL + math.log(100)}, relative=False)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 2 - np.arange(6.0), atol=1e-12)
    assert axes.get_ylabel() == "norm of the gradient"


def test_what_leaves_the_paper_is_cut_and_silence_is_said():
    axes = draw_gradient_flow({"steep": 100 * FALL, "none": np.full(6, -np.inf), "gap": np.array([0.0, np.nan, -1.0])})
    assert [line.get_label() for line in axes.lines] == ["steep", "gap"]
    assert np.isfinite(axes.lines[0].get_ydata()).tolist() == [True] + [False] * 5
    assert axes.texts[0].get_text() == "no gradient: none"


def test_nothing_to_draw_is_said():
    with pytest.raises(ArgumentError, match=r"`log_norms` must hold a curve: .* got none\. Measure a flow first\."):
        draw_gradient_flow({})


def test_the_largest_singular_value_is_drawn_strong_and_rounding_is_not_drawn():
    logs = np.log(10) * np.array([[0.0, 0.0, 0.0], [1.0, -3.0, -14.5]])
    axes = draw_singular_values(np.array([0, 5]), logs)
    largest, second, rounding = (line.get_ydata() for line in axes.lines)
    np.testing.assert_allclose(largest, [0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(second, [0.0, -3.0], atol=1e-12)
    assert np.isnan(rounding[1])
    widths = [line.get_linewidth() for line in axes.lines]
    assert widths[0] > max(widths[1:])
    assert float(imread(io.BytesIO(png(axes.figure, dpi=60)))[..., :3].var()) > 1e-3


def test_the_panels_of_a_row_share_their_scale():
    lines = {"a": Stroke(color="#000000")}
    steep, flat = (FlowPanel(title="", log_norms={"a": factor * FALL}, lines=lines) for factor in (4.0, 0.1))
    figure = gradient_sheet([[steep, flat]], {"W": (np.array([0, 1]), np.zeros((2, 3)))}, flat)
    first, second, spectrum, last = figure.axes
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim() != last.get_ylim()
    assert spectrum.get_title(loc="left") == "W"
    assert float(imread(io.BytesIO(png(figure, dpi=40)))[..., :3].var()) > 1e-3
