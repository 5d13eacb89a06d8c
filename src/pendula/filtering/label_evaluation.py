"""Scores of told labels beside the baselines, on rows or trajectories that were never seen."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pendula.filtering.continuing import continued
from pendula.filtering.evaluation import kept_seconds, record_for, scored_stretches, test_part
from pendula.filtering.label_baselines import LabelTeller, fit_label_baselines
from pendula.filtering.stretches import Stretches
from pendula.metrics import (
    Switches,
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    decode_segments,
    log_loss,
    roc_area,
    score_switches,
)
from pendula.runs import Labels, PairedFit
from pendula.series.containers import Data
from pendula.series.labels import codes_of
from pendula.series.overlap import count_seen
from pendula.series.split import Part
from pendula.shapes import Float, Int, ndarray

__all__ = ["LabelsEvaluated", "evaluate_labels"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LabelsEvaluated:
    """Labels that a network and baselines told, scored on the same rows.

    Attributes:
        part: The part of the record that was scored.
        task: classify or regimes.
        labels: The labels.
        stretches: Where they ran, and the rows that count.
        rows: The rows that are scored; the last one of each trajectory where that has one label.
        truth: The true classes there.
        told: The classes that each of them told there.
        probabilities: The probabilities that each of them told there.
        switches: What became of the switches of regimes, for each of them; nothing for whole trajectories.
        seconds: Training time of each, in seconds, where it was measured.
        step: Time from a row to the next one, in units of the time axis; NaN where a calendar has none.
        clock: The unit of the time axis.
        seen: How many of the scored rows were in the fit's training or validation part.
    """

    part: Part
    task: str
    labels: Labels
    stretches: Stretches
    rows: Int[ndarray, " row"]
    truth: Int[ndarray, " row"]
    told: dict[str, Int[ndarray, " row"]]
    probabilities: dict[str, Float[ndarray, "row class"]]
    switches: dict[str, list[Switches]]
    seconds: dict[str, float]
    step: float
    clock: str
    seen: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the scores for a table or a file.

        Returns:
            `models` and `baselines`, by name: accuracy, balanced accuracy, log-loss in nats, the area under the ROC
            curve of each label against the others (None where a label is not there) and their mean, the confusion
            matrix with a row for each true label; of regimes also the switches, how many were missed or told falsely,
            and the median delay in rows and in time. Beside them `classes`, `counts`, `rows` and `seen_rows`.
        """
        scores = {name: self._plain(name) for name in self.told}
        return {
            "task": self.task,
            "models": {"network": scores.pop("network")},
            "baselines": scores,
            "classes": list(self.labels.classes),
            "counts": np.bincount(self.truth, minlength=len(self.labels.classes)).tolist(),
            "rows": len(self.rows),
            "seen_rows": self.seen,
            "units": {"time": self.clock, "median_delay": self.clock},
        }

    def _plain(self, name: str) -> dict[str, Any]:
        told, probabilities, classes = self.told[name], self.probabilities[name], self.labels.classes
        areas = {label: self._area(code, probabilities) for code, label in enumerate(classes)}
        known = [area for area in areas.values() if area is not None]
        scores = {
            "accuracy": accuracy(self.truth, told),
            "balanced_accuracy": balanced_accuracy(self.truth, told),
            "log_loss": log_loss(self.truth, probabilities),
            "roc_area": float(np.mean(known)) if known else None,
            "roc_areas": areas,
            "confusion": confusion_matrix(self.truth, told, classes=len(classes)).tolist(),
        }
        scores |= self._switched(name) if self.switches else {}
        return scores | ({"seconds": self.seconds[name]} if name in self.seconds else {})

    def _area(self, code: int, probabilities: Float[ndarray, "row class"]) -> float | None:
        own = self.truth == code
        return None if own.all() or not own.any() else roc_area(own, probabilities[:, code])

    def _switched(self, name: str) -> dict[str, Any]:
        found = self.switches[name]
        delays = np.concatenate([np.zeros(0, dtype=np.int64), *(each.delays for each in found)])
        median = float(np.median(delays)) if len(delays) else None
        known = median is not None and math.isfinite(self.step)
        return {
            "switches": sum(len(each.rows) for each in found),
            "missed": sum(each.missed for each in found),
            "false_switches": sum(len(each.false) for each in found),
            "median_delay_rows": median,
            "median_delay": median * self.step if known and median is not None else None,
        }


def evaluate_labels(fit: PairedFit, series: Data | None = None) -> LabelsEvaluated:
    """Score told labels beside the baselines on data that was never seen.

    Args:
        fit: A fit that tells labels.
        series: A held-out series with the fit's inputs, labels and time step; the fit's own test part when left out.

    Returns:
        What they told, and scores.

    Raises:
        DataError: If there is no test part, if the series lacks a column or has another time step or label, or if no
            row has known inputs and a known label.
        UnitsError: If a column has another unit.
    """
    if series is None:
        evaluated = _evaluate(fit, test_part(fit))
        return replace(evaluated, seconds={**evaluated.seconds, **kept_seconds(fit)})
    held_out = record_for(fit, series)
    evaluated = _evaluate(fit, continued(fit, held_out))
    known = Part(parent=fit.record, start=0, stop=fit.validation_stop)
    return replace(evaluated, seen=count_seen(known, evaluated.part.parent, evaluated.rows))


def _evaluate(fit: PairedFit, part: Part) -> LabelsEvaluated:
    record, count = part.parent, len(fit.recipe.inputs)
    stretches = scored_stretches(fit, part)
    baselines, seconds = fit_label_baselines(fit)
    tellers: dict[str, LabelTeller] = {"network": fit.model.probabilities, **baselines}
    probabilities = {name: tell(record.values[:, :count], stretches.segments) for name, tell in tellers.items()}
    told = {
        name: decode_segments(rows, stretches.segments, fit.model.labels.decoding)
        for name, rows in probabilities.items()
    }
    codes, rows = codes_of(record, fit.recipe.target[0]), stretches.settled_rows()
    regimes = fit.recipe.task == "regimes"
    step = record.axis.step
    return LabelsEvaluated(
        part=part,
        task=fit.recipe.task,
        labels=fit.model.labels,
        stretches=stretches,
        rows=rows,
        truth=codes[rows],
        told={name: labels[rows] for name, labels in told.items()},
        probabilities={name: shares[rows] for name, shares in probabilities.items()},
        switches={name: _switches(codes, labels, stretches) for name, labels in told.items()} if regimes else {},
        seconds={"network": fit.seconds, **seconds},
        step=float(step) if isinstance(step, int | float) else math.nan,
        clock=record.axis.units,
    )


def _switches(truth: Int[ndarray, " time"], told: Int[ndarray, " time"], stretches: Stretches) -> list[Switches]:
    rows, found = stretches.settled_rows(), []
    for start, stop in stretches.segments:
        own = rows[(rows >= start) & (rows < stop)]
        found.append(score_switches(truth[own], told[own]))
    return found
