"""Scores of a filter beside the baselines, on rows it never saw."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import DataError
from pendula.filtering.baselines import Teller, fit_baselines
from pendula.filtering.continuing import continued
from pendula.filtering.stretches import Stretches, stretches_for
from pendula.metrics import pointwise_scores, rmse
from pendula.runs import PairedFit
from pendula.series.alike import check_alike
from pendula.series.containers import Data, unpacked
from pendula.series.intervals import INTERVAL, with_intervals
from pendula.series.labels import encode_labels
from pendula.series.overlap import count_seen
from pendula.series.record import Record, assemble, record
from pendula.series.split import Part
from pendula.shapes import Series

__all__ = ["PairedEvaluated", "evaluate_pairs", "kept_seconds", "record_for", "scored_stretches", "test_part"]

OF_ONE_UNIT = ("mse", "rmse", "mae", "cold_rmse")
"""Scores that are averages over targets only where these have one unit."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PairedEvaluated:
    """A filter and baselines, scored on the same rows.

    Attributes:
        part: The part of the record that was scored.
        stretches: Where they ran, and the rows that count.
        targets: Names and units of the targets.
        truth: The targets at `stretches.rows`.
        told: What each of them told there.
        seconds: Training time of each, in seconds, where it was measured.
        washout: Rows of a run before its answers count.
        seen: How many of the scored rows were in the fit's training or validation part.
    """

    part: Part
    stretches: Stretches
    targets: Mapping[str, str]
    truth: Series
    told: dict[str, Series]
    seconds: Mapping[str, float]
    washout: int
    seen: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the scores for a table or a file.

        Returns:
            `models` and `baselines`, by name: RMSE, MAE, NRMSE and R² of the rows that have a washout before them,
            `cold_rmse` of all rows, those after a start from nothing too; `rows` and `cold_rows`, how many they are;
            `seen_rows`, how many of them the fit had seen; `washout`, and `units`. A score that is not finite is None.
        """
        scores = {name: self._plain(name) for name in self.told}
        units = set(self.targets.values())
        return {
            "task": "filter",
            "models": {"network": scores.pop("network")},
            "baselines": scores,
            "rows": len(self.stretches.settled_rows()),
            "cold_rows": len(self.stretches.rows),
            "seen_rows": self.seen,
            "washout": self.washout,
            "units": {"value": units.pop() if len(units) == 1 else ""},
        }

    def _plain(self, name: str) -> dict[str, Any]:
        told, counts = self.told[name], np.isin(self.stretches.rows, self.stretches.settled_rows())
        scores: dict[str, Any] = _scores(self.truth, told, counts)
        if len(self.targets) > 1:
            scores["channels"] = {
                target: _scores(self.truth[:, [index]], told[:, [index]], counts)
                for index, target in enumerate(self.targets)
            }
        if len(set(self.targets.values())) > 1:
            scores = {key: value for key, value in scores.items() if key not in OF_ONE_UNIT}
        return scores | ({"seconds": self.seconds[name]} if name in self.seconds else {})


def evaluate_pairs(fit: PairedFit, series: Data | None = None) -> PairedEvaluated:
    """Score a filter beside the baselines on data it never saw.

    The runs over the fit's own test part begin in the inputs before it, and so do those over a series that continues
    its record, or begins within it with the same inputs. Over another series they begin with the network's initial
    state, and their first rows, the washout, count in `cold_rmse` alone.

    Args:
        fit: The fit.
        series: A held-out series with the fit's inputs, targets and time step; the fit's own test part when left out.

    Returns:
        What they told, and scores.

    Raises:
        DataError: If there is no test part, if the series lacks a column or has another time step, or if no row has
            known inputs and targets.
        UnitsError: If a column has another unit.

    Examples:
        >>> import pendula, xarray as xr
        >>> u = np.random.default_rng(0).normal(size=400)
        >>> series = xr.Dataset({"u": ("time", u), "y": ("time", 2 * u + 1)})
        >>> fit = pendula.fit(series, "y", inputs="u", training=pendula.Training(epochs=1), window=20)
        >>> evaluate_pairs(fit).to_dict()["baselines"]["linear"]["rmse"] < 1e-9
        True
    """
    if series is None:
        evaluated = _evaluate(fit, test_part(fit))
        return replace(evaluated, seconds={**evaluated.seconds, **kept_seconds(fit)})
    held_out = record_for(fit, series)
    evaluated = _evaluate(fit, continued(fit, held_out))
    known = Part(parent=fit.record, start=0, stop=fit.validation_stop)
    return replace(evaluated, seen=count_seen(known, evaluated.part.parent, evaluated.stretches.rows))


def record_for(fit: PairedFit, series: Data) -> Record:
    """Make the record of a series that a fit can be scored on.

    Args:
        fit: The fit.
        series: The series.

    Returns:
        A record of the fit's columns.

    Raises:
        DataError: If a column is missing, or the time step is another.
        UnitsError: If a column has another unit.
    """
    labels = fit.recipe.target if fit.recipe.tells_labels else ()
    dataset, columns = unpacked(series, labels=labels)[0], fit.recipe.columns
    made = {INTERVAL} if fit.recipe.irregular else set()
    missing = [name for name in columns if name not in dataset.data_vars and name not in made]
    if missing:
        raise DataError(
            f"`series` must have the columns of the fit: expected {', '.join(columns)}, got no {', '.join(missing)}. "
            "Where the targets are not known, `pendula forecast RUN FILE` tells them."
        )
    held_out = _held_out(fit, dataset)
    check_alike(held_out, units=(*fit.model.inputs.units, *fit.model.targets.units), axis=fit.model.axis)
    return held_out


def _held_out(fit: PairedFit, dataset: xr.Dataset) -> Record:
    recipe = fit.recipe
    ready = with_intervals(dataset) if recipe.irregular else dataset
    if not recipe.tells_labels:
        return record(ready, recipe.columns)
    # A file of one label can be scored.
    return assemble(encode_labels(ready, recipe.target[0], classes=recipe.labels.classes)[0], recipe.columns)


def _evaluate(fit: PairedFit, part: Part) -> PairedEvaluated:
    count, values = len(fit.recipe.inputs), part.parent.values
    stretches = scored_stretches(fit, part)
    baselines, seconds = fit_baselines(fit)
    tellers: dict[str, Teller] = {"network": fit.model.run, **baselines}
    return PairedEvaluated(
        part=part,
        stretches=stretches,
        targets=dict(zip(fit.model.targets.names, fit.model.targets.units, strict=True)),
        truth=values[stretches.rows, count:],
        told={name: tell(values[:, :count], stretches.segments)[stretches.rows] for name, tell in tellers.items()},
        seconds={"network": fit.seconds, **seconds},
        washout=fit.recipe.washout,
    )


def scored_stretches(fit: PairedFit, part: Part) -> Stretches:
    """Find where to run for a part that is scored.

    Args:
        fit: The fit.
        part: The part.

    Returns:
        The runs and the rows.

    Raises:
        DataError: If there is no row to score.
    """
    stretches = stretches_for(part, fit.recipe)
    if not len(stretches.rows):
        raise DataError(
            "`series` must have rows whose inputs and targets are known: expected one at least, got none. "
            "Fill the gaps with `--gaps fill`."
        )
    return stretches


def test_part(fit: PairedFit) -> Part:
    """Take the test part of a fit's record.

    Args:
        fit: The fit.

    Returns:
        The part.

    Raises:
        DataError: If there is none.
    """
    if not len(fit.split.test):
        raise DataError(
            "`test` must be a part of the record to score on: expected rows, got none. Name a held-out file."
        )
    return fit.split.test


def kept_seconds(fit: PairedFit) -> dict[str, float]:
    """Take the seconds that a first evaluation measured: a second one is to print the numbers of the first.

    Args:
        fit: The fit.

    Returns:
        Seconds of each predictor.
    """
    rows = {**fit.scores.get("models", {}), **fit.scores.get("baselines", {})}
    return {name: row["seconds"] for name, row in rows.items() if "seconds" in row}


def _scores(truth: Series, told: Series, counts: Any) -> dict[str, float | None]:
    scores = pointwise_scores(truth[counts], told[counts]) | {"cold_rmse": rmse(truth, told)}
    scores.pop("smape", None)  # of a signal around zero it says nothing
    return {key: value if math.isfinite(value) else None for key, value in scores.items()}
