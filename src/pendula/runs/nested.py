"""Settings within settings."""

from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

__all__ = ["settings_in"]


def settings_in(annotation: Any) -> type | None:
    """Find the dataclass that a field of settings holds.

    Args:
        annotation: The field's type.

    Returns:
        The dataclass, also where the field may be None; None where the field holds a plain value.

    Examples:
        >>> from pendula.nn import Network, Reservoir
        >>> settings_in(Network), settings_in(Reservoir | None), settings_in(int | None)
        (<class 'pendula.nn.network.Network'>, <class 'pendula.nn.reservoir.Reservoir'>, None)
    """
    kinds = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)), None)
