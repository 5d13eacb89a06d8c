"""From a series and the names of its columns to the record that a forecast is learned from."""

from collections.abc import Sequence
from dataclasses import replace

import xarray as xr

from pendula.forecasting.preparation import choose_target
from pendula.runs import Missing
from pendula.series.controls import as_steps, controlled_record
from pendula.series.record import Record

__all__ = ["forecast_record"]


def forecast_record(
    dataset: xr.Dataset,
    target: str | Sequence[str] | None = None,
    controls: str | Sequence[str] | None = None,
    *,
    missing: Missing = "gap",
    irregular: bool = False,
) -> Record:
    """Choose what is forecast and what is known for the future, too.

    Args:
        dataset: Variables along `time`.
        target: The variable or variables to learn; the only one when left out.
        controls: The variable or variables that are known for the future, too.
        missing: What becomes of missing values; unless they are gaps, windows reach over them.
        irregular: Whether rows are steps whatever the time between them, which is then one more control.

    Returns:
        The record.

    Raises:
        ArgumentError: If the target is not named, or is a control, too.
        DataError: If a variable is missing or cannot be learned from.

    Examples:
        >>> series = xr.Dataset({"x": ("time", [1.0, 2.0, 4.0])}, coords={"time": [0.0, 0.5, 2.5]})
        >>> forecast_record(series, irregular=True).controls.names
        ('interval',)
    """
    steps, driving = as_steps(dataset, controls, irregular=irregular)
    rows = controlled_record(steps, choose_target(steps, target, driving), driving)
    return replace(rows, bridged=missing != "gap")
