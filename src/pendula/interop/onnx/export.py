"""Write a model as an ONNX file."""

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np

from pendula.errors import ArgumentError, did_you_mean
from pendula.files import write_atomically
from pendula.interop.onnx.forecaster import Kind, Precision, state_size, step_graph, window_graph
from pendula.interop.onnx.graph import Graph
from pendula.runs import Model
from pendula.runs.versions import pendula_version

__all__ = ["export_onnx", "to_onnx"]


def to_onnx(model: Model, kind: Kind = "window", *, precision: Precision = "float32") -> Any:
    """Turn a model into an ONNX model, from physical values to physical values.

    Scaling, increments, linear path and last value are inside. Batch and length are free. The metadata tell names,
    units, time step, window and leads.

    Args:
        model: The model of a fit.
        kind: window: `series` [batch, time, channel] → `forecast` [batch, lead, channel], the values after the last.
            step: `value` [batch, channel] and `state` → `forecast` and `next_state`, for a measurement that is
            followed value by value; its first state is zeros [batch, state_size].
        precision: Of all numbers, float32 or float64.

    Returns:
        The `onnx.ModelProto`, which ONNX's own checker has passed.

    Raises:
        ArgumentError: If the model is an echo state network, or `kind` or `precision` is unknown.

    Examples:
        >>> import pendula, xarray as xr
        >>> series = xr.Dataset({"x": ("time", np.sin(0.1 * np.arange(200)), {"units": "rad"})})
        >>> fit = pendula.fit(series, model=pendula.nn.Network(hidden_size=4), window=10,
        ...                   training=pendula.Training(epochs=1))
        >>> made = to_onnx(fit.model, "step")
        >>> [value.name for value in made.graph.input], [value.name for value in made.graph.output]
        (['value', 'state'], ['forecast', 'next_state'])
    """
    for argument, name, known in (("kind", kind, get_args(Kind)), ("precision", precision, get_args(Precision))):
        if name not in known:
            raise ArgumentError(
                f"`{argument}` must be a known choice: expected {' or '.join(known)}, got {name}."
                + did_you_mean(str(name), known, listed=True)
            )
    graph = Graph(np.float32 if precision == "float32" else np.float64)
    made = window_graph(model, graph) if kind == "window" else step_graph(model, graph)
    made.producer_name, made.producer_version = "pendula", pendula_version()
    for key, text in _metadata(model, kind).items():
        entry = made.metadata_props.add()
        entry.key, entry.value = key, text
    return made


def export_onnx(model: Model, path: str | Path, *, kind: Kind = "window", precision: Precision = "float32") -> Path:
    """Write a model to an ONNX file, atomically.

    Args:
        model: The model of a fit.
        path: The file; one that is there is replaced when the new one is whole.
        kind: As for `to_onnx`.
        precision: As for `to_onnx`.

    Returns:
        The path.

    Raises:
        RunError: If the file cannot be written.
    """
    path = Path(path)
    content = to_onnx(model, kind, precision=precision).SerializeToString()
    write_atomically(path, lambda partial: partial.write_bytes(content))
    return path


def _metadata(model: Model, kind: Kind) -> dict[str, str]:
    network = model.forecaster.network
    known: dict[str, Any] = {
        "kind": kind,
        "names": model.names,
        "units": model.units,
        "time_step": model.axis.step_text,
        "time_units": model.axis.units,
        "window": model.window,
        "leads": network.leads,
        "cell": network.cell,
    }
    if kind == "step":
        known["state_size"] = state_size(model)
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}
