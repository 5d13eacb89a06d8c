"""The page of a run, and what the program says at the end of its work."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pendula.cli.output import Output

if TYPE_CHECKING:
    from pendula.forecasting import Evaluated
    from pendula.runs import Fit

__all__ = ["Delivered", "deliver_fit", "score_lines", "write_fit_report", "written_lines"]

FORECAST = "forecast.nc"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What was written of a fit, and what it says.

    Attributes:
        page: The path of the page.
        verdict: What the scores mean, in plain sentences.
        remarks: What has to be known beside the verdict: whether the recurrent part added anything, and why there is
            no forecast.
        forecast: The path of the forecast from the record's end, if there is one.
    """

    page: Path
    verdict: list[str]
    remarks: list[str]
    forecast: Path | None


def write_fit_report(fit: "Fit", evaluated: "Evaluated | None", run: Path) -> Delivered:
    """Write figures, page and forecast of a fit into its run.

    Args:
        fit: The fit.
        evaluated: Its predictions and scores, if there is a test part.
        run: The run directory.

    Returns:
        What was written.
    """
    from pendula.report import end_forecast, equation_note, fit_report, idle_note, link_analysis, write_report
    from pendula.series import write

    content = fit_report(fit, evaluated)
    page = write_report(content, content.images, run)
    link_analysis(run)
    future, reason = end_forecast(fit)
    if future is not None:
        write(future, run / FORECAST)
    return Delivered(
        page=page,
        verdict=list(content.verdict),
        remarks=[*idle_note(fit), *equation_note(fit), *([reason] if reason else [])],
        forecast=None if future is None else run / FORECAST,
    )


def score_lines(scores: dict[str, Any], verdict: list[str]) -> list[str]:
    """Lay out scores for people.

    Args:
        scores: As `Evaluated.to_dict` gives them.
        verdict: Plain sentences.

    Returns:
        The table and the sentences.
    """
    from pendula.report import score_text

    table = score_text(scores)
    return ["", *([table, ""] if table else []), *verdict]


def written_lines(made: Delivered) -> list[str]:
    """Tell where forecast and page lie.

    Args:
        made: What was written.

    Returns:
        A line for each.
    """
    return [*([f"Forecast: {made.forecast}"] if made.forecast else []), f"Report: {made.page}"]


def deliver_fit(fit: "Fit", run: Path, *, chosen: dict[str, Any], out: Output) -> None:
    """Write the page of a new fit, and tell what it is worth.

    Args:
        fit: The fit.
        run: Its run directory.
        chosen: What was chosen, as plain values.
        out: How to print.
    """
    from pendula.forecasting import evaluate_fit
    from pendula.report import gradient_facts, initial_state, member_rows, parameter_lines, parameter_rows

    out.remark("writing the report")
    evaluated = evaluate_fit(fit) if len(fit.split.test) else None
    made = write_fit_report(fit, evaluated, run)
    scores = {} if evaluated is None else evaluated.to_dict()
    found = parameter_lines(fit)
    out.show(*([*found, ""] if found else []))
    out.show(*score_lines(scores, [*made.verdict, *made.remarks]), f"Run: {run}", *written_lines(made))
    out.result({
        "run": run,
        "report": made.page,
        "forecast": made.forecast,
        "chosen": chosen,
        "scores": scores,
        "verdict": made.verdict,
        "epochs": fit.history[-1].epoch if fit.history else 0,
        "members": member_rows(fit),
        "parameters": parameter_rows(fit),
        "initial_state": initial_state(fit),
        "best_epoch": fit.best_epoch,
        "outcome": fit.outcome,
        "seconds": fit.seconds,
        "notes": [*fit.notes, *made.remarks],
        **({"gradients": gradient_facts(fit.gradients)} if fit.gradients else {}),
    })
