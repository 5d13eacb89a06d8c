"""What was chosen for a fit, said before the work starts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pendula.cli.task import Task

if TYPE_CHECKING:
    from pendula.runs import Recipe
    from pendula.series import Record
    from pendula.series.split import Split

__all__ = ["chosen", "chosen_lines", "data_line", "parts_line", "record_facts"]


def chosen(task: Task) -> dict[str, Any]:
    """Give what was chosen as plain values.

    Args:
        task: Record and recipe.

    Returns:
        Source, time axis, targets with units, sizes of the parts, recipe.
    """
    from pendula.forecasting import split_record

    rows = task.record
    columns = {"target": dict(zip(rows.names, rows.units, strict=True)), **_controls(rows)}
    facts = record_facts(task.source, rows, columns=columns, parts=split_record(rows, task.recipe))
    return facts | {"recipe": _recipe(task.recipe)}


def record_facts(source: str, rows: "Record", *, columns: Mapping[str, Any], parts: "Split") -> dict[str, Any]:
    """Give what is known of a record as plain values.

    Args:
        source: The file, or the name of a record that comes with Pendula.
        rows: The record.
        columns: Units of its columns, by what they are there for.
        parts: How it is split.

    Returns:
        Source, time axis, columns, sizes of the parts, gaps.
    """
    return {
        "source": source,
        "rows": len(rows),
        "time": {"column": rows.axis.name, "units": rows.axis.units, "step": rows.axis.step_text},
        **columns,
        "trajectories": len(rows.blocks),
        "parts": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "gaps": len(rows) - int(rows.present.sum()),
    }


def _controls(rows: "Record") -> dict[str, Any]:
    controls = rows.controls
    return {} if controls is None else {"control": dict(zip(controls.names, controls.units, strict=True))}


def _columns(rows: "Record") -> str:
    return ", ".join(_with_unit(name, unit) for name, unit in zip(rows.names, rows.units, strict=True))


def _recipe(recipe: "Recipe") -> dict[str, Any]:
    # The method that trains, and no epochs where nothing is trained in epochs.
    from pendula.training import used_settings

    plain = recipe.to_dict()
    used = {name: plain["training"][name] for name in used_settings(recipe.network, recipe.training)}
    return plain | {"training": used | {"method": recipe.method}}


def chosen_lines(task: Task, *, network: str | None = None, training: str | None = None) -> list[str]:
    """Tell people what was chosen.

    Args:
        task: Record and recipe.
        network: Words in place of the recipe's network.
        training: Words in place of the recipe's training.

    Returns:
        Lines, a word and its meaning in each.
    """
    from pendula.training import idle_settings

    rows, recipe = task.record, task.recipe
    notes = [*task.notes, *idle_settings(recipe.network, recipe.training)]
    lines = {
        "data": data_line(task.source, rows),
        "time": _time(rows),
        "target": _columns(rows),
        **({} if rows.controls is None else {"control": _columns(rows.controls)}),
        "parts": parts_line(chosen(task)["parts"]),
        "window": f"{recipe.window} rows",
        "network": network or _network(task),
        "training": training or _training(task),
    }
    return [f"{name:<9} {text}" for name, text in lines.items()] + [f"note      {note}" for note in notes]


def data_line(source: str, rows: "Record") -> str:
    """Tell how much data there is.

    Args:
        source: The file, or the name of a record that comes with Pendula.
        rows: The record.

    Returns:
        A few words.
    """
    return f"{source}, {len(rows)} rows" + (f" in {len(rows.blocks)} trajectories" if len(rows.blocks) > 1 else "")


def parts_line(sizes: Mapping[str, int]) -> str:
    """Tell how a record is split.

    Args:
        sizes: Of the parts, by name.

    Returns:
        A few words.

    Examples:
        >>> parts_line({"train": 60, "test": 20})
        'train 60, test 20 rows'
    """
    return ", ".join(f"{name} {size}" for name, size in sizes.items()) + " rows"


def _method(recipe: "Recipe") -> str:
    if recipe.method == "hessian-free":
        return "hessian-free, a step an epoch"
    training = recipe.training
    engine = "" if training.engine == "pendula" else f", trained by {training.engine.capitalize()}"
    return f"batches of {training.batch_size}, {recipe.method}, learning rate {training.learning_rate:g}{engine}"


def _time(rows: "Record") -> str:
    from pendula.report.numbers import format_moment

    first, last = (format_moment(rows.time[row]) for row in (0, -1))
    return f"{_with_unit(rows.axis.name, rows.axis.units)} from {first} to {last}, a step of {rows.axis.step_text}"


def _training(task: Task) -> str:
    from pendula.nn import INTEGRATOR, RESERVOIRS
    from pendula.report.numbers import counted

    recipe = task.recipe
    if recipe.network.cell == INTEGRATOR:
        return f"least squares on joined segments, seed {recipe.seed}"
    if recipe.network.cell in RESERVOIRS:
        return f"ridge regression, seed {recipe.seed}"
    return f"{counted(recipe.training.epochs, 'epoch')} at most, {_method(recipe)}, seed {recipe.seed}"


def _network(task: Task) -> str:
    from pendula.nn import RESERVOIRS
    from pendula.report.numbers import counted

    network = task.recipe.network
    if network.equation is not None:
        beside = f", {counted(network.hidden_size, 'unit')} beside it" if network.hidden_size else ""
        learned = ", ".join(network.equation.learned) or "nothing"
        return f"{network.cell}, {network.equation.flow.equation}{beside}; learned: {learned}"
    if network.cell in RESERVOIRS:
        size = f", {counted(network.hidden_size, 'unit')}" if network.hidden_size else ""
        how = "chosen by free runs within the training part" if network.asked is None else "as set"
        return f"{network.cell}{size}, {how}"
    lags = f", linear path of {counted(network.linear_lags, 'step')}" if network.linear_lags else ""
    head = f", {network.head} head" if network.head != "point" else ""
    members = f"{task.recipe.members} × " if task.recipe.members > 1 else ""
    sizes = f"{counted(network.hidden_size, 'unit')}, {counted(network.num_layers, 'layer')}{lags}{head}"
    return f"{members}{network.cell}, {sizes}"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit and unit != "1" else name
