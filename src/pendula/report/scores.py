"""The table of scores: a row for each predictor, a column for each metric, the best of each column emphasized."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pendula.figures.style import label
from pendula.report.numbers import format_number
from pendula.report.untold import DAGGER, untold_baselines

__all__ = [
    "ScoreCell",
    "ScoreRow",
    "ScoreTable",
    "ScoreWords",
    "finite_score",
    "score_table",
    "score_words",
    "unit_of",
    "untold_note",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Metric:
    key: str
    head: str
    unit: str = ""  # "value" and "time" stand for the record's own units
    best: Callable[[list[float]], float] = min
    witness: str = "rmse"  # if this score is not finite either, the predictor has diverged


def _nearest(delays: list[float]) -> float:
    # What is told long before it begins is no better than what is told as long after.
    return min(delays, key=abs)


_METRICS = (
    _Metric(key="rmse", head="One-step RMSE", unit="value"),
    _Metric(key="mae", head="One-step MAE", unit="value"),
    _Metric(key="nrmse", head="One-step NRMSE"),
    _Metric(key="r2", head="One-step R²", best=max),
    _Metric(key="smape", head="One-step sMAPE", unit="%"),
    _Metric(key="free_run_rmse", head="Free-run RMSE", unit="value", witness="free_run_rmse"),
    _Metric(key="free_run_nrmse", head="Free-run NRMSE", witness="free_run_rmse"),
    _Metric(key="valid_prediction_time", head="Valid prediction time", unit="time", best=max, witness="free_run_rmse"),
    _Metric(key="log_likelihood", head="Log-likelihood", unit="nats/step", best=max),
    _Metric(key="energy_score", head="Energy score", unit="value"),
    _Metric(key="spectrum_distance", head="Distance of spectra"),
    _Metric(key="state_space_divergence", head="Divergence of states"),
    _Metric(key="seconds", head="Time to fit", unit="s"),
)

_TOLD_METRICS = (
    _Metric(key="rmse", head="RMSE", unit="value"),
    _Metric(key="mae", head="MAE", unit="value"),
    _Metric(key="nrmse", head="NRMSE"),
    _Metric(key="r2", head="R²", best=max),
    _Metric(key="cold_rmse", head="RMSE with the washout", unit="value"),
    _Metric(key="seconds", head="Time to fit", unit="s"),
)
_LABEL_METRICS = (
    _Metric(key="accuracy", head="Accuracy", best=max, witness="accuracy"),
    _Metric(key="balanced_accuracy", head="Balanced accuracy", best=max, witness="accuracy"),
    _Metric(key="log_loss", head="Log-loss", unit="nats", witness="accuracy"),
    _Metric(key="roc_area", head="Area under ROC", best=max, witness="accuracy"),
    _Metric(key="missed", head="Missed switches", witness="accuracy"),
    _Metric(key="false_switches", head="False switches", witness="accuracy"),
    _Metric(key="median_delay", head="Median delay", unit="time", best=_nearest, witness="accuracy"),
    _Metric(key="seconds", head="Time to fit", unit="s"),
)
_BY_TASK = {"filter": _TOLD_METRICS, "classify": _LABEL_METRICS, "regimes": _LABEL_METRICS}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreWords:
    """What stands beside the table.

    Attributes:
        caption: What is compared.
        remark: What its columns mean.

    Examples:
        >>> ScoreWords(caption="Networks and baselines", remark="").caption
        'Networks and baselines'
    """

    caption: str
    remark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreCell:
    """One number of the table, as text.

    Attributes:
        text: The number, "diverged", "undefined", or a dash where it was not measured.
        is_best: Whether no other predictor has a better one.

    Examples:
        >>> ScoreCell(text="0.0133", is_best=True).text
        '0.0133'
    """

    text: str
    is_best: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreRow:
    """One predictor.

    Attributes:
        name: Its name.
        kind: "network" or "baseline".
        cells: One for each column.
        is_untold: Whether it is not told the controls that networks are told.

    Examples:
        >>> ScoreRow(name="lstm", kind="network", cells=()).kind
        'network'
    """

    name: str
    kind: str
    cells: tuple[ScoreCell, ...]
    is_untold: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreTable:
    """All predictors.

    Attributes:
        heads: The name of each column, with its unit.
        rows: Networks first, then baselines.

    Examples:
        >>> ScoreTable(heads=("One-step R²",), rows=()).heads
        ('One-step R²',)
    """

    heads: tuple[str, ...]
    rows: tuple[ScoreRow, ...]


_SPREAD = "NRMSE is the RMSE divided by the standard deviation of the truth"
_FORECASTS = ScoreWords(
    caption="Networks and baselines, one step ahead and running freely",
    remark=f"{_SPREAD}; the valid prediction time is that until a free run is off by 0.4 of it. A diverged free run "
    "left the finite numbers. R² alone says little: see persistence.",
)
_LABELS = ScoreWords(
    caption="Network and baselines, telling labels from the inputs",
    remark="The balanced accuracy is the mean over the labels of the share of each that is told; the log-loss is the "
    "mean of −ln p of the true label.",
)
_WORDS = {
    "filter": ScoreWords(
        caption="Network and baselines, telling the targets from the inputs",
        remark=f"{_SPREAD}. R² alone says little: see the linear filter, and the mean.",
    ),
    "classify": _LABELS,
    "regimes": _LABELS,
}


def score_table(scores: Mapping[str, Any], *, metrics: Sequence[str] | None = None) -> ScoreTable:
    """Lay out scores as a table; columns that no predictor has are left out.

    Args:
        scores: Has "models" and "baselines" (scores by predictor and metric) and "units" (see `unit_of`); "task" says
            what the numbers are where they are no forecasts, and "controls" names what networks are told beside them.
        metrics: Keys of the columns to lay out, in the table's own order; all when left out.

    Returns:
        The table.

    Examples:
        >>> table = score_table({
        ...     "models": {"lstm": {"rmse": 0.0133, "free_run_rmse": None}},
        ...     "baselines": {"persistence": {"rmse": 0.00111, "free_run_rmse": 0.8}},
        ...     "units": {"value": "m"}})
        >>> table.heads
        ('One-step RMSE (m)', 'Free-run RMSE (m)')
        >>> [cell.text for cell in table.rows[0].cells]
        ['0.0133', 'diverged']
        >>> table.rows[1].cells[0]
        ScoreCell(text='0.00111', is_best=True)
    """
    predictors = [
        (name, kind, row)
        for kind, group in (("network", "models"), ("baseline", "baselines"))
        for name, row in scores.get(group, {}).items()
    ]
    rows, untold = [row for _, _, row in predictors], untold_baselines(scores)
    known = _BY_TASK.get(scores.get("task", ""), _METRICS)
    wanted = [metric for metric in known if metrics is None or metric.key in metrics]
    columns = [metric for metric in wanted if any(metric.key in row for row in rows)]
    best = {metric.key: _best(metric, rows) for metric in columns}
    return ScoreTable(
        heads=tuple(label(metric.head, unit_of(scores, metric.key)) for metric in columns),
        rows=tuple(
            ScoreRow(
                name=name,
                kind=kind,
                cells=tuple(_cell(metric, row, best[metric.key]) for metric in columns),
                is_untold=kind == "baseline" and name in untold,
            )
            for name, kind, row in predictors
        ),
    )


def score_words(scores: Mapping[str, Any]) -> ScoreWords:
    """Say what the table compares, and what its columns mean.

    Args:
        scores: As for `score_table`.

    Returns:
        The words for the task of the scores: forecasts where there is none.

    Examples:
        >>> score_words({"task": "filter"}).caption
        'Network and baselines, telling the targets from the inputs'
    """
    words = _WORDS.get(scores.get("task", ""), _FORECASTS)
    return replace(words, remark=f"{words.remark} {note}") if (note := untold_note(scores)) else words


def untold_note(scores: Mapping[str, Any]) -> str:
    """Say what the mark behind some names means.

    Args:
        scores: As for `score_table`.

    Returns:
        A sentence; an empty text where no baseline is told less than the networks.

    Examples:
        >>> untold_note({"baselines": {"persistence": {}, "linear": {}}, "controls": ["power"]})
        '† Not told the power of the rows that are forecast.'
    """
    if not untold_baselines(scores):
        return ""
    return f"{DAGGER} Not told the {', '.join(scores['controls'])} of the rows that are forecast."


def unit_of(scores: Mapping[str, Any], metric: str) -> str:
    """Find the unit of a metric.

    Args:
        scores: Its "units" give a unit for the metric itself, or for "value" (what the record holds) and "time".
        metric: The metric's key.

    Returns:
        The unit; empty where there is none.

    Examples:
        >>> unit_of({"units": {"value": "rad", "time": "s"}}, "rmse")
        'rad'
        >>> unit_of({"units": {"free_run_rmse": "mV"}}, "free_run_rmse")
        'mV'
        >>> unit_of({}, "smape")
        '%'
    """
    units = scores.get("units", {})
    kind = next((known.unit for known in (*_METRICS, *_TOLD_METRICS, *_LABEL_METRICS) if known.key == metric), "")
    own = units.get(metric)
    if own is not None:
        return str(own)
    return str(units.get(kind, "")) if kind in {"value", "time"} else kind


def finite_score(row: Mapping[str, Any], key: str) -> float | None:
    """Read a score that can be compared.

    Args:
        row: The scores of a predictor.
        key: The metric.

    Returns:
        The number, or None where it is missing or not finite.

    Examples:
        >>> finite_score({"rmse": 0.5}, "rmse"), finite_score({"rmse": float("inf")}, "rmse")
        (0.5, None)
    """
    value = row.get(key)
    return float(value) if value is not None and math.isfinite(value) else None


def _best(metric: _Metric, rows: list[Mapping[str, Any]]) -> float | None:
    numbers = [number for row in rows if (number := finite_score(row, metric.key)) is not None]
    # The best of one is no distinction.
    return metric.best(numbers) if len(numbers) > 1 else None


def _cell(metric: _Metric, row: Mapping[str, Any], best: float | None) -> ScoreCell:
    if metric.key not in row:
        return ScoreCell(text="–")
    number = finite_score(row, metric.key)
    if number is not None:
        text = _format_r2(number) if metric.key == "r2" else format_number(number)
        return ScoreCell(text=text, is_best=number == best)
    return ScoreCell(text="undefined" if _is_finite(row, metric.witness) else "diverged")


def _is_finite(row: Mapping[str, Any], key: str) -> bool:
    # Of channels with different units each has its own.
    rows = [row] if key in row else row.get("channels", {}).values()
    return bool(rows) and all(finite_score(each, key) is not None for each in rows)


def _format_r2(number: float) -> str:
    if not 0.999 < number < 1:
        return format_number(number)
    # Rounded to four digits it would read 1, as if the prediction were exact: cut off, not rounded, after its nines.
    decimals = min(9, math.ceil(-math.log10(1.0 - number)) + 1)
    return f"{math.floor(number * 10**decimals) / 10**decimals:.{decimals}f}"
