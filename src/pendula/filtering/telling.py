"""From inputs alone to the targets: a free run of a filter."""

import numpy as np
import xarray as xr

from pendula.errors import DataError
from pendula.runs import PairedFit
from pendula.series.alike import check_alike
from pendula.series.containers import Data, unpacked
from pendula.series.record import assemble

__all__ = ["tell"]


def tell(fit: PairedFit, inputs: Data) -> xr.Dataset:
    """Tell the targets from a series of inputs, from nothing known before it.

    Args:
        fit: The fit.
        inputs: A series with the fit's inputs and time step; other columns are not looked at.

    Returns:
        Each target along the time of the inputs, with its unit; NaN where an input is missing. After each gap the run
        starts anew. The attribute `washout` tells how many rows after a start are worth less.

    Raises:
        DataError: If an input is missing, or the time step is another.
        UnitsError: If an input has another unit.

    Examples:
        >>> import pendula
        >>> u = np.random.default_rng(0).normal(size=400)
        >>> series = xr.Dataset({"u": ("time", u), "y": ("time", 2 * u + 1, {"units": "mV"})})
        >>> fit = pendula.fit(series, "y", inputs="u", training=pendula.Training(epochs=1), window=20)
        >>> told = tell(fit, xr.Dataset({"u": ("time", u[:30])}))
        >>> told.y.attrs["units"], told.sizes["time"]
        ('mV', 30)
    """
    model, dataset = fit.model, unpacked(inputs)[0]
    missing = [name for name in model.inputs.names if name not in dataset.data_vars]
    if missing:
        raise DataError(
            f"`inputs` must have the inputs of the fit: expected {', '.join(model.inputs.names)}, got no "
            f"{', '.join(missing)}. Add the column; {', '.join(model.targets.names)} cannot be told without it."
        )
    rows = assemble(dataset, model.inputs.names)
    check_alike(rows, units=model.inputs.units, axis=model.axis)
    if not len(rows.segments):
        raise DataError("`inputs` must have whole rows: expected one at least, got none. Fill the gaps.")
    told = model.run(rows.values, rows.segments)
    columns = {
        name: ("time", np.ascontiguousarray(told[:, index]), {"units": unit} if unit else {})
        for index, (name, unit) in enumerate(zip(model.targets.names, model.targets.units, strict=True))
    }
    coords: dict[str, object] = {"time": ("time", rows.time, {"units": rows.axis.units} if rows.axis.units else {})}
    if rows.trajectory is not None:
        coords["trajectory"] = ("time", rows.trajectory)
    return xr.Dataset(columns, coords=coords, attrs={"washout": model.washout})
