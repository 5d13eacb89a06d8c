"""The baselines beside a fit, fitted to the rows that it knows."""

import time
from collections.abc import Callable

import numpy as np

from pendula.errors import DataError
from pendula.forecasting.baselines import Persistence, SeasonalPersistence, find_period, fit_linear
from pendula.forecasting.echo_baseline import fit_echo_state
from pendula.forecasting.predictors import Predictor
from pendula.forecasting.preparation import RESERVOIR_WINDOW
from pendula.forecasting.scoring import scored_rows
from pendula.nn import RESERVOIR
from pendula.runs import Fit, Model
from pendula.series.record import Record
from pendula.series.scaling import ScalerLink
from pendula.series.split import Part
from pendula.series.windows import window_segments

__all__ = ["fit_baselines", "is_echo_state", "timed_baselines"]


def fit_baselines(known: Part, part: Part, *, fit: Fit) -> dict[str, Predictor]:
    """Fit the baselines to all rows before the test part.

    Args:
        known: The rows they may be fitted to.
        part: The part they will be scored on.
        fit: A fit whose window, transform and baseline settings are taken.

    Returns:
        `persistence`, `linear`, also `linear (sqrt)` or the like where the network sees transformed values; `seasonal`
        where the known rows have a period that the part leaves room for; and, unless the fit is an echo state network,
        `esn` where the known rows are enough to teach one.
    """
    return timed_baselines(known, part, fit=fit, window=fit.model.window, beside_its_like=is_echo_state(fit.model))[0]


def timed_baselines(
    known: Part, part: Part, *, fit: Fit, window: int, beside_its_like: bool
) -> tuple[dict[str, Predictor], dict[str, float]]:
    """Fit the baselines, and tell how long it took.

    Args:
        known: The rows they may be fitted to.
        part: The part they will be scored on.
        fit: A fit whose transform and baseline settings are taken.
        window: Known values before each scored row.
        beside_its_like: Whether an echo state network is scored, beside which there is to be no other.

    Returns:
        The baselines, as `fit_baselines` gives them, and the seconds that each took, except persistence, which is not
        fitted.
    """
    rows, scaler = known.record, fit.model.scaler
    makers: dict[str, Callable[[], Predictor | None]] = {
        "seasonal": lambda: _seasonal(rows, part, window=window),
        "linear": lambda: fit_linear(rows, len(rows), most_lags=window, lags=fit.recipe.baseline_lags),
    }
    if scaler.link != "none":
        makers[f"linear ({scaler.link})"] = lambda: fit_linear(
            rows, len(rows), most_lags=window, lags=fit.recipe.baseline_lags, scaler=scaler
        )
    if not beside_its_like:
        makers["esn"] = lambda: _echo_state(rows, part, window=window, transform=scaler.link)
    baselines: dict[str, Predictor] = {"persistence": Persistence()}
    seconds: dict[str, float] = {}
    for name, make in makers.items():
        began = time.perf_counter()
        made = make()
        if made is not None:
            baselines[name], seconds[name] = made, time.perf_counter() - began
    return baselines, seconds


def _seasonal(rows: Record, part: Part, *, window: int) -> SeasonalPersistence | None:
    period = find_period(rows.values, rows.segments)
    if period is None or not _has_room(part, window=window, context=period):
        return None
    return SeasonalPersistence(period=period)


def is_echo_state(predictor: Predictor) -> bool:
    """Say whether a predictor is an echo state network.

    Args:
        predictor: The predictor.

    Returns:
        Whether it is a model with that cell.
    """
    return isinstance(predictor, Model) and predictor.forecaster.network.cell == RESERVOIR


def _echo_state(rows: Record, part: Part, *, window: int, transform: ScalerLink) -> Model | None:
    longer = RESERVOIR_WINDOW if _has_room(part, window=window, context=RESERVOIR_WINDOW) else window
    return fit_echo_state(rows, window=max(longer, window), transform=transform)


def _has_room(part: Part, *, window: int, context: int) -> bool:
    # Every row that has a window before it must also have the longer context.
    if context <= window:
        return True
    try:
        needed = window_segments(part.parent, part.start, part.stop, length=context, reach_back=True)
    except DataError:
        return False
    scored = window_segments(part.parent, part.start, part.stop, length=window, reach_back=True)
    return bool(np.array_equal(scored_rows(needed, context), scored_rows(scored, window)))
