"""From a file and options to the record that is learned from, and what people should know about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pendula.cli.options import RecipeOptions, RecordOptions, listed, units_of
from pendula.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import xarray

    from pendula.config import DataSettings
    from pendula.runs import Recipe
    from pendula.series import Record, TimeAxis

__all__ = [
    "Task",
    "check_unsampled",
    "data_settings",
    "filling_notes",
    "gap_notes",
    "read_like",
    "read_series",
    "recipe_for",
    "settings_like",
    "task_from",
]


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
    from pendula.forecasting.extrapolation import constant_notes
    from pendula.runs import Recipe
    from pendula.series.controls import as_steps

    written = ExperimentFile() if config is None else read_experiment(config)
    settings = data_settings(written.data, file=file, target=target, control=control, options=data)
    choices = merge(merge(written.choices, shown), recipe.choices())
    # Before the file is read: bad settings are told at once.
    build(Recipe, choices if cell is None else _for_cell(choices, cell))
    irregular = bool(choices.get("irregular"))
    check_unsampled(settings, irregular=irregular)
    try:
        series, read_notes = read_series(settings)
    except DataError as error:
        raise DataError(_in_options(error, columns=_blamed(settings))) from error
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
            *_interval_notes(series, irregular=irregular),
            *_plan_notes(series, rows),
            *constant_notes(rows, made),
            *(gap_notes(rows, filled=settings.gaps == "fill") if choices.get("missing", "gap") == "gap" else ()),
        ),
        choices=choices,
    )


def check_unsampled(settings: "DataSettings", *, irregular: bool) -> None:
    """Make sure that irregular times are left as they are.

    Args:
        settings: Which data to learn from.
        irregular: Whether rows are steps whatever the time between them.

    Raises:
        ArgumentError: If they are to be resampled, too.
    """
    if irregular and settings.resample is not None:
        raise ArgumentError(
            f"`--resample` must be left out with --irregular: got a step of {settings.resample}, after which times are "
            "regular. Choose one of them."
        )


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


def data_settings(
    written: "DataSettings",
    *,
    file: str | None,
    target: str | None,
    control: str | None = None,
    options: RecordOptions,
) -> "DataSettings":
    """Lay options over what an experiment file says of the data.

    Args:
        written: What the file says.
        file: The file of data.
        target: The columns to learn, joined by commas.
        control: The columns that are known for the future, too, joined by commas.
        options: How the file of data is read.

    Returns:
        Which data to learn from.

    Raises:
        ArgumentError: If no file of data is named.
    """
    from pendula.config import parse_value

    given: dict[str, Any] = {
        "file": file,
        "target": listed(target),
        "control": listed(control),
        "time": options.time,
        "trajectory": options.trajectory,
        "group": options.group,
        "units": {**written.units, **units_of(options.unit)},
        "gaps": options.gaps,
        "resample": None if options.resample is None else _step(parse_value(options.resample), options.resample),
    }
    settings = replace(written, **{name: value for name, value in given.items() if value not in (None, (), {})})
    if settings.file is None:
        raise ArgumentError(
            "`FILE` must be named: expected a file of data, got none. Write `pendula fit pendulum.csv`, for example, "
            "or `pendula fit sunspots` for a record that comes with Pendula."
        )
    return settings


def read_series(
    settings: "DataSettings", *, labels: Sequence[str] = (), continues: bool = False
) -> tuple["xarray.Dataset", tuple[str, ...]]:
    """Read and resample what the settings say.

    Args:
        settings: Which data.
        labels: Columns of labels.
        continues: Whether the file goes on from a series that is known.

    Returns:
        The series, and notes on what was done to it.

    Raises:
        ArgumentError: If `resample` is no step.
        DataError: If the file cannot be read or has no such column.
    """
    from pendula.series import resample

    series = _read(settings, labels, continues=continues)
    notes = [_sentence(note) for note in str(series.attrs.get("notes", "")).splitlines() if note.strip()]
    if settings.resample is not None:
        before = series.sizes["time"]
        series = resample(series, settings.resample)
        notes.append(
            f"The record was resampled from {before} to {series.sizes['time']} rows, a step of {settings.resample}."
        )
        notes.append("Resampled values lie between measured neighbors: one-step scores flatter.")
    return series, tuple(notes)


def settings_like(
    axis: "TimeAxis", *, file: str, columns: Sequence[str] = (), options: RecordOptions
) -> "DataSettings":
    """Say how a file is read that is like the one a fit was made from.

    Args:
        axis: The fit's time axis, by whose name the time column is found where it is not a usual one.
        file: The file.
        columns: The columns that are needed; any when left out.
        options: How the file is read.

    Returns:
        Which data to read.
    """
    from pendula.config import DataSettings
    from pendula.series.table import TIME_NAMES

    settings = data_settings(DataSettings(target=tuple(columns)), file=file, target=None, options=options)
    if settings.time is None and axis.name.lower() not in TIME_NAMES:
        return replace(settings, time=axis.name)
    return settings


def read_like(
    axis: "TimeAxis", *, file: str, columns: Sequence[str], options: RecordOptions, continues: bool = False
) -> tuple["xarray.Dataset", tuple[str, ...]]:
    """Read a file that is like the one a fit was made from, and fill its gaps where that is asked for.

    Args:
        axis: As for `settings_like`.
        file: As for `settings_like`.
        columns: As for `settings_like`.
        options: As for `settings_like`.
        continues: As for `read_series`.

    Returns:
        The series, and notes on what was done to it.

    Raises:
        DataError: If the file cannot be read or lacks a column.
    """
    from pendula.series import fill_gaps

    settings = settings_like(axis, file=file, columns=columns, options=options)
    series, notes = read_series(settings, continues=continues)
    if settings.gaps != "fill":
        return series, notes
    filled, count = fill_gaps(series)
    return filled, (*notes, *filling_notes(count))


def filling_notes(filled: int) -> tuple[str, ...]:
    """Say what became of the gaps.

    Args:
        filled: How many samples were filled in.

    Returns:
        Plain sentences.
    """
    if not filled:
        return ("There was no gap to fill.",)
    return (
        f"{filled} missing {'sample was' if filled == 1 else 'samples were'} filled by linear interpolation.",
        _FILLED,
    )


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


_FILLED = "Filled samples are interpolated between the values around their gap, and scores near them are too good."


def _read(settings: "DataSettings", labels: Sequence[str], *, continues: bool) -> "xarray.Dataset":
    from pendula.series import DATASETS, load_dataset, read

    name = settings.file or ""
    if name in DATASETS and not Path(name).exists():
        return _named_units(load_dataset(name), settings)
    return read(
        name,
        time=settings.time,
        units=settings.units,
        columns=(*settings.target, *settings.control) if settings.target else None,
        trajectory=settings.trajectory,
        group=settings.group,
        labels=labels,
        continues=continues,
    )


def _named_units(series: "xarray.Dataset", settings: "DataSettings") -> "xarray.Dataset":
    for name, unit in settings.units.items():
        if name not in series.variables:
            raise ArgumentError(
                f"`--unit` must name a column: expected one of {', '.join(map(str, series.variables))}, got {name}. "
                "Correct the name."
            )
        series[name].attrs["units"] = unit
    return series


def _step(value: Any, text: str) -> float | str:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else text


def _interval_notes(series: "xarray.Dataset", *, irregular: bool) -> list[str]:
    from pendula.series.intervals import INTERVAL

    if not irregular or series[INTERVAL].min() < series[INTERVAL].max():
        return []
    return ["All rows are equally far apart; if they are not, name the column of their times with --time."]


def _plan_notes(series: "xarray.Dataset", rows: "Record") -> list[str]:
    from pendula.series.columns import time_values

    if rows.controls is None or rows.trajectory is not None:
        return []
    planned = int((time_values(series)[0] > rows.time[-1]).sum())
    if not planned:
        return []
    counted = "1 row" if planned == 1 else f"{planned} rows"
    return [f"{counted} after the last target hold controls alone; `forecast` takes them from the same file."]


def gap_notes(rows: "Record", *, filled: bool) -> list[str]:
    """Say where samples are missing.

    Args:
        rows: The record.
        filled: Whether gaps were filled.

    Returns:
        Plain sentences; none for a whole record.
    """
    missing = len(rows) - int(rows.present.sum())
    if not missing:
        return []
    if filled:
        still = f"{missing} of {len(rows)} rows still {'lack' if missing > 1 else 'lacks'} a sample"
        return [f"{still}: gaps are not filled across the cuts between the parts, nor beyond the record's ends."]
    return [
        f"{missing} of {len(rows)} rows lack a sample and no window covers them; --gaps fill interpolates."
        if missing > 1
        else f"1 of {len(rows)} rows lacks a sample and no window covers it; --gaps fill interpolates."
    ]


def _sentence(note: str) -> str:
    text = note.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
