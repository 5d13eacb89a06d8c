"""From inputs alone to the targets: a free run of a filter."""

from typing import Any

import numpy as np
import xarray as xr

from pendula.errors import DataError
from pendula.filtering.continuing import continued
from pendula.filtering.stretches import input_segments
from pendula.metrics import decode_segments
from pendula.runs import PairedFit, PairedModel
from pendula.series.alike import assemble_alike, check_alike
from pendula.series.containers import Data, unpacked
from pendula.series.intervals import with_intervals
from pendula.series.ranges import outside
from pendula.series.record import Record
from pendula.shapes import Int, ndarray

__all__ = ["tell"]


def tell(fit: PairedFit, inputs: Data) -> xr.Dataset:
    """Tell the targets from a series of inputs.

    Where it goes on right after the record of the fit, or begins within it with the same inputs, the run begins in the
    record's inputs before it, as many as a window has. Elsewhere nothing is known before the series, and the run begins
    with the network's initial state.

    Args:
        fit: The fit.
        inputs: A series with the fit's inputs and time step; other columns are not looked at.

    Returns:
        Each target along the time of the inputs, with its unit; NaN where an input is missing. After each gap the run
        starts anew. The attribute `washout` tells how many rows after a start are worth less, `run_up` how many rows of
        the record were run through before the first; `outside` is a sentence on inputs that leave the range of the
        training part by more than a tenth of it. Of labels the likeliest one, or the regime that is told to last, and
        beside it the probability of each as `p_` and its name; where each trajectory has one label, a row for each, at
        the time of its last.

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
    model, given = fit.model, unpacked(inputs, continues=True)[0]
    dataset = with_intervals(given) if model.irregular else given
    missing = [name for name in model.inputs.names if name not in dataset.data_vars]
    if missing:
        raise DataError(
            f"`inputs` must have the inputs of the fit: expected {', '.join(model.inputs.names)}, got no "
            f"{', '.join(missing)}. Add the column; {', '.join(model.targets.names)} cannot be told without it."
        )
    rows = assemble_alike(dataset, model.inputs.names, axis=model.axis)
    check_alike(rows, units=model.inputs.units, axis=model.axis)
    if not len(_segments(model, rows)):
        raise DataError("`inputs` must have whole rows: expected one at least, got none. Fill the gaps.")
    # Where rows are the steps, the times are those that were handed in.
    time = given["time"].values if model.irregular else rows.time
    units = str(given["time"].attrs.get("units", "")) if model.irregular else rows.axis.units
    coords: dict[str, object] = {"time": ("time", time, {"units": units} if units else {})}
    if rows.trajectory is not None:
        coords["trajectory"] = ("time", rows.trajectory)
    part = continued(fit, rows)
    whole, run_up = part.parent, part.start
    segments = _segments(model, whole)
    columns = _labels(model, whole, segments) if model.labels.classes else _quantities(model, whole, segments)
    told = xr.Dataset(
        {name: (axis, values[run_up:], attributes) for name, (axis, values, attributes) in columns.items()},
        coords=coords,
        attrs={"washout": model.washout, "run_up": run_up} | _beyond_training(fit, rows),
    )
    return told.isel(time=rows.blocks[:, 1] - 1) if model.task == "classify" else told


def _beyond_training(fit: PairedFit, rows: Record) -> dict[str, str]:
    known = fit.record.select(rows.names).slice(0, fit.train_stop)
    left = outside(known, rows.values)
    return {"outside": f"{'; '.join(left)}. The network has not learned from such values."} if left else {}


def _segments(model: PairedModel, rows: Record) -> Int[ndarray, "segment 2"]:
    return input_segments(rows, inputs=len(model.inputs.names), gaps=model.missing == "gap")


def _quantities(model: PairedModel, rows: Record, segments: Int[ndarray, "segment 2"]) -> dict[str, Any]:
    told = model.run(rows.values, segments)
    return {
        name: ("time", np.ascontiguousarray(told[:, index]), {"units": unit} if unit else {})
        for index, (name, unit) in enumerate(zip(model.targets.names, model.targets.units, strict=True))
    }


def _labels(model: PairedModel, rows: Record, segments: Int[ndarray, "segment 2"]) -> dict[str, Any]:
    shares = model.probabilities(rows.values, segments)
    codes = decode_segments(shares, segments, model.labels.decoding)
    columns: dict[str, Any] = {model.targets.names[0]: ("time", model.labels.named(codes), {})}
    return columns | {
        f"p_{label}": ("time", np.ascontiguousarray(shares[:, code]), {})
        for code, label in enumerate(model.labels.classes)
    }
