"""A calibration on disk: its errors as safetensors, their digest in the manifest."""

from pathlib import Path
from typing import Any

import torch

from pendula.errors import RunError
from pendula.runs.calibration import Calibration
from pendula.runs.fields import Fields
from pendula.runs.tensor_file import MAX_TENSOR_BYTES, Digest, read_tensors, write_tensors

__all__ = ["CALIBRATION_FILE", "load_calibration", "save_calibration"]

CALIBRATION_FILE = "calibration.safetensors"


def save_calibration(calibration: Calibration, folder: Path) -> dict[str, Any]:
    """Write a calibration into a run.

    Args:
        calibration: The calibration.
        folder: The run.

    Returns:
        What the manifest has to say of it.
    """
    digest = write_tensors(folder / CALIBRATION_FILE, {"errors": torch.tensor(calibration.errors, dtype=torch.float64)})
    return {"sha256": digest.sha256, "bytes": digest.size, "shape": list(calibration.errors.shape)}


def load_calibration(entry: Fields, folder: Path, *, channels: int) -> Calibration:
    """Read the calibration of a run.

    Args:
        entry: What the manifest says of it.
        folder: The run.
        channels: How many channels it must have.

    Returns:
        The calibration.

    Raises:
        RunError: If its file is missing or damaged.
    """
    path = folder / CALIBRATION_FILE
    entry.check_names(("sha256", "bytes", "shape"))
    shape = entry.get("shape", list)
    if len(shape) != 3 or not all(type(size) is int and size >= 0 for size in shape) or shape[2] != channels:
        raise entry.error("shape", f"origins, leads and {channels} channels", shape)
    digest = Digest(sha256=entry.text("sha256"), size=entry.whole("bytes", 0, MAX_TENSOR_BYTES))
    errors = read_tensors(path, {"errors": tuple(shape)}, digest=digest)["errors"].double()
    if bool(errors.isnan().any()) or bool((errors < 0).any()):
        raise RunError(f"`{path}` must hold absolute errors: got negative ones or NaN. Train the model anew.")
    return Calibration(errors=errors.numpy())
