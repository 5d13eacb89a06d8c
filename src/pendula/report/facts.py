"""Facts of a fit in words: how the network was made and trained."""

import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from pendula.nn import RESERVOIRS, IntegratorForecaster, Network, ReservoirForecaster
from pendula.report.equation_facts import equation_facts
from pendula.report.numbers import counted, format_number, format_value
from pendula.runs import Fit, Recipe
from pendula.training import Training

__all__ = [
    "CELL_NAMES",
    "SCALINGS",
    "member_rows",
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
