"""Which baselines are told the controls of what is forecast, and which are not."""

from collections.abc import Mapping
from typing import Any

__all__ = ["DAGGER", "is_told", "untold_baselines"]

DAGGER = "†"
"""Stands behind the names of those that are not told."""


def is_told(baseline: str) -> bool:
    """Say whether a baseline is told controls, where there are some.

    Args:
        baseline: Its name.

    Returns:
        Whether it is a linear autoregression.

    Examples:
        >>> is_told("linear (sqrt)"), is_told("persistence")
        (True, False)
    """
    return baseline.partition(" ")[0] == "linear"


def untold_baselines(scores: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the baselines that are told less than the networks.

    Args:
        scores: With "baselines", and "controls", the names of what is known for the future, too.

    Returns:
        Their names; none where there are no controls.

    Examples:
        >>> rows = {"persistence": {"rmse": 3.0}, "linear": {"rmse": 2.0}}
        >>> untold_baselines({"baselines": rows, "controls": ["power"]}), untold_baselines({"baselines": rows})
        (('persistence',), ())
    """
    return tuple(name for name in scores.get("baselines", {}) if not is_told(name)) if scores.get("controls") else ()
