"""A filter on disk: its architecture as JSON, its weights as safetensors."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

from pendula.nn import CELLS, CausalFilter, InitialState, Network
from pendula.runs.axis_fields import axis_from
from pendula.runs.fields import Fields
from pendula.runs.labels import NO_LABELS, Labels
from pendula.runs.model_parts import MAX_WINDOW, channels_from, fill_weights, plain_channels, read_fields, write_parts
from pendula.runs.paired_model import PairedModel
from pendula.runs.paired_recipe import PairedTask
from pendula.runs.presence import Missing, shown_channels

__all__ = ["load_paired_model", "save_paired_model"]

_NAMES = ("network", "inputs", "targets", "axis", "window", "washout")
_LATER = ("task", "labels", "missing", "irregular", "initial_state")


def save_paired_model(model: PairedModel, folder: str | Path) -> None:
    """Write a filter to a folder: `model.json` and `weights.safetensors`.

    Args:
        model: The filter.
        folder: Where it goes; made if it is missing.

    Raises:
        RunError: If the weights are not finite, or if the folder cannot be written.
    """
    content = {
        "network": asdict(model.network.network),
        "inputs": plain_channels(model.inputs),
        "targets": plain_channels(model.targets),
        "axis": model.axis.to_dict(),
        "window": model.window,
        "washout": model.washout,
        "task": model.task,
        "labels": asdict(model.labels),
        "missing": model.missing,
        "irregular": model.irregular,
        "initial_state": model.network.initial_state,
    }
    write_parts(Path(folder), content, model.network.state_dict())


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
    fields = read_fields(Path(folder), _NAMES, optional=_LATER)
    network = _network(fields)
    inputs, targets = channels_from(fields.table("inputs")), channels_from(fields.table("targets"))
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
        network=fill_weights(fields, outline, layers=network.num_layers).requires_grad_().eval(),
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


def _network(fields: Fields) -> Network:
    network = fields.table("network").build(Network)
    if network.cell not in CELLS:
        raise fields.error("network", f"a network of the cells {', '.join(CELLS)}", network.cell)
    return network


def _task(fields: Fields, labels: Labels) -> PairedTask:
    task: PairedTask = fields.get("task", PairedTask) if "task" in fields.content else "filter"
    if (task == "filter") != (not labels.classes):
        raise fields.error("task", "filter where there are no labels, classify or regimes where there are", task)
    return task


def _initial_state(fields: Fields) -> InitialState:
    found: InitialState = fields.get("initial_state", InitialState) if "initial_state" in fields.content else "zeros"
    return found
