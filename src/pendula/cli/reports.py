"""The page of a run, and what the program says at the end of its work."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pendula.cli.output import Output

if TYPE_CHECKING:
    from pendula.forecasting import Evaluated
    from pendula.runs import Fit

__all__ = ["deliver_fit", "score_lines", "write_fit_report"]


def write_fit_report(fit: "Fit", evaluated: "Evaluated | None", run: Path) -> tuple[Path, list[str]]:
    """Write figures and page of a fit into its run.

    Args:
        fit: The fit.
        evaluated: Its predictions and scores, if there is a test part.
        run: The run directory.

    Returns:
        The path of the page, and its verdict.
    """
    from pendula.report import fit_report, write_report

    content = fit_report(fit, evaluated)
    return write_report(content, content.images, run), list(content.verdict)


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


def deliver_fit(fit: "Fit", run: Path, *, chosen: dict[str, Any], out: Output) -> None:
    """Write the page of a new fit, and tell what it is worth.

    Args:
        fit: The fit.
        run: Its run directory.
        chosen: What was chosen, as plain values.
        out: How to print.
    """
    from pendula.forecasting import evaluate_fit

    out.remark("writing the report")
    evaluated = evaluate_fit(fit) if len(fit.split.test) else None
    page, verdict = write_fit_report(fit, evaluated, run)
    scores = {} if evaluated is None else evaluated.to_dict()
    out.show(*score_lines(scores, verdict), f"Run: {run}", f"Report: {page}")
    out.result({
        "run": run,
        "report": page,
        "chosen": chosen,
        "scores": scores,
        "verdict": verdict,
        "epochs": fit.history[-1].epoch,
        "best_epoch": fit.best_epoch,
        "outcome": fit.outcome,
        "seconds": fit.seconds,
        "notes": fit.notes,
    })
