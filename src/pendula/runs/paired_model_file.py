"""A filter on disk: its architecture as JSON, its weights as safetensors."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from pendula.errors import RunError
from pendula.files import write_json
from pendula.nn import CELLS, CausalFilter, InitialState, Network
from pendula.runs.axis_fields import axis_from
from pendula.runs.channels import Channels
from pendula.runs.fields import Fields
from pendula.runs.labels import NO_LABELS, Labels
from pendula.runs.model_parts import (
    MAX_CHANNELS,
    MAX_WINDOW,
    MODEL_FILE,
    WEIGHTS_FILE,
    check_finite,
    scaler_from,
    weights_path,
)
from pendula.runs.paired_model import PairedModel
from pendula.runs.paired_recipe import Missing, PairedTask
from pendula.runs.presence import shown_channels
from pendula.runs.tensor_file import MAX_TENSOR_BYTES, Digest, count_tensors, read_tensors, write_tensors
from pendula.runs.versions import FORMAT, check_format, pendula_version

__all__ = ["load_paired_model", "save_paired_model"]

_NAMES = (
    "format", "pendula", "network", "inputs", "targets", "axis", "window", "washout",
    "weights", "weights_sha256", "weights_bytes",
)  # fmt: skip
_LATER = ("task", "labels", "missing", "irregular", "initial_state")


def save_paired_model(model: PairedModel, folder: str | Path) -> None:
    """Write a filter to a folder: `model.json` and `weights.safetensors`.

    Args:
        model: The filter.
        folder: Where it goes; made if it is missing.

    Raises:
        RunError: If the weights are not finite, or if the folder cannot be written.
    """
    folder = Path(folder)
    tensors = model.network.state_dict()
    check_finite(folder, tensors)
    digest = write_tensors(folder / WEIGHTS_FILE, tensors)
    content = {
        "format": FORMAT,
        "pendula": pendula_version(),
        "network": asdict(model.network.network),
        "inputs": _plain(model.inputs),
        "targets": _plain(model.targets),
        "axis": model.axis.to_dict(),
        "window": model.window,
        "washout": model.washout,
        "task": model.task,
        "labels": asdict(model.labels),
        "missing": model.missing,
        "irregular": model.irregular,
        "initial_state": model.network.initial_state,
        "weights": WEIGHTS_FILE,
        "weights_sha256": digest.sha256,
        "weights_bytes": digest.size,
    }
    write_json(folder / MODEL_FILE, content)


def load_paired_model(folder: str | Path) -> PairedModel:
    """Read a filter from a folder, trusting nothing in it.

    No pickle is ever opened. Types, ranges and sizes are checked before anything is made of them.

    Args:
        folder: Where `save_paired_model` wrote it.

    Returns:
        The filter: its answers have the same bits.

    Raises:
        RunError: If a file is missing, damaged, unsafe, or written by a newer Pendula.
    """
    fields = Fields.read(Path(folder) / MODEL_FILE)
    check_format(fields)
    fields.check_names(_NAMES, optional=_LATER)
    fields.text("pendula")
    network = fields.table("network").build(Network)
    inputs, targets = _channels(fields.table("inputs")), _channels(fields.table("targets"))
    window = fields.whole("window", 1, MAX_WINDOW)
    washout = fields.whole("washout", 0, window - 1)
    labels = fields.table("labels").build(Labels) if "labels" in fields.content else NO_LABELS
    missing: Missing = fields.get("missing", Missing) if "missing" in fields.content else "gap"
    outline = partial(
        CausalFilter,
        network,
        shown_channels(len(inputs.names), missing=missing),
        len(labels.classes) or len(targets.names),
        washout=washout,
        initial_state=_initial_state(fields),
    )
    return PairedModel(
        network=_filled(fields, network, outline),
        inputs=inputs,
        targets=targets,
        axis=axis_from(fields.table("axis")),
        window=window,
        washout=washout,
        task=_task(fields, labels),
        labels=labels,
        missing=missing,
        irregular=fields.get("irregular", bool) if "irregular" in fields.content else False,
    )


def _task(fields: Fields, labels: Labels) -> PairedTask:
    task: PairedTask = fields.get("task", PairedTask) if "task" in fields.content else "filter"
    if (task == "filter") != (not labels.classes):
        raise fields.error("task", "filter where there are no labels, classify or regimes where there are", task)
    return task


def _initial_state(fields: Fields) -> InitialState:
    found: InitialState = fields.get("initial_state", InitialState) if "initial_state" in fields.content else "zeros"
    return found


def _plain(channels: Channels) -> dict[str, Any]:
    return {"names": channels.names, "units": channels.units, "scaler": channels.scaler.to_dict()}


def _channels(fields: Fields) -> Channels:
    fields.check_names(("names", "units", "scaler"))
    names = fields.texts("names")
    if not 0 < len(names) <= MAX_CHANNELS:
        raise fields.error("names", f"1 to {MAX_CHANNELS} names", len(names))
    units = fields.texts("units", count=len(names))
    return Channels(names=names, units=units, scaler=scaler_from(fields.table("scaler"), len(names)))


def _filled(fields: Fields, network: Network, outline: Callable[[], CausalFilter]) -> CausalFilter:
    path = weights_path(fields)
    digest = Digest(sha256=fields.text("weights_sha256"), size=fields.whole("weights_bytes", 0, MAX_TENSOR_BYTES))
    # Every layer has four tensors; a network of more layers than there are in the file is not even outlined.
    if 4 * network.num_layers > (count := count_tensors(path, digest=digest)):
        raise RunError(
            f"`{path}` must fit its architecture: expected the weights of {network.num_layers} layers, got {count} "
            "tensors. The folder is damaged or was changed; restore it from a copy, or train anew."
        )
    if network.cell not in CELLS:
        raise fields.error("network", f"a network of the cells {', '.join(CELLS)}", network.cell)
    # Shapes alone, for which no memory is taken.
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        hollow = outline()
    shapes = {name: tuple(tensor.shape) for name, tensor in hollow.state_dict().items()}
    tensors = read_tensors(path, shapes, digest=digest)
    check_finite(path, tensors)
    if len({tensors[name].dtype for name, _ in hollow.named_parameters()}) > 1:
        raise RunError(f"`{path}` must hold weights of one precision: got float32 and float64. Train the model anew.")
    hollow.load_state_dict(tensors, assign=True)
    return hollow.requires_grad_().eval()
