"""The table of scores for a terminal: plain characters of one width."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pendula.report.scores import ScoreCell, ScoreRow, score_table, untold_note
from pendula.report.untold import DAGGER

__all__ = ["score_text"]

HEAD_WIDTH = 9
"""Heads are wrapped to this width, so that a table of usual numbers fits into 80 columns."""

NAME_WIDTH = 22
"""Longer names of predictors are cut."""

_COLUMNS = ("rmse", "r2", "free_run_rmse", "free_run_nrmse", "valid_prediction_time", "seconds")
_TOLD_COLUMNS = ("rmse", "nrmse", "r2", "cold_rmse", "seconds")
_LIKELY_COLUMNS = ("rmse", "free_run_rmse", "log_likelihood", "energy_score", "valid_prediction_time", "seconds")
_LABEL_COLUMNS = (
    "accuracy", "balanced_accuracy", "log_loss", "roc_area", "missed", "false_switches", "median_delay",
)  # fmt: skip
_BY_TASK = {"filter": _TOLD_COLUMNS, "classify": _LABEL_COLUMNS, "regimes": _LABEL_COLUMNS}
_WITHOUT_UNIT = ("nrmse", *_COLUMNS)
_SHORT = {"Valid prediction time": "Valid time", "Time to fit": "Fit", "Log-likelihood": "ln p"}


def score_text(scores: Mapping[str, Any]) -> str:
    """Write scores as a table of characters of one width; a star marks the best of each column.

    Args:
        scores: As for `pendula.report.score_table`.

    Returns:
        Lines of a head and of a row for each predictor, networks first; empty where nothing was scored. R² never
        stands alone.

    Examples:
        >>> print(score_text({
        ...     "models": {"lstm": {"rmse": 0.0133, "r2": 0.9989, "free_run_rmse": None}},
        ...     "baselines": {"persistence": {"rmse": 0.00111, "r2": 0.9999, "free_run_rmse": 0.8}},
        ...     "units": {"value": "m"}}))
        predictor    One-step   One-step   Free-run
                     RMSE (m)         R²   RMSE (m)
        -----------  ---------  ---------  ---------
        lstm           0.0133     0.9989   diverged
        persistence   0.00111*    0.9999*       0.8
    """
    table = score_table(scores, metrics=_wanted(scores))
    if not table.rows:
        return ""
    heads = [["predictor"], *map(_head_lines, table.heads)]
    names = [_name(row) for row in table.rows]
    body = [[_cell_text(cell) for cell in row.cells] for row in table.rows]
    columns = [names, *(list(column) for column in zip(*body, strict=True))]
    widths = [max(map(len, [*head, *column])) for head, column in zip(heads, columns, strict=True)]
    depth = max(map(len, heads))
    lines = [[head[line] if line < len(head) else "" for head in heads] for line in range(depth)]
    lines += [["-" * width for width in widths], *([name, *cells] for name, cells in zip(names, body, strict=True))]
    note = untold_note(scores)
    return "\n".join([*(_line(line, widths) for line in lines), *([note] if note else [])])


def _name(row: ScoreRow) -> str:
    return textwrap.shorten(row.name, NAME_WIDTH, placeholder="…") + (f" {DAGGER}" if row.is_untold else "")


def _wanted(scores: Mapping[str, Any]) -> Sequence[str]:
    measured = {key for group in ("models", "baselines") for row in scores.get(group, {}).values() for key in row}
    if scores.get("task") in _BY_TASK:
        return _BY_TASK[scores["task"]]
    if "log_likelihood" in measured:  # R² and NRMSE give way to what a likelihood head is for
        return _LIKELY_COLUMNS if "rmse" in measured else ("nrmse", "free_run_nrmse", *_LIKELY_COLUMNS)
    return _COLUMNS if "rmse" in measured else _WITHOUT_UNIT


def _head_lines(head: str) -> list[str]:
    for name, short in _SHORT.items():
        head = head.replace(name, short)
    lines = textwrap.wrap(head, HEAD_WIDTH, break_long_words=False)
    return [f"{line} " for line in lines]  # a blank stands above the stars


def _cell_text(cell: ScoreCell) -> str:
    return f"{cell.text}*" if cell.is_best else f"{cell.text} "


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = cells
    aligned = [f"{number:>{width}}" for number, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([f"{name:<{widths[0]}}", *aligned]).rstrip()
