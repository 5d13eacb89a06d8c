"""From a file and options to what a fit or a comparison starts from: the record and the recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pendula.cli.notes import filling_notes, gap_notes, interval_notes, plan_notes
from pendula.cli.options import RecipeOptions, RecordOptions
from pendula.cli.records import check_unsampled, data_settings, read_series
from pendula.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import xarray

    from pendula.config import DataSettings
    from pendula.runs import Recipe
    from pendula.series import Record

__all__ = ["Task", "recipe_for", "task_from"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Task:
    """What a fit or a comparison starts from.

    Attributes:
        source: The file, or the name of a record that comes with Pendula.
        record: The record.
        recipe: Every choice.
        notes: What people should know about the record, in plain sentences.
        choices: What was asked for of the recipe: values by name, tables within tables.
    """

    source: str
    record: "Record"
    recipe: "Recipe"
    notes: tuple[str, ...]
    choices: Mapping[str, Any] = field(default_factory=dict)


def task_from(
    file: str | None,
    *,
    target: str | None,
    control: str | None = None,
    shown: Mapping[str, Any] = MappingProxyType({}),
    config: Path | None,
    data: RecordOptions,
    recipe: RecipeOptions,
    cell: str | None = None,
) -> Task:
    """Read the record, and make the recipe: options before the experiment file, the file before the defaults.

    Args:
        file: The file of data.
        target: The columns to learn, joined by commas.
        control: The columns that are known for the future, too, joined by commas.
        shown: What becomes of missing values, and whether times are irregular, where that was asked for.
        config: The experiment file, if there is one.
        data: How the file of data is read.
        recipe: How the fit is made.
        cell: The recurrent layer, in place of the one asked for.

    Returns:
        Record, recipe and notes.

    Raises:
        ArgumentError: If no file of data is named.
        ConfigError: If a setting is unknown or has a bad value.
        DataError: If the record cannot be learned from.
    """
    from pendula.config import ExperimentFile, build, merge, read_experiment
    from pendula.forecasting import choose_target
    from pendula.forecasting.controls import check_bridges, check_controls
    from pendula.runs import Recipe
    from pendula.series.controls import as_steps

    written = ExperimentFile() if config is None else read_experiment(config)
    settings = data_settings(written.data, file=file, target=target, control=control, options=data)
    choices = merge(merge(written.choices, shown), recipe.choices())
    # Before the file is read: bad settings are told at once.
    build(Recipe, choices if cell is None else _for_cell(choices, cell))
    irregular = bool(choices.get("irregular"))
    check_unsampled(settings, irregular=irregular)
    series, read_notes = _series(settings)
    try:
        series, driving = as_steps(series, settings.control, irregular=irregular)
        wanted = choose_target(series, settings.target or None, driving)
    except (ArgumentError, DataError) as error:
        raise type(error)(_in_options(error)) from error
    settings = replace(settings, control=driving)
    rows, fill_notes = _rows(series, wanted, settings, choices, cell=cell)
    rows = replace(rows, bridged=choices.get("missing", "gap") != "gap")
    made = recipe_for(rows, choices, cell=cell)
    check_controls(rows, made)
    check_bridges(made)
    return Task(
        source=settings.file or "",
        record=rows,
        recipe=made,
        notes=(
            *read_notes,
            *fill_notes,
            *interval_notes(series, irregular=irregular),
            *plan_notes(series, rows),
            *_record_notes(rows, made, filled=settings.gaps == "fill"),
        ),
        choices=choices,
    )


def _series(settings: "DataSettings") -> "tuple[xarray.Dataset, tuple[str, ...]]":
    try:
        return read_series(settings)
    except DataError as error:
        raise DataError(_in_options(error, columns=_blamed(settings))) from error


def _record_notes(rows: "Record", recipe: "Recipe", *, filled: bool) -> tuple[str, ...]:
    from pendula.forecasting.extrapolation import control_notes

    gaps = gap_notes(rows, filled=filled) if not rows.bridged else ()
    return (*control_notes(rows, recipe), *gaps)


def recipe_for(rows: "Record", choices: Mapping[str, Any], *, cell: str | None = None) -> "Recipe":
    """Make the recipe for a record.

    Args:
        rows: The record.
        choices: What was asked for: values by name, tables within tables.
        cell: The recurrent layer, in place of the one asked for.

    Returns:
        The recipe, with the usual window of the layer and the usual way to split if none was asked for.
    """
    from pendula.config import build
    from pendula.forecasting import default_by, default_window
    from pendula.runs import Recipe

    wanted = {"by": default_by(rows), **choices}
    made = build(Recipe, wanted if cell is None else _for_cell(wanted, cell))
    if "window" in choices:
        return made
    window = default_window(
        rows, test=made.test, validation=made.validation, test_from=made.test_from, cell=made.network.cell
    )
    return replace(made, window=window)


def _for_cell(choices: Mapping[str, Any], cell: str) -> dict[str, Any]:
    # Of several cells, only one has an equation, or a reservoir, and not each has units.
    from pendula.config import merge
    from pendula.nn import INTEGRATOR, NEXT_GENERATION, RESERVOIR, SOLVED

    own = {"equation": INTEGRATOR, "reservoir": RESERVOIR, "polynomial": NEXT_GENERATION}
    others = {name for name, owner in own.items() if owner != cell}
    if cell == NEXT_GENERATION:
        others.add("hidden_size")
    if cell in SOLVED:  # which tell points
        others |= {"head", "components"}
    made = merge(choices, {"network": {"cell": cell}})
    made["network"] = {name: value for name, value in made["network"].items() if name not in others}
    return made


def _rows(
    series: "xarray.Dataset",
    target: tuple[str, ...],
    settings: "DataSettings",
    choices: Mapping[str, Any],
    *,
    cell: str | None,
) -> tuple["Record", tuple[str, ...]]:
    from pendula.forecasting import fill_parts
    from pendula.series.controls import assemble_controlled, controlled_record
    from pendula.series.record import to_dataset

    if settings.gaps != "fill":
        return controlled_record(series, target, settings.control), ()
    holes = assemble_controlled(series, target, settings.control)
    rows, filled = fill_parts(holes, recipe_for(holes, choices, cell=cell))
    return controlled_record(to_dataset(rows), target, settings.control), filling_notes(filled)


def _in_options(error: Exception, *, columns: str = "--target") -> str:
    # The library calls them columns and controls; here they are options.
    names = {"`columns`": f"`{columns}`", "`controls`": "`--control`", "`group`": "`--group`"}
    return reduce(lambda text, name: text.replace(name, names[name]), names, str(error))


def _blamed(settings: "DataSettings") -> str:
    if not settings.control:
        return "--target"
    try:
        read_series(replace(settings, control=(), resample=None))
    except DataError:
        return "--target"
    return "--control"
