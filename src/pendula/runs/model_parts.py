"""What the files of all models have in common."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from pendula.errors import DataError, RunError
from pendula.files import write_json
from pendula.runs.channels import Channels
from pendula.runs.fields import Fields
from pendula.runs.tensor_file import MAX_TENSOR_BYTES, Digest, Shapes, count_tensors, read_tensors, write_tensors
from pendula.runs.versions import FORMAT, check_format, pendula_version
from pendula.series.scaling import Scaler, ScalerKind, ScalerLink

__all__ = [
    "MAX_CHANNELS",
    "MAX_WINDOW",
    "MODEL_FILE",
    "MODEL_FOLDER",
    "WEIGHTS_FILE",
    "channels_from",
    "fill_weights",
    "plain_channels",
    "read_fields",
    "scaler_from",
    "write_parts",
]

Outlined = TypeVar("Outlined", bound=nn.Module)

MODEL_FOLDER = "model"
MODEL_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"
MAX_CHANNELS = 65_536
MAX_WINDOW = 2**31

_NAMES = ("format", "pendula", "weights", "weights_sha256", "weights_bytes")


def write_parts(folder: Path, content: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a model: its JSON and its weights.

    Args:
        folder: Where it goes; made if it is missing.
        content: What its JSON says besides where it comes from and which weights belong to it.
        tensors: The weights by name.

    Raises:
        RunError: If the weights are not finite, or if the folder cannot be written.
    """
    _check_finite(folder, tensors)
    digest = write_tensors(folder / WEIGHTS_FILE, dict(tensors))
    weights = {"weights": WEIGHTS_FILE, "weights_sha256": digest.sha256, "weights_bytes": digest.size}
    write_json(folder / MODEL_FILE, {"format": FORMAT, "pendula": pendula_version(), **content, **weights})


def read_fields(folder: Path, names: Sequence[str], *, optional: Sequence[str] = ()) -> Fields:
    """Read the JSON of a model.

    Args:
        folder: Where `write_parts` wrote it.
        names: What it must say besides where it comes from and which weights belong to it.
        optional: What it may say.

    Returns:
        What it says, whose types are yet to be checked.

    Raises:
        RunError: If it is missing, damaged, or written by a newer Pendula.
    """
    fields = Fields.read(folder / MODEL_FILE)
    check_format(fields)
    fields.check_names((*_NAMES, *names), optional=optional)
    fields.text("pendula")
    return fields


def fill_weights(fields: Fields, outline: Callable[[], Outlined], *, layers: int) -> Outlined:
    """Make a network, and give it the weights of a model.

    Args:
        fields: What the model's JSON says.
        outline: Makes the network; of its weights only names and shapes are looked at.
        layers: Recurrent layers that it has at least.

    Returns:
        The network.

    Raises:
        RunError: If the weights are missing, damaged, unsafe, not finite, or those of another network.
    """
    path = _weights_path(fields)
    digest = Digest(sha256=fields.text("weights_sha256"), size=fields.whole("weights_bytes", 0, MAX_TENSOR_BYTES))
    # Every layer has four tensors; a network of more layers than there are in the file is not even outlined.
    if 4 * layers > (count := count_tensors(path, digest=digest)):
        raise RunError(
            f"`{path}` must fit its architecture: expected the weights of {layers} layers, got {count} tensors. "
            "The folder is damaged or was changed; restore it from a copy, or train anew."
        )
    # Shapes alone, for which no memory is taken.
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        hollow = outline()
    shapes: Shapes = {name: tuple(tensor.shape) for name, tensor in hollow.state_dict().items()}
    tensors = read_tensors(path, shapes, digest=digest)
    _check_finite(path, tensors)
    if len({tensors[name].dtype for name, _ in hollow.named_parameters()}) > 1:
        raise RunError(f"`{path}` must hold weights of one precision: got float32 and float64. Train the model anew.")
    hollow.load_state_dict(tensors, assign=True)
    return hollow


def scaler_from(fields: Fields, channels: int) -> Scaler:
    """Make a scaler from a table whose values are checked first.

    Args:
        fields: What `Scaler.to_dict` gave.
        channels: How many channels it must have.

    Returns:
        The scaler.

    Raises:
        RunError: If a value is missing, unknown, of another type, or makes no scaler.
    """
    fields.check_names(("kind", "link", "center", "scale"))
    fields.get("kind", ScalerKind)
    fields.get("link", ScalerLink)
    for name in ("center", "scale"):
        fields.numbers(name, count=channels)
    try:
        return Scaler.from_dict(fields.content)
    except DataError as error:
        raise fields.error("scale", "positive numbers", fields.content["scale"]) from error


def plain_channels(channels: Channels) -> dict[str, Any]:
    """Give names, units and scale of columns as plain values.

    Args:
        channels: The columns.

    Returns:
        What `channels_from` reads.
    """
    return {"names": channels.names, "units": channels.units, "scaler": channels.scaler.to_dict()}


def channels_from(fields: Fields) -> Channels:
    """Make columns from a table whose values are checked first.

    Args:
        fields: What `plain_channels` gave.

    Returns:
        The columns.

    Raises:
        RunError: If a value is missing, unknown or of another type.
    """
    fields.check_names(("names", "units", "scaler"))
    names = fields.texts("names")
    if not 0 < len(names) <= MAX_CHANNELS:
        raise fields.error("names", f"1 to {MAX_CHANNELS} names", len(names))
    units = fields.texts("units", count=len(names))
    return Channels(names=names, units=units, scaler=scaler_from(fields.table("scaler"), len(names)))


def _weights_path(fields: Fields) -> Path:
    path = fields.path.parent / WEIGHTS_FILE
    name = fields.text("weights")
    if name != WEIGHTS_FILE:
        raise RunError(
            f"`{fields.path}` must name its weights as every model does: expected `weights` to be {WEIGHTS_FILE}, got "
            f"{name[:60]!r}. It was not opened; do not trust this folder."
        )
    if path.resolve().parent != path.parent.resolve():
        raise RunError(
            f"`{path}` must be a file in its own folder: got a link that leads elsewhere. It was not opened; "
            "do not trust this folder."
        )
    return path


def _check_finite(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise RunError(f"`{path}` must hold finite weights: got NaN or infinity in `{name}`. Train the model anew.")
