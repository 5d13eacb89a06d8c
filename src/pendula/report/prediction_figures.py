"""The figures of an evaluation: one step ahead, running freely, errors, lead times, scores."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pendula.figures import (
    Quantity,
    draw_free_runs,
    draw_lead_times,
    draw_predictions,
    draw_series,
)
from pendula.figures.style import shorten
from pendula.forecasting import Evaluated
from pendula.report.controls_note import given_words
from pendula.report.coordinates import drawn_times, lead_times, quantities
from pendula.report.error_figure import error_sheet
from pendula.report.page import ReportFigure
from pendula.report.score_figure import score_figure
from pendula.report.sheets import MOST_CHANNELS, draw_sheet, left_out
from pendula.report.stretches import readable_rows
from pendula.series.record import Record
from pendula.shapes import Int, ndarray

if TYPE_CHECKING:
    import matplotlib.axes

__all__ = ["prediction_figures", "strongest_baseline"]

FAR_SMALLER = 1e-4
"""A histogram whose errors are smaller than the network's by this factor would be a needle."""
ROUNDING = 1e-9
"""Errors that grow with lead time are drawn at this share of the truth's standard deviation where they are smaller."""


def prediction_figures(evaluated: Evaluated) -> list[ReportFigure]:
    """Draw how networks and baselines did on the test part.

    Args:
        evaluated: Their predictions and scores.

    Returns:
        Images named scores, one-step, free-run, errors, and lead-times where rolling origins were found.
    """
    figures = [
        score_figure(evaluated),
        _draw_one_step(evaluated),
        _draw_free_runs(evaluated),
        _draw_errors(evaluated),
    ]
    return figures if evaluated.rolling is None else [*figures, _draw_lead_times(evaluated)]


def strongest_baseline(evaluated: Evaluated) -> str:
    """Find the baseline with the smallest one-step error.

    Args:
        evaluated: The scores.

    Returns:
        Its name.
    """
    scores = evaluated.evaluation.scores
    baselines = [name for name in scores if name not in evaluated.networks]
    # NaN would win every comparison that it loses
    return min(baselines, key=lambda name: np.nan_to_num(scores[name]["nrmse"], nan=np.inf))


def _draw_one_step(evaluated: Evaluated) -> ReportFigure:
    evaluation = evaluated.evaluation
    record, names = evaluation.part.parent, [*evaluated.networks, strongest_baseline(evaluated)]
    shown = readable_rows(evaluation.truth, from_end=True)
    time, clock = drawn_times(record)
    time = time[evaluation.rows[shown]]
    return draw_sheet(
        "one-step",
        _drawn(record),
        draw=lambda channel, axes: draw_predictions(
            time,
            evaluation.truth[shown, channel],
            predictions={name: evaluation.one_step[name][shown, channel] for name in names},
            quantity=quantities(record)[channel],
            clock=clock,
            title=_title("One step ahead", record, channel),
            axes=axes,
        ),
        caption=f"Each value is predicted from the true values before it.{given_words(record)}"
        f"{_extent('last', len(time), len(evaluation.rows))} Of the baselines, the best one step ahead is drawn."
        f"{left_out(len(record.names))}",
        alt=f"One-step predictions of {_listed(names)} beside the truth on the test part.",
    )


def _draw_free_runs(evaluated: Evaluated) -> ReportFigure:
    evaluation = evaluated.evaluation
    record, names = evaluation.part.parent, list(evaluation.free_run)
    reached = np.any([np.isfinite(run).all(axis=1) for run in evaluation.free_run.values()], axis=0)
    stop = int(np.flatnonzero(reached)[-1]) + 1
    shown = readable_rows(evaluation.truth[:stop])
    rows = evaluation.rows[shown]
    time, clock = drawn_times(record)
    again = "in each trajectory" if record.trajectory is not None else "after each gap"
    anew = f" It starts anew {again}." if (np.diff(evaluation.rows) > 1).any() else ""
    controls = record.controls
    driving = 0 if controls is None else _drawn(controls)

    def draw(panel: int, axes: "matplotlib.axes.Axes") -> object:
        if panel >= _drawn(record):
            assert controls is not None
            return _draw_control(controls, panel - _drawn(record), time, rows, clock=clock, axes=axes)
        return draw_free_runs(
            time[rows],
            evaluation.truth[shown, panel],
            runs={name: evaluation.free_run[name][shown, panel] for name in names},
            quantity=quantities(record)[panel],
            clock=clock,
            title=_title("Free run", record, panel),
            axes=axes,
        )

    return draw_sheet(
        "free-run",
        _drawn(record) + driving,
        low=driving,
        draw=draw,
        caption="Each predictor is fed with its own predictions from the start of the test part on, and never sees the "
        f"truth{' of what is forecast' if driving else ''}.{given_words(record)}{anew}"
        f"{_extent('first', len(rows), len(evaluation.rows))}{left_out(len(record.names))}",
        alt=f"Free runs of {_listed(names)} beside the truth on the test part.",
    )


