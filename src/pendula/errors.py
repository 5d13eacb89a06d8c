"""The family of errors a user can meet.

```
PendulaError
├── ShapeError          (ValueError)     an array has the wrong axes
├── ArgumentError       (ValueError)     an argument breaks its rule
├── DataError           (ValueError)     a record cannot be read, or cannot be learned from
├── UnitsError          (ValueError)     two quantities do not have the same unit
├── ConfigError         (ValueError)     an experiment file has an unknown key or a bad value
├── ModelError          (ValueError)     a model of another tool is no file of one, or is not among Pendula's
├── RunError            (RuntimeError)   a run directory is missing, half-written, damaged or newer than this Pendula
├── DivergedError       (ArithmeticError) training or a free run left the finite numbers
├── InterruptedRunError (RuntimeError)   the user stopped training; a checkpoint is kept
├── TooLargeError       (MemoryError)    a computation needs more memory than there is
├── LeakError           (AssertionError) the future changed the past
└── MissingExtraError   (ImportError)    an optional dependency is not installed
```

Every message reads: `` `argument` must <rule>: expected <expected>, got <actual>. <what to do>. ``
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ArgumentError",
    "ConfigError",
    "DataError",
    "DivergedError",
    "InterruptedRunError",
    "LeakError",
    "MissingExtraError",
    "ModelError",
    "PendulaError",
    "RunError",
    "ShapeError",
    "TooLargeError",
    "UnitsError",
    "did_you_mean",
    "missing_extra",
]


class PendulaError(Exception):
    """Base of every error that Pendula raises on purpose."""


class ShapeError(PendulaError, ValueError):
    """An array has the wrong axes."""


class ArgumentError(PendulaError, ValueError):
    """An argument breaks its rule."""


class DataError(PendulaError, ValueError):
    """A record cannot be read, or cannot be learned from."""


class UnitsError(PendulaError, ValueError):
    """Two quantities do not have the same unit."""


class ConfigError(PendulaError, ValueError):
    """An experiment file has an unknown key or a bad value."""


class ModelError(PendulaError, ValueError):
    """A model of another tool is no file of one, or is not among Pendula's."""


class RunError(PendulaError, RuntimeError):
    """A run directory is missing, half-written, damaged or newer than this Pendula."""


class DivergedError(PendulaError, ArithmeticError):
    """Training or a free run left the finite numbers."""


class InterruptedRunError(PendulaError, RuntimeError):
    """The user stopped training; a checkpoint is kept."""


class TooLargeError(PendulaError, MemoryError):
    """A computation needs more memory than there is."""


class LeakError(PendulaError, AssertionError):
    """The future changed the past."""


class MissingExtraError(PendulaError, ImportError):
    """An optional dependency is not installed."""


def did_you_mean(name: str, known: Iterable[str], *, listed: bool = False) -> str:
    """Suggest the known name that is nearest to a mistyped one.

    Args:
        name: What the user wrote.
        known: The names that exist.
        listed: Whether the message lists them already.

    Returns:
        A sentence that starts with a blank: the suggestion, or the list of known names; nothing where there is no
        suggestion and they are listed.

    Examples:
        >>> did_you_mean("lstn", ["rnn", "lstm", "gru"])
        ' Did you mean `lstm`?'
        >>> did_you_mean("q", ["x", "v"])
        ' Known are `x`, `v`.'
        >>> did_you_mean("q", ["x", "v"], listed=True)
        ''
    """
    names = list(known)
    near = get_close_matches(name.lower(), [known_name.lower() for known_name in names], n=1, cutoff=0.6)
    if near:
        match = next(known_name for known_name in names if known_name.lower() == near[0])
        return f" Did you mean `{match}`?"
    return f" Known are {', '.join(f'`{known_name}`' for known_name in names)}." if names and not listed else ""


def missing_extra(purpose: str, tool: str, extra: str) -> MissingExtraError:
    """Say that an optional dependency is not installed, and how to install it.

    Args:
        purpose: What it is needed for; the sentence starts with it.
        tool: Name of the package.
        extra: Name of Pendula's extra that brings it.

    Returns:
        The error, to be raised.

    Examples:
        >>> print(missing_extra("Reading Parquet", "pyarrow", "parquet"))
        Reading Parquet needs pyarrow. Install it with: pip install 'pendula[parquet]'.
    """
    return MissingExtraError(f"{purpose} needs {tool}. Install it with: pip install 'pendula[{extra}]'.")
