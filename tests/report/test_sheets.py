import io

import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from pendula.report.sheets import draw_sheet, left_out


@pytest.mark.parametrize(("beside", "shape"), [(False, (600, 1260)), (True, (300, 1260))])
def test_panels_stand_under_or_beside_each_other(beside: bool, shape: tuple[int, int]) -> None:
    drawn: list[tuple[int, Axes]] = []

    def draw(number: int, axes: Axes) -> None:
        axes.plot([0, 1])
        drawn.append((number, axes))

    sheet = draw_sheet("lines", 2, draw=draw, caption="Lines.", alt="Two.", beside=beside, height=2.0)
    assert [number for number, _ in drawn] == [0, 1]
    first, second = (axes.get_position() for _, axes in drawn)
    assert (second.x0 > first.x1) == beside
    assert (second.y1 < first.y0) != beside
    assert imread(io.BytesIO(sheet.png)).shape[:2] == shape
    assert (sheet.name, sheet.caption, sheet.alt) == ("lines", "Lines.", "Two.")


def test_what_is_left_out_is_said() -> None:
    assert not left_out(3)
    assert left_out(4) == " Only the first 3 of 4 channels are drawn."
