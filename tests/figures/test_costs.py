"""Error against cost: one point for each way to learn and task."""

import pytest

from pendula.figures import cost_sheet, draw_costs

SECONDS = {
    "lstm, adam": {"sine": (20.0, 0.3), "addition": (3.0, 0.0)},
    "esn, ridge": {"sine": (0.4, None), "addition": (1.0, 0.95)},
}
WORK = {
    "lstm, adam": {"sine": (64_000.0, 0.3), "addition": (7200.0, 0.0)},
    "esn, ridge": {"sine": (0.0, None), "addition": (0.0, 0.95)},
}


def points(axes):
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines if len(line.get_xdata()) == 1
    ]


def test_each_way_and_task_has_its_point():
    axes = draw_costs(SECONDS)
    # A perfect error and a run that diverged are drawn at the edges.
    assert points(axes) == [(20.0, 0.3), (3.0, 1e-4), (0.4, 1e2), (1.0, 0.95)]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    colors = [line.get_color() for line in axes.lines]
    assert colors[0] == colors[1] != colors[2] == colors[3]
    markers = [line.get_marker() for line in axes.lines]
    assert markers[0] == markers[2] != markers[1] == markers[3]


def test_a_way_without_work_stands_at_the_left():
    axes = draw_costs(WORK, cost="sequence-gradients")
    assert [x for x, _ in points(axes)] == [64_000.0, 7200.0, 2400.0, 2400.0]
    assert axes.get_xlabel() == "sequence-gradients"
    assert [text.get_text() for text in axes.texts] == ["none"]
    assert 2400.0 < axes.lines[-1].get_xdata()[0] < 7200.0  # the line between none and the rest
    assert not draw_costs(SECONDS).texts


@pytest.mark.parametrize("error", [float("nan"), float("inf"), 1e9])
def test_what_is_off_scale_is_drawn_at_its_edge(error):
    assert points(draw_costs({"a": {"sine": (1.0, error)}})) == [(1.0, 1e2)]


def test_the_sheet_names_ways_and_tasks_once():
    figure = cost_sheet(SECONDS, WORK)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Error against time", "Error against work"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["lstm, adam", "esn, ridge", "sine", "addition"]
