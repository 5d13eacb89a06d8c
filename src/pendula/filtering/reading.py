"""From a series and the names of its columns to the record that targets are told in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from pendula.errors import ArgumentError
from pendula.filtering.preparation import WASHOUT_SHARE
from pendula.runs import PairedRecipe, PairedTask
from pendula.series.columns import as_names, check_channel, column_names
from pendula.series.intervals import INTERVAL, with_intervals
from pendula.series.labels import encode_labels
from pendula.series.record import Record, assemble, record

__all__ = ["PairedSeries", "choose_pairs", "paired_record", "paired_series", "usual_of_task"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PairedSeries:
    """A series whose columns are chosen, labels as numbers.

    Attributes:
        dataset: Variables along `time`.
        inputs: The ones to show.
        target: The ones to tell.
        labels: What was found of the labels, as settings of `Labels`; nothing where quantities are told.
    """

    dataset: xr.Dataset
    inputs: tuple[str, ...]
    target: tuple[str, ...]
    labels: Mapping[str, Any] = field(default_factory=dict)


def paired_series(
    series: xr.Dataset,
    inputs: str | Sequence[str] | None,
    target: str | Sequence[str] | None,
    *,
    task: PairedTask = "filter",
    irregular: bool = False,
) -> PairedSeries:
    """Choose the columns of a series; make numbers of labels, and a column of irregular times.

    Args:
        series: Variables along `time`.
        inputs: The ones to show; all others with numbers when left out, where labels are told.
        target: The ones to tell; the only other one when left out.
        task: What is told.
        irregular: Whether rows are steps whatever the time between them.

    Returns:
        The series.

    Raises:
        ArgumentError: If inputs or labels are not named.
        DataError: If a column is missing, or there are no labels to tell apart.

    Examples:
        >>> kinds = xr.Dataset({"x": ("time", [0.0, 1.0, 2.0]), "kind": ("time", ["a", "b", "a"])})
        >>> found = paired_series(kinds, None, "kind", task="regimes")
        >>> found.inputs, found.labels["classes"]
        (('x',), ('a', 'b'))
    """
    dataset = with_intervals(series) if irregular else series
    labels: dict[str, Any] = {}
    if task != "filter":
        names = as_names(target)
        if len(names) != 1:
            raise ArgumentError(
                f"`target` must name the column of labels for the task {task}: expected one, got "
                f"{', '.join(names) or 'none'}. Write --target and its name."
            )
        dataset, classes, whole = encode_labels(dataset, names[0])
        labels = {"classes": classes, "whole": whole}
        inputs = inputs or tuple(name for name in column_names(dataset) if name not in {names[0], INTERVAL})
    shown, asked = choose_pairs(dataset, inputs or (), target)
    return PairedSeries(dataset=dataset, inputs=(*shown, INTERVAL) if irregular else shown, target=asked, labels=labels)


def choose_pairs(
    series: xr.Dataset, inputs: str | Sequence[str], target: str | Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the variables that are shown, and those that are told from them.

    Args:
        series: Variables along `time`.
        inputs: The ones to show.
        target: The ones to tell; the only other one when left out.

    Returns:
        Their names.

    Raises:
        ArgumentError: If no target is asked for and there is not exactly one other variable.
        DataError: If a variable is missing.
    """
    shown = column_names(series, inputs)
    if target is not None:
        return shown, column_names(series, target)
    others = [name for name in column_names(series) if name not in {*shown, INTERVAL}]
    if len(others) != 1:
        raise ArgumentError(
            f"`target` must be named: expected one column beside the inputs, got {', '.join(others) or 'none'}. "
            "Write --target and the names of those to tell."
        )
    return shown, tuple(others)


def usual_of_task(task: PairedTask, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the choices that a task, or a choice that was made, leaves no choice of.

    Args:
        task: What is told.
        given: The choices that were made.

    Returns:
        Settings of a recipe.

    Examples:
        >>> usual_of_task("regimes", {"window": 20})
        {'task': 'regimes', 'washout': 5}
    """
    if task == "classify":
        return {"task": task, "by": "trajectory", "washout": 0}
    if given.get("initial_state") == "learned":
        return {"task": task, "washout": 0}
    window = given.get("window")
    # What is no number is refused where settings are checked.
    return {"task": task} | ({"washout": max(0, window // WASHOUT_SHARE)} if isinstance(window, int) else {})


def paired_record(dataset: xr.Dataset, recipe: PairedRecipe) -> Record:
    """Make the record of a series whose columns are chosen.

    Args:
        dataset: Variables along `time`, labels as numbers.
        recipe: The recipe.

    Returns:
        The record: the inputs, then the targets.

    Raises:
        DataError: If a column cannot be learned from.
    """
    if not recipe.tells_labels and recipe.missing == "gap":
        return record(dataset, recipe.columns)
    # Labels may be few, and inputs missing: rows that are whole need not follow each other.
    made = assemble(dataset, recipe.columns)
    for name, channel in zip(made.names, made.values.T, strict=True):
        check_channel(name, channel)
    return made
