"""What was chosen for a fit, said before the work starts."""

from typing import TYPE_CHECKING, Any

from pendula.cli.records import Experiment

if TYPE_CHECKING:
    from pendula.series import Record

__all__ = ["chosen", "chosen_lines"]


def chosen(experiment: Experiment) -> dict[str, Any]:
    """Give what was chosen as plain values.

    Args:
        experiment: Record and recipe.

    Returns:
        Source, time axis, targets with units, sizes of the parts, recipe.
    """
    rows = experiment.record
    return {
        "source": experiment.source,
        "rows": len(rows),
        "time": {"column": rows.axis.name, "units": rows.axis.units, "step": rows.axis.step_text},
        "target": dict(zip(rows.names, rows.units, strict=True)),
        "trajectories": len(rows.blocks),
        "parts": _parts(experiment),
        "gaps": len(rows) - int(rows.present.sum()),
        "recipe": experiment.recipe.to_dict(),
    }


def chosen_lines(experiment: Experiment, *, network: str | None = None) -> list[str]:
    """Tell people what was chosen.

    Args:
        experiment: Record and recipe.
        network: Words in place of the recipe's network.

    Returns:
        Lines, a word and its meaning in each.
    """
    rows, recipe = experiment.record, experiment.recipe
    parts = _parts(experiment)
    lines = {
        "data": f"{experiment.source}, {len(rows)} rows" + _trajectories(rows),
        "time": _time(rows),
        "target": ", ".join(_with_unit(name, unit) for name, unit in zip(rows.names, rows.units, strict=True)),
        "parts": ", ".join(f"{name} {size}" for name, size in parts.items()) + " rows",
        "window": f"{recipe.window} rows",
        "network": network or _network(experiment),
        "training": f"{_counted(recipe.training.epochs, 'epoch')} at most, batches of {recipe.training.batch_size}, "
        f"learning rate {recipe.training.learning_rate:g}, seed {recipe.seed}",
    }
    return [f"{name:<9} {text}" for name, text in lines.items()] + [f"note      {note}" for note in experiment.notes]


def _parts(experiment: Experiment) -> dict[str, int]:
    from pendula.series import split

    recipe = experiment.recipe
    parts = split(
        experiment.record,
        test=recipe.test,
        validation=recipe.validation,
        test_from=recipe.test_from,
        by=recipe.by,
    )
    return {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)}


def _time(rows: "Record") -> str:
    first, last = (_moment(rows, row) for row in (0, -1))
    return f"{_with_unit(rows.axis.name, rows.axis.units)} from {first} to {last}, a step of {rows.axis.step_text}"


def _moment(rows: "Record", row: int) -> str:
    if rows.axis.kind != "datetime":
        return f"{rows.time[row]:g}"
    # Midnight is the date alone.
    return str(rows.time[row])[:19].removesuffix("T00:00:00").replace("T", " ")


def _network(experiment: Experiment) -> str:
    network = experiment.recipe.network
    lags = f", linear path of {_counted(network.linear_lags, 'step')}" if network.linear_lags else ""
    return f"{network.cell}, {_counted(network.hidden_size, 'unit')}, {_counted(network.num_layers, 'layer')}{lags}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _trajectories(rows: "Record") -> str:
    return f" in {len(rows.blocks)} trajectories" if len(rows.blocks) > 1 else ""


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit and unit != "1" else name
