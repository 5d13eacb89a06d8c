"""A model on disk: the architecture as JSON, the weights as safetensors."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from pendula.errors import ArgumentError, RunError
from pendula.nn import (
    INTEGRATOR,
    NEXT_GENERATION,
    RESERVOIRS,
    SOLVED,
    AnyForecaster,
    EchoMember,
    EnsembleForecaster,
    Forecaster,
    IntegratorForecaster,
    Network,
    NextGeneration,
    Reservoir,
    ReservoirForecaster,
    observed_components,
)
from pendula.runs.axis_fields import axis_from
from pendula.runs.channels import Channels
from pendula.runs.fields import Fields
from pendula.runs.model import Model
from pendula.runs.model_parts import (
    MAX_CHANNELS,
    MAX_WINDOW,
    WEIGHTS_FILE,
    channels_from,
    fill_weights,
    plain_channels,
    read_fields,
    scaler_from,
    write_parts,
)
from pendula.runs.presence import Missing
from pendula.runs.recipe import MAX_MEMBERS
from pendula.series.axis import TimeAxis

__all__ = ["load_model", "save_model"]


_NAMES = ("network", "channels", "window", "names", "units", "scaler", "axis")


def save_model(model: Model, folder: str | Path) -> None:
    """Write a model to a folder: `model.json` and `weights.safetensors`.

    Args:
        model: The model.
        folder: Where it goes; made if it is missing.

    Raises:
        RunError: If the weights are not finite, or if the folder cannot be written.

    Examples:
        >>> import tempfile
        >>> import numpy as np
        >>> from pendula.nn import build
        >>> from pendula.series import TimeAxis
        >>> from pendula.series.scaling import Scaler
        >>> model = Model(
        ...     forecaster=build(Network(hidden_size=4), 1),
        ...     scaler=Scaler(kind="none", link="none", center=np.zeros(1), scale=np.ones(1)),
        ...     names=("x",),
        ...     units=("rad",),
        ...     axis=TimeAxis(kind="float", start=0.0, step=0.1, size=100, units="s"),
        ...     window=2,
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(model, folder)
        ...     again = load_model(folder)
        >>> again.names, again.run(np.ones((1, 2, 1)), steps=1)  # untrained: the same as now
        (('x',), array([[[1.]]]))
    """
    content = {
        "network": asdict(model.forecaster.network),
        "channels": model.forecaster.channels,
        "window": model.window,
        "names": model.names,
        "units": model.units,
        "scaler": model.scaler.to_dict(),
        "axis": model.axis.to_dict(),
        **_counted(model.forecaster),
        **({} if model.controls is None else {"controls": plain_channels(model.controls)}),
        **({} if model.missing == "gap" else {"missing": model.missing}),
        "reservoirs": [asdict(reservoir) for reservoir in _reservoirs(model.forecaster)],
    }
    write_parts(Path(folder), content, model.forecaster.state_dict())


def load_model(folder: str | Path) -> Model:
    """Read a model from a folder, trusting nothing in it.

    No pickle is ever opened. Types, ranges and sizes are checked before anything is made of them.

    Args:
        folder: Where `save_model` wrote it.

    Returns:
        The model: its forecasts have the same bits.

    Raises:
        RunError: If a file is missing, damaged, unsafe, or written by a newer Pendula.
    """
    fields = read_fields(Path(folder), _NAMES, optional=["reservoirs", "members", "controls", "missing"])
    network = fields.table("network").build(Network)
    tables = fields.tables("reservoirs", MAX_MEMBERS) if "reservoirs" in fields.content else []
    reservoirs: list[Reservoir | NextGeneration] = [
        table.build(NextGeneration) if network.cell == NEXT_GENERATION else table.build(Reservoir) for table in tables
    ]
    if bool(reservoirs) != (network.cell in RESERVOIRS):
        raise fields.error(
            "reservoirs", f"those of a network of the cell {' or '.join(sorted(RESERVOIRS))}", len(reservoirs)
        )
    channels = fields.whole("channels", 1, MAX_CHANNELS)
    names, units = fields.texts("names", count=channels), fields.texts("units", count=channels)
    scaler = scaler_from(fields.table("scaler"), channels)
    axis = axis_from(fields.table("axis"))
    window = fields.whole("window", 1, MAX_WINDOW)
    controls = channels_from(fields.table("controls")) if "controls" in fields.content else None
    forecaster = fill_weights(
        fields,
        lambda: _hollow(fields, network, names, axis, reservoirs, _beside(fields, names, controls)),
        layers=network.num_layers,
    )
    return Model(
        forecaster=_ready(fields.path.parent / WEIGHTS_FILE, forecaster),
        scaler=scaler,
        names=names,
        units=units,
        axis=axis,
        window=window,
        controls=controls,
        missing=_missing(fields),
    )


def _missing(fields: Fields) -> Missing:
    found: Missing = fields.get("missing", Missing) if "missing" in fields.content else "gap"
    return found


def _beside(fields: Fields, names: Sequence[str], controls: Channels | None) -> int:
    # Columns that a forecaster reads beside its channels: controls, and whether each value is known.
    return (0 if controls is None else len(controls.names)) + (0 if _missing(fields) == "gap" else len(names))


def _counted(forecaster: AnyForecaster) -> dict[str, int]:
    return {"members": len(forecaster.each())} if isinstance(forecaster, EnsembleForecaster) else {}


def _reservoirs(forecaster: AnyForecaster) -> tuple[Reservoir | NextGeneration, ...]:
    return forecaster.reservoirs if isinstance(forecaster, ReservoirForecaster) else ()


def _ready(path: Path, forecaster: AnyForecaster) -> AnyForecaster:
    if isinstance(forecaster, ReservoirForecaster):
        _check_links(path, forecaster)
        return forecaster.eval()
    if isinstance(forecaster, IntegratorForecaster):
        _check_doubles(path, forecaster)
        return forecaster.requires_grad_(requires_grad=False).eval()
    return forecaster.requires_grad_().eval()


def _hollow(
    fields: Fields,
    network: Network,
    names: Sequence[str],
    axis: TimeAxis,
    reservoirs: Sequence[Reservoir | NextGeneration],
    beside: int,
) -> AnyForecaster:
    if beside and network.cell in SOLVED:
        raise fields.error("network", "one that reads controls and what is missing", network.cell)
    columns = len(names), beside
    if network.cell in RESERVOIRS:
        return _reservoir_forecaster(fields, network, names, reservoirs)
    if network.cell == INTEGRATOR:
        return _equation(fields, network, names, axis)
    if "members" not in fields.content:
        return Forecaster(network, *columns)
    members = fields.whole("members", 1, MAX_MEMBERS)
    return EnsembleForecaster([Forecaster(network, *columns) for _ in range(members)])


def _reservoir_forecaster(
    fields: Fields, network: Network, names: Sequence[str], reservoirs: Sequence[Reservoir | NextGeneration]
) -> ReservoirForecaster:
    try:
        return ReservoirForecaster(network, len(names), reservoirs)
    except ArgumentError as error:
        raise fields.error("reservoirs", "polynomials of a bearable number of features", len(reservoirs)) from error


def _equation(fields: Fields, network: Network, names: Sequence[str], axis: TimeAxis) -> IntegratorForecaster:
    assert network.equation is not None  # a network of this cell has one
    try:
        return IntegratorForecaster(network, observed_components(network.equation, names), dt=axis.clock[0])
    except ArgumentError as error:
        raise fields.error("names", "columns that the equation has components for", list(names)) from error


def _check_doubles(path: Path, forecaster: AnyForecaster) -> None:
    if any(tensor.dtype != torch.float64 for tensor in forecaster.state_dict().values()):
        raise RunError(f"`{path}` must hold numbers in float64: got float32. Train the model anew.")


def _check_links(path: Path, forecaster: ReservoirForecaster) -> None:
    # They are indices into memory.
    _check_doubles(path, forecaster)
    for member in forecaster.each():
        if not isinstance(member, EchoMember):
            continue
        links = member.links
        if not bool(((links >= 0) & (links < len(links)) & (links == links.floor())).all()):
            raise RunError(
                f"`{path}` must link units that are there: expected whole numbers from 0 to {len(links) - 1}. "
                "The folder is damaged or was changed; restore it from a copy, or train anew."
            )
