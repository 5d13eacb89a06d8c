"""Checkpoints: all that training needs to go on as if nothing had happened, in one safetensors file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from pendula.errors import RunError
from pendula.files import file_size, write_atomically
from pendula.training.events import EpochRecord

__all__ = [
    "CHECKPOINT_FILE",
    "MEMBER_FOLDER",
    "Checkpoint",
    "read_checkpoint",
    "read_epoch",
    "read_matching",
    "write_checkpoint",
]

CHECKPOINT_FILE = "state.safetensors"
MEMBER_FOLDER = "member-"
"""How the folders begin that hold the checkpoints of several networks."""
STALE = (f".{Path(CHECKPOINT_FILE).stem}.*.partial*", ".tmp" + 6 * "[A-Za-z0-9]")
"""What a process killed while writing leaves: files of Pendula, and of safetensors, which names its own so."""
MAX_CHECKPOINT_BYTES = 4 * 2**31 + 2**27
"""A checkpoint beyond this size is refused: it holds four times the weights, which may have 2 GiB, and a header."""
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The state of training between two epochs.

    Attributes:
        epoch: The last epoch that is done.
        best_epoch: The epoch with the best weights.
        best_error: Its error in scaled units.
        seconds: Training time up to now.
        history: One record for each epoch.
        fingerprint: Of the settings and data that training started with.
        model: Weights after `epoch`.
        best: Weights after `best_epoch`.
        optimizer: The optimizer's moments and step counts, by parameter and name.
    """

    epoch: int
    best_epoch: int
    best_error: float
    seconds: float
    history: tuple[EpochRecord, ...]
    fingerprint: str
    model: Tensors
    best: Tensors
    optimizer: Tensors


def write_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a checkpoint; a reader sees the old one or the new, never half of it.

    Args:
        checkpoint: The state.
        folder: Where it goes; made if it is missing, in a folder that exists.

    Raises:
        RunError: If it cannot be written, the one before is then untouched; or if its place was removed.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    groups = {"model": checkpoint.model, "best": checkpoint.best, "optimizer": checkpoint.optimizer}
    tensors = {
        f"{group}/{name}": tensor.contiguous() for group, held in groups.items() for name, tensor in held.items()
    }
    state = {
        "epoch": checkpoint.epoch,
        "best_epoch": checkpoint.best_epoch,
        "best_error": repr(checkpoint.best_error),
        "seconds": checkpoint.seconds,
        "fingerprint": checkpoint.fingerprint,
        "history": [asdict(record) for record in checkpoint.history],
    }
    metadata = {"pendula": json.dumps(state)}

    def write(partial: Path) -> None:
        try:
            save_file(tensors, partial, metadata=metadata)
        except SafetensorError as error:  # what a full disk comes to
            raise OSError(str(error)) from error

    # What the user removed is not to come back as a folder with nothing but a checkpoint.
    if not folder.parent.is_dir():
        raise RunError(
            f"`{folder.parent}` must stay in place while it is trained in: expected a folder, got nothing of that "
            "name. Start the run anew."
        )
    write_atomically(folder / CHECKPOINT_FILE, write)
    for pattern in STALE:
        for stale in folder.glob(pattern):
            stale.unlink(missing_ok=True)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint.

    Args:
        folder: Where it was written.

    Returns:
        The state.

    Raises:
        RunError: If there is none, or if the file is damaged or too large.
    """
    path = _path(folder)
    state, tensors = _open(path)
    try:
        return Checkpoint(
            epoch=int(state["epoch"]),
            best_epoch=int(state["best_epoch"]),
            best_error=float(state["best_error"]),
            seconds=float(state["seconds"]),
            fingerprint=str(state["fingerprint"]),
            history=tuple(EpochRecord(**record) for record in state["history"]),
            model=_group(tensors, "model"),
            best=_group(tensors, "best"),
            optimizer=_group(tensors, "optimizer"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(_amiss(path, error)) from error


def read_matching(folder: Path, fingerprint: str) -> Checkpoint:
    """Read a checkpoint that belongs to given data and settings.

    Args:
        folder: Where it was written.
        fingerprint: Of the data and settings.

    Returns:
        The state.

    Raises:
        RunError: If there is none, if the file is damaged or too large, or if it belongs to others.
    """
    checkpoint = read_checkpoint(folder)
    if checkpoint.fingerprint != fingerprint:
        raise RunError(
            f"`{folder}` must belong to the same data and settings: its checkpoint has others. "
            "Resume with the run's own settings, or start a new run."
        )
    return checkpoint


def read_epoch(folder: Path) -> int:
    """Read from a checkpoint which epoch was the last, and no tensor.

    Args:
        folder: Where it was written.

    Returns:
        The last epoch that is done.

    Raises:
        RunError: If there is none, or if the file is damaged or too large.
    """
    path = _path(folder)
    state, _ = _open(path, tensors=False)
    try:
        return int(state["epoch"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(_amiss(path, error)) from error


def _path(folder: Path) -> Path:
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        raise RunError(f"`{folder}` must hold a checkpoint: expected {path.name}, got none. Start the run anew.")
    file_size(path, most=MAX_CHECKPOINT_BYTES)
    return path


def _open(path: Path, *, tensors: bool = True) -> tuple[Any, Tensors]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["pendula"])
            names = file.keys() if tensors else ()
            return state, {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError, KeyError, ValueError, RecursionError) as error:
        raise RunError(f"`{path}` must be a checkpoint: {error}. It is damaged; start the run anew.") from error


def _amiss(path: Path, error: Exception) -> str:
    return f"`{path}` must be a checkpoint: {error!r} is amiss. Start the run anew."


def _group(tensors: Tensors, group: str) -> Tensors:
    prefix = f"{group}/"
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
