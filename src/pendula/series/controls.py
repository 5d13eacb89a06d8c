"""Controls: what drives a record, and is known for the future, too."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from pendula.errors import ArgumentError, DataError
from pendula.series.columns import as_names, check_channel, column_names
from pendula.series.intervals import INTERVAL, with_intervals
from pendula.series.record import Record, assemble, check_learnable
from pendula.shapes import Float, ndarray

__all__ = ["ahead", "as_steps", "assemble_controlled", "beside", "controlled_record"]


def as_steps(
    dataset: xr.Dataset, controls: Sequence[str] | str | None, *, irregular: bool
) -> tuple[xr.Dataset, tuple[str, ...]]:
    """Take rows as steps where times are irregular, with the time from row to row as one more control.

    Args:
        dataset: Variables along `time`.
        controls: The variables that are known for the future, too.
        irregular: Whether times are irregular.

    Returns:
        The data set and its controls: as they are, or as `with_intervals` makes them.

    Raises:
        ArgumentError: If the time itself is to be a control.
        DataError: If a control is missing, or the times cannot be told apart.

    Examples:
        >>> series = xr.Dataset({"x": ("time", [1.0, 2.0, 4.0])}, coords={"time": [0.0, 0.5, 2.5]})
        >>> as_steps(series, None, irregular=True)[1]
        ('interval',)
    """
    _check_no_time(dataset, controls)
    names = column_names(dataset, controls, argument="controls") if controls else ()
    return (with_intervals(dataset), (*names, INTERVAL)) if irregular else (dataset, names)


def _check_no_time(dataset: xr.Dataset, controls: Sequence[str] | str | None) -> None:
    own = "time" if "time" not in dataset.variables else str(dataset["time"].attrs.get("name", "time"))
    if own in as_names(controls):
        raise ArgumentError(
            f"`controls` must not be the time: expected columns beside it, got {own}. What is to come lies beyond all "
            "times that are learned from; a phase that returns, such as the time of day, can be learned from."
        )


def controlled_record(dataset: xr.Dataset, columns: Sequence[str] | str, controls: Sequence[str] | str = ()) -> Record:
    """Make a record of what is forecast, with the controls that are known beside it.

    Rows after the last one that has any of `columns` are left out: they are a plan, and no record.

    Args:
        dataset: Variables along `time`.
        columns: The variables that are forecast.
        controls: The variables that are known for the future, too; they may be constant.

    Returns:
        The record; a row that lacks a control is a gap as much as one that lacks a value.

    Raises:
        ArgumentError: If a variable is to be forecast and to be a control.
        DataError: If a variable is missing or cannot be learned from.

    Examples:
        >>> data = xr.Dataset({"y": ("time", [0.0, 1.0, 3.0, np.nan]), "u": ("time", [1.0, 2.0, 0.0, 4.0])})
        >>> made = controlled_record(data, "y", "u")
        >>> made.names, made.controls.names, len(made)
        (('y',), ('u',), 3)
    """
    made = assemble_controlled(dataset, columns, controls)
    for name, channel in zip(made.names, made.values.T, strict=True):
        check_channel(name, channel)
    if made.controls is not None:
        _check_controls(made.controls)
    check_learnable(made)
    return made


def assemble_controlled(
    dataset: xr.Dataset, columns: Sequence[str] | str, controls: Sequence[str] | str = ()
) -> Record:
    """Make such a record without asking whether there is something to learn from it.

    Args:
        dataset: As for `controlled_record`.
        columns: As for `controlled_record`.
        controls: As for `controlled_record`.

    Returns:
        The record; its channels may be constant or empty.

    Raises:
        ArgumentError: If a variable is to be forecast and to be a control.
        DataError: If a variable is missing, complex or infinite, or if the time axis is not regular.
    """
    names = column_names(dataset, columns)
    driving = column_names(dataset, controls, argument="controls") if controls else ()
    if set(names) & set(driving):
        raise ArgumentError(
            f"`controls` must not be forecast, too: expected other columns than {', '.join(names)}, got "
            f"{', '.join(driving)}. What is known for the future needs no forecast."
        )
    return _cut(assemble(dataset, (*names, *driving)), len(names))


def _check_controls(controls: Record) -> None:
    empty = np.isnan(controls.values).all(axis=0)
    if empty.any():
        name = controls.names[int(empty.argmax())]
        raise DataError(
            f"`{name}` must have values to be a control: expected numbers, got none. Choose another column."
        )


def _cut(joined: Record, targets: int) -> Record:
    if targets == len(joined.names):
        return joined
    known = np.flatnonzero(~np.isnan(joined.values[:, :targets]).all(axis=1))
    return joined.slice(0, int(known[-1]) + 1 if len(known) else len(joined)).apart(targets)


def ahead(controls: Float[ndarray, "*batch time control"]) -> Float[ndarray, "*batch time control"]:
    """Move controls one row up, so that beside each row there is what drives the step to the next.

    This is the one place where the shift is made: whatever reads values and controls together reads them so.

    Args:
        controls: A row for each time.

    Returns:
        In each row the controls of the next one; NaN in the last.

    Examples:
        >>> ahead(np.array([[1.0], [2.0], [3.0]]))[:, 0]
        array([ 2.,  3., nan])
    """
    return np.concatenate([controls[..., 1:, :], np.full_like(controls[..., :1, :], np.nan)], axis=-2)


def beside(
    values: Float[ndarray, "*batch time channel"], controls: Float[ndarray, "*batch time control"]
) -> Float[ndarray, "*batch time column"]:
    """Lay values and the controls of the next row side by side, as a forecaster reads them.

    Args:
        values: A row for each time.
        controls: Of the same rows.

    Returns:
        The values, followed by the controls of the next row.

    Examples:
        >>> beside(np.array([[10.0], [20.0]]), np.array([[1.0], [2.0]]))
        array([[10.,  2.],
               [20., nan]])
    """
    return np.concatenate([values, ahead(controls)], axis=-1)
