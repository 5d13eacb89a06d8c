"""A calibration on disk: its errors as safetensors, their digest in the manifest."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from pendula.errors import RunError
from pendula.runs.calibration import Calibration
from pendula.runs.fields import Fields
from pendula.runs.tensor_file import MAX_TENSOR_BYTES, Digest, Shapes, read_tensors, write_tensors

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
    kept = {"errors": calibration.errors, "one_step": calibration.one_step}
    tensors = {name: torch.tensor(held, dtype=torch.float64) for name, held in kept.items() if held is not None}
    digest = write_tensors(folder / CALIBRATION_FILE, tensors)
    rows = {} if calibration.one_step is None else {"rows": len(calibration.one_step)}
    return {"sha256": digest.sha256, "bytes": digest.size, "shape": list(calibration.errors.shape), **rows}


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
    entry.check_names(("sha256", "bytes", "shape"), optional=("rows",))
    shape = entry.get("shape", list)
    if len(shape) != 3 or not all(type(size) is int and size >= 0 for size in shape) or shape[2] != channels:
        raise entry.error("shape", f"origins, leads and {channels} channels", shape)
    shapes: Shapes = {"errors": tuple(shape)}
    if "rows" in entry.content:
        shapes = {**shapes, "one_step": (entry.whole("rows", 0, 2**31), channels)}
    digest = Digest(sha256=entry.text("sha256"), size=entry.whole("bytes", 0, MAX_TENSOR_BYTES))
    tensors = {name: tensor.double().numpy() for name, tensor in read_tensors(path, shapes, digest=digest).items()}
    if any(np.isnan(errors).any() for errors in tensors.values()):
        raise RunError(f"`{path}` must hold errors: got NaN. Train the model anew.")
    return Calibration(errors=tensors["errors"], one_step=tensors.get("one_step"))
