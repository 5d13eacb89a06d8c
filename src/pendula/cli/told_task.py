"""From a file and options to what a fit that tells targets from inputs starts from: the record and the recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pendula.cli.notes import filling_notes, told_gap_notes
from pendula.cli.options import PairedOptions, RecipeOptions, RecordOptions, listed
from pendula.cli.records import check_unsampled, data_settings, read_series
from pendula.errors import DataError

if TYPE_CHECKING:
    import xarray

    from pendula.config import DataSettings
    from pendula.runs import PairedRecipe
    from pendula.series import Record

__all__ = ["ToldTask", "told_task_from"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ToldTask:
    """What a fit that tells targets from inputs starts from.

    Attributes:
        source: The file, or the name of a record that comes with Pendula.
        record: The record, the inputs first.
        recipe: Every choice.
        notes: What people should know about the record, in plain sentences.
    """

    source: str
    record: "Record"
    recipe: "PairedRecipe"
    notes: tuple[str, ...]


def told_task_from(
    file: str | None, *, target: str | None, data: RecordOptions, recipe: RecipeOptions, paired: PairedOptions
) -> ToldTask:
    """Read the record, and make the recipe.

    Args:
        file: The file of data.
        target: The columns to tell, joined by commas.
        data: How the file is read.
        recipe: How the fit is made.
        paired: Inputs and washout.

    Returns:
        Record, recipe and notes.

    Raises:
        ConfigError: If a setting is unknown or has a bad value.
        DataError: If the record cannot be learned from.
    """
    from pendula.config import DataSettings, merge
    from pendula.filtering import paired_series, usual_of_task, usual_recipe
    from pendula.runs import PairedRecipe
    from pendula.series.record import assemble

    task = "filter" if paired.task is None or paired.task == "forecast" else paired.task
    inputs, targets = listed(paired.input), listed(target)
    choices = merge(recipe.choices(), paired.choices())
    usual = merge(usual_of_task(task, choices), choices)
    # Before the file is read: bad settings are told at once.
    unknown = {"inputs": list(inputs) or ["the other columns"], "target": list(targets) or ["the other column"]}
    PairedRecipe.from_dict({**unknown, **usual})
    # Without a target, or with all others as inputs, all columns are read.
    columns = ",".join([*inputs, *targets]) if targets and inputs else None
    settings = data_settings(DataSettings(), file=file, target=columns, options=data)
    irregular = bool(usual.get("irregular", False))
    check_unsampled(settings, irregular=irregular)
    series, read_notes = _read(settings, targets if task != "filter" else ())
    found = paired_series(series, inputs or None, targets or None, task=task, irregular=irregular)
    told = {"labels": {**found.labels, "classes": list(found.labels["classes"])}} if found.labels else {}
    named = {"inputs": list(found.inputs), "target": list(found.target)}
    chosen = PairedRecipe.from_dict(merge(merge(usual, told), named))
    holes = assemble(found.dataset, chosen.columns)
    made = usual_recipe(holes, chosen, given=_given(choices))
    rows, notes = _rows(found.dataset, holes, made, is_filled=settings.gaps == "fill")
    return ToldTask(source=settings.file or "", record=rows, recipe=made, notes=(*read_notes, *notes))


def _given(choices: Mapping[str, Any]) -> set[str]:
    return set(choices) | ({"linear_lags"} & set(choices.get("network", {})))


def _rows(
    series: "xarray.Dataset", holes: "Record", recipe: "PairedRecipe", *, is_filled: bool
) -> "tuple[Record, list[str]]":
    from pendula.filtering import paired_record

    if is_filled:
        rows, count = _filled(holes, recipe)
        return rows, [*filling_notes(count), *told_gap_notes(rows, recipe.inputs, filled=True)]
    rows = paired_record(series, recipe)
    return rows, told_gap_notes(rows, recipe.inputs, filled=False) if recipe.missing == "gap" else []


def _filled(holes: "Record", recipe: "PairedRecipe") -> "tuple[Record, int]":
    import numpy as np

    from pendula.filtering import paired_record
    from pendula.forecasting import fill_parts
    from pendula.series.record import to_dataset

    filled, count = fill_parts(holes, recipe)
    dataset = to_dataset(filled)
    if recipe.tells_labels:
        # Between two labels there is none.
        name = recipe.target[0]
        dataset[name] = ("time", holes.values[:, holes.index(name)].copy())
        count -= int(np.isnan(holes.values[:, holes.index(name)]).sum())
    return paired_record(dataset, recipe), max(0, count)


def _read(settings: "DataSettings", labels: tuple[str, ...]) -> "tuple[xarray.Dataset, tuple[str, ...]]":
    try:
        series, notes = read_series(settings, labels=labels)
        if lost := tuple(name for name in labels if name not in series.data_vars):
            read_series(replace(settings, target=lost))  # says which columns there are, those of text among them
    except DataError as error:
        # The library calls them columns; here they are two options.
        raise DataError(
            str(error).replace("`columns`", "`--input` and `--target`").replace("`group`", "`--group`")
        ) from error
    return series, notes
