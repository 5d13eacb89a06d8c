"""The start of a training on disk: all that it takes to resume it, beside a checkpoint."""

from dataclasses import dataclass, replace
from pathlib import Path

from pendula.runs.manifest import SERIES_FILE, AnyRecipe, Manifest, read_manifest, write_manifest
from pendula.runs.record_file import save_record
from pendula.series.record import Record

__all__ = ["Start", "change_recipe", "read_start", "write_start"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Start:
    """What a training starts from.

    Attributes:
        record: The whole record.
        recipe: Every choice.
        notes: What the user should know, in plain sentences.
        created: When the run was begun, in UTC, as ISO text.
    """

    record: Record
    recipe: AnyRecipe
    notes: tuple[str, ...]
    created: str


def write_start(partial: Path, *, record: Record, recipe: AnyRecipe, notes: tuple[str, ...] = ()) -> None:
    """Write all that a stopped training needs to be resumed, beside its checkpoint.

    Args:
        partial: The folder that `begin_run` gave.
        record: The whole record.
        recipe: Every choice.
        notes: What the user should know, in plain sentences.

    Raises:
        RunError: If the folder cannot be written.
    """
    save_record(record, partial / SERIES_FILE)
    manifest = Manifest.begin(record, recipe, notes=notes)
    write_manifest(manifest.with_digests(partial, (SERIES_FILE,)), partial)


def change_recipe(partial: Path, recipe: AnyRecipe) -> None:
    """Write another recipe into an unfinished run, with which it is resumed from now on.

    Args:
        partial: The folder of an unfinished run.
        recipe: Every choice.

    Raises:
        RunError: If the folder cannot be read or written; its recipe is then as it was.
    """
    # A crash may have left a whole fit under this name, which is now in training again.
    write_manifest(replace(read_manifest(partial), recipe=recipe, status="training", result={}), partial)


def read_start(partial: Path) -> Start:
    """Read what `write_start` wrote.

    Args:
        partial: The folder of an unfinished run.

    Returns:
        What its training started from.

    Raises:
        RunError: If a file is missing or damaged.
    """
    manifest = read_manifest(partial)
    return Start(
        record=manifest.read_record(partial), recipe=manifest.recipe, notes=manifest.notes, created=manifest.created
    )
