import numpy as np
import pytest

from pendula.figures.annotations import draw_legend, draw_note, draw_time_label, make_room
from pendula.figures.canvas import drawing
from pendula.figures.style import Quantity


@pytest.mark.parametrize("count", [1, 3, 6, 9])
def test_legend_covers_no_data_and_stays_inside(count: int) -> None:
    with drawing(None) as axes:
        for index in range(count):
            axes.plot([0.0, 1.0], [float(index), float(index)], label=f"predictor number {index}")
        draw_legend(axes)
    axes.figure.draw_without_rendering()
    legend, panel = axes.get_legend().get_window_extent(), axes.get_window_extent()
    highest = axes.transData.transform((0.0, float(count - 1)))[1]
    assert legend.y0 > highest
    assert legend.x1 <= panel.x1 + 1
    assert len(axes.get_legend().get_texts()) == count


def test_without_names_there_is_no_legend() -> None:
    with drawing(None) as axes:
        axes.plot([0.0, 1.0])
        draw_legend(axes)
    assert axes.get_legend() is None


def test_notes_stand_below_the_data() -> None:
    with drawing(None) as axes:
        axes.plot([0.0, 1.0], [0.0, 0.0])
        axes.set_ylim(0.0, 1.0)
        draw_note(axes, "two\nlines")
        draw_note(axes, "")
    axes.figure.draw_without_rendering()
    assert len(axes.texts) == 1
    assert axes.texts[0].get_window_extent().y1 < axes.transData.transform((0.0, 0.0))[1]


def test_room_on_a_logarithmic_axis_is_one_of_decades() -> None:
    with drawing(None) as axes:
        axes.set_yscale("log")
        axes.set_ylim(1.0, 100.0)
        make_room(axes, top=0.25, bottom=0.25)
    np.testing.assert_allclose(axes.get_ylim(), (0.1, 1000.0))


def test_room_on_an_axis_upside_down_is_at_its_top() -> None:
    with drawing(None) as axes:
        axes.set_ylim(3.0, 0.0)
        make_room(axes, top=0.25)
    np.testing.assert_allclose(axes.get_ylim(), (3.0, -1.0))


def test_dates_carry_no_unit() -> None:
    with drawing(None) as axes:
        draw_time_label(axes, np.arange(3).astype("datetime64[D]"), clock=Quantity(name="time", unit="s"))
    assert axes.get_xlabel() == "time"
