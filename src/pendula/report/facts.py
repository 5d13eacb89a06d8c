"""Facts of a fit in words: how the network was made and trained, and from what."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from pendula.figures.style import label
from pendula.nn import (
    RESERVOIRS,
    SOLVED,
    IntegratorForecaster,
    Network,
    ReservoirForecaster,
)
from pendula.report.equation_facts import equation_facts, equation_references
from pendula.report.numbers import counted, format_moment, format_number, format_value
from pendula.report.page import Reference
from pendula.runs import AnyFit, Fit, PairedFit, Recipe
from pendula.series.record import Record
from pendula.training import Training

__all__ = [
    "CELL_NAMES",
    "CELL_SOURCES",
    "SCALINGS",
    "data_facts",
    "member_rows",
    "network_references",
    "setting_facts",
    "software_versions",
    "watched_part",
]

CELL_NAMES = {
    "rnn": "simple recurrent cell (tanh)",
    "gru": "gated recurrent unit (GRU)",
    "lstm": "long short-term memory (LSTM)",
    "esn": "echo state network (ESN)",
    "ngrc": "next-generation reservoir (NG-RC)",
    "integrator": "differential equation (integrator cell)",
}
SCALINGS = {"standard": "mean 0, standard deviation 1 on the training part", "range": "−1 to 1 on the training part"}
_SELECTIONS = {
    "one_step": "smallest one-step error",
    "free_run": "smallest free-run error",
}
_EQUATION = "x̂(t+1) = x(t) + Σⱼ A(j) x(t−j) + s (V h(t) + c),  h(t) = cell((x(t), Δx(t)/d), h(t−1))"
_CONTROLLED = (
    "x̂(t+1) = x(t) + Σⱼ A(j) (x(t−j), u(t+1−j)) + s (V h(t) + c),  h(t) = cell((x(t), Δx(t)/d, u(t+1)), h(t−1))"
)
CELL_SOURCES = {
    "rnn": Reference(name="Simple recurrent network", citation="J. L. Elman, Cognitive Science 14 (1990) 179."),
    "gru": Reference(name="Gated recurrent unit", citation="K. Cho et al., EMNLP 2014, section 2.3."),
    "lstm": Reference(
        name="Long short-term memory", citation="S. Hochreiter and J. Schmidhuber, Neural Computation 9 (1997) 1735."
    ),
    "esn": Reference(
        name="Echo state network",
        equation="x̂(t+1) = Vᵀ [h(t); x(t)] + c,  h(t) = (1 − a) h(t−1) + a tanh(W h(t−1) + U x(t) + b)",
        citation="H. Jaeger, GMD report 148 (2001). W, U and b are drawn and stay as they are; V and c are found by "
        "ridge regression. The forecast is the median of the members' free runs.",
    ),
    "ngrc": Reference(
        name="Next-generation reservoir",
        equation="x̂(t+1) = Vᵀ φ(t) + c,  φ(t) = all monomials up to the degree of x(t), x(t−s), …, x(t−(k−1)s)",
        citation="D. J. Gauthier et al., Nature Communications 12 (2021) 5564. V and c are found by ridge regression. "
        "The forecast is the median of the members' free runs.",
    ),
}
_MIXTURES = Reference(
    name="Likelihood head",
    equation="p(x(t+1)) = Σₖ wₖ N(x̂(t+1) + dₖ, Σₖ),  Σₖ wₖ dₖ = 0",
    citation="C. M. Bishop, Mixture density networks, Aston University NCRG/94/004 (1994); w, d and Σ are functions of "
    "the recurrent state.",
)
_INTERVALS = Reference(
    name="Split-conformal intervals",
    citation="J. Lei et al., Journal of the American Statistical Association 113 (2018) 1094, section 2.2.",
)


def setting_facts(fit: Fit) -> dict[str, object]:
    """Say how a network was made and trained.

    Args:
        fit: The fit.

    Returns:
        Settings in words, by name.
    """
    recipe, network = fit.recipe, fit.recipe.network
    if network.cell in RESERVOIRS:
        return _reservoir_facts(fit)
    if isinstance(fit.model.forecaster, IntegratorForecaster):
        return {"Cell": CELL_NAMES[network.cell], **equation_facts(fit)}
    return {
        "Cell": CELL_NAMES[network.cell],
        "Hidden size": network.hidden_size,
        "Layers": network.num_layers,
        "Parameters": sum(weights.numel() for weights in fit.model.forecaster.parameters()),
        **({"Members": f"{recipe.members}, whose median forecasts"} if recipe.members > 1 else {}),
        "Added to the network": _added(network),
        **_head_facts(network),
        "Window": counted(recipe.window, "step"),
        "Scaling": _scaling(fit),
        **_training_facts(recipe),
        "Epochs": _epochs(fit),
        "Kept": _kept(fit),
        "Training time": f"{format_number(fit.seconds, digits=3)} s",
        "Seed": recipe.seed,
    }


def _epochs(fit: Fit) -> str:
    done = f"{_epochs_done(fit)} done of {fit.recipe.training.epochs}"
    if fit.recipe.members > 1:
        return f"{done}, each member's own best one kept, at most epoch {fit.best_epoch}"
    return f"{done}, epoch {fit.best_epoch} kept"


def member_rows(fit: Fit) -> list[dict[str, Any]]:
    """List the reservoirs of a network.

    Args:
        fit: The fit.

    Returns:
        The settings of each member, and the penalty of its readout; none where the network has no reservoir.
    """
    forecaster = fit.model.forecaster
    members = forecaster.each() if isinstance(forecaster, ReservoirForecaster) else []
    return [asdict(member.reservoir) | {"penalty": float(member.penalty)} for member in members]


def _reservoir_facts(fit: Fit) -> dict[str, object]:
    network, members = fit.recipe.network, member_rows(fit)
    chosen = "chosen by free runs within the training part" if network.asked is None else "as set"
    settings = {
        name: ", ".join(format_value(member[key]) for member in members)
        for name, key in _MEMBERS.items()
        if key in members[0]
    }
    return {
        "Cell": CELL_NAMES[network.cell],
        **({"Units": network.hidden_size} if network.hidden_size else {}),
        "Reservoirs": f"{len(members)}, {chosen}",
        **settings,
        "Coefficients of the readouts": sum(held.numel() for held in fit.model.forecaster.parameters()),
        "Window": counted(fit.recipe.window, "step"),
        "Scaling": _scaling(fit),
        "Training": "ridge regression on the training and the validation part",
        "Training time": f"{format_number(fit.seconds, digits=3)} s",
        "Seed": fit.recipe.seed,
    }


_MEMBERS = {
    "Delays": "delays",
    "Stride": "stride",
    "Degree": "degree",
    "Spectral radius": "spectral_radius",
    "Input scaling": "input_scaling",
    "Leak": "leak",
    "Ridge penalty": "penalty",
}


def _scaling(fit: Fit) -> str:
    recipe = fit.recipe
    after = f", after {recipe.transform}" if recipe.transform != "none" else ""
    return SCALINGS.get(recipe.scaling, "none") + after


def data_facts(fit: AnyFit) -> dict[str, object]:
    """Say what a fit was made from.

    Args:
        fit: The fit.

    Returns:
        Facts of the record, by name.
    """
    record = fit.record
    facts: dict[str, object] = {
        **_columns(fit),
        **({} if record.controls is None else {"Controls": _labels(record.controls)}),
        "Rows": len(record),
        f"From {record.axis.name}": _moment(record, 0),
        f"To {record.axis.name}": _moment(record, -1),
        "Step": record.axis.step_text,
        "Gaps": _gaps(record),
    }
    if record.trajectory is not None:
        facts["Trajectories"] = len(record.blocks)
    ranges = fit.split.ranges
    sizes = {name: ranges[part][1] - ranges[part][0] if part in ranges else 0 for part, name in _PARTS.items()}
    return facts | {name: counted(size, "row") if size else "none" for name, size in sizes.items()}


def _columns(fit: AnyFit) -> dict[str, object]:
    if not isinstance(fit, PairedFit):
        return {"Channels": _labels(fit.record)}
    count = len(fit.recipe.inputs)
    shown, told = (fit.record.select(names) for names in (fit.record.names[:count], fit.record.names[count:]))
    return {"Inputs": _labels(shown), "Target" if len(told.names) == 1 else "Targets": _labels(told)}


def _labels(record: Record) -> str:
    return ", ".join(label(name, unit) for name, unit in zip(record.names, record.units, strict=True))


_PARTS = {"train": "Training part", "validation": "Validation part", "test": "Test part"}


def network_references(fits: Sequence[Fit], *, intervals: bool = True) -> list[Reference]:
    """Cite what fits are made of.

    Args:
        fits: The fits.
        intervals: Whether intervals are shown.

    Returns:
        The equation of the forecaster, the cells, and the intervals where there are any.
    """
    cells = list(dict.fromkeys(fit.recipe.network.cell for fit in fits))
    conformal = [_INTERVALS] if intervals and any(fit.calibration is not None for fit in fits) else []
    own = [*equation_references(fits), *(CELL_SOURCES[cell] for cell in cells if cell in RESERVOIRS)]
    cells = [cell for cell in cells if cell not in SOLVED]
    if not cells:
        return [*own, *conformal]
    controls = next((fit.model.controls.names for fit in fits if fit.model.controls is not None), ())
    told = f" u, known for the rows to come, too: {', '.join(controls)}." if controls else ""
    forecaster = Reference(
        name="Forecaster",
        equation=_CONTROLLED if controls else _EQUATION,
        citation="x(t) is there if the network is residual, the sum if it has a linear path, Δx if it sees increments; "
        f"s and d are the sizes of what the head predicts and of the increments.{told}",
    )
    likely = [_MIXTURES] if any(fit.recipe.network.head != "point" for fit in fits) else []
    return [forecaster, *likely, *(CELL_SOURCES[cell] for cell in cells), *own, *conformal]


def software_versions() -> dict[str, str]:
    """Find the versions of the software that made a report.

    Returns:
        Versions by name.
    """
    names = {"Pendula": "pendula", "PyTorch": "torch", "NumPy": "numpy"}
    return {name: version(package) for name, package in names.items()} | {"Python": platform.python_version()}


def watched_part(fit: Fit) -> str:
    """Name the part that the network was watched on while it trained.

    Args:
        fit: The fit.

    Returns:
        validation or test; empty where that part is.
    """
    return fit.recipe.watch if fit.recipe.watch in fit.split.ranges else ""


def _kept(fit: Fit) -> str:
    chosen, part = _SELECTIONS.get(fit.recipe.training.select_by), watched_part(fit)
    return f"{chosen} on the {part} part" if chosen and part else "the last epoch"


def _added(network: Network) -> str:
    parts = ["the last value"] if network.residual else []
    if network.linear_lags:
        parts.append(f"a linear autoregression over {counted(network.linear_lags, 'step')}")
    return " and ".join(parts) or "nothing"


def _head_facts(network: Network) -> dict[str, object]:
    if network.head == "point":
        return {}
    one = "a normal distribution" if network.mixed == 1 else f"a mixture of {network.mixed} normal distributions"
    return {"Head": f"{one} around the prediction, joint in all channels"}


def _loss(network: Network, training: Training) -> str:
    squares = network.head == "point"
    if training.loss == "last":
        return f"{'squared error' if squares else 'negative log-likelihood'} of the value after the window"
    return f"{'squared errors' if squares else 'negative log-likelihood'} after every step of the window" + (
        f" from {training.washout} on" if training.washout else ""
    )


def _training_facts(recipe: Recipe) -> dict[str, object]:
    training = recipe.training
    facts: dict[str, object] = {
        "Loss": _loss(recipe.network, training),
        "Horizon": "one step" if training.horizon == 1 else f"free runs of {training.horizon} steps",
    }
    if recipe.method == "hessian-free":
        size = training.hessian_free.gradient_size
        facts["Method"] = f"hessian-free, a step an epoch on at most {counted(size, 'window')}"
    else:
        facts["Method"] = f"{recipe.method}, batches of {training.batch_size}"
        facts["Learning rate"] = f"{format_number(training.learning_rate)}, {training.schedule}"
    if training.input_noise:
        facts["Input noise"] = f"{format_number(training.input_noise)} (scaled)"
    if training.weight_decay:
        facts["Weight decay"] = training.weight_decay
    return facts


def _epochs_done(fit: Fit) -> int:
    return fit.history[-1].epoch if fit.history else 0


def _gaps(record: Record) -> str:
    missing = int((~record.present).sum())
    if not missing:
        return "none"
    longest = counted(record.longest, "row")
    return f"{counted(missing, 'row')} missing; the longest stretch without a gap has {longest}"


def _moment(record: Record, row: int) -> str:
    unit = "" if record.axis.units == record.axis.name else record.axis.units
    return f"{format_moment(record.time[row])} {unit}".rstrip()
