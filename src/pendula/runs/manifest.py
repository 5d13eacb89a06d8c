"""The manifest of a run directory: what it is, what made it, and what its pieces must be to the bit."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pendula.errors import RunError
from pendula.runs.axis_fields import axis_from
from pendula.runs.fields import Fields
from pendula.runs.machine import describe_machine
from pendula.runs.paired_recipe import PairedRecipe
from pendula.runs.recipe import Recipe
from pendula.runs.record_file import data_hash, load_record
from pendula.runs.toml import read_toml, write_toml
from pendula.runs.versions import FORMAT, check_format, pendula_version
from pendula.series.record import Record

__all__ = ["MANIFEST_FILE", "SERIES_FILE", "AnyRecipe", "Manifest", "read_manifest", "write_manifest"]

AnyRecipe: TypeAlias = Recipe | PairedRecipe
"""That of a forecast, or that of targets told from inputs."""
MANIFEST_FILE = "manifest.toml"
SERIES_FILE = "series.nc"

_NAMES = ("format", "pendula", "status", "created", "notes", "unset", "machine", "data", "axis", "recipe", "sha256")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Manifest:
    """What `manifest.toml` says.

    Attributes:
        status: Whether the run is still in training, or finished.
        created: When it was begun, in UTC, as ISO text.
        recipe: Every choice.
        notes: What the user should know, in plain sentences.
        data: Digest, rows, names and units of the record, and its time axis under `axis`.
        sha256: Digest of each file, by its path within the run.
        result: What a finished run came to, as plain values; empty before that.
    """

    status: Literal["training", "finished"]
    created: str
    recipe: AnyRecipe
    notes: tuple[str, ...]
    data: dict[str, Any]
    sha256: dict[str, str]
    result: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, record: Record, recipe: AnyRecipe, *, notes: tuple[str, ...] = ()) -> "Manifest":
        """Make the manifest of a run that starts now.

        Args:
            record: Its record.
            recipe: Every choice.
            notes: What the user should know.

        Returns:
            A manifest with the status "training".
        """
        joined = record.joined
        steered = {} if record.controls is None else {"controls": len(record.controls.names)}
        data = {
            "sha256": data_hash(record),
            "rows": len(record),
            "names": joined.names,
            "units": joined.units,
            **steered,  # so many of the names, the last ones
            "axis": record.axis.to_dict(),
        }
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        return cls(status="training", created=created, recipe=recipe, notes=notes, data=data, sha256={})

    def with_digests(self, folder: Path, files: tuple[str, ...]) -> "Manifest":
        """Add the digests of files as they are now.

        Args:
            folder: The run.
            files: Their paths within it.

        Returns:
            A manifest that tells when one of them is changed.
        """
        return replace(self, sha256=self.sha256 | {file: _file_digest(folder / file) for file in files})

    def check_file(self, folder: Path, file: str) -> None:
        """Make sure that a file is as it was written.

        Args:
            folder: The run.
            file: Its path within it.

        Raises:
            RunError: If it is missing or was changed.
        """
        if not (folder / file).is_file():
            raise RunError(
                f"`{folder}` must be a whole run: expected {file} in it, got none. "
                "Restore it from a copy, or train anew."
            )
        if _file_digest(folder / file) != self.sha256.get(file):
            raise RunError(
                f"`{folder / file}` must be as it was written: its checksum differs. "
                "It is damaged or was changed; restore it from a copy, or train anew."
            )

    def read_record(self, folder: Path) -> Record:
        """Read the run's record.

        Args:
            folder: The run.

        Returns:
            The record.

        Raises:
            RunError: If its file is missing, damaged, or holds another record.
        """
        self.check_file(folder, SERIES_FILE)
        data = Fields(path=folder / MANIFEST_FILE, content=self.data, place="data.")
        names = data.texts("names")
        record = load_record(
            folder / SERIES_FILE,
            names=names,
            units=data.texts("units", count=len(names)),
            controls=data.whole("controls", 1, len(names) - 1) if "controls" in data.content else 0,
            axis=axis_from(data.table("axis")),
            rows=data.whole("rows", 0, 2**53),
        )
        if data_hash(record) != data.text("sha256"):
            raise RunError(
                f"`{folder / SERIES_FILE}` must hold the run's record: its values have another checksum. "
                "It is damaged or was changed; restore it from a copy, or train anew."
            )
        return record


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write a manifest into a run, atomically.

    Args:
        manifest: The manifest.
        folder: The run.
    """
    recipe = manifest.recipe.to_dict()
    content = {
        "format": FORMAT,
        "pendula": pendula_version(),
        "status": manifest.status,
        "created": manifest.created,
        "notes": list(manifest.notes),
        "unset": _unset(recipe),  # TOML has no null: these entries of the recipe are None
        "recipe": recipe,
        "result": manifest.result or None,
        "data": manifest.data,
        "machine": describe_machine(),
        "sha256": manifest.sha256,
    }
    write_toml(folder / MANIFEST_FILE, content)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run.

    Args:
        folder: The run.

    Returns:
        The manifest; its data and result are checked when they are used.

    Raises:
        RunError: If it is missing, damaged, or written by a newer Pendula.
    """
    path = folder / MANIFEST_FILE
    fields = Fields(path=path, content=read_toml(path))
    check_format(fields)
    digests = fields.table("sha256")
    return Manifest(
        status=fields.get("status", Literal["training", "finished"]),
        created=fields.text("created"),
        recipe=_recipe(fields),
        notes=fields.texts("notes"),
        data=fields.get("data", dict),
        sha256={file: digests.text(file) for file in digests.content},
        result=fields.get("result", dict) if "result" in fields.content else {},
    )


def _recipe(fields: Fields) -> AnyRecipe:
    content = fields.get("recipe", dict)
    for place in fields.texts("unset"):
        *parents, name = place.split(".")
        table = content
        for parent in parents:
            table = table.get(parent) if isinstance(table, dict) else None
        if not isinstance(table, dict):
            raise fields.error("unset", "names within the recipe", place)
        table[name] = None
    try:
        return (PairedRecipe if "inputs" in content else Recipe).from_dict(content)
    except (ValueError, TypeError) as error:
        raise RunError(
            f"`{fields.path}` must hold a recipe: {error} The file is damaged or was changed; restore it from a copy."
        ) from error


def _unset(table: dict[str, Any], place: str = "") -> list[str]:
    found = [f"{place}{name}" for name, value in table.items() if value is None]
    for name, value in table.items():
        if isinstance(value, dict):
            found += _unset(value, f"{place}{name}.")
    return found


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"`{path}` must be readable: {error.strerror or error}.") from error
