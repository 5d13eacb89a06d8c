"""How surprising a record is: its values beside what was expected, and the score of each."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray

from pendula.figures.annotations import draw_legend, draw_note, draw_time_label
from pendula.figures.canvas import drawing
from pendula.figures.style import CLOCK, Quantity, plain

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["draw_surprise"]

_SCORE, _ALARM = "#0072B2", "#D55E00"


def draw_surprise(
    time: Shaped[ndarray, " time"],
    surprise: Float[ndarray, " time"],
    *,
    alarms: Bool[ndarray, " time"],
    alarm_rate: float,
    clock: Quantity = CLOCK,
    title: str = "Surprise",
    axes: "matplotlib.axes.Axes | None" = None,
) -> "matplotlib.axes.Axes":
    """Draw how surprising each value was, with the alarms marked.

    Args:
        time: Of the values.
        surprise: −log10 of the p-value of each.
        alarms: Which of them give an alarm.
        alarm_rate: The share of sound values that give one.
        clock: Name and unit of the time.
        title: Above the panel.
        axes: Where to draw; None makes a figure.

    Returns:
        The axes.

    Examples:
        >>> scores = np.array([0.5, 3.0])
        >>> axes = draw_surprise(np.arange(2.0), scores, alarms=scores > 2, alarm_rate=0.01)
        >>> [text.get_text() for text in axes.get_legend().get_texts()]
        ['surprise', '1 alarm']
    """
    count = int(alarms.sum())
    with drawing(axes) as panel:
        panel.vlines(time, 0.0, surprise, color=_SCORE, linewidth=0.6, label="surprise")
        panel.axhline(-np.log10(alarm_rate), color="#808080", linewidth=0.8, linestyle=(0, (3, 2)))
        panel.plot(
            time[alarms], surprise[alarms], ".", color=_ALARM, markersize=5, label=f"{count} alarm{'s' * (count != 1)}"
        )
        panel.set_ylim(0.0, 1.25 * max(1.0, float(surprise.max(initial=0.0)), -np.log10(alarm_rate)))
        panel.set_title(plain(title))
        panel.set_ylabel("−log10 p")
        draw_time_label(panel, time, clock=clock)
        draw_note(panel, f"sound values give an alarm in {100 * alarm_rate:g} % of cases")
        draw_legend(panel)
        return panel
