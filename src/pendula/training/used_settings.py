"""Which settings of a training have an effect."""

from dataclasses import fields
from typing import Any

from pendula.nn import RESERVOIR, SOLVED, Network
from pendula.training.method import method_for
from pendula.training.settings import Method, Training

__all__ = ["idle_settings", "used_settings"]

_IDLE: dict[Method, frozenset[str]] = {
    "adam": frozenset({"momentum", "hessian_free"}),
    "adamw": frozenset({"momentum", "hessian_free"}),
    "nesterov": frozenset({"hessian_free"}),
    "hessian-free": frozenset({"batch_size", "learning_rate", "momentum", "schedule", "clip_norm"}),
}
"""What a method of epochs does not look at."""


def used_settings(network: Network, settings: Training) -> dict[str, Any]:
    """Give the settings that have an effect on the training of a network.

    Args:
        network: The architecture.
        settings: How to train.

    Returns:
        Values by name, with the method that trains; no epochs where nothing is trained in epochs.

    Examples:
        >>> used_settings(Network(cell="esn"), Training())
        {'method': 'ridge', 'washout': 0}
    """
    method = method_for(network, settings)
    values = {field.name: getattr(settings, field.name) for field in fields(Training)} | {"method": method}
    return {name: value for name, value in values.items() if _has_effect(name, method, network)}


def idle_settings(network: Network, settings: Training) -> list[str]:
    """Say which settings were changed in vain.

    Args:
        network: The architecture.
        settings: How to train.

    Returns:
        One sentence, or none.

    Examples:
        >>> idle_settings(Network(cell="esn"), Training(epochs=5))
        ['The method ridge has no use for `epochs`.']
        >>> idle_settings(Network(), Training(epochs=5))
        []
    """
    used, usual = used_settings(network, settings), Training()
    changed = [
        field.name
        for field in fields(Training)
        if field.name not in used and getattr(settings, field.name) != getattr(usual, field.name)
    ]
    named = ", ".join(f"`{name}`" for name in changed)
    return [f"The method {method_for(network, settings)} has no use for {named}."] if changed else []


def _has_effect(name: str, method: Method, network: Network) -> bool:
    if network.cell in SOLVED:
        return name == "method" or (name == "washout" and network.cell == RESERVOIR)
    return name not in _IDLE[method]
