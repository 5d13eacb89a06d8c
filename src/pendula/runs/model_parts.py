"""What the files of all models have in common."""

from pathlib import Path

import torch

from pendula.errors import DataError, RunError
from pendula.runs.fields import Fields
from pendula.series.scaling import Scaler, ScalerKind, ScalerLink

__all__ = [
    "MAX_CHANNELS",
    "MAX_WINDOW",
    "MODEL_FILE",
    "MODEL_FOLDER",
    "WEIGHTS_FILE",
    "check_finite",
    "scaler_from",
    "weights_path",
]

MODEL_FOLDER = "model"
MODEL_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"
MAX_CHANNELS = 65_536
MAX_WINDOW = 2**31


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


def weights_path(fields: Fields) -> Path:
    """Find the weights that belong to a model's JSON.

    Args:
        fields: The content of `model.json`.

    Returns:
        The path of the weights, beside it.

    Raises:
        RunError: If another file is named, or if it is a link that leads elsewhere.
    """
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


def check_finite(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Make sure that all weights are finite.

    Args:
        path: Where they are kept.
        tensors: The weights by name.

    Raises:
        RunError: If one is not.
    """
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise RunError(f"`{path}` must hold finite weights: got NaN or infinity in `{name}`. Train the model anew.")
