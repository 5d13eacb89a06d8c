"""The command `evaluate`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pendula.cli.options import AS_RECORDED, RecordOptions
from pendula.cli.output import PLAIN, Output

if TYPE_CHECKING:
    import xarray

    from pendula.runs import Fit

__all__ = ["EXAMPLE", "evaluate"]

EXAMPLE = """\
pendula evaluate runs/pendulum
pendula evaluate runs/pendulum held-out.csv --unit x=rad
"""


def evaluate(
    run: Path,
    held_out: str | None = None,
    /,
    *,
    seed: int | None = None,
    data: RecordOptions = AS_RECORDED,
    out: Output = PLAIN,
) -> None:
    """Score a fit one step ahead and in free run, beside the baselines, on data it never saw.

    Args:
        run: The run directory.
        held_out: A file with the fit's columns, units and time step; the fit's own test part when left out.
        seed: Has no effect: an evaluation draws no random numbers.
        data: How the held-out file is read.
        out: How to print.
    """
    del seed
    from pendula.cli.reports import score_lines
    from pendula.forecasting import evaluate as score
    from pendula.report import idle_note, seen_note, verdict_of
    from pendula.runs import load

    fit = load(run)
    series, notes = (None, ()) if held_out is None else _held_out(held_out, fit, data)
    out.remark(*notes)
    evaluated = score(fit, series)
    scores = evaluated.to_dict()
    verdict = verdict_of(scores, evaluated.evaluation.part.parent)
    idle = idle_note(fit)
    out.show(*score_lines(scores, [*verdict, *idle]))
    out.result({
        "run": run,
        "held_out": held_out,
        "scores": scores,
        "verdict": verdict,
        "notes": [*notes, *seen_note(scores), *idle],
    })


def _held_out(file: str, fit: "Fit", data: RecordOptions) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    from pendula.cli.records import data_settings, filling_notes, read_series
    from pendula.config import DataSettings
    from pendula.series import fill_gaps
    from pendula.series.table import TIME_NAMES

    settings = data_settings(DataSettings(), file=file, target=",".join(fit.model.names), options=data)
    column = fit.model.axis.name
    if settings.time is None and column.lower() not in TIME_NAMES:
        settings = replace(settings, time=column)
    series, notes = read_series(settings)
    if settings.gaps != "fill":
        return series, notes
    filled, count = fill_gaps(series)
    return filled, (*notes, *filling_notes(count))
