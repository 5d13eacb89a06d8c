"""What controls do to a comparison: who is told them, and who is not."""

from collections.abc import Iterable, Mapping
from typing import Any

from pendula.report.scores import finite_score
from pendula.report.untold import is_told
from pendula.series.record import Record

__all__ = ["among_told", "controls_note", "given_words"]


def among_told(scores: Mapping[str, Any], metric: str, *, best: float) -> dict[str, Any]:
    """Find the baselines that a network may be praised against.

    Args:
        scores: With "baselines", and "controls", the names of what is known for the future, too.
        metric: What is compared.
        best: The error of the best network; infinite where all diverged.

    Returns:
        Their scores: all where there are no controls, else of those that are told them. One that is told less and errs
        no more is kept: the network has lost to it all the same.

    Examples:
        >>> rows = {"persistence": {"rmse": 3.0}, "esn": {"rmse": 0.5}, "linear": {"rmse": 2.0}}
        >>> list(among_told({"baselines": rows, "controls": ["power"]}, "rmse", best=1.0))
        ['esn', 'linear']
    """
    rows = dict(scores.get("baselines", {}))
    if not scores.get("controls"):
        return rows
    return {name: row for name, row in rows.items() if is_told(name) or _error(row, metric) <= best}


def controls_note(controls: Iterable[str], baselines: Iterable[str]) -> list[str]:
    """Say which baselines are told controls, and which are not.

    Args:
        controls: Names of what is known for the future, too.
        baselines: Names of the baselines.

    Returns:
        One sentence, or none where there are no controls.

    Examples:
        >>> controls_note(["power"], ["persistence", "linear"])[0]
        'Told the power of each row that is forecast: network and linear autoregression. Not told: persistence.'
    """
    named, others = ", ".join(controls), [name for name in baselines if not is_told(name)]
    if not named:
        return []
    untold = f" Not told: {', '.join(others)}." if others else ""
    return [f"Told the {named} of each row that is forecast: network and linear autoregression.{untold}"]


def given_words(record: Record) -> str:
    """Say that a free run is told the controls of its rows.

    Args:
        record: What is forecast.

    Returns:
        A sentence that starts with a blank; nothing where there are no controls.
    """
    if record.controls is None:
        return ""
    named = ", ".join(record.controls.names)
    return f" The true {named} is given to the network and, of the baselines, to linear autoregression alone."


def _error(row: Mapping[str, Any], metric: str) -> float:
    error = finite_score(row, metric)
    return float("inf") if error is None else error
