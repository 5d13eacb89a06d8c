"""The figure of intervals: what they held at each lead time, and where the truth lay."""

from pendula.figures import draw_coverage, draw_ranks
from pendula.forecasting import Evaluated, IntervalScores
from pendula.report.coordinates import lead_times
from pendula.report.page import ReportFigure
from pendula.report.sheets import MOST_CHANNELS, draw_sheet, left_out

__all__ = ["interval_figure", "interval_lines"]

SHOWN_LEADS = 6
"""The table for people has at most so many lead times."""


def interval_figure(evaluated: Evaluated) -> ReportFigure | None:
    """Draw how well the intervals of a fit held on the rows that were scored.

    Args:
        evaluated: The evaluation.

    Returns:
        An image named coverage; None where there are no intervals.
    """
    scores, record = evaluated.intervals, evaluated.evaluation.part.parent
    if scores is None or not scores.reach:
        return None
    lead, clock = lead_times(record, scores.reach)
    shown = record.names[:MOST_CHANNELS]
    shares = {name: scores.share[: scores.reach, channel] for channel, name in enumerate(shown)}
    kind = "adaptive " if scores.adaptive else ""
    return draw_sheet(
        "coverage",
        2,
        beside=True,
        height=3.4,
        draw=lambda number, axes: (
            draw_ranks(scores.pit, axes=axes)
            if number
            else draw_coverage(
                lead,
                shares,
                spread=scores.spread[: scores.reach].max(axis=1),
                coverage=scores.coverage,
                clock=clock,
                title=f"Coverage of the {kind}{100 * scores.coverage:g} % intervals",
                axes=axes,
            )
        ),
        caption=f"Left: the share of truths within the {kind}intervals, by lead time, on rows that did not calibrate "
        "them; shares within the band differ from the promise by no more than chance explains, since origins and "
        "calibration are finite and their runs overlap. Right: the rank of the truth among the errors of the "
        f"calibration, over all lead times; flat is right.{left_out(len(record.names))}",
        alt=f"Coverage by lead time, {100 * float(scores.share[: scores.reach].mean()):.0f} % on average, and a "
        "histogram of ranks.",
    )


def interval_lines(scores: IntervalScores, *, unit: str = "") -> list[str]:
    """Tell what intervals held, for a terminal.

    Args:
        scores: The scores.
        unit: Unit of the widths, where all channels have one.

    Returns:
        A sentence, and a table of some lead times; one line where there are no intervals.
    """
    if not scores.reach:
        return ["There are no intervals to score: the calibration is too short for that coverage."]
    plain = scores.to_dict()
    kind = "Adaptive intervals" if scores.adaptive else "Intervals"
    held = (
        f"{kind} of {100 * scores.coverage:g} % held {100 * plain['mean']:.1f} % on average over {scores.reach} lead "
        f"times, at least {100 * plain['least']:.1f} % (step {plain['least_lead']})."
    )
    rows = sorted({1, scores.reach, *(1 + (scores.reach - 1) * k // (SHOWN_LEADS - 1) for k in range(SHOWN_LEADS))})
    head = ("step", "held", "by chance", f"width{f' ({unit})' if unit else ''}", "calibrated by")
    table = [head, *(_row(scores, row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return [held, *("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in table)]


def _row(scores: IntervalScores, step: int) -> tuple[str, ...]:
    at = step - 1
    return (
        str(step),
        f"{100 * float(scores.share[at].mean()):.1f} %",
        f"±{200 * float(scores.spread[at].max()):.1f} %",
        f"{float(scores.width[at].mean()):.4g}",
        f"{float(scores.calibrated[at].min()):.0f} runs",
    )
