"""The figures of a backtest and of a search for anomalies, for files of their own."""

from typing import TYPE_CHECKING

import numpy as np

from pendula.figures import Quantity, draw_coverage, draw_lead_times, draw_predictions, draw_surprise
from pendula.figures.canvas import new_figure
from pendula.figures.style import shorten, style
from pendula.forecasting import Backtest, Surprise
from pendula.report.controls_note import controls_note
from pendula.report.coordinates import drawn_times, lead_times, quantities

if TYPE_CHECKING:
    import matplotlib.figure

__all__ = ["backtest_figure", "backtest_lines", "surprise_figure"]

WIDTH = 8.4
SHOWN_LEADS = 6


def backtest_figure(rolled: Backtest) -> "matplotlib.figure.Figure":
    """Draw errors by lead time, and what the intervals held, where there are such.

    Args:
        rolled: The backtest.

    Returns:
        Two panels, or one.
    """
    record, rolling, intervals = rolled.part.parent, rolled.rolling, rolled.intervals
    held = intervals is not None and intervals.reach > 0
    with style():
        figure = new_figure(width=WIDTH, height=3.7)
        figure.suptitle(f"{len(rolling.origins)} origins, {_policy(rolled)}", fontsize=9)
        panel = figure.add_subplot(1, 2 if held else 1, 1)
        lead, clock = lead_times(record, rolling.leads)
        draw_lead_times(
            lead,
            {name: rolling.absolute(name)[:, :, 0] for name in rolling.errors},
            quantity=Quantity(name=f"error of {shorten(record.names[0])}", unit=record.units[0]),
            clock=clock,
            banded=["network"],
            title="Rolling backtest",
            axes=panel,
        )
        if intervals is not None and held:
            draw_coverage(
                lead[: intervals.reach],
                {name: intervals.share[: intervals.reach, channel] for channel, name in enumerate(record.names[:3])},
                spread=intervals.spread[: intervals.reach].max(axis=1),
                coverage=intervals.coverage,
                clock=clock,
                axes=figure.add_subplot(1, 2, 2),
            )
    return figure


def backtest_lines(rolled: Backtest, *, unit: str = "") -> list[str]:
    """Tell errors by lead time, for a terminal.

    Args:
        rolled: The backtest.
        unit: Unit of the errors, where all channels have one.

    Returns:
        A sentence, a table with a row for each predictor, and what has to be known of them.
    """
    rolling = rolled.rolling
    last = rolling.leads
    shown = sorted({1 + (last - 1) * k // (SHOWN_LEADS - 1) for k in range(SHOWN_LEADS)})
    rows = [("RMSE" + (f" ({unit})" if unit else ""), *(f"step {lead}" for lead in shown))]
    rows += [(name, *(f"{rolling.rmse(name)[lead - 1]:.4g}" for lead in shown)) for name in rolling.errors]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = [
        "  ".join([
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
        ])
        for row in rows
    ]
    controls, baselines = rolled.part.parent.controls, [name for name in rolling.errors if name != "network"]
    told = controls_note(() if controls is None else controls.names, baselines)
    start = f"Free runs from {len(rolling.origins)} origins; {_policy(rolled)}."
    notes = [*_lacking(rolled), *told]
    return [start, "", *table, *(["", *notes] if notes else [])]


def surprise_figure(found: Surprise) -> "matplotlib.figure.Figure":
    """Draw a record beside what was expected, and how surprising each value was.

    Args:
        found: The scores.

    Returns:
        Two panels, the first of the first channel.
    """
    record = found.record
    time, clock = drawn_times(record)
    time = time[found.rows]
    with style():
        figure = new_figure(width=WIDTH, height=5.0)
        above = figure.add_subplot(2, 1, 1)
        draw_predictions(
            time,
            record.values[found.rows, 0],
            predictions={"expected": found.expected[:, 0]},
            quantity=quantities(record)[0],
            clock=clock,
            title="One step ahead",
            axes=above,
        )
        draw_surprise(
            time,
            -np.log10(found.p_value),
            alarms=found.alarms,
            alarm_rate=found.alarm_rate,
            clock=clock,
            axes=figure.add_subplot(2, 1, 2, sharex=above),
        )
    return figure


def _lacking(rolled: Backtest) -> list[str]:
    return [
        f"Left out: {name}, which {lacking} of {rolled.fits} fits lack. {_WHY.get(name, '')}".rstrip()
        for name, lacking in rolled.lacking.items()
    ]


_WHY = {
    "seasonal": "What they know shows no clear period, or their first rows do not have one before them.",
    "esn": "What they know is too little to teach one.",
}


def _policy(rolled: Backtest) -> str:
    if rolled.policy.every is None:
        return "never fitted anew"
    return f"fitted anew every {rolled.policy.every} rows, {rolled.policy.past} past, {rolled.fits} fits"
