"""The command `report`."""

from pathlib import Path
from typing import TYPE_CHECKING

from pendula.cli.output import PLAIN, Output

if TYPE_CHECKING:
    from pendula.runs import PairedFit

__all__ = ["EXAMPLE", "report"]

EXAMPLE = """\
pendula report runs/pendulum
"""


def report(run: Path, /, *, seed: int | None = None, out: Output = PLAIN) -> None:
    """Make page, figures and forecast of a run again.

    Args:
        run: The run directory.
        seed: Has no effect: a report draws no random numbers.
        out: How to print.
    """
    del seed
    from pendula.cli.reports import write_fit_report, written_lines
    from pendula.forecasting import evaluate_fit
    from pendula.runs import PairedFit, load

    fit = load(run)
    if isinstance(fit, PairedFit):
        _report_pairs(fit, run, out)
        return
    evaluated = evaluate_fit(fit) if len(fit.split.test) else None
    made = write_fit_report(fit, evaluated, run)
    out.show(*made.verdict, *made.remarks, *written_lines(made))
    out.result({
        "run": run,
        "report": made.page,
        "forecast": made.forecast,
        "verdict": made.verdict,
        "notes": [*fit.notes, *made.remarks],
    })


def _report_pairs(fit: "PairedFit", run: Path, out: Output) -> None:
    from pendula.cli.pairs import report_pairs
    from pendula.filtering import evaluate_told

    page, verdict, remarks = report_pairs(fit, evaluate_told(fit) if len(fit.split.test) else None, run)
    out.show(*verdict, *remarks, f"Report: {page}")
    out.result({"run": run, "report": page, "verdict": verdict, "notes": [*fit.notes, *remarks]})
