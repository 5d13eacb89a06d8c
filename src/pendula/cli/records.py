"""From options to the series that is read, and what was done to it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pendula.cli.notes import filling_notes, sentence
from pendula.cli.options import RecordOptions, listed, units_of
from pendula.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import xarray

    from pendula.config import DataSettings
    from pendula.series import TimeAxis

__all__ = ["check_unsampled", "data_settings", "read_like", "read_series", "settings_like"]


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
    notes = [sentence(note) for note in str(series.attrs.get("notes", "")).splitlines() if note.strip()]
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
    try:
        series, notes = read_series(settings, continues=continues)
    except DataError as error:
        told = str(error).replace("`columns` must name a column", f"`{file}` must have the columns that the run needs")
        raise DataError(told) from error
    if settings.gaps != "fill":
        return series, notes
    filled, count = fill_gaps(series)
    return filled, (*notes, *filling_notes(count))


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
