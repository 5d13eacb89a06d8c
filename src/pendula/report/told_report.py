"""The report of a fit that tells targets from inputs: quantities, or labels."""

from collections.abc import Mapping
from typing import Any

from pendula.filtering import AnyEvaluated, LabelsEvaluated, evaluate_told
from pendula.report.labels_report import labels_report, labels_verdict
from pendula.report.page import ReportContent
from pendula.report.paired_report import paired_report, paired_verdict
from pendula.runs import PairedFit

__all__ = ["told_report", "told_verdict"]


def told_report(fit: PairedFit, evaluated: AnyEvaluated | None = None) -> ReportContent:
    """Tell what a fit is worth, with all figures.

    Args:
        fit: The fit.
        evaluated: What it told on a part, and scores; those on its own test part, if there is one, when left out.

    Returns:
        The content of the page.
    """
    if evaluated is None and len(fit.split.test):
        evaluated = evaluate_told(fit)
    if fit.recipe.tells_labels:
        return labels_report(fit, evaluated if isinstance(evaluated, LabelsEvaluated) else None)
    return paired_report(fit, None if isinstance(evaluated, LabelsEvaluated) else evaluated)


def told_verdict(scores: Mapping[str, Any]) -> list[str]:
    """Say plainly whether a fit is better than the baselines.

    Args:
        scores: As `to_dict` of what was evaluated gives them; empty where there is no test part.

    Returns:
        Sentences, the most important first.
    """
    return labels_verdict(scores) if scores.get("task") in {"classify", "regimes"} else paired_verdict(scores)
