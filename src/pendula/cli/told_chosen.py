"""What was chosen for a fit that tells targets from inputs, said before the work starts."""

from typing import TYPE_CHECKING, Any

from pendula.cli.chosen import data_line, parts_line, record_facts
from pendula.cli.told_task import ToldTask

if TYPE_CHECKING:
    from pendula.runs import PairedRecipe

__all__ = ["told_chosen", "told_chosen_lines"]


def told_chosen(task: ToldTask) -> dict[str, Any]:
    """Give what was chosen as plain values.

    Args:
        task: Record and recipe.

    Returns:
        Source, time axis, inputs and targets with units, sizes of the parts, recipe.
    """
    from pendula.filtering import split_pairs

    rows, recipe = task.record, task.recipe
    units = dict(zip(rows.names, rows.units, strict=True))
    columns = {
        "inputs": {name: units[name] for name in recipe.inputs},
        "target": {name: units[name] for name in recipe.target},
    }
    facts = record_facts(task.source, rows, columns=columns, parts=split_pairs(rows, recipe))
    return facts | {"recipe": recipe.to_dict()}


def told_chosen_lines(task: ToldTask) -> list[str]:
    """Tell people what was chosen.

    Args:
        task: Record and recipe.

    Returns:
        Lines, a word and its meaning in each.
    """
    chosen, recipe = told_chosen(task), task.recipe
    lines = {
        "data": data_line(task.source, task.record),
        "inputs": _listed(chosen["inputs"]),
        "target": _listed(chosen["target"]),
        "parts": parts_line(chosen["parts"]),
        **_told_lines(recipe),
        "network": _network(recipe),
        "training": _training(recipe),
    }
    return [f"{name:<9} {text}" for name, text in lines.items()] + [f"note      {note}" for note in task.notes]


def _network(recipe: "PairedRecipe") -> str:
    from pendula.report.numbers import counted

    network = recipe.network
    lags = f", linear filter of {counted(network.linear_lags, 'step')}" if network.linear_lags else ""
    return f"{network.cell}, {counted(network.hidden_size, 'unit')}, {counted(network.num_layers, 'layer')}{lags}"


def _training(recipe: "PairedRecipe") -> str:
    from pendula.report.numbers import counted

    training = recipe.training
    return (
        f"{counted(training.epochs, 'epoch')} at most, batches of {training.batch_size}, {training.method or 'adam'}, "
        f"learning rate {training.learning_rate:g}, seed {recipe.seed}"
    )


def _told_lines(recipe: "PairedRecipe") -> dict[str, str]:
    window = f"{recipe.window} rows, the first {recipe.washout} not scored"
    start = {"start": _STARTS[recipe.initial_state]}
    if not recipe.tells_labels:
        return {"window": window, **start}
    labels = ", ".join(recipe.labels.classes[:12]) + (", …" if len(recipe.labels.classes) > 12 else "")
    whole = recipe.task == "classify"
    return {
        "labels": labels,
        "window": f"whole trajectories, {recipe.window} rows at most" if whole else window,
        **start,
    }


_STARTS = {
    "zeros": "a state of zeros",
    "rest": "what the network settles to with inputs at their mean",
    "learned": "a state that is learned",
}


def _listed(units: dict[str, str]) -> str:
    return ", ".join(f"{name} ({unit})" if unit else name for name, unit in units.items())
