"""Long memory: the curves carry the numbers, on axes that show decades."""

import pytest

from pendula.figures import draw_wrong_answers

CURVES = {"seed 0": [(0.0, 0.93), (1000.0, 0.5), (2000.0, 0.004), (3000.0, 0.0)], "seed 1": [(1000.0, 1.0)]}


def test_curves_begin_with_the_first_work_and_end_at_one_in_ten_thousand():
    axes = draw_wrong_answers(CURVES, wanted=0.01)
    wanted, first, second = axes.lines
    assert first.get_xdata().tolist() == [1000.0, 2000.0, 3000.0]
    assert first.get_ydata().tolist() == [0.5, 0.004, 1e-4]
    assert second.get_ydata().tolist() == [1.0]
    assert list(wanted.get_ydata()) == [0.01, 0.01]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xlabel() == "sequence-gradients"


def test_curves_are_told_apart_by_name():
    axes = draw_wrong_answers(CURVES, work="time (s)", title="addition, T = 100")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["seed 0", "seed 1"]
    assert axes.get_xlabel() == "time (s)"
    assert axes.get_title(loc="left") == "addition, T = 100"
    assert axes.get_ylim()[0] < 1e-4 < 1 < axes.get_ylim()[1]


@pytest.mark.parametrize("curve", [[], [(0.0, 0.9)]])
def test_a_training_without_work_has_no_curve(curve):
    axes = draw_wrong_answers({"seed 0": curve})
    assert len(axes.lines[1].get_xdata()) == 0
