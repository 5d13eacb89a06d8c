"""Which format a file has, and whether this Pendula can read it."""

from pendula.errors import RunError
from pendula.runs.fields import Fields

__all__ = ["FORMAT", "check_format", "pendula_version"]

FORMAT = 1
"""The number of the formats that this Pendula writes, and the highest that it reads."""


def check_format(fields: Fields) -> None:
    """Make sure that a file has a format that can be read.

    Args:
        fields: The file's content, with its `format`.

    Raises:
        RunError: If a newer Pendula wrote it, or if there is no format.
    """
    found = fields.content.get("format")
    if type(found) is int and found > FORMAT:
        shown = found if found < 2**63 else "unknown"
        raise RunError(
            f"`{fields.path}` was written by a newer Pendula (format {shown}, this one reads up to {FORMAT}). "
            "Update Pendula."
        )
    fields.whole("format", 1, FORMAT)


def pendula_version() -> str:
    """Give the version of the installed Pendula.

    Returns:
        Such as 0.1.0.
    """
    from importlib.metadata import version

    return version("pendula")
