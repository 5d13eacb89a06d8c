"""The compiled core, where there is one."""

import importlib
import os
from types import ModuleType

from pendula.errors import ArgumentError

__all__ = ["available", "compiled", "core", "why_absent"]

_TURNED_OFF = os.environ.get("PENDULA_NATIVE", "").strip().upper() in {"OFF", "0", "NO", "FALSE"}

try:
    if _TURNED_OFF:
        raise ImportError("the environment variable PENDULA_NATIVE turns it off")
    core = importlib.import_module("pendula._native")
except ImportError as error:
    core = None  # type: ignore[assignment]
    _absence = str(error)
else:
    _absence = ""


def available() -> bool:
    """Say whether the compiled core is there.

    It is not if Pendula was installed with `PENDULA_NATIVE=OFF`, or if that variable is set when Pendula is imported.

    Returns:
        Whether it is.

    Examples:
        >>> available() == (why_absent() == "")
        True
    """
    return core is not None


def compiled() -> ModuleType:
    """Give the compiled core to those who cannot do without.

    Returns:
        The module.

    Raises:
        ArgumentError: If there is none.
    """
    if core is None:
        raise ArgumentError(
            f"`backend` must be torch without a compiled core, and there is none: {_absence}. Choose backend='auto'."
        )
    return core


def why_absent() -> str:
    """Say why there is no compiled core.

    Returns:
        The reason, in words; empty if there is one.
    """
    return _absence
