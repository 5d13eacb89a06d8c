"""The verb `compare`: several networks on one record, in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pendula.errors import ArgumentError
from pendula.forecasting.evaluation import Evaluated, score_all
from pendula.forecasting.fitting import fit_side_by_side
from pendula.forecasting.preparation import default_window
from pendula.forecasting.reading import forecast_record
from pendula.nn import INTEGRATOR, SOLVED, Cell, Network, as_network
from pendula.runs import Fit, Missing, Recipe
from pendula.series.containers import Data, unpacked
from pendula.series.record import Record
from pendula.series.scaling import ScalerLink
from pendula.series.split import Part
from pendula.training import Listener, Training, silent

__all__ = ["Comparison", "compare", "compare_recipes"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Comparison:
    """Several fits of one record and their scores on the same rows.

    Attributes:
        fits: By name.
        evaluated: Scores of all of them beside the baselines.
    """

    fits: dict[str, Fit]
    evaluated: Evaluated


def compare(
    series: Data,
    target: str | Sequence[str] | None = None,
    *,
    controls: str | Sequence[str] | None = None,
    missing: Missing = "gap",
    irregular: bool = False,
    models: Sequence[Cell] | Mapping[str, Network] = ("rnn", "lstm", "gru"),
    training: Training | None = None,
    window: int | None = None,
    test_from: float | int | str | None = None,
    transform: ScalerLink = "none",
    seed: int = 0,
) -> Comparison:
    """Fit several networks to one record, and score them and the baselines on the same rows.

    Args:
        series: Variables along `time`; or a DataArray, or a DataFrame or Series of pandas.
        target: The variable or variables to learn; the only one when left out.
        controls: The variable or variables that are known for the future, too.
        missing: What becomes of missing values: gap, which no window covers; zero or last, the last value known, beside
            which the networks are shown whether there was one.
        irregular: Take rows as steps whatever the time between them, which the networks are told as a control.
        models: Names of cells, or architectures by name.
        training: How to train all of them.
        window: Steps of known past that the networks see; the usual number of each when left out. All are scored on the
            rows that have the largest before them.
        test_from: Time at which the test part starts; the last quarter when left out.
        transform: none, sqrt, log or asinh, applied before scaling.
        seed: Of weights, order and noise.

    Returns:
        The fits and their scores.

    Examples:
        >>> import numpy as np
        >>> import xarray as xr
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200)))})
        >>> table = compare(series, models=("rnn", "gru"), training=Training(epochs=1)).evaluated.to_dict()
        >>> list(table["models"]), list(table["baselines"])
        (['rnn', 'gru'], ['persistence', 'seasonal', 'linear'])
    """
    dataset, _ = unpacked(series)
    rows = forecast_record(dataset, target, controls, missing=missing, irregular=irregular)
    networks = models if isinstance(models, Mapping) else {name: as_network(name) for name in models}
    recipes = {
        name: Recipe(
            network=network,
            training=training or Training(),
            window=default_window(rows, test=0.25, validation=0.2, test_from=test_from, cell=network.cell)
            if window is None
            else window,
            test_from=test_from,
            transform=transform,
            missing=missing,
            irregular=irregular,
            seed=seed,
        )
        for name, network in networks.items()
    }
    return compare_recipes(rows, recipes)


def compare_recipes(
    rows: Record, recipes: Mapping[str, Recipe], *, listeners: Mapping[str, Listener] | None = None
) -> Comparison:
    """Make several fits of one record by their recipes, and score them on the same rows.

    The networks are trained side by side, each on one core, and end with the bits they would have alone.

    Args:
        rows: The record.
        recipes: How to make each fit, by name; they share their split and scaling.
        listeners: Hear the events of each training, by name.

    Returns:
        The fits and their scores.

    Raises:
        ArgumentError: If there is no recipe, or if they do not share what they must.
    """
    _check_recipes(recipes)
    hearing = [(listeners or {}).get(name, silent) for name in recipes]
    fits = dict(zip(recipes, fit_side_by_side([(rows, recipe) for recipe in recipes.values()], hearing), strict=True))
    first = next(iter(fits.values()))
    evaluated = score_all(
        {name: made.model for name, made in fits.items()},
        Part(parent=rows, start=0, stop=first.validation_stop),
        first.split.test,
        fit=first,
        seconds={name: made.seconds for name, made in fits.items()},
    )
    return Comparison(fits=fits, evaluated=evaluated)


def _check_recipes(recipes: Mapping[str, Recipe]) -> None:
    if not recipes:
        raise ArgumentError("`models` must name networks: expected at least one, got none. Write models=('lstm',).")
    if any(recipe.test == 0 and recipe.test_from is None for recipe in recipes.values()):
        raise ArgumentError("`test` must keep rows to compare on: expected a fraction above 0, got 0. Usual is 0.25.")
    windows = {recipe.window for recipe in recipes.values() if recipe.network.cell not in SOLVED}
    if len(windows) > 1:
        raise ArgumentError(_different("window", windows))
    for name in ("test", "validation", "test_from", "by", "cut", "transform", "missing", "irregular", "baseline_lags"):
        values = {getattr(recipe, name) for recipe in recipes.values()}
        if len(values) > 1:
            raise ArgumentError(_different(name, values))
    scalings = {recipe.scaling for recipe in recipes.values() if recipe.network.cell != INTEGRATOR}
    if len(scalings) > 1:
        raise ArgumentError(_different("scaling", scalings))


def _different(name: str, values: set[Any]) -> str:
    return (
        f"`{name}` must be the same for all networks: got {', '.join(map(str, values))}. "
        "They are scored on the same rows."
    )