def _draw_control(
    controls: Record,
    channel: int,
    time: ndarray,
    rows: Int[ndarray, " row"],
    *,
    clock: Quantity,
    axes: "matplotlib.axes.Axes",
) -> object:
    drawn = draw_series(
        time[rows],
        controls.values[rows, channel],
        quantities=[quantities(controls)[channel]],
        clock=clock,
        title="",
        axes=axes,
    )
    drawn.set_xlim(time[rows[0]], time[rows[-1]])  # as the free run above it
    return drawn


def _draw_errors(evaluated: Evaluated) -> ReportFigure:
    evaluation = evaluated.evaluation
    record = evaluation.part.parent
    names = list(dict.fromkeys([*evaluated.networks, strongest_baseline(evaluated), "persistence"]))
    names, needles = _without_needles(evaluated, names)
    return error_sheet(
        {name: evaluation.one_step[name] - evaluation.truth for name in names},
        record.names,
        record.units,
        title="One-step errors",
        what="a one-step prediction was",
        remark=needles,
        alt=f"Histogram of the one-step errors of {_listed(names)} on the test part.",
    )


def _without_needles(evaluated: Evaluated, names: list[str]) -> tuple[list[str], str]:
    scores = evaluated.evaluation.scores
    finite = [scores[name]["nrmse"] for name in evaluated.networks if np.isfinite(scores[name]["nrmse"])]
    least = FAR_SMALLER * min(finite, default=0.0)
    needles = [name for name in names if name not in evaluated.networks and scores[name]["nrmse"] < least]
    said = f" Not drawn, because its errors are smaller by a factor of 10 000 or more: {needles[0]}." if needles else ""
    return [name for name in names if name not in needles], said


def _draw_lead_times(evaluated: Evaluated) -> ReportFigure:
    rolling, record = evaluated.rolling, evaluated.evaluation.part.parent
    assert rolling is not None
    lead, clock = lead_times(record, rolling.leads)
    floor = ROUNDING * evaluated.evaluation.truth.std(axis=0)
    absolute = {name: rolling.absolute(name) for name in rolling.errors}
    is_raised = any(bool((errors.mean(axis=(0, 1)) < floor).any()) for errors in absolute.values())
    raised = (
        " An error that is nothing but rounding is drawn at a billionth of the truth's spread." if is_raised else ""
    )
    return draw_sheet(
        "lead-times",
        _drawn(record),
        beside=True,
        height=3.4,
        draw=lambda channel, axes: draw_lead_times(
            lead,
            {name: np.maximum(errors[:, :, channel], floor[channel]) for name, errors in absolute.items()},
            quantity=Quantity(name=f"error of {shorten(record.names[channel])}", unit=record.units[channel]),
            clock=clock,
            banded=evaluated.networks[:2],
            axes=axes,
        ),
        caption=f"Absolute errors of free runs from {len(rolling.origins)} origins in the test part, by how far ahead "
        f"they look.{raised}{left_out(len(record.names))}",
        alt=f"Median absolute error against lead time of {_listed(absolute)}.",
    )


def _drawn(record: Record) -> int:
    return min(len(record.names), MOST_CHANNELS)


def _title(title: str, record: Record, channel: int) -> str:
    return title if len(record.names) == 1 else f"{shorten(record.names[channel])}: {title.lower()}"


def _extent(which: str, shown: int, rows: int) -> str:
    return f" Drawn are the {which} {shown} of {rows} rows of the test part." if shown < rows else ""


def _listed(names: Sequence[str] | dict[str, Any]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
