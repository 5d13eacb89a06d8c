"""The figure of all scores, in a measure that the channels have in common."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from pendula.figures import Quantity, draw_scores
from pendula.forecasting import Evaluated
from pendula.report.coordinates import has_one_unit
from pendula.report.page import ReportFigure
from pendula.report.sheets import draw_sheet
from pendula.report.untold import DAGGER, untold_baselines

__all__ = ["score_figure"]

_Groups: TypeAlias = dict[str, dict[str, dict[str, float | None]]]


def score_figure(evaluated: Evaluated) -> ReportFigure:
    """Draw one-step and free-run errors of networks and baselines.

    Args:
        evaluated: The scores.

    Returns:
        An image named scores: of RMSE, or of NRMSE where the channels have different units.
    """
    evaluation, scores = evaluated.evaluation, evaluated.to_dict()
    shares_unit = has_one_unit(evaluation.part.parent)
    quantity = Quantity(name="RMSE", unit=str(scores["units"]["value"])) if shares_unit else Quantity(name="NRMSE")
    measured = _measured(scores, "rmse" if shares_unit else "nrmse")
    remark = (
        "" if shares_unit else " The channels have different units, so each error is divided by its channel's spread."
    )
    untold = untold_baselines(scores)
    if untold:
        remark += (
            f" Pale marks ({DAGGER}) are those of baselines that are not told the {', '.join(scores['controls'])}."
        )
    return draw_sheet(
        "scores",
        1,
        draw=lambda _, axes: draw_scores(measured, quantity=quantity, untold=untold, axes=axes),
        height=1.3 + 0.26 * len(evaluation.scores),
        caption=f"Errors on the {len(evaluation.rows)} rows of the test part, one step ahead (dots) and "
        f"running freely (diamonds); further left is better.{remark}",
        alt=f"{quantity.name} of {', '.join(evaluation.scores)}; the numbers stand in the table of scores.",
    )


def _measured(scores: Mapping[str, Any], measure: str) -> _Groups:
    keys = {"rmse": measure, "free_run_rmse": f"free_run_{measure}"}
    return {
        group: {name: {key: row[own] for key, own in keys.items() if own in row} for name, row in scores[group].items()}
        for group in ("models", "baselines")
    }
